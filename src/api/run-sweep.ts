/** A sweep that is asked for and trained from a program. */
import { bad } from "../errors.js";
import { placeNamed } from "../files/places.js";
import { DEFAULTS } from "../plan/defaults.js";
import { commandLine, type Flags } from "../plan/flags.js";
import { GRID_READERS } from "../plan/grid.js";
import { USUAL_QUESTION } from "../plan/question.js";
import { choiceAsked } from "../plan/request.js";
import { gridFromText } from "../plan/sweep-file.js";
import { WHOLE } from "../plan/trajectories.js";
import { LIMITS } from "../plan/values.js";
import { usableCores } from "../run/cores.js";
import type { Observer, Progress } from "../run/events.js";
import { laneLostText } from "../run/runner.js";
import { QUIETLY } from "../store/contract.js";
import { openStore } from "../store/open.js";
import { openAsked } from "../sweep/asking.js";
import { engineFor } from "../sweep/engines.js";
import { noteOf } from "../sweep/notes.js";
import { trainOnce } from "../sweep/training.js";

/** The keys of a sweep file, with its values: `{ lambda: "0:10:0.25", epochs: { unlearn: "1:50" } }`. */
export type PlanObject = { readonly [Key in keyof typeof GRID_READERS]?: unknown };

export interface RunOptions {
  /** A database file, which is made where it is not there, or postgres://user@host/database. */
  readonly place: string;
  /** Threads; where it is not said, the cores. */
  readonly workers?: number;
  /** Whether the trials are trained again that failed. */
  readonly retryFailed?: boolean;
  /** Whether the sweep of this name may get other samples, widths, presets, … than it has. */
  readonly grow?: boolean;
  /** Hears how far it is whenever something has landed, and is waited for. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /** Hears, a sentence each, what a user should know though nothing fails. */
  readonly onNote?: (sentence: string) => void;
  /** Ends it: what runs then is finished and kept, and the rest is left for another time. */
  readonly signal?: AbortSignal;
}

/** What a run did, counted in trial rows. */
export interface RunResult {
  /** The number of the sweep. */
  readonly sweep: number;
  readonly trained: number;
  readonly diverged: number;
  readonly failed: number;
  /** Those that were finished before. */
  readonly skipped: number;
  /** Whether it was ended before everything was there. */
  readonly stopped: boolean;
}

const LABEL = "plan";

/** Trains what a place lacks of the sweep that `plan` asks for, the text of a sweep file or its keys as an object. What is there is not trained again; a plan that asks for more under the same name extends its sweep. */
export async function runSweep(plan: string | PlanObject, options: RunOptions): Promise<RunResult> {
  const { workers = usableCores(), retryFailed = false, grow = false, onNote = () => {}, signal } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > LIMITS.workers)
    throw bad(`workers must be a whole number from 1 to ${LIMITS.workers}, got ${workers}`);
  // JSON is YAML.
  const asked = gridFromText(typeof plan === "string" ? plan : JSON.stringify(plan), LABEL);
  const { profile } = await engineFor(asked.plan);
  const stop = signal ?? QUIETLY.stop;
  const store = await openStore(placeNamed("place", options.place), { ...QUIETLY, tell: onNote, stop });
  try {
    const question = asked.question ?? USUAL_QUESTION;
    const command = noteOf(commandOf(asked.flags));
    const request = { plan: asked.plan, profile, shard: WHOLE, grow, question, command };
    const sweep = await openAsked(store, request, null);
    const running = { retryFailed, workers, chunkMs: 1000 * DEFAULTS["chunk-seconds"] };
    const engine = choiceAsked(asked.plan);
    const { tally, skipped } = await trainOnce({ store, sweep, engine, running }, observersOf(options));
    return { sweep: sweep.id, ...tally, skipped };
  } finally {
    await store.close();
  }
}

/** The command line that asks for the same; of methods that are defined in the plan none can, and the sweep itself goes on with it. */
function commandOf(flags: Flags | null): string {
  if (flags === null) return "gmm-sweep resume";
  const isNull = String(flags["with-null"] ?? "false") === "true";
  const { "with-null": _null, ...rest } = flags;
  return commandLine(["grid"], isNull ? { ...rest, "with-null": true } : rest, Object.keys(GRID_READERS));
}

function observersOf({ onProgress, onNote, signal }: RunOptions): Observer[] {
  return [
    (event) => (event.kind === "landed" ? onProgress?.(event.progress) : undefined),
    (event) => {
      if (event.kind === "lane lost" && event.left > 0) onNote?.(laneLostText(event.reason, event.left));
    },
    stopper(signal),
  ];
}

/** Drains the runner once the signal says so. */
function stopper(signal: AbortSignal | undefined): Observer {
  let stop = (): void => {};
  return (event) => {
    if (signal === undefined) return;
    if (event.kind === "started") {
      stop = () => event.stop("abort");
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    }
    if (event.kind === "ended") signal.removeEventListener("abort", stop);
  };
}
