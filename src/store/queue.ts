/** What a place promises that hands out a sweep's work to many machines; `test/queue-contract.ts` holds each one to it. */
import type { Outcome } from "../trial.js";
import type { Landed, Results, Store, Sweep } from "./contract.js";

/**
 * A queue holds chunks of sweeps, and hands each to one worker at a time, on lease. It is there for speed: what is right
 * rests on the keys of trial rows alone. A chunk may be handed out twice, and a lease may be lost while its holder still
 * trains; what that one lands then is compared with what is there and counts, and the chunk is done whoever held it. A
 * worker trains of a chunk only what the store lacks when it begins.
 *
 * A lease holds while its holder lives and is in reach. One that is lost is handed to another within a minute, and counted
 * in `losses` unless its holder joined and is known to live or to have come to an end: it was cut off, and killed by
 * nothing. A chunk that is given back, as a drain does, is a new one. `settle` lands rows, ends the chunk and
 * puts up what is left of it, all in one step or none. Chunks are of the plan that they were cut of: `submit` takes back
 * those of an earlier one that wait, and does nothing where chunks of the same one are up already, or where the sweep has
 * grown since: who cut chunks of an earlier plan takes back none of a later one.
 *
 * Errors are those of the store that it belongs to, and it is closed with it.
 */
export interface Queue {
  /** Puts up chunks of a sweep's plan, in one step. False: some of this plan are up already, or it is not the sweep's any more, and none was added. */
  submit(sweep: Sweep, chunks: readonly Chunk[]): Promise<boolean>;
  /** The numbers of the sweeps of which something waits: who has nothing to do asks once, however many sweeps there are. */
  waiting(): Promise<ReadonlySet<number>>;
  /** Takes on lease what waits of a sweep; null: nothing does. */
  claim(sweep: Sweep): Promise<Lease | null>;
  /** Lands `outcomes` and ends the chunk; `rest` of it is put up for others. Where the lease was lost, outcomes land all the same. */
  settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<Landed>;
  /** Ends a chunk of one trajectory that no worker survives; it is named until the sweep is submitted again. */
  putAside(lease: Lease, trajectory: string): Promise<void>;
  up(sweep: Sweep): Promise<Up>;
  /** Makes this process known as a worker. */
  join(worker: WorkerNote): Promise<Member>;
}

/** A part of a sweep's work: trajectories of its plan, numbered from 0 in the order of `trajectoriesOf`. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** What was missing of it when it was cut. */
  readonly rows: number;
  readonly trajectories: number;
  readonly epochs: number;
  /** Whether rows that failed are missing too. */
  readonly retryFailed: boolean;
  /** How many leases were lost of what it was cut of. */
  readonly losses: number;
}

export interface Lease {
  readonly sweep: Sweep;
  readonly chunk: Chunk;
  /** The plan that it was cut of, by `planMark`. */
  readonly plan: string;
  /** How many leases were lost before, of it and of what it was cut of. */
  readonly losses: number;
}

/** How much of a sweep waits or is on lease. */
export interface Up {
  readonly waiting: number;
  readonly leased: number;
  readonly rows: number;
  readonly trajectories: number;
  readonly epochs: number;
}

/** What a worker is. */
export interface WorkerNote {
  readonly machine: string;
  readonly pid: number;
  readonly version: string;
  /** How many chunks it trains at once. */
  readonly lanes: number;
}

/** What a worker has done. */
export interface Work {
  readonly chunks: number;
  readonly rows: number;
  readonly epochs: number;
  /** Epochs a second, of late. */
  readonly speed: number;
}

/** A worker that is known. */
export interface Member {
  /** From 1. */
  readonly id: number;
  /** What is told with its next sign of life. */
  tell(work: Work): void;
  leave(ending: string): Promise<void>;
}

/** A store that many machines share. */
export interface SharedStore extends Store, SharedResults {
  queue(): Promise<Queue>;
}

/** What can be read of one. */
export interface SharedResults extends Results {
  /** Whether this user may read what is handed out, and to whom; who may not can read all else. */
  mayReadWork(): Promise<boolean>;
  /** Those that were heard of in the last day, in the order in which they joined. */
  workers(): Promise<StoredWorker[]>;
  up(sweep: Sweep): Promise<Up>;
  /** Trajectories that were put aside. */
  aside(sweep: Sweep): Promise<Aside[]>;
}

export interface StoredWorker extends WorkerNote, Work {
  readonly id: number;
  /** How long ago it joined, and gave its last sign of life, by the clock of the store. */
  readonly joinedMs: number;
  readonly seenMs: number;
  /** How it ended; null: it works, or has vanished. */
  readonly ending: string | null;
}

export interface Aside {
  readonly trajectory: string;
  readonly losses: number;
}

/** After so long without a sign of life a worker has vanished: it gives one every few seconds. */
export const VANISHED_MS = 60_000;

export function isShared(store: Store): store is SharedStore;
export function isShared(results: Results): results is SharedResults;
export function isShared(results: Results): boolean {
  return "workers" in results;
}
