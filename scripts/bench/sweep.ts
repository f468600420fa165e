/** Sweeps as `gmm-sweep grid` trains them, for sections that look at the whole. */
import { loadFused } from "../../src/engine/fused/fused.js";
import type { Flags } from "../../src/plan/flags.js";
import { USUAL_QUESTION } from "../../src/plan/question.js";
import { gridPlan } from "../../src/plan/request.js";
import { WHOLE } from "../../src/plan/trajectories.js";
import type { Observer } from "../../src/run/events.js";
import { trainSweep } from "../../src/run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../../src/run/threads.js";
import type { OpenRequest, Store, Sweep } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";

/** Trains the grid of `flags` into the file `database`. */
export async function sweepInto(
  database: string,
  flags: Flags,
  workers: number,
  ...observers: readonly Observer[]
): Promise<void> {
  const store = await openStore(database);
  try {
    await train(store, await store.open(openRequest(flags)), workers, observers);
  } finally {
    await store.close();
  }
}

/** What opens the grid of `flags`. */
export function openRequest(flags: Flags): OpenRequest {
  const { profile } = loadFused({ precision: "f32" });
  const command = { command: "gmm-sweep grid", version: "", machine: "" };
  return { plan: gridPlan(flags, null), profile, shard: WHOLE, grow: false, question: USUAL_QUESTION, command };
}

async function train(store: Store, sweep: Sweep, workers: number, observers: readonly Observer[]): Promise<void> {
  const engine = { ...sweep.plan.engine, isa: null };
  await trainSweep(store, sweep, {
    retryFailed: false,
    lanes: workers,
    start: (lanes, lost) =>
      new ThreadRunner({ workers: lanes, engine, profile: sweep.profile, entry: TRIAL_WORKER, lost }),
    observers,
  });
}
