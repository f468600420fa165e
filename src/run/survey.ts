/** What is missing of a plan. */
import { countRows, epochsToTrain, groupByStart } from "../plan/trajectories.js";
import type { Missing } from "../store/contract.js";
import type { TrajectorySpec } from "../trial.js";
import type { Survey } from "./events.js";

/** Says of planned trajectories which are missing. */
export type Lookup = (specs: readonly TrajectorySpec[]) => Missing | Promise<Missing>;

/** What a store that holds nothing says. */
export const ALL_MISSING: Lookup = (specs) => ({ specs: [...specs], rows: countRows(specs), failed: 0 });

/** What is missing, beside what was planned. */
export interface PlanSurvey {
  readonly missing: Survey;
  /** Trial rows of the plan, and those of them that failed. */
  readonly planned: number;
  readonly failed: number;
}

export const GROUPS_LOOKED_UP = 64; // at a time: few questions to a store that is far away, few specs in memory

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

/** Items, `size` at a time. */
export function* batches<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
