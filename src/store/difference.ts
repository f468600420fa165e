/** What differs between the trial rows of two files. */
import type { SqliteReader } from "./reader.js";

/** A cell that is not the same in both files. */
export interface CellDifference {
  readonly preset: string;
  readonly draw: string;
  readonly samples: number;
  readonly hidden: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly start: string;
  /** Finished rows in both files, in the first only, and in the second only. */
  readonly both: number;
  readonly only_first: number;
  readonly only_second: number;
  /** Of those in both, the rows with any bit in which they differ. */
  readonly differing: number;
  readonly train_accuracy_largest: number | null;
  readonly forget_probability_largest: number | null;
  /** The second's mean minus the first's, over the rows in both. */
  readonly forget_probability_mean: number | null;
}

const CELL = [
  ...["preset", "draw", "samples", "features", "forget_rows", "hidden", "learning_rate"],
  ...["method", "lambda_reg", "seed", "start", "epochs"],
].join(", ");
const MEASURES = [
  ...["train_accuracy", "test_accuracy", "forget_probability", "forget_logit", "cross_entropy", "penalty"],
];

/** The finished rows of a file, each once, whatever sweeps show it; without the numerics profile, since that is what may differ. */
function rowsOf(schema: string): string {
  return `select distinct ${CELL}, trial, coalesce(start_trial, 0) as start_trial, state, ${MEASURES.join(", ")} from ${schema}.trial_results where state <> 'failed'`;
}

/** Every cell of either file, equal ones too. */
export function cellDifferences(first: SqliteReader, secondPath: string): Promise<CellDifference[]> {
  first.attach(secondPath, "other");
  const using = `${CELL}, trial, start_trial`.split(", ");
  const matches = using.map((column) => `b.${column} = a.${column}`).join(" and ");
  const differs = ["state", ...MEASURES].map((measure) => `a_${measure} is not b_${measure}`).join(" or ");
  const columns = (table: string): string =>
    ["state", ...MEASURES].map((name) => `${table}.${name} as ${table}_${name}`).join(", ");
  return first.all(`
    with a as materialized (${rowsOf("main")}), b as materialized (${rowsOf("other")}),
    pairs as (
      select ${using.map((column) => `coalesce(a.${column}, b.${column}) as ${column}`).join(", ")}, ${columns("a")}, ${columns("b")}
      from a full join b on ${matches}
    )
    select preset, draw, samples, hidden, method, lambda_reg, epochs, start,
      sum(a_state is not null and b_state is not null) as both, sum(b_state is null) as only_first, sum(a_state is null) as only_second,
      sum(a_state is not null and b_state is not null and (${differs})) as differing,
      max(abs(b_train_accuracy - a_train_accuracy)) as train_accuracy_largest,
      max(abs(b_forget_probability - a_forget_probability)) as forget_probability_largest,
      avg(b_forget_probability - a_forget_probability) as forget_probability_mean
    from pairs group by ${CELL} order by ${CELL}`);
}
