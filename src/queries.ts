/** Named, typed reads of a store. */
import type { Reader } from "./store/contract.js";

/** A row of the view method_summary. */
export interface MethodSummary {
  readonly sweep: number;
  readonly method: string;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly train_accuracy_std: number;
  readonly forget_probability_mean: number;
  readonly forget_probability_std: number;
}

export function methodSummary(reader: Reader, sweep: number): Promise<MethodSummary[]> {
  return reader.all("select * from method_summary where sweep = ?", sweep);
}

/** How many trial rows of a sweep are in each state. */
export async function stateCounts(
  reader: Reader,
  sweep: number,
): Promise<Record<"done" | "diverged" | "failed", number>> {
  const rows = await reader.all<{ state: string; rows: number }>(
    "select state, count(*) as rows from trial_results where sweep = ? group by state",
    sweep,
  );
  const of = (state: string): number => rows.find((row) => row.state === state)?.rows ?? 0;
  return { done: of("done"), diverged: of("diverged"), failed: of("failed") };
}

/** Why trials failed: each reason with the first trial it met and how many it met. */
export interface Failure {
  readonly method: string;
  readonly trial: number;
  readonly error: string;
  readonly rows: number;
}

export function failures(reader: Reader, sweep: number): Promise<Failure[]> {
  return reader.all(
    "select method, min(trial) as trial, error, count(*) as rows from trial_results where sweep = ? and state = 'failed' group by method, error order by method, trial",
    sweep,
  );
}

/** The methods whose trials are copies of one run. */
export async function copiedMethods(reader: Reader, sweep: number): Promise<string[]> {
  const rows = await reader.all<{ method: string }>(
    "select distinct method from trial_results where sweep = ? and replicate_of is not null",
    sweep,
  );
  return rows.map(({ method }) => method);
}

/** The newest sweep that has a method's trial; null where none has. */
export async function newestSweepWith(reader: Reader, method: string, trial: number): Promise<number | null> {
  const [row] = await reader.all<{ sweep: number | null }>(
    "select max(sweep) as sweep from trial_results where method = ? and trial = ? and state <> 'failed'",
    method,
    trial,
  );
  return row.sweep;
}

/** A row of the curve of one trial. */
export interface EpochRow {
  readonly epoch: number;
  readonly penalty: number | null;
  readonly cross_entropy: number | null;
  readonly train_accuracy: number;
  readonly forget_probability: number | null;
  readonly lambda_reg: number;
  readonly replicate_of: number | null;
}

/** The stored curve of a method's trial. */
export function trialCurve(reader: Reader, sweep: number, method: string, trial: number): Promise<EpochRow[]> {
  return reader.all(
    `select epoch, penalty, cross_entropy, train_accuracy, forget_probability, lambda_reg, replicate_of
     from epoch_results where sweep = ? and method = ? and trial = ? order by epoch`,
    sweep,
    method,
    trial,
  );
}

/** The columns that say which trial row a row is. */
export const KEY_COLUMNS = [
  "draw",
  "samples",
  "features",
  "forget_rows",
  "hidden",
  "learning_rate",
  "preset",
  "method",
  "lambda_reg",
  "epochs",
  "seed",
  "trial",
  "start_trial",
  "start",
  "profile",
] as const;

const KEY = KEY_COLUMNS.join(", ");

export interface RowKey {
  readonly draw: string;
  readonly samples: number;
  readonly features: number;
  readonly forget_rows: number;
  readonly hidden: string;
  readonly learning_rate: number;
  readonly preset: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly seed: number;
  readonly trial: number;
  readonly start_trial: number | null;
  readonly start: string;
  readonly profile: string;
}

/** A trial row as the digest takes it: its key, then its state and measures. */
export interface DigestRow extends RowKey {
  readonly state: string;
  readonly train_accuracy: number | null;
  readonly test_accuracy: number | null;
  readonly forget_probability: number | null;
  readonly forget_logit: number | null;
  readonly cross_entropy: number | null;
  readonly penalty: number | null;
}

/** The trial rows of a sweep in the order of their keys. */
export function digestRows(reader: Reader, sweep: number): AsyncIterable<DigestRow> {
  return reader.each(
    `select ${KEY}, state, train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty
     from trial_results where sweep = ? order by ${KEY}`,
    sweep,
  );
}

/** One forget row's logit at an asked epoch; there are none of a forget set of one row. */
export interface ForgetLogitRow extends RowKey {
  readonly forget_row: number;
  readonly forget_logit: number | null;
}

export function forgetLogitRows(reader: Reader, sweep: number): AsyncIterable<ForgetLogitRow> {
  return reader.each(
    `select ${KEY}, forget_row, forget_logit from forget_results where sweep = ? order by ${KEY}, forget_row`,
    sweep,
  );
}
