/** What every store promises; `test/store-contract.ts` holds each one to it through this interface alone. */
import type { CurveName, Measures } from "../measures.js";
import type { CellKey, RowKey } from "../plan/cell.js";
import type { SweepPlan } from "../plan/plan.js";
import type { Question } from "../plan/question.js";
import type { Shard } from "../plan/trajectories.js";
import type { Aggregate } from "../stats/aggregates.js";
import type { Outcome, TrajectorySpec } from "../trial.js";

/**
 * A store keeps sweeps, and what was trained for them.
 *
 * **Ownership.** One process writes a file at a time: `openStore` refuses a second one, however the file is named, and
 * `close` lets go of it. A database has any number of writers: those who open one sweep at once open one, and what two of
 * them land is compared and counted as if one had landed it after the other; it does not leave its place. Any number of processes read it meanwhile, and neither side waits for the other; one that reads
 * a place that nobody writes leaves nothing behind there. Where a program that is not ours holds the place, a call that
 * writes waits as long as its `Opening` says, and tells so once; calls that write take turns. What a store
 * holds belongs to it alone: a place whose tables, views or triggers are not exactly those that this version made is
 * refused, and so is what does not match its hash where anything is built on it.
 *
 * **What is kept.** A sweep is its stored plan. A trajectory is stored once, whichever sweeps ask for it; a sweep shows
 * those of its plan's cells and no others. Results are functions of their spec: a finished row, done or diverged, never
 * changes; `record` of what is there compares it to the bit and counts it as done, whoever trained it and whenever it
 * comes, and throws where a bit differs. A failed row is replaced by whatever comes after it. Numbers come back with
 * their bits, but NaN as null and −0 as 0.
 *
 * **What was asked, and decided.** A sweep keeps the question that it was opened with. It is the first that stands: who
 * opens the sweep again, or grows it, with another one changes nothing, and is given the first to compare. A sweep of
 * before there were questions has none, and gets none: what was not asked beforehand cannot be asked afterwards. Of
 * sweeps that are merged, the question is that of the one that was first opened. Decisions are only ever added; the same
 * one of a round is kept once. Neither is part of a digest, and neither changes what is trained of a plan.
 *
 * **Consistency.** `open`, `record` and `merge` do all of their work or none, and what a refused call had looked up or
 * made is forgotten with it: the store works on as if it had never been made.
 *
 * **Durability.** What a call that returned has written survives the process and a power cut. After each call that
 * writes, and at `close`, the place is looked for: where it was moved, deleted or replaced meanwhile, the call throws
 * environment and says where the results are. `close` leaves the place whole, so that what lies there can be copied;
 * where a reader prevents it, that is told. `mergeStores` puts a place that was not there in its place whole or not at
 * all, never over anything that has appeared there, and what is left of one that was killed is no hindrance to the next.
 * A place whose making was killed is one in which nothing is yet. `backUp` copies one state of a place, also while
 * another process writes it, and puts the copy in its place in the same way.
 *
 * **What a reader sees.** Each call answers from one state that a writer left complete; two calls may see two states.
 *
 * All methods are async, so that a store may be far away. Errors: `SweepError` of fault usage for a place that is not as
 * it must be, but check where `record` meets one, since a run may have landed much by then; check for bits that differ;
 * environment where the machine gives out, or a place that was open.
 */
export interface Store extends Results {
  /** The sweep of this plan, made or grown, with its cells and the command that asked, in one step. Throws usage where `grown` refuses. */
  open(request: OpenRequest): Promise<Sweep>;
  record(sweep: Sweep, outcomes: readonly Outcome[]): Promise<Landed>;
  /** Takes in what other places of its kind have, in this order. Throws check where two of them differ in a bit, usage where a hash does not match. */
  merge(parts: readonly string[]): Promise<Merged[]>;
  /**
   * Takes in what another place of any kind has, batch by batch, each of which lands whole: who is killed meanwhile asks
   * again and goes on, and what is there already is compared. Throws check where the two differ in a bit, or a hash does
   * not match; what came before is kept.
   */
  take(place: string, options: TakeOptions): Promise<Merged>;
  /** Closes it; a place where nothing was before it was opened is left as it was found, before another process may write it. */
  discard(): Promise<void>;
}

/** What a reader may ask of a store. Rows of one call are of one sweep where a sweep is named, else of all, each once. */
export interface Results {
  /** In the order in which they were first opened. */
  sweeps(): Promise<Sweep[]>;
  commands(sweep: Sweep): Promise<StoredCommand[]>;
  /** By round, and of a round in the order in which they were made. */
  decisions(sweep: Sweep): Promise<StoredDecision[]>;
  /** The specs with a row that is not finished, `asked` cut after the last such row; a failed row counts as finished unless `retryFailed`. */
  missing(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<Missing>;
  methodStatus(sweep: Sweep): Promise<MethodStatus[]>;
  cellStatus(sweep: Sweep): Promise<CellStatus[]>;
  /** The first `most` cells that are not complete. */
  incompleteCells(sweep: Sweep, most: number): Promise<CellStatus[]>;
  stateCounts(sweep: Sweep): Promise<Record<RowState, number>>;
  failures(sweep: Sweep): Promise<Failure[]>;
  /** Means of the finished rows, by cell but for the draw and sizes where a run has one of each: what the table of a run shows. */
  methodSummary(sweep: Sweep): Promise<MethodSummary[]>;
  cellMeans(sweep: Sweep): Promise<CellMean[]>;
  /** The trials of a sweep's cell that are done, in their order; none where it has no such cell. */
  cellTrials(sweep: Sweep, cell: CellKey): Promise<CellTrial[]>;
  /** The trials of each of a sweep's cells, a list a measure; cells of which nothing has landed are not there. */
  cellSamples(sweep: Sweep): AsyncIterable<CellSample>;
  /** The mean curve of a sweep's cell of this recipe on each draw, by draw and epoch: of its own runs, copies being none, at the epochs at which all of their numbers are finite. */
  meanCurves(sweep: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveMean[]>;
  /** The same with how its runs spread, which takes twice as long. */
  curveSpreads(sweep: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveSpread[]>;
  /** Finished and failed rows in the order of their keys. */
  rows(sweep: Sweep | null): AsyncIterable<StoredRow>;
  /** Margins of forget sets of more than one row, in the order of their keys. */
  margins(sweep: Sweep | null): AsyncIterable<StoredMargin>;
  /** The digest of a sweep (see digest.ts, whose definition it is): a store may know a faster way to the same text. */
  digest(sweep: Sweep): Promise<string>;
  /** The trajectories of a method's trial with a finished row, of one sweep or of all; superseded copies are not among them. */
  trajectories(sweep: Sweep | null, method: string, trial: number): Promise<StoredTrajectory[]>;
  /** The epochs kept of a trajectory's curve from epoch 1 to `last`. */
  curve(trajectory: number, last: number): Promise<StoredEpoch[]>;
  /** What is stored of a trajectory at the first stored epoch from `epoch` on: of its curve, of its rows, or of both. */
  storedAt(trajectory: number, epoch: number): Promise<StoredEpoch[]>;
  /** The margins of a trajectory's forget rows at an asked epoch; none of a forget set of one row. */
  marginsAt(trajectory: number, epochs: number): Promise<(number | null)[]>;
  /** The trajectories whose hash is not that of their key, rows, curve and margins, and sweeps whose cells are not their plan's. */
  damages(): AsyncIterable<Damage>;
  /** How many trajectories it keeps, each with a hash: what `damages` looks at. */
  trajectoryCount(): Promise<number>;
  /** Any one select of a user's, which may call `aggregates` too: integers as bigint. Throws usage where it is not understood. */
  query(
    sql: string,
    aggregates?: readonly Aggregate[],
  ): Promise<{ readonly columns: string[]; readonly rows: AsyncIterable<unknown[]> }>;
  /** How many bytes its data take. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** How a place is opened for writing. */
export interface Opening {
  /** How long a program that is not ours may hold it before a call gives up. */
  readonly lockWaitMs: number;
  /** Whether one that is away when it is opened is waited for, too: else it is probably another that is meant. */
  readonly waitsToOpen: boolean;
  /** Hears, a sentence each, what a user should know though nothing fails. */
  readonly tell: (sentence: string) => void;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
}

/** Waits ten minutes, and tells nobody. */
export const QUIETLY: Opening = {
  lockWaitMs: 600_000,
  waitsToOpen: false,
  tell: () => {},
  stop: new AbortController().signal,
};

/** A kind of store, and the places that are of it. */
export interface StoreKind {
  takes(place: string): boolean;
  /** Opens a place for writing, and makes it where there is none. */
  open(place: string, opening: Opening): Promise<Store>;
  /** Opens a place for reading, which another process may be writing; null: nothing has been written there yet. */
  read(place: string): Promise<Results | null>;
  /** Takes in what `parts` have, as `Store.merge` does; a place that is not there is put there whole or not at all. */
  merge(place: string, parts: readonly string[], opening: Opening): Promise<Merged[]>;
  /** Copies one state of a place to `copy`, where nothing may be. Throws usage where something is. */
  backUp(place: string, copy: string, tell: BackupProgress): Promise<void>;
  /** Whether it works on this machine. */
  report(): Promise<StoreReport>;
}

/** Hears how much of a place is copied, in parts of 1. */
export type BackupProgress = (copied: number) => void;

export interface StoreReport {
  readonly name: string;
  readonly works: boolean;
  /** Its version; where it does not work, why, and what to do. */
  readonly detail: string;
}

export interface OpenRequest {
  readonly plan: SweepPlan;
  readonly profile: string;
  /** The part of the sweep that this store is to hold. */
  readonly shard: Shard;
  /** Whether the sweep may get other samples, widths, presets, … than it has. */
  readonly grow: boolean;
  /** What is asked of the sweep where it is a new one. */
  readonly question: Question;
  /** What is decided with it: it is kept, and asked for what it says, in one step. */
  readonly decision?: Decision;
  readonly command: CommandNote;
}

/** Who asked for a sweep. */
export interface CommandNote {
  readonly command: string;
  readonly version: string;
  readonly machine: string;
}

export interface StoredCommand extends CommandNote {
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What was decided before a round of a sweep whose trials are not all asked for at once, and after its last one. */
export interface Decision {
  /** The round that it begins, from 1. */
  readonly round: number;
  /** JSON as `canonicalText` writes it; what it says is known to who decides. */
  readonly text: string;
}

export interface StoredDecision extends Decision {
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A sweep as the store has it. */
export interface Sweep {
  /** From 1. */
  readonly id: number;
  readonly plan: SweepPlan;
  readonly profile: string;
  readonly shard: Shard;
  /** What was asked when it was opened; null: nothing was asked beforehand. */
  readonly question: Question | null;
}

/** How many trial rows landed that were not there before, copies included. */
export interface Landed {
  readonly trained: number;
  readonly diverged: number;
  readonly failed: number;
}

/** What is missing of some specs. */
export interface Missing {
  readonly specs: TrajectorySpec[];
  /** The trial rows that are not there, copies included; rows of `specs` that are there will be compared with what is trained. */
  readonly rows: number;
  /** Of all rows asked about, those that failed. */
  readonly failed: number;
}

export interface TakeOptions {
  /** The number of the sweep there; null: all. */
  readonly sweep: number | null;
  /** Hears after each batch how many trajectories were looked at, and what was new. */
  readonly tell: (looked: number, merged: Merged) => void;
}

/** How many rows a part added, those that took the place of a failed one included. */
export interface Merged {
  readonly trialRows: number;
  readonly epochs: number;
}

export type RowState = "done" | "diverged" | "failed";

/** A trial row with all that tells where it came from. */
export interface StoredRow extends RowKey {
  readonly state: RowState;
  readonly measures: Measures;
  /** The trial whose run it repeats; null: its own. */
  readonly replicate_of: number | null;
  /** The trajectory that has the curve and the forget rows' margins. */
  readonly source: number;
}

export interface StoredMargin extends RowKey {
  /** From 1. */
  readonly forget_row: number;
  readonly forget_margin: number | null;
}

/** A trajectory as far as its last finished row. */
export interface StoredTrajectory extends RowKey {
  /** The trajectory that has the curve. */
  readonly source: number;
  readonly engine: string;
  readonly replicate_of: number | null;
  /** Whether any epoch of its curve is kept. */
  readonly has_curve: boolean;
}

export type StoredEpoch = { readonly epoch: number } & Readonly<Record<CurveName, number | null>>;

/** How many trial rows of a cell are in each state. */
export interface CellStatus extends CellKey {
  readonly trials: number;
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  readonly missing: number;
}

/** The cells of a sweep added up by preset and method. */
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

/** Why trials failed: each reason with the first trial it met and how many it met. */
export interface Failure {
  readonly method: string;
  readonly trial: number;
  readonly error: string;
  readonly rows: number;
}

/** A row of the view method_summary. */
export interface MethodSummary {
  readonly sweep: number;
  readonly method: string;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly train_accuracy_std: number;
  readonly forget_probability_mean: number;
  readonly forget_probability_std: number;
  /** Whether its trials are copies of one run. */
  readonly copies: boolean;
}

/** What a store has of a cell. */
export interface CellMean extends CellKey {
  /** The numbers of the trials that are finished. */
  readonly trials: readonly number[];
  /** How many of them did not diverge, and the means over those; 0 where there is none. */
  readonly done: number;
  readonly train_accuracy: number;
  readonly forget_probability: number;
}

/** A trial that is done. */
export interface CellTrial {
  readonly trial: number;
  /** The trial whose run it repeats; null: its own. */
  readonly replicate_of: number | null;
  readonly forget_probability: number;
}

/** What a store has of a cell's trials: no object a row, since cells are many and trials more. */
export interface CellSample {
  readonly key: CellKey;
  /** The trials that are done and repeat no other, in their order; each list has a value of each. */
  readonly trials: readonly number[];
  readonly train_accuracy: readonly number[];
  readonly test_accuracy: readonly (number | null)[];
  readonly forget_probability: readonly number[];
  readonly forget_margin: readonly (number | null)[];
  /** How many trials repeat another, diverged or failed. */
  readonly copies: number;
  readonly diverged: number;
  readonly failed: number;
}

/** The mean of a cell's runs at an epoch. */
export type CurveMean = {
  readonly draw: string;
  readonly epoch: number;
  /** How many runs it is of. */
  readonly n: number;
} & Readonly<Record<`${CurveName}_mean`, number>>;

/** With their sample deviations, null of one run. */
export type CurveSpread = CurveMean & Readonly<Record<`${CurveName}_sd`, number | null>>;

export interface Damage {
  /** What it is of: a trajectory in words, or a sweep. */
  readonly what: string;
  readonly sentence: string;
}
