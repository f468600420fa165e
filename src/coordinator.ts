/** Runs a sweep: what is missing → chunks → threads → store, until nothing is missing or it is asked to stop. */
import type { TrialPool } from "./pool.js";
import type { OpenSweep, Store } from "./store/contract.js";
import { type FailedOutcome, lastEpoch, type Outcome, type TrajectorySpec, trajectoryKey } from "./trial.js";

/** What a run did, counted in trial rows. */
export interface Tally {
  readonly trained: number;
  readonly failed: number;
  readonly diverged: number;
  /** True where it was told to stop before everything was there. */
  readonly stopped: boolean;
}

/** How far a run is. */
export interface Progress {
  /** Trial rows that landed, out of those that were missing. */
  readonly rows: number;
  readonly missing: number;
  /** Epochs trained, out of those that it takes. */
  readonly epochs: number;
  readonly toTrain: number;
}

const CHUNK_MS = 200; // short enough that a kill loses little and threads end together, long beside the cost of a message
const CHUNKS_LEFT_PER_WORKER = 4; // towards the end chunks shrink, so that no thread waits for another's long one

/** Trains and records `missing`, the trajectories that the store lacks; `report` hears of each chunk that lands. */
export async function runSweep(
  missing: readonly TrajectorySpec[],
  sweep: OpenSweep,
  { store, pool, report }: { store: Store; pool: TrialPool; report: (progress: Progress) => void },
): Promise<Tally> {
  const queue = new ChunkQueue(groupByStart(missing), pool.workers);
  const tally = { trained: 0, failed: 0, diverged: 0 };
  let epochs = 0;

  async function land(outcomes: readonly Outcome[]): Promise<void> {
    await store.record(sweep, outcomes);
    for (const outcome of outcomes) {
      count(tally, outcome);
      epochs += lastEpoch(outcome.spec);
    }
    report({
      rows: rowsLanded(tally),
      missing: countRows(missing),
      epochs: Math.min(epochs, queue.epochs),
      toTrain: queue.epochs,
    });
  }

  /** One of as many loops as there are threads: takes a chunk, has it trained, lands it. */
  async function feed(): Promise<void> {
    for (let chunk = queue.next(); chunk !== null && !pool.draining; chunk = queue.next()) {
      const outcomes = await pool.run(chunk);
      queue.learn(outcomes);
      await land(await secondTries(outcomes, pool));
    }
  }

  // One more loop than threads: a thread has its next chunk at hand while the last one is being recorded.
  await Promise.all(Array.from({ length: pool.workers + 1 }, feed));
  return { ...tally, stopped: pool.draining && rowsLanded(tally) < countRows(missing) };
}

/** Tries each failed trajectory once more, alone, so that one that kills its thread takes no other with it. */
async function secondTries(outcomes: readonly Outcome[], pool: TrialPool): Promise<Outcome[]> {
  const failed = outcomes.filter((outcome): outcome is FailedOutcome => outcome.state === "failed");
  const again: Outcome[] = outcomes.filter((outcome) => outcome.state !== "failed");
  for (const { spec } of failed) again.push(...(await pool.run([spec])));
  return again;
}

/** The specs in groups that share a fresh start, so that each start is trained once; the longest group first. */
export function groupByStart(specs: readonly TrajectorySpec[]): TrajectorySpec[][] {
  const groups = new Map<string, TrajectorySpec[]>();
  for (const spec of specs) {
    const key = trajectoryKey(freshRoot(spec));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [spec]);
    else group.push(spec);
  }
  return [...groups.values()].sort((a, b) => epochsToTrain(b) - epochsToTrain(a));
}

function freshRoot(spec: TrajectorySpec): TrajectorySpec {
  return spec.start === null ? spec : freshRoot(spec.start);
}

/** The epochs a thread trains for a group, starts that nobody asked for included. */
export function epochsToTrain(group: readonly TrajectorySpec[]): number {
  const lengths = new Map<string, number>();
  const add = (spec: TrajectorySpec): void => {
    const key = trajectoryKey(spec);
    lengths.set(key, Math.max(lengths.get(key) ?? 0, lastEpoch(spec)));
    if (spec.start !== null) add(spec.start);
  };
  group.forEach(add);
  return [...lengths.values()].reduce((sum, length) => sum + length, 0);
}

/** Hands out groups as chunks of about CHUNK_MS, learning from each how long an epoch takes. */
class ChunkQueue {
  readonly epochs: number;
  readonly #groups: readonly TrajectorySpec[][];
  readonly #costs: readonly number[];
  readonly #workers: number;
  #place = 0;
  #left: number;
  #msPerEpoch = Number.POSITIVE_INFINITY; // until the first chunk is back: one group at a time

  constructor(groups: readonly TrajectorySpec[][], workers: number) {
    this.#groups = groups;
    this.#costs = groups.map(epochsToTrain);
    this.#workers = workers;
    this.epochs = this.#costs.reduce((sum, cost) => sum + cost, 0);
    this.#left = this.epochs;
  }

  next(): TrajectorySpec[] | null {
    if (this.#place === this.#groups.length) return null;
    const target = Math.min(CHUNK_MS / this.#msPerEpoch, this.#left / (this.#workers * CHUNKS_LEFT_PER_WORKER));
    const chunk: TrajectorySpec[] = [];
    let cost = 0;
    do {
      chunk.push(...this.#groups[this.#place]);
      cost += this.#costs[this.#place];
      this.#place += 1;
    } while (this.#place < this.#groups.length && cost + this.#costs[this.#place] <= target);
    this.#left -= cost;
    return chunk;
  }

  learn(outcomes: readonly Outcome[]): void {
    const trained = outcomes.filter((outcome) => outcome.state === "trained");
    if (trained.length === 0) return;
    const ms = trained.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
    this.#msPerEpoch = ms / trained.reduce((sum, { spec }) => sum + lastEpoch(spec), 0);
  }
}

/** How many trial rows specs stand for. */
export function countRows(specs: readonly TrajectorySpec[]): number {
  return specs.reduce((sum, spec) => sum + spec.asked.length * (1 + spec.copies), 0);
}

function rowsLanded({ trained, failed, diverged }: { trained: number; failed: number; diverged: number }): number {
  return trained + failed + diverged;
}

function count(tally: { trained: number; failed: number; diverged: number }, outcome: Outcome): void {
  const copies = 1 + outcome.spec.copies;
  if (outcome.state === "failed") tally.failed += outcome.spec.asked.length * copies;
  else if (outcome.wanted) {
    for (const { state } of outcome.rows) tally[state === "done" ? "trained" : "diverged"] += copies;
  }
}
