/** An open sweep, trained on this machine, whoever listens. */
import { type EngineChoice, loadEngine } from "../engine/engines.js";
import type { Running } from "../plan/flags.js";
import type { Observer, SweepResult } from "../run/events.js";
import type { Sharing } from "../run/shared.js";
import { type SweepOptions, trainSweep } from "../run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { Store, Sweep } from "../store/contract.js";
import { isShared } from "../store/queue.js";
import { workerNote } from "./notes.js";

/** What the training of a sweep takes, whoever listens. */
export interface Trained {
  readonly store: Store;
  readonly sweep: Sweep;
  readonly engine: EngineChoice;
  readonly running: Pick<Running, "retryFailed" | "workers" | "chunkMs">;
}

/** Trains what is missing of a sweep, or of the round that it is in, on this machine's threads. */
export async function trainOnce(trained: Trained, observers: readonly Observer[]): Promise<SweepResult> {
  const { store, sweep, engine, running } = trained;
  const { profile } = sweep;
  const options: SweepOptions = {
    retryFailed: running.retryFailed,
    lanes: running.workers,
    start: (workers, lost) => new ThreadRunner({ workers, engine, profile, entry: TRIAL_WORKER, lost }),
    observers,
  };
  if (!isShared(store)) return trainSweep(store, sweep, options);
  const { trainShared } = await import("../run/shared.js");
  return trainShared(store, sweep, options, await sharingOf(trained));
}

/** How a sweep is shared with workers on other machines. */
export async function sharingOf({ engine, running }: Pick<Trained, "engine" | "running">): Promise<Sharing> {
  const { Stopwatch } = await import("../run/forecast.js");
  const stopwatch = new Stopwatch(await loadEngine(engine));
  const { chunkMs, workers } = running;
  return { worker: workerNote(workers), chunkMs, msPerEpoch: (spec) => stopwatch.msPerEpoch(spec) };
}
