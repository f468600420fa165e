/** The learning curves of a sweep's cells, as the view `learning_curves` of every store has them. */
import type { CellKey } from "../plan/cell.js";
import type { Results, Sweep } from "./contract.js";

/** The mean of a cell's runs after one epoch: of each measure its mean and deviation over the runs, as MEASURE_mean and MEASURE_sd. */
export type CellCurve = Readonly<Record<string, number | string>> & {
  readonly draw: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly start: string;
  readonly epoch: number;
  readonly n: number;
};

/** The curves of the cells of these methods and λ in the setting of `key`, on all of its draws. */
export async function cellCurves(
  results: Results,
  sweep: Sweep,
  key: Omit<CellKey, "draw" | "method" | "lambda_reg" | "start" | "epochs" | "seed">,
  cells: readonly Pick<CellKey, "method" | "lambda_reg">[],
): Promise<CellCurve[]> {
  const asked = cells.map(({ method, lambda_reg }) => `(method = ${quoted(method)} and lambda_reg = ${lambda_reg})`);
  const { preset, hidden, samples, features, forget_rows, learning_rate } = key;
  const same = `preset = ${quoted(preset)} and hidden = ${quoted(hidden)} and samples = ${samples} and features = ${features} and forget_rows = ${forget_rows} and learning_rate = ${learning_rate}`;
  const { columns, rows } = await results.query(
    `select * from learning_curves where sweep = ${sweep.id} and ${same} and (${[...new Set(asked)].join(" or ")})`,
  );
  const curves: CellCurve[] = [];
  for await (const row of rows)
    curves.push(
      Object.fromEntries(
        columns.map((name, i) => [name, typeof row[i] === "bigint" ? Number(row[i]) : row[i]]),
      ) as CellCurve,
    );
  return curves;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
