/** `gmm-sweep pull` and `push`: a sweep goes from a database into a file, or from a file into a database, and on from where it was left. */
import { bad, shellWord } from "../errors.js";
import { isDatabase, placeNamed } from "../files/places.js";
import { type Flags, lockWaitFrom, sweepFrom, text } from "../plan/flags.js";
import { jsonOf } from "../report/json.js";
import { duration, type Screen } from "../report/progress.js";
import type { Merged, Results, Store, TakeOptions } from "../store/contract.js";
import { openResults, openStore } from "../store/open.js";
import { askedOtherwise } from "../sweep/asked-otherwise.js";
import { type Command, LOCK_WAIT_OPTION, type Options, openingFrom, type Terminal, value } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { otherwiseText, sweepsFrom } from "./sweeps.js";

const OPTIONS: Options = {
  store: value("the PostgreSQL database, as postgres://user@host/database"),
  sweep: value("the number of the sweep, where it comes from", "all"),
  quiet: { type: "boolean", describe: "no progress on stderr" },
  ...LOCK_WAIT_OPTION,
  json: { type: "boolean", describe: "print one JSON object instead of text" },
};

export const pullCommand: Command = {
  words: ["pull <out>"],
  describe: "bring what a database has of a sweep into a file; again, it brings what came since",
  positionals: { out: "the database file, made where there is none" },
  options: OPTIONS,
  examples: [["$0 pull night.db --store postgres://me@db/sweeps", "a sweep, whole or as far as it is"]],
  run: (flags, terminal) => {
    const [file, store] = [fileOf("OUT", flags["out"]), storeOf(flags)];
    return take(store, file, flags, terminal);
  },
};

export const pushCommand: Command = {
  words: ["push <file>"],
  describe: "bring what a file has of a sweep into a database, where others extend it",
  positionals: { file: "the database file" },
  options: OPTIONS,
  examples: [["$0 push night.db --store postgres://me@db/sweeps", "then: $0 grid … --trials 500 --store …"]],
  run: (flags, terminal) => {
    const [file, store] = [fileOf("FILE", flags["file"]), storeOf(flags)];
    return take(file, store, flags, terminal);
  },
};

function fileOf(label: string, given: unknown): string {
  const file = String(given);
  if (file === ":memory:" || isDatabase(file))
    throw bad(`${label} must be a database file, got ${placeNamed(label, file)}`);
  return file;
}

function storeOf(flags: Flags): string {
  const store = text(flags, "store");
  if (store !== null && isDatabase(store)) return placeNamed("--store", store);
  throw bad(
    `--store must name the database, as in postgres://user@host:5432/database, got ${store ?? "none"}: of files, gmm-sweep merge unites several`,
  );
}

async function take(from: string, to: string, flags: Flags, terminal: Terminal): Promise<number> {
  const [sweep, isQuiet] = [sweepFrom(flags), flags["quiet"] === true];
  const progress = new TakingProgress(terminal.stderr, to);
  const options: TakeOptions = { sweep, tell: isQuiet ? () => {} : progress.tell };
  // What is wrong with where it comes from is said before anything is made of where it goes.
  const results = await openResults(from);
  const given = await sweepsFrom(results, sweep, from).finally(() => results.close());
  const store = await openStore(to, openingFrom(lockWaitFrom(flags), terminal));
  try {
    const taken = await store.take(from, options).catch((error: unknown) => refused(store, error));
    progress.clear();
    for (const asked of askedOtherwise(given, await store.sweeps())) terminal.err(`${otherwiseText(from, asked)}\n`);
    const there = await sweepsIn(store);
    if (flags["json"] === true) await terminal.out(`${jsonOf({ from, to, ...counts(taken), sweeps: there })}\n`);
    else await print(taken, to, there, terminal);
    return EXIT.ok;
  } finally {
    progress.clear();
    await store.close();
  }
}

/** What is refused before anything came leaves no file behind that was not there before. */
async function refused(store: Store, error: unknown): Promise<never> {
  const sweeps = await store.sweeps().catch(() => null); // one that cannot be asked any more keeps what it has
  if (sweeps?.length === 0) await store.discard();
  throw error;
}

interface SweepThere {
  readonly sweep: number;
  readonly trial_rows: number;
  readonly missing: number;
  readonly failed: number;
  readonly digest: string;
}

async function sweepsIn(results: Results): Promise<SweepThere[]> {
  const found: SweepThere[] = [];
  for (const sweep of await results.sweeps()) {
    const methods = await results.methodStatus(sweep);
    const sum = (column: "rows" | "missing" | "failed"): number =>
      methods.reduce((total, method) => total + method[column], 0);
    const [trial_rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
    found.push({ sweep: sweep.id, trial_rows, missing, failed, digest: await results.digest(sweep) });
  }
  return found;
}

function counts({ trialRows, epochs }: Merged): object {
  return { trial_rows: trialRows, epochs };
}

async function print(
  { trialRows, epochs }: Merged,
  to: string,
  there: readonly SweepThere[],
  terminal: Terminal,
): Promise<void> {
  await terminal.out(`${trialRows} trial rows and ${epochs} epochs are new in ${to}\n`);
  for (const { sweep, trial_rows, missing, failed, digest } of there) {
    const lacks = missing + failed === 0 ? "" : `; gmm-sweep status ${shellWord(to)} says which are not`;
    await terminal.out(
      `sweep ${sweep}: ${trial_rows - missing - failed} of ${trial_rows} trial rows, digest ${digest}${lacks}\n`,
    );
  }
}

const EVERY_MS = 1000;
const EVERY_IN_PIPE_MS = 60_000;

/** How far it is, on a terminal in a line that is written over. */
class TakingProgress {
  readonly #stream: Screen;
  readonly #to: string;
  readonly #began = performance.now();
  #due = performance.now() + EVERY_MS;
  #isShown = false;

  constructor(stream: Screen, to: string) {
    this.#stream = stream;
    this.#to = to;
  }

  readonly tell: TakeOptions["tell"] = (looked, { trialRows }) => {
    const now = performance.now();
    if (now < this.#due) return;
    const line = `${this.#to}  ${looked} trajectories looked at, ${trialRows} trial rows new  ${duration(now - this.#began)}`;
    this.#stream.write(this.#stream.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
    this.#isShown = this.#stream.isTTY === true;
    this.#due = now + (this.#stream.isTTY ? EVERY_MS : EVERY_IN_PIPE_MS);
  };

  clear(): void {
    if (this.#isShown) this.#stream.write("\r\x1b[K");
    this.#isShown = false;
  }
}
