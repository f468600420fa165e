/** Who listens while a sweep is trained: the log, progress and sentences on the terminal, and what hears signals. */
import type { Running } from "../plan/flags.js";
import type { EventLog } from "../report/log.js";
import { ProgressPrinter } from "../report/progress.js";
import type { Observer } from "../run/events.js";
import { laneLostText } from "../run/runner.js";
import type { Store, Sweep } from "../store/contract.js";
import { isShared } from "../store/queue.js";
import { paragraph, type Terminal } from "./command.js";
import type { Signals } from "./signals.js";

/** A sweep that is to be trained, as far as observers look at it. */
export interface Observed {
  readonly store: Store;
  /** Where the store is. */
  readonly path: string;
  readonly sweep: Sweep;
  readonly running: Running;
  /** How the store was opened. */
  readonly opening: { giveUp(): void };
  /** How many trials were asked for; the sweep's own where none were. */
  readonly trials: number;
}

/** What else listens, and is closed by who made it. */
export interface Listening {
  readonly log: EventLog | null;
  readonly signals: Signals;
}

// To add an observer, add it to this list.
export async function observersOf(
  observed: Observed,
  { log, signals }: Listening,
  terminal: Terminal,
): Promise<Observer[]> {
  const { store, path, sweep, running, opening } = observed;
  const { quiet } = running;
  // Of what other machines land it hears nothing.
  const ofGrid = sweep.plan.name !== null && !quiet && !isShared(store);
  const cells = ofGrid ? await cellsOf(store) : null;
  const printer = new ProgressPrinter(terminal.stderr, { file: path, more: cells?.parts ?? (() => []) });
  return [
    ...(log === null ? [] : [log.observe]),
    ...(cells === null ? [] : [cells.observe]),
    ...(quiet ? [] : [printer.observe]),
    teller(observed, terminal),
    signals.observe,
    // Who wants the run to end now does not want to wait for another program.
    (event) => (event.kind === "stopping" && event.now ? opening.giveUp() : undefined),
  ];
}

/** What tells how the cells of a grid stand; loaded for it alone, since other first trials would wait for it. */
async function cellsOf(store: Store): Promise<{ readonly observe: Observer; readonly parts: () => string[] }> {
  const { NearestTracker } = await import("../verdict/nearest-tracker.js");
  const { cellParts } = await import("../report/nearest.js");
  const tracker = new NearestTracker((opened) => store.cellMeans(opened));
  return { observe: tracker.observe, parts: () => cellParts(tracker.progress) };
}

/** Says in sentences what is more than progress. */
function teller({ trials, running }: Observed, terminal: Terminal): Observer {
  return (event) => {
    if (event.kind === "opened") {
      const { plan } = event.sweep;
      if (plan.trials > trials)
        terminal.err(`this sweep has been asked for ${plan.trials} trials before: the results cover all of them\n`);
      if (event.missing.rows === 0 && !running.quiet)
        terminal.err("everything is finished already: nothing to train\n");
    }
    if (event.kind === "decided" && !running.quiet) terminal.err(paragraph(event.sentence, terminal));
    if (event.kind === "stopping" && !event.now)
      terminal.err("\nstopping: the trajectories that are running will finish; once more to stop now\n");
    if (event.kind === "lane lost" && event.left > 0 && !running.quiet)
      terminal.err(`${laneLostText(event.reason, event.left)}\n`);
  };
}
