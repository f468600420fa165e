/** What `run`, `grid` and `resume` share: an open sweep becomes a trained one, and its results are printed. */
import type { EngineChoice } from "../engine/engines.js";
import { bad, messageOf, SweepError } from "../errors.js";
import { placeOption } from "../files/places.js";
import { jsonOf } from "../report/json.js";
import { EventLog } from "../report/log.js";
import { NOTHING_DONE, type SweepResult, together } from "../run/events.js";
import type { Sweep } from "../store/contract.js";
import { isShared } from "../store/queue.js";
import { sharingOf, trainOnce } from "../sweep/training.js";
import type { Terminal } from "./command.js";
import { EXIT, exitCodeOf, faultAtEdge } from "./exit-codes.js";
import { type Listening, type Observed, observersOf } from "./observers.js";
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
  if (running.detach) return leaveToWorkers(training, terminal);
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
    signals.over();
    // What comes after training is loaded then: the first trial does not wait for it.
    const { printResults, tellEnding } = await import("./results.js");
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
    // Each counts what its own round is to train.
    const observers = await observersOf({ ...training, sweep }, listening, terminal);
    result = together(result, await trainOnce({ store, engine, running, sweep }, observers));
    if (result.tally.stopped) break;
    const { decided } = await import("./deciding.js");
    const decision = await decided(store, sweep);
    if (decision !== null) for (const observer of observers) await observer(decision.event);
    sweep = decision?.next ?? null;
  }
  return result;
}

/** Puts up what is missing, and ends. */
async function leaveToWorkers(training: Training, terminal: Terminal): Promise<number> {
  const { store, sweep, path, running } = training;
  if (!isShared(store)) throw new Error(`${path} hands out no work`);
  const [{ roundsIn }, { isOver }] = [await import("../verdict/decisions.js"), await import("../verdict/rounds.js")];
  const rounds = await roundsIn(store, sweep);
  if (rounds !== null && !isOver(rounds))
    throw bad(
      `--detach must be asked of a sweep that is trained at once, but sweep ${sweep.id} is trained in rounds, which somebody has to look at: leave --detach out`,
    );
  const [queue, { submitMissing }] = [await store.queue(), await import("../run/shared.js")];
  await submitMissing(store, queue, sweep, { ...(await sharingOf(training)), retryFailed: running.retryFailed });
  const { waiting, leased, rows } = await queue.up(sweep);
  const said = { sweep: sweep.id, chunks: waiting + leased, trial_rows: rows };
  if (running.json) await terminal.out(`${jsonOf(said)}\n`);
  else
    await terminal.out(
      rows === 0
        ? `sweep ${sweep.id} is finished already: nothing is left to workers\n`
        : `sweep ${sweep.id}: ${rows} trial rows in ${waiting + leased} chunks are left to workers\ngmm-sweep worker ${placeOption(path)} trains them, on as many machines as there are\ngmm-sweep status ${placeOption(path)} says how far they are\n`,
    );
  return EXIT.ok;
}
