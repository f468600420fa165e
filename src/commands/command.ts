/** What a command is: its words, arguments and options, and what it does with its flags. It reads no argv and ends no process: cli.ts does. */
import { ENGINE_NAMES } from "../engine/engines.js";
import { placeOption } from "../files/places.js";
import { DEFAULTS } from "../plan/defaults.js";
import type { Flags } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { PRESET_NAMES } from "../plan/presets.js";
import { ENDPOINTS, ESTIMANDS, USUAL_QUESTION } from "../plan/question.js";
import type { Screen } from "../report/progress.js";
import { USUAL_COLUMNS, wrapped } from "../report/wrap.js";
import type { Opening } from "../store/contract.js";
import type { Kind } from "./kinds.js";

/** Where a command writes: results to `out`, all else to `err`. */
export interface Terminal {
  /** Resolves when `text` is written: a result larger than memory waits for its reader. Throws a fault of the environment where it cannot be. */
  out(text: string): Promise<void>;
  /** The same with every character as it is, for formats that others read; of all else, what would move a terminal's cursor is written out. */
  exact(text: string): Promise<void>;
  /** False once nobody reads what `out` writes, so that the rest need not be made; the exit code is the same. */
  readonly isRead: boolean;
  /** What cannot be written is lost, and ends nothing. */
  err(text: string): void;
  /** For what is written over: the same stream as that of `err`. */
  readonly stderr: Screen;
  /** How wide the reader's terminal is; null where nobody says so, as in a pipe. */
  readonly columns: number | null;
  /** `say` hears of it if the process ends before the command has. Returns how to take that back. */
  atEnd(say: LastWords): () => void;
  /** Ends the process now. */
  end(exitCode: number, reason: string): void;
}

/** What is still to be said when the process ends early. */
export type LastWords = (exitCode: number, reason: string) => void;

/** One that stands alone, or one with a value; a `kind` of null is what its name takes everywhere. */
export type Option =
  | { readonly type: "boolean"; readonly describe: string }
  | {
      readonly type: "string";
      readonly describe: string;
      readonly fallback: string | null;
      readonly kind: Kind | null;
    };

export type Options = Readonly<Record<string, Option>>;

export interface Command {
  /** The words after gmm-sweep: <needed>, [not needed], [several..]. */
  readonly words: readonly string[];
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly options: Options;
  /** What an argument may be, with what each of it means; by a title. */
  readonly lists?: Readonly<Record<string, readonly (readonly [name: string, meaning: string])[]>>;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Returns the exit code. */
  run(flags: Flags, terminal: Terminal): Promise<number>;
}

/** How wide what is printed for people may be. */
export function widthOf({ columns }: Terminal): number {
  return columns ?? USUAL_COLUMNS;
}

/** A sentence for people: in lines of a terminal; in a pipe it is one line, however long, for programs that read lines. */
export function paragraph(sentence: string, { columns }: Pick<Terminal, "columns">): string {
  const lines = columns === null ? [sentence] : wrapped(sentence, columns);
  return lines.map((line) => `${line}\n`).join("");
}

// Values stay text until plan/ reads them: yargs' own `number` turns abc into NaN and says nothing.
const value = (describe: string, fallback: string | number | null = null, kind: Kind | null = null): Option => ({
  type: "string",
  describe,
  fallback: fallback === null ? null : String(fallback),
  kind,
});

export const DB_OPTION = {
  db: value("the database file", DEFAULTS.db),
  store: value("a PostgreSQL database as postgres://user@host/database, in place of --db"),
};

/** For commands that read a file: named bare, or by --db. */
export const DB_ARGUMENT = { file: "the database file, in place of --db" };

/** For commands that write one: a bare word that ends in .db. */
export const DATABASE_ARGUMENT = { database: "the database file, whose name ends in .db, in place of --db" };
export const SWEEP_OPTION = { sweep: value("the number of a sweep", "all of the file's") };

/** Why sizes of one seed are good to be compared, and never to be counted as draws of their own. */
export const SHARED_NUMBERS = "draws of one seed share their random numbers, whatever their sizes";

export const SEEDED_DATA_OPTIONS = {
  "data-seed": value(`seed of the data draw; ${SHARED_NUMBERS}`, DEFAULTS["data-seed"]),
  samples: value("rows of D, both classes together; even, from 4 up", DEFAULTS.samples),
  features: value("features of a row, 1 to 256", DEFAULTS.features),
  "forget-rows": value("rows of the forget set", DEFAULTS["forget-rows"]),
};

export const METHOD_FILE_OPTION = {
  "method-file": value("a YAML file that defines methods of one's own"),
};

export const NULL_OPTION: Options = {
  "with-null": {
    type: "boolean",
    describe: "train retrain_twin too: retraining against retraining, the null of a verdict",
  },
};

/** What a sweep is asked before anything of it is trained. */
export const QUESTION_OPTIONS: Options = {
  estimand: value(`${ESTIMANDS.join(" or ")}: what a verdict is to compare with retraining`, USUAL_QUESTION.estimand),
  margin: value(
    "how large a difference does not matter, as ENDPOINT=NUMBER",
    ENDPOINTS.map((endpoint) => `${endpoint}=${USUAL_QUESTION.margins[endpoint]}`).join(","),
  ),
};

export const DATA_FILES = "X.npy, Y.npy, X_forget.npy, Y_forget.npy";

export const FORGET_LABEL_OPTION = {
  "forget-label": value("0 or 1: the label of all forget rows, where --data has no Y_forget.npy"),
};

export const FORCE_OPTION: Options = {
  force: { type: "boolean", describe: "overwrite what is there, where it is plainly of that kind" },
};

export const TRAINING_OPTIONS = {
  preset: value(`${PRESET_NAMES.join(" or ")}: the notebook as coded, or its sound version`, DEFAULTS.preset),
  ...SEEDED_DATA_OPTIONS,
  data: value(`a folder with ${DATA_FILES} (and X_test.npy, Y_test.npy) instead of a seeded draw`),
  ...FORGET_LABEL_OPTION,
  hidden: value("widths of the two hidden layers", DEFAULTS.hidden),
  "learning-rate": value("Adam's learning rate", DEFAULTS["learning-rate"]),
  seed: value("seed of the initial weights", DEFAULTS.seed),
  engine: value(`what trains: ${ENGINE_NAMES.join(", ")}`, DEFAULTS.engine),
  precision: value("f32 or f64, where the engine has both", "the engine's first"),
};

export const GROW_OPTION: Options = {
  grow: { type: "boolean", describe: "let the sweep of this name have other samples, widths, presets, … too" },
};

export const LOG_OPTION = {
  log: value("append one JSON line for each event to this file, a new one or a log from before"),
};

export const LOCK_WAIT_OPTION = {
  "lock-wait": value("seconds to wait for another program that holds the database file", DEFAULTS["lock-wait"]),
};

/** How a command opens a store: what the store says goes to stderr. */
export function openingFrom(lockWaitMs: number, terminal: Terminal, waitsToOpen = false): Opening & { giveUp(): void } {
  const waiting = new AbortController();
  return {
    lockWaitMs,
    waitsToOpen,
    tell: (sentence) => terminal.err(`${sentence}\n`),
    stop: waiting.signal,
    giveUp: () => waiting.abort(),
  };
}

export const RUNNING_OPTIONS: Options = {
  "retry-failed": { type: "boolean", describe: "train the trials again that failed" },
  quiet: { type: "boolean", describe: "no progress on stderr" },
  ...LOCK_WAIT_OPTION,
  "chunk-seconds": value("with --store: seconds of work in what a worker takes at once", DEFAULTS["chunk-seconds"]),
  detach: { type: "boolean", describe: "with --store: leave all of it to gmm-sweep worker, and end" },
};

/** A command line that asks a file something. */
export function queryLine(sql: string, path: string): string {
  return `gmm-sweep query "${sql}" ${placeOption(path)}`;
}

export const METHOD_LIST = METHOD_NAMES.join(", ");

export { value };
