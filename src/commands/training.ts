/** What `run`, `grid` and `resume` share: an open sweep becomes a trained one, and its results are printed. */
import type { EngineChoice } from "../engine/engines.js";
import { messageOf, SweepError } from "../errors.js";
import { EventLog } from "../report/log.js";
import type { Observer } from "../run/events.js";
import { type SweepResult, trainSweep } from "../run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { Terminal } from "./command.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { type Observed, observersOf } from "./observers.js";
import { printResults } from "./results.js";

/** A sweep that is open, and all that its training takes. */
export interface Training extends Observed {
  /** Where the store is. */
  readonly path: string;
  readonly engine: EngineChoice;
  /** What was typed, for the log. */
  readonly command: string;
}

/** Trains what is missing until it is there or a signal stops it, and prints what there is; returns the exit code. */
export async function trainAndPrint(training: Training, terminal: Terminal): Promise<number> {
  const { running, command } = training;
  const log = running.log === null ? null : new EventLog(running.log, command);
  const observers = observersOf(training, log, terminal);
  try {
    const began = performance.now();
    const result = await train(training, observers);
    const elapsedMs = performance.now() - began;
    await printResults({ ...training, ...result, elapsedMs, json: running.json }, terminal);
    const code = await exitCode(training, result, terminal);
    log?.end(code, null);
    return code;
  } catch (error) {
    endEarly(log, error);
    throw error;
  } finally {
    log?.close();
  }
}

/** Where the log itself is what gave out, there is no writing to it. */
function endEarly(log: EventLog | null, error: unknown): void {
  try {
    log?.end(exitCodeOf(error), messageOf(error));
  } catch (second) {
    if (!(second instanceof SweepError)) throw second;
  }
}

async function train(training: Training, observers: readonly Observer[]): Promise<SweepResult> {
  const { store, sweep, engine, running } = training;
  const { workers, retryFailed } = running;
  return trainSweep(store, sweep, {
    retryFailed,
    lanes: workers,
    start: (lanes, lost) =>
      new ThreadRunner({ workers: lanes, engine, profile: sweep.profile, entry: TRIAL_WORKER, lost }),
    observers,
  });
}

/** Says what failed and what was stopped, each with how to go on; returns the exit code. */
async function exitCode({ store, sweep, path }: Training, { tally }: SweepResult, terminal: Terminal): Promise<number> {
  for (const { method, trial, error, rows } of await store.failures(sweep))
    terminal.err(`${rows} of ${method} failed, first trial ${trial}: ${error}\n`);
  if (tally.stopped) {
    terminal.err(`stopped: what finished is kept in ${path}; run the same command again to go on\n`);
    return EXIT.interrupted;
  }
  const { failed } = await store.stateCounts(sweep);
  if (failed === 0) return EXIT.ok;
  terminal.err("run the same command with --retry-failed to train the failed trials again\n");
  return EXIT.check;
}
