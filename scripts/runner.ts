/** What scripts train on: a thread for each core of this machine. */
import { availableParallelism } from "node:os";
import type { SweepPlan } from "../src/plan/plan.js";
import type { Runner } from "../src/run/runner.js";
import { ThreadRunner, TRIAL_WORKER } from "../src/run/threads.js";

/** Threads with the engine of a plan. */
export function threadsFor(plan: SweepPlan): Runner {
  const engine = { ...plan.engine, isa: null };
  const lost = (reason: string): void => void process.stderr.write(`${reason}\n`);
  return new ThreadRunner({ workers: availableParallelism(), engine, profile: null, entry: TRIAL_WORKER, lost });
}
