/** Learning curves: what each method's nets are after each epoch. */
import { CURVE } from "../measures.js";
import type { CellKey } from "../plan/cell.js";
import type { Interval } from "../stats/interval.js";
import { mean, variance } from "../stats/moments.js";
import { tTailQuantile } from "../stats/student-t.js";
import type { Sight } from "../verdict/sights.js";
import { groundOf } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { CONFIDENCE } from "./units.js";

const MOST_EPOCHS = 200; // of a line; of longer ones every so many
const MEASURES = ["forget_probability", ...CURVE.map(({ name }) => name).filter((n) => n !== "forget_probability")];

/** Between what a measure, and so its mean, lies; there an interval ends, which holds the mean no more seldom for that. */
const SCALES: Readonly<Record<string, Interval>> = {
  forget_probability: { low: 0, high: 1 },
  train_accuracy: { low: 0, high: 1 },
  cross_entropy: { low: 0, high: Number.POSITIVE_INFINITY },
};
const ENDLESS: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/**
 * The mean over draws of the draws' mean curves with its 90 % interval, by Student's t over draws, as far as the measure
 * goes; of one draw over its trials. A method that goes on from another begins at the epoch where that one ended.
 */
export async function curveNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines } = ground;
  const keys = [
    { name: "retraining", what: "retraining", key: basis.table.retrained[0].key },
    ...lines.map(({ name, what, recipe }) => ({ name, what, key: recipe.key })),
  ];
  const stored = await curvesOf(
    sight,
    keys.map(({ key }) => key),
  );
  const points = keys.flatMap(({ name, what, key }) => {
    const own = stored.filter((row) => isOf(row, key) && row.epoch <= key.epochs);
    const epochs = [...new Set(own.map(({ epoch }) => epoch))].sort((a, b) => a - b);
    const every = Math.ceil(epochs.length / MOST_EPOCHS);
    const kept = new Set(epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1));
    return MEASURES.flatMap((measure) =>
      epochs
        .filter((epoch) => kept.has(epoch))
        .map((epoch) => ({
          ...{ line: name, what, measure, epoch: epochsBefore(key.start) + epoch },
          ...banded(
            own.filter((row) => row.epoch === epoch),
            measure,
          ),
        })),
    );
  });
  if (points.length === 0)
    return "no curve was kept: a sweep that is trained with --record all keeps the epochs of every one";
  return {
    series: { points },
    shown: [
      { what: "lines", shown: new Set(points.map(({ line }) => line)).size, of: keys.length },
      { what: "draws", shown: new Set(stored.map(({ draw }) => draw)).size, of: basis.whole.draws.length },
    ],
    choices: { measure: MEASURES },
    facts: { unit: basis.unit, ended: points.filter(isEnded).length },
  };
}

/** The mean of a cell's runs after one epoch. */
type StoredCurve = Readonly<Record<string, number | string>> & {
  readonly draw: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly start: string;
  readonly epoch: number;
  readonly n: number;
};

async function curvesOf({ results, sweep, setting }: Sight, keys: readonly CellKey[]): Promise<StoredCurve[]> {
  const cells = keys.map(({ method, lambda_reg }) => `(method = ${quoted(method)} and lambda_reg = ${lambda_reg})`);
  const { preset, hidden, samples, features, forget_rows, learning_rate, seed: _ } = setting.key;
  const same = `preset = ${quoted(preset)} and hidden = ${quoted(hidden)} and samples = ${samples} and features = ${features} and forget_rows = ${forget_rows} and learning_rate = ${learning_rate}`;
  const { columns, rows } = await results.query(
    `select * from learning_curves where sweep = ${sweep.id} and ${same} and (${[...new Set(cells)].join(" or ")})`,
  );
  const draws = new Set(setting.samples.map(({ key }) => key.draw));
  const curves: StoredCurve[] = [];
  for await (const row of rows) {
    const named = Object.fromEntries(
      columns.map((name, i) => [name, typeof row[i] === "bigint" ? Number(row[i]) : row[i]]),
    ) as StoredCurve;
    if (draws.has(String(named.draw))) curves.push(named);
  }
  return curves;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function isOf(row: StoredCurve, key: CellKey): boolean {
  return row.method === key.method && row.lambda_reg === key.lambda_reg && row.start === key.start;
}

/** How many epochs a start has behind it: those of every cell in its chain, as unlearn@4.2x5<original@0x100. */
function epochsBefore(start: string): number {
  return start === "" ? 0 : start.split("<").reduce((sum, cell) => sum + Number(/x(\d+)$/.exec(cell)?.[1] ?? 0), 0);
}

/** Whether its interval went beyond what its measure can be. */
function isEnded({
  measure,
  value,
  low,
  high,
}: Omit<Banded, "draws" | "runs"> & { readonly measure: string }): boolean {
  const scale = SCALES[measure] ?? ENDLESS;
  return (low < value && low === scale.low) || (high > value && high === scale.high);
}

interface Banded extends Interval {
  readonly value: number;
  readonly draws: number;
  readonly runs: number;
}

function banded(rows: readonly StoredCurve[], measure: string): Banded {
  const means = rows.map((row) => Number(row[`${measure}_mean`]));
  const runs = rows.reduce((sum, { n }) => sum + n, 0);
  const value = mean(means);
  const [count, spread] =
    rows.length === 1 ? [runs, Number(rows[0][`${measure}_sd`] ?? 0) ** 2] : [rows.length, variance(means)];
  const half = count < 2 ? 0 : tTailQuantile((1 - CONFIDENCE) / 2, count - 1) * Math.sqrt(spread / count);
  const { low, high } = SCALES[measure] ?? ENDLESS;
  const interval = { low: Math.max(low, value - half), high: Math.min(high, value + half) };
  return { value, ...interval, draws: rows.length, runs };
}
