/** What every store promises; `test/store-contract.ts` holds each one to it. */
import type { Outcome, TrajectorySpec } from "../trial.js";

/** Which epochs of a curve are kept; trial rows always are. */
export const RECORDS = ["final", "asked", "all"] as const;
export type RecordLevel = (typeof RECORDS)[number];

/** A sweep to open: its identity decides which one it is; the rest is a note about who ran it. */
export interface SweepRecord {
  /** Canonical JSON of all that says which numbers are wanted, but the count of trials; two sweeps with equal identity are one. */
  readonly identity: string;
  /** The command line that asks for it, and all that it means as JSON, for the reader. */
  readonly command: string;
  readonly config: string;
  readonly trials: number;
  readonly engine: string;
  readonly profile: string;
  readonly record: RecordLevel;
  /** The part of it that this store holds, such as 2/8; null: all of it. */
  readonly shard: string | null;
  readonly version: string;
  readonly machine: string;
}

/** A sweep as the store has it. */
export interface OpenSweep {
  readonly id: number;
  /** How many trials of each cell it has been asked for: a sweep grows, and never shrinks. */
  readonly trials: number;
  readonly engine: string;
  readonly profile: string;
  readonly record: RecordLevel;
}

/** How many trial rows landed that were not there before, copies included. */
export interface Landed {
  readonly trained: number;
  readonly diverged: number;
  readonly failed: number;
}

/**
 * Keeps sweeps and their trial rows. A finished row, done or diverged, never changes: `record` compares a row that is
 * there with the one it is given, to the bit, and throws BAD_STORE where they differ. `record` lands all of its outcomes
 * or none, and what it landed survives the process. A failed row is replaced by whatever comes after it. One process
 * writes at a time; readers are never kept waiting. All methods are async, so that a store may be far away.
 */
export interface Store {
  /** The sweep of this identity, made or grown to `trials`. */
  openSweep(record: SweepRecord): Promise<OpenSweep>;
  /** Makes the cells of `specs` part of the sweep: views show a sweep's cells, and no others. */
  enroll(sweep: OpenSweep, specs: readonly TrajectorySpec[]): Promise<void>;
  /** The specs with a row that is not finished, `asked` cut after the last such row; a failed row counts as finished unless `retryFailed`. */
  missing(sweep: OpenSweep, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<Missing>;
  record(sweep: OpenSweep, outcomes: readonly Outcome[]): Promise<Landed>;
  close(): Promise<void>;
}

/** What is missing of some specs. */
export interface Missing {
  readonly specs: TrajectorySpec[];
  /** The trial rows that are not there, copies included; rows of `specs` that are there will be compared with what is trained. */
  readonly rows: number;
  /** Of all rows asked about, those that failed. */
  readonly failed: number;
}

/** A read of the store: bound values in, rows out. */
export interface Reader {
  all<Row>(sql: string, ...values: readonly (string | number | null)[]): Promise<Row[]>;
  /** The same, row by row: a result may be larger than memory. */
  each<Row>(sql: string, ...values: readonly (string | number | null)[]): AsyncIterable<Row>;
}
