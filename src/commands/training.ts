/** What `run`, `grid` and `resume` share: an open sweep becomes a trained one, and its results are printed. */
import type { EngineChoice } from "../engine/engines.js";
import { messageOf, SweepError } from "../errors.js";
import { EventLog } from "../report/log.js";
import { NOTHING_DONE, type SweepResult, together } from "../run/events.js";
import { trainSweep } from "../run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { Sweep } from "../store/contract.js";
import type { Terminal } from "./command.js";
import { EXIT, exitCodeOf, faultAtEdge } from "./exit-codes.js";
import { type Listening, type Observed, observersOf } from "./observers.js";
import { printResults, tellEnding } from "./results.js";
import { decided } from "./rounds.js";
import { birth, hangupIgnored, Signals } from "./signals.js";

/** A sweep that is open, and all that its training takes. */
export interface Training extends Observed {
  readonly engine: EngineChoice;
  /** What was typed, for the log. */
  readonly command: string;
}

/** Trains what is missing until it is there or a signal stops it, and prints what there is; returns the exit code. */
export async function trainAndPrint(training: Training, terminal: Terminal): Promise<number> {
  const { running, command } = training;
  const log = running.log === null ? null : new EventLog(running.log, command);
  const forget = terminal.atEnd((exitCode, reason) => endEarly(log, exitCode, reason));
  const signals = new Signals({
    source: process,
    clock: () => performance.now(),
    hangupIgnored: hangupIgnored(birth()),
    giveUp: (signal) => terminal.end(EXIT.interrupted, `stopped by ${signal}, with nothing waited for`),
  });
  try {
    const began = performance.now();
    const result = await trainRounds(training, { log, signals }, terminal);
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

/** Trains a sweep, of one that is trained in rounds each round, as the looks decide. */
async function trainRounds(training: Training, listening: Listening, terminal: Terminal): Promise<SweepResult> {
  const { store, engine, running } = training;
  let [sweep, result]: [Sweep | null, SweepResult] = [training.sweep, NOTHING_DONE];
  while (sweep !== null) {
    const { profile } = sweep;
    // Each counts what its own round is to train.
    const observers = observersOf({ ...training, sweep }, listening, terminal);
    const trained = await trainSweep(store, sweep, {
      retryFailed: running.retryFailed,
      lanes: running.workers,
      start: (workers, lost) => new ThreadRunner({ workers, engine, profile, entry: TRIAL_WORKER, lost }),
      observers,
    });
    result = together(result, trained);
    if (result.tally.stopped) break;
    const decision = await decided(store, sweep);
    if (decision !== null) for (const observer of observers) await observer(decision.event);
    sweep = decision?.next ?? null;
  }
  return result;
}
