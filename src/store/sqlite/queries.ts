/** Named, typed reads of a store. */
import type { Reader, RecordLevel } from "../contract.js";

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

/** The trajectories of a method's trial in a sweep whose curves are there. */
export function trialTrajectories(reader: Reader, sweep: number, method: string, trial: number): Promise<ArmRow[]> {
  return reader.all(
    `select *, last_epoch as epochs from sweep_trajectories t
     where sweep = ? and method = ? and trial = ? and exists (select 1 from epochs where trajectory_id = t.source_id)
     order by preset, data_seed, draw, samples, lambda_reg, start`,
    sweep,
    method,
    trial,
  );
}

/** The stored curve of a sweep's trajectory. */
export function trialCurve(reader: Reader, sweep: number, trajectory: number): Promise<EpochRow[]> {
  return reader.all(
    `select e.epoch, e.penalty, e.cross_entropy, e.train_accuracy, e.forget_probability, t.lambda_reg, t.replicate_of
     from sweep_trajectories t join epochs e on e.trajectory_id = t.source_id and e.epoch <= t.last_epoch
     where t.sweep = ? and t.trajectory_id = ? order by e.epoch`,
    sweep,
    trajectory,
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

/** How many trials the sweep of this identity has been asked for; 0 where there is none. */
export async function askedTrials(reader: Reader, identity: string): Promise<number> {
  const rows = await reader.all<{ trials: number }>("select trials from sweeps where identity = ?", identity);
  return rows.length === 0 ? 0 : rows[0].trials;
}

/** What a store has of a cell. */
export interface CellMean {
  /** The cell's key: `armKey`, then epochs. */
  readonly key: readonly (string | number)[];
  /** Those that are finished. */
  readonly trials: readonly number[];
  /** Over the `done` trials that did not diverge. */
  readonly done: number;
  readonly forgetProbability: number;
}

/** What each cell of a sweep has. */
export async function cellMeans(reader: Reader, sweep: number): Promise<CellMean[]> {
  const rows = await reader.all<CellMeanRow>(
    `select draw, samples, features, forget_rows, hidden, learning_rate, preset, method, lambda_reg, seed, start, epochs,
       json_group_array(trial) as trials, sum(state = 'done') as done,
       coalesce(avg(forget_probability) filter (where state = 'done'), 0) as forget_probability
     from trial_results where sweep = ? and state <> 'failed'
     group by draw, samples, features, forget_rows, hidden, learning_rate, preset, method, lambda_reg, seed, start, epochs`,
    sweep,
  );
  return rows.map(({ trials, done, forget_probability, ...key }) => ({
    key: Object.values(key),
    trials: JSON.parse(trials) as number[],
    done,
    forgetProbability: forget_probability,
  }));
}

interface CellMeanRow extends Readonly<Record<string, string | number>> {
  readonly trials: string;
  readonly done: number;
  readonly forget_probability: number;
}

/** A cell without its draw, held against retraining on each draw. */
export interface NearestCell {
  readonly preset: string;
  readonly method: string;
  readonly hidden: string;
  readonly learning_rate: number;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly start: string;
  readonly draws: number;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly forget_probability_mean: number;
  readonly retrain_mean: number;
  /** |mean forget probability − retrain_scratch's mean on the same draw|, mean over draws. */
  readonly distance: number;
}

const NEAREST_SHOWN = 10;

/**
 * The cells whose mean forget probability is nearest to that of retrain_scratch, over all draws they were trained on.
 * Where a grid has retrain_scratch at several λ or epochs, it is that of the least λ at the most epochs.
 */
export function nearestCells(reader: Reader, sweep: number): Promise<NearestCell[]> {
  return reader.all(
    `with cell as materialized (
       select preset, draw, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start, count(*) as trials,
         avg(train_accuracy) as train_accuracy, avg(forget_probability) as forget_probability
       from trial_results where sweep = ? and state = 'done'
       group by preset, draw, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start
     ),
     retrained as materialized (
       select *, row_number() over (
         partition by preset, draw, samples, features, forget_rows, hidden, learning_rate order by lambda_reg, epochs desc) as place
       from cell where method = 'retrain_scratch'
     )
     select c.preset, c.method, c.hidden, c.learning_rate, c.lambda_reg, c.epochs, c.start, count(*) as draws, sum(c.trials) as trials,
       avg(c.train_accuracy) as train_accuracy_mean, avg(c.forget_probability) as forget_probability_mean,
       avg(r.forget_probability) as retrain_mean, avg(abs(c.forget_probability - r.forget_probability)) as distance
     from cell c join retrained r on r.place = 1 and r.preset = c.preset and r.draw = c.draw and r.samples = c.samples
       and r.features = c.features and r.forget_rows = c.forget_rows and r.hidden = c.hidden and r.learning_rate = c.learning_rate
     where c.method not in ('original', 'retrain_scratch')
     group by c.preset, c.hidden, c.learning_rate, c.method, c.lambda_reg, c.epochs, c.start
     order by distance, c.preset, c.method, c.lambda_reg, c.epochs, c.start limit ${NEAREST_SHOWN}`,
    sweep,
  );
}

/** A sweep, as its file notes it. */
export interface SweepNote {
  readonly id: number;
  readonly identity: string;
  readonly command: string;
  readonly config: string;
  readonly trials: number;
  readonly engine: string;
  readonly profile: string;
  readonly record: RecordLevel;
  readonly shard: string | null;
}

export function sweepNotes(reader: Reader): Promise<SweepNote[]> {
  return reader.all(
    "select id, identity, command, config, trials, engine, profile, record, shard from sweeps order by id",
  );
}

/** The cells of a sweep added up by method. */
export interface MethodStatus {
  readonly preset: string;
  readonly method: string;
  readonly cells: number;
  readonly rows: number;
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  readonly missing: number;
}

export function statusByMethod(reader: Reader, sweep: number): Promise<MethodStatus[]> {
  return reader.all(
    `select preset, method, count(*) as cells, sum(trials) as rows, sum(done) as done, sum(diverged) as diverged, sum(failed) as failed,
       sum(missing) as missing
     from cell_status where sweep = ? group by preset, method order by preset, method`,
    sweep,
  );
}

/** A row of cell_status. */
export interface CellStatus {
  readonly preset: string;
  readonly draw: string;
  readonly samples: number;
  readonly features: number;
  readonly forget_rows: number;
  readonly hidden: string;
  readonly learning_rate: number;
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly start: string;
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  readonly missing: number;
}

/** The cells of a sweep. */
export function cellStatus(reader: Reader, sweep: number): Promise<CellStatus[]> {
  return reader.all("select * from cell_status where sweep = ?", sweep);
}

/** The first cells that are not complete. */
export function incompleteCells(reader: Reader, sweep: number, most: number): Promise<CellStatus[]> {
  return reader.all(
    "select * from cell_status where sweep = ? and missing + failed > 0 order by preset, samples, data_seed, draw, method, lambda_reg, epochs limit ?",
    sweep,
    most,
  );
}

/** The columns of a trial row's measures, and their names in TrialRow. */
export const MEASURES = [
  ["train_accuracy", "trainAccuracy"],
  ["test_accuracy", "testAccuracy"],
  ["forget_probability", "forgetProbability"],
  ["forget_logit", "forgetLogit"],
  ["cross_entropy", "crossEntropy"],
  ["penalty", "penalty"],
] as const;

/** A row's key with all that it takes to train it again. */
export interface StoredKey extends RowKey {
  readonly data_seed: number | null;
  readonly engine: string;
  /** The trial whose run it repeats; null: its own. */
  readonly replicate_of: number | null;
}

/** A finished trial row, with all that it takes to train it again. */
export interface StoredRow extends StoredKey {
  readonly state: string;
  readonly train_accuracy: number | null;
  readonly test_accuracy: number | null;
  readonly forget_probability: number | null;
  readonly forget_logit: number | null;
  readonly cross_entropy: number | null;
  readonly penalty: number | null;
  /** The trajectory that has the curve and the forget rows' logits. */
  readonly source_id: number;
}

export function storedRows(reader: Reader, sweep: number): AsyncIterable<StoredRow> {
  return reader.each(
    `with row as (
       select t.draw, t.data_seed, t.samples, t.features, t.forget_rows, t.hidden, t.learning_rate, t.preset, t.method, t.lambda_reg,
         r.epochs, t.seed, t.trial, t.start_trial, t.start, t.replicate_of, t.engine, t.profile, t.source_id,
         r.state, ${MEASURES.map(([column]) => `r.${column}`).join(", ")}
       from sweep_trajectories t
       join sweep_cells c on c.sweep_id = t.sweep and c.arm_id = t.arm_id
       join trial_rows r on r.trajectory_id = t.trajectory_id and r.epochs = c.epochs
       where t.sweep = ? and r.state <> 'failed'
     )
     select * from row order by ${KEY}`,
    sweep,
  );
}

/** The logits of a trajectory's forget rows at an asked epoch; none of a forget set of one row. */
export async function storedLogits(reader: Reader, trajectory: number, epochs: number): Promise<(number | null)[]> {
  const rows = await reader.all<{ forget_logit: number | null }>(
    "select forget_logit from forget_logits where trajectory_id = ? and epochs = ? order by forget_row",
    trajectory,
    epochs,
  );
  return rows.map(({ forget_logit }) => forget_logit);
}

/** The columns of a curve, and their names in EpochCurve. */
export const CURVE = [
  ["penalty", "penalty"],
  ["cross_entropy", "crossEntropy"],
  ["train_accuracy", "trainAccuracy"],
  ["forget_probability", "forgetProbability"],
  ["forget_logit", "forgetLogit"],
] as const;

/** What is stored of an epoch. */
export interface StoredEpoch {
  readonly epoch: number;
  readonly penalty: number | null;
  readonly cross_entropy: number | null;
  readonly train_accuracy: number | null;
  readonly forget_probability: number | null;
  readonly forget_logit: number | null;
}

const STORED_EPOCH = CURVE.map(([column]) => column).join(", ");

/** The epochs that were kept of a trajectory's curve, up to `last`. */
export function storedCurve(reader: Reader, trajectory: number, last: number): Promise<StoredEpoch[]> {
  return reader.all(
    `select epoch, ${STORED_EPOCH} from epochs where trajectory_id = ? and epoch <= ? order by epoch`,
    trajectory,
    last,
  );
}

/** A trajectory that was trained, to its last finished row. */
export interface ArmRow extends StoredKey {
  readonly trajectory_id: number;
}

/** The trajectories of a method's trial, whatever sweep they came with. */
export function armsWith(reader: Reader, method: string, trial: number): Promise<ArmRow[]> {
  return reader.all(
    `select d.draw, d.data_seed, d.samples, d.features, d.forget_rows, a.hidden, a.learning_rate, a.preset, a.method, a.lambda_reg,
       max(r.epochs) as epochs, a.seed, t.trial, nullif(t.start_trial, 0) as start_trial, a.start, t.replicate_of, a.engine, a.profile,
       coalesce(t.source_id, t.id) as trajectory_id
     from trajectories t join arms a on a.id = t.arm_id join draws d on d.id = a.draw_id
     join trial_rows r on r.trajectory_id = t.id and r.state <> 'failed'
     where a.method = ? and t.trial = ? group by t.id
     -- Copies that a larger count of trials superseded are still there, and are not meant.
     having a.one_run = 0 or t.start_trial = (select max(start_trial) from trajectories where arm_id = a.id)
     order by a.lambda_reg, a.preset, d.data_seed, d.draw, d.samples, a.hidden, a.learning_rate, a.seed, a.start`,
    method,
    trial,
  );
}

/** The methods that have finished rows. */
export async function finishedMethods(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ method: string }>(
    `select distinct a.method from arms a join trajectories t on t.arm_id = a.id
     join trial_rows r on r.trajectory_id = t.id and r.state <> 'failed' order by a.id`,
  );
  return rows.map(({ method }) => method);
}

/** What is stored of a trajectory at the first stored epoch from `epoch` on: of its curve, of its rows, or of both. */
export function storedAt(reader: Reader, trajectory: number, epoch: number): Promise<StoredEpoch[]> {
  return reader.all(
    `with stored as (
       select epoch, ${STORED_EPOCH} from epochs where trajectory_id = ? and epoch >= ?
       union all
       select epochs, ${STORED_EPOCH} from trial_rows where trajectory_id = ? and epochs >= ? and state <> 'failed'
     )
     select * from stored where epoch = (select min(epoch) from stored)`,
    ...[trajectory, epoch, trajectory, epoch],
  );
}
