/** What `run`, `grid` and `resume` share: an opened sweep becomes a trained one, with progress, a log and signals, and its results are printed. */

import { availableParallelism, cpus } from "node:os";
import type { Engine } from "../engine/contract.js";
import { type EngineChoice, loadEngine } from "../engine/engines.js";
import { bad, messageOf, SweepError } from "../errors.js";
import type { Running } from "../plan/options.js";
import { type SweepPlan, settingsOf } from "../plan/plan.js";
import type { Request } from "../plan/request.js";
import { escaped, screenful } from "../printable.js";
import { EventLog } from "../report/log.js";
import { cellParts } from "../report/nearest.js";
import { ProgressPrinter } from "../report/progress.js";
import type { Observer } from "../run/events.js";
import { type SweepResult, trainSweep } from "../run/sweep.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { CommandNote, Store, Sweep } from "../store/contract.js";
import { openStore } from "../store/open.js";
import { NearestTracker } from "../verdict/nearest-tracker.js";
import { VERSION } from "../version.js";
import { openingFrom, type Terminal } from "./command.js";
import { EXIT, exitCodeOf, faultAtEdge } from "./exit-codes.js";
import { printResults } from "./results.js";
import { birth, hangupIgnored, Signals } from "./signals.js";

/** What a store keeps of a command that opens a sweep. */
function noteOf(command: string): CommandNote {
  const cores = `${cpus()[0]?.model ?? "unknown processor"} × ${availableParallelism()}`;
  const machine = `${cores}, ${process.platform}-${process.arch}, Node ${process.versions.node}`;
  return { command, version: VERSION, machine };
}

/** Opens what a request asks for, trains what is missing of it and prints what there is; returns the exit code. */
export async function openAndTrain(request: Request, command: string, terminal: Terminal): Promise<number> {
  const { plan, engine, path, shard, grow, running } = request;
  const { profile } = await engineFor(request);
  const opening = openingFrom(running.lockWaitMs, terminal);
  const store = await openStore(path, opening);
  const sweep = await store
    .open({ plan, profile, shard, grow, command: noteOf(command) })
    .catch((error: unknown) => refused(store, error));
  try {
    return await trainAndPrint(
      { store, path, sweep, engine, running, command, opening, trials: plan.trials },
      terminal,
    );
  } finally {
    await store.close();
  }
}

/** What is refused leaves no file behind that was not there before. */
async function refused(store: Store, error: unknown): Promise<never> {
  await store.discard();
  throw error;
}

/** The engine of a request. Throws usage where its plan has a net that it does not train. */
export async function engineFor({ plan, engine: choice }: Request): Promise<Engine> {
  const engine = await loadEngine(choice);
  refuseNets(plan, engine);
  return engine;
}

/** Refuses a plan with a net that its engine does not train. */
function refuseNets(plan: SweepPlan, engine: Engine): void {
  for (const { draw, widths } of settingsOf(plan)) {
    const support = engine.supports({ features: draw.features, widths });
    if (!support.supported)
      throw bad(
        `--hidden must be widths of a net that the engine ${engine.name} trains, got ${widths.join(",")} on ${draw.features} features, which it does not because ${support.reason}: choose others, or another --engine`,
      );
  }
}

/** A sweep that is open, and all that its training takes. */
export interface Training {
  readonly store: Store;
  /** Where the store is. */
  readonly path: string;
  readonly sweep: Sweep;
  readonly engine: EngineChoice;
  readonly running: Running;
  /** How the store was opened. */
  readonly opening: { giveUp(): void };
  /** What was typed, for the log. */
  readonly command: string;
  /** How many trials it asked for; the sweep's own where it asked for none. */
  readonly trials: number;
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
    const result = await train(training, log, signals, terminal);
    const elapsedMs = performance.now() - began;
    await printResults({ ...training, ...result, elapsedMs, json: running.json }, terminal);
    const { code, reason } = await ending(training, result, terminal);
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

async function train(
  training: Training,
  log: EventLog | null,
  signals: Signals,
  terminal: Terminal,
): Promise<SweepResult> {
  const { store, path, sweep, engine, running, opening } = training;
  const { workers, retryFailed, quiet } = running;
  const tracker = new NearestTracker((opened) => store.cellMeans(opened));
  const parts = (): string[] => cellParts(tracker.progress);
  const ofGrid = sweep.plan.name !== null && !quiet;
  const printer = new ProgressPrinter(terminal.stderr, { file: path, more: ofGrid ? parts : () => [] });
  return trainSweep(store, sweep, {
    retryFailed,
    lanes: workers,
    start: (lanes, lost) =>
      new ThreadRunner({ workers: lanes, engine, profile: sweep.profile, entry: TRIAL_WORKER, lost }),
    observers: [
      ...(log === null ? [] : [log.observe]),
      ...(ofGrid ? [tracker.observe] : []),
      ...(quiet ? [] : [printer.observe]),
      teller(training, terminal),
      signals.observe,
      // Who wants the run to end now does not want to wait for another program.
      (event) => (event.kind === "stopping" && event.now ? opening.giveUp() : undefined),
    ],
  });
}

/** Says in sentences what is more than progress. */
function teller({ trials, running }: Training, terminal: Terminal): Observer {
  return (event) => {
    if (event.kind === "opened") {
      const { plan } = event.sweep;
      if (plan.trials > trials)
        terminal.err(`this sweep has been asked for ${plan.trials} trials before: the results cover all of them\n`);
      if (event.missing.rows === 0 && !running.quiet)
        terminal.err("everything is finished already: nothing to train\n");
    }
    if (event.kind === "stopping" && !event.now)
      terminal.err("\nstopping: the trajectories that are running will finish; once more to stop now\n");
    if (event.kind === "lane lost" && event.left > 0 && !running.quiet)
      terminal.err(`a thread could not go on, ${event.left} ${event.left === 1 ? "does" : "do"}: ${event.reason}\n`);
  };
}

/** What the exit code of a training is, and why it is not 0; null: it is. */
interface How {
  readonly code: number;
  readonly reason: string | null;
}

/** Says what failed and what was stopped, each with how to go on; returns how it ended. */
async function ending({ store, sweep, path }: Training, { tally }: SweepResult, terminal: Terminal): Promise<How> {
  for (const { method, trial, error, rows } of await store.failures(sweep))
    terminal.err(`${rows} of ${method} failed, first trial ${trial}: ${screenful(escaped(error))}\n`);
  if (tally.stopped) {
    terminal.err(`stopped: what finished is kept in ${path}; run the same command again to go on\n`);
    return { code: EXIT.interrupted, reason: null };
  }
  const { failed } = await store.stateCounts(sweep);
  if (failed === 0) return { code: EXIT.ok, reason: null };
  terminal.err("run the same command with --retry-failed to train the failed trials again\n");
  return { code: EXIT.check, reason: `${failed} trial ${failed === 1 ? "row" : "rows"} failed` };
}
