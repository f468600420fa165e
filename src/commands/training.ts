/** What `run`, `grid` and `resume` share: an open sweep becomes a trained one, and its results are printed. */
import type { EngineChoice } from "../engine/engines.js";
import { messageOf, SweepError } from "../errors.js";
import { EventLog } from "../report/log.js";
import { trainSweep } from "../run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { Terminal } from "./command.js";
import { EXIT, exitCodeOf, faultAtEdge } from "./exit-codes.js";
import { type Observed, observersOf } from "./observers.js";
import { printResults, tellEnding } from "./results.js";
import { birth, hangupIgnored, Signals } from "./signals.js";

/** A sweep that is open, and all that its training takes. */
export interface Training extends Observed {
  readonly engine: EngineChoice;
  /** What was typed, for the log. */
  readonly command: string;
}

/** Trains what is missing until it is there or a signal stops it, and prints what there is; returns the exit code. */
export async function trainAndPrint(training: Training, terminal: Terminal): Promise<number> {
  const { store, sweep, engine, running, command } = training;
  const log = running.log === null ? null : new EventLog(running.log, command);
  const forget = terminal.atEnd((exitCode, reason) => endEarly(log, exitCode, reason));
  const signals = new Signals({
    source: process,
    clock: () => performance.now(),
    hangupIgnored: hangupIgnored(birth()),
    giveUp: (signal) => terminal.end(EXIT.interrupted, `stopped by ${signal}, with nothing waited for`),
  });
  const observers = observersOf(training, { log, signals }, terminal);
  try {
    const began = performance.now();
    const result = await trainSweep(store, sweep, {
      retryFailed: running.retryFailed,
      lanes: running.workers,
      start: (workers, lost) =>
        new ThreadRunner({ workers, engine, profile: sweep.profile, entry: TRIAL_WORKER, lost }),
      observers,
    });
    const elapsedMs = performance.now() - began;
    await printResults({ ...training, ...result, elapsedMs, json: running.json }, terminal);
    const { code, reason } = await tellEnding(training, result, terminal);
    log?.end(code, reason);
    return code;
  } catch (thrown) {
    const error = faultAtEdge(thrown);
    endEarly(log, exitCodeOf(error), messageOf(error));
    throw error;
  } finally {
    signals.close();
    forget();
    log?.close();
  }
}

/** Where the log itself is what gave out, there is no writing to it. */
function endEarly(log: EventLog | null, exitCode: number, reason: string): void {
  try {
    log?.end(exitCode, reason);
  } catch (second) {
    if (!(second instanceof SweepError)) throw second;
  }
}
