/** Runs a sweep: what is missing → chunks → threads → store, until nothing is missing or it is asked to stop. */

import { countRows, epochsToTrain, groupByStart } from "../plan/trajectories.js";
import type { Landed, Missing, OpenSweep, Store } from "../store/contract.js";
import { type FailedOutcome, lastEpoch, type Outcome, type TrajectorySpec } from "../trial.js";
import { ChunkQueue } from "./chunk-queue.js";
import type { TrialPool } from "./threads.js";

/** What a run did, counted in trial rows. */
export interface Tally extends Landed {
  /** True where it was told to stop before everything was there. */
  readonly stopped: boolean;
}

/** How much of a plan a store lacks. */
export interface Survey {
  readonly rows: number;
  readonly trajectories: number;
  /** Epochs to train for it, starts that are finished but whose parameters are needed included. */
  readonly epochs: number;
}

/** The same, beside what was planned. */
export interface PlanSurvey {
  readonly missing: Survey;
  /** Trial rows of the plan, and those of them that failed. */
  readonly planned: number;
  readonly failed: number;
}

/** How far a run is. */
export interface Progress {
  readonly landed: Survey;
  readonly missing: Survey;
}

/** What a run tells as it goes. */
export type SweepEvent =
  | { readonly kind: "landed"; readonly outcomes: readonly Outcome[]; readonly progress: Progress }
  | { readonly kind: "second try"; readonly spec: TrajectorySpec; readonly reason: string };

/** Says of planned trajectories which are missing. */
export type Lookup = (specs: readonly TrajectorySpec[]) => Missing | Promise<Missing>;

const GROUPS_LOOKED_UP = 64; // at a time: few questions to a store that is far away, few specs in memory

/** The groups of a plan with a row that is not there, cut to what is missing. */
export async function* missingGroups(
  plan: Iterable<TrajectorySpec[]>,
  lookup: Lookup,
): AsyncGenerator<TrajectorySpec[]> {
  for (const groups of batches(plan, GROUPS_LOOKED_UP)) yield* groupByStart((await lookup(groups.flat())).specs);
}

/** Counts what is missing of a plan, without holding it in memory. */
export async function surveyMissing(plan: Iterable<TrajectorySpec[]>, lookup: Lookup): Promise<PlanSurvey> {
  const missing = { rows: 0, trajectories: 0, epochs: 0 };
  const counts = { planned: 0, failed: 0 };
  for (const batch of batches(plan, GROUPS_LOOKED_UP)) {
    const asked = batch.flat();
    const { specs, rows, failed } = await lookup(asked);
    counts.planned += countRows(asked);
    counts.failed += failed;
    missing.rows += rows;
    missing.trajectories += specs.length;
    for (const group of groupByStart(specs)) missing.epochs += epochsToTrain(group);
  }
  return { missing, ...counts };
}

export interface Crew {
  readonly store: Store;
  readonly pool: TrialPool;
  readonly tell: (event: SweepEvent) => void;
}

/** Trains and records `groups`, of which there are as many as `missing` says, and tells of each chunk that lands. */
export async function runSweep(
  groups: AsyncIterable<TrajectorySpec[]>,
  missing: Survey,
  sweep: OpenSweep,
  { store, pool, tell }: Crew,
): Promise<Tally> {
  const queue = new ChunkQueue(groups, missing.epochs, pool.workers);
  const tally = { trained: 0, failed: 0, diverged: 0 };
  const done = { rows: 0, trajectories: 0, epochs: 0 };

  async function land(outcomes: readonly Outcome[]): Promise<void> {
    const landed = await store.record(sweep, outcomes);
    for (const state of ["trained", "failed", "diverged"] as const) {
      tally[state] += landed[state];
      done.rows += landed[state];
    }
    for (const outcome of outcomes) {
      if (outcome.state === "failed" || outcome.wanted) done.trajectories += 1;
      done.epochs += lastEpoch(outcome.spec);
    }
    // A row that had failed lands too where its trajectory is trained for a later one.
    done.rows = Math.min(done.rows, missing.rows);
    // A group that was split trains its start more than once.
    done.epochs = Math.min(done.epochs, missing.epochs);
    tell({ kind: "landed", outcomes, progress: { landed: { ...done }, missing } });
  }

  /** One of as many loops as there are threads: takes a chunk, has it trained, lands it. */
  async function feed(): Promise<void> {
    for (let chunk = await queue.next(); chunk !== null && !pool.draining; chunk = await queue.next()) {
      const outcomes = await pool.run(chunk);
      queue.learn(outcomes);
      await land(await secondTries(outcomes, pool, tell));
    }
  }

  // One more loop than threads: a thread has its next chunk at hand while the last one is being recorded.
  await Promise.all(Array.from({ length: pool.workers + 1 }, feed));
  return { ...tally, stopped: pool.draining && done.trajectories < missing.trajectories };
}

/** Tries each failed trajectory once more, alone, so that one that kills its thread takes no other with it. */
async function secondTries(
  outcomes: readonly Outcome[],
  pool: TrialPool,
  tell: (event: SweepEvent) => void,
): Promise<Outcome[]> {
  const failed = outcomes.filter((outcome): outcome is FailedOutcome => outcome.state === "failed");
  const again: Outcome[] = outcomes.filter((outcome) => outcome.state !== "failed");
  for (const { spec, reason } of failed) {
    tell({ kind: "second try", spec, reason });
    again.push(...(await pool.run([spec])));
  }
  return again;
}

function* batches<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
