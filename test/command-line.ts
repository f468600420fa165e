/** Runs the command line as a user does, in a temporary folder, with stdout and stderr as pipes: in this process, or in one of its own where the test is about processes. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { Command, Terminal } from "../src/commands/command.js";
import { exitCodeOf, faultAtEdge } from "../src/commands/exit-codes.js";
import { runProgram } from "../src/commands/program.js";
import { SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import { printable } from "../src/printable.js";
import { openResults } from "../src/store/open.js";
import type { Hold } from "./fixtures/hold.js";

export const CLI = fileURLToPath(new URL("../src/cli.js", import.meta.url));
const HOLD = new URL("fixtures/hold.js", import.meta.url).href;

/** A draw and a net so small that an epoch takes microseconds. */
export const SMALL = [
  "--data-seed",
  "0",
  "--samples",
  "40",
  "--features",
  "3",
  "--hidden",
  "6,4",
  "--engine",
  "reference",
];

/** Options of a run of all methods that ends within a second. */
export const TINY = [
  ...SMALL,
  "--workers",
  "2",
  "--epochs",
  "original=12,retrain_scratch=10,unlearn=3,retrain_original=11",
];

/** Sets what the environment says until the end of a test. */
export function withEnvironment(t: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A process that runs; `said` waits until its stdout, its stderr or its pipe 3, where it has one, holds a text. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  said(text: string): Promise<void>;
}

const folders: string[] = [];
process.once("exit", () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A new folder, removed when all tests of the file have ended: a store that a test closes at its end must still find its file. */
export function folder(_t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
  folders.push(path);
  return path;
}

let inFolder: Promise<unknown> = Promise.resolve();

/** Runs `gmm-sweep ...args` in `cwd` to its end, in this process: starting one takes longer than most commands. */
export function gmm(cwd: string, ...args: readonly string[]): Promise<Ended> {
  // A process is in one folder at a time.
  const ended = inFolder.then(() => endedIn(cwd, args));
  inFolder = ended.catch(() => {});
  return ended;
}

async function endedIn(cwd: string, args: readonly string[]): Promise<Ended> {
  const text = { out: "", err: "" };
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const code = await runProgram(args, terminalTo(text, null)).catch((thrown: unknown) => {
      const error = faultAtEdge(thrown);
      if (!(error instanceof SweepError)) throw error; // a bug, whose stack the test shows
      text.err += printable(`gmm-sweep: ${error.message}\n`);
      return exitCodeOf(error);
    });
    return { code, signal: null, ...text };
  } finally {
    process.chdir(before);
  }
}

/** Starts `gmm-sweep ...args` in `cwd`, as a process of its own. */
export function start(cwd: string, ...args: readonly string[]): Running {
  return started(spawn(process.execPath, [CLI, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] }));
}

/** Starts `gmm-sweep ...args` in `cwd` and returns once it has come to the hold: some rows have landed, and a thread stands inside a training. */
export async function startHeld(t: TestContext, cwd: string, hold: Hold, ...args: readonly string[]): Promise<Running> {
  return startHeldBy([], t, cwd, hold, ...args);
}

/** The same, started by another program, which is called with the command line. */
export async function startHeldBy(
  starter: readonly string[],
  t: TestContext,
  cwd: string,
  hold: Hold,
  ...args: readonly string[]
): Promise<Running> {
  const [program, ...words] = [...starter, process.execPath, "--import", HOLD, CLI, ...args];
  const run = started(
    spawn(program, words, {
      cwd,
      env: { ...process.env, HOLD: JSON.stringify(hold) },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    }),
  );
  t.after(() => run.child.kill("SIGKILL"));
  await run.said("landed\n");
  await run.said("held\n");
  return run;
}

/** Follows a process that was spawned with its stdout and stderr as pipes. */
export function started(child: ChildProcess): Running {
  const text = { out: "", err: "", told: "" };
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  for (const [i, name] of (["out", "err", "told"] as const).entries()) {
    const stream = child.stdio[i + 1] as Readable | null | undefined;
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text[name] += part;
      for (const one of [...waiting]) {
        if (!text[name].includes(one.text)) continue;
        waiting.splice(waiting.indexOf(one), 1);
        one.resolve();
      }
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => {
      for (const { text: wanted, reject: never } of waiting)
        never(new Error(`it ended without ${wanted}:\n${text.out}${text.err}`));
      resolve({ code, signal, out: text.out, err: text.err });
    });
  });
  const said = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (Object.values(text).some((part) => part.includes(wanted))) resolve();
      else waiting.push({ text: wanted, resolve, reject });
    });
  return { child, ended, said };
}

export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process: no process of its own to start, and errors as they are thrown. */
export async function spoken(command: Command, flags: Flags): Promise<Spoken> {
  const text = { out: "", err: "" };
  const code = await command.run(flags, terminalTo(text, null));
  return { code, ...text };
}

/** Runs a whole command line in this process, before a terminal of so many columns; null: a pipe. */
export async function programmed(columns: number | null, ...args: readonly string[]): Promise<Spoken> {
  const text = { out: "", err: "" };
  const code = await runProgram(args, terminalTo(text, columns));
  return { code, ...text };
}

function terminalTo(text: { out: string; err: string }, columns: number | null): Terminal {
  return {
    // As the edge does.
    out: async (part) => {
      text.out += printable(part);
    },
    exact: async (part) => {
      text.out += part;
    },
    err: (part) => {
      text.err += printable(part);
    },
    isRead: true,
    stderr: process.stderr,
    columns,
    atEnd: () => () => {},
    end: (_code, reason) => {
      throw new Error(`it ended early: ${reason}`);
    },
  };
}

/** The object that `--json` prints. */
export interface RunObject {
  readonly sweep: number;
  readonly digest: string;
  readonly trained: number;
  readonly skipped: number;
  readonly failed: number;
  readonly diverged: number;
  readonly elapsed_ms: number;
  readonly summary: readonly Record<string, unknown>[];
}

/** Runs a sweep that must succeed, and gives its object. */
export async function sweepObject(cwd: string, ...args: readonly string[]): Promise<RunObject> {
  const { code, out, err } = await gmm(cwd, ...args, "--json");
  assert.equal(code, 0, err);
  return JSON.parse(out) as RunObject;
}

/** How many trial rows a file holds. */
export function rowsIn(database: string): number {
  let db: Database.Database | null = null;
  try {
    db = new Database(database, { readonly: true, fileMustExist: true });
    return db.prepare("select count(*) from trial_rows").pluck().get() as number;
  } catch {
    // The file, its tables or its first checkpoint are in the making.
    return 0;
  } finally {
    db?.close();
  }
}

/** All rows of a select over a file, as arrays; whole numbers as numbers. */
export async function rows(database: string, sql: string): Promise<unknown[][]> {
  const results = await openResults(database);
  try {
    const found: unknown[][] = [];
    for await (const row of (await results.query(sql)).rows)
      found.push(row.map((value) => (typeof value === "bigint" ? Number(value) : value)));
    return found;
  } finally {
    await results.close();
  }
}

/** All names of what `--json` prints are snake_case. */
export function assertSnakeCase(json: string): void {
  JSON.parse(json, (name, value) => {
    assert.match(name, /^[a-z0-9_]*$/);
    return value as unknown;
  });
}

/** Compares a text with test/golden/text/NAME.txt, which is reviewed; UPDATE_GOLDEN=1 writes it. */
export function assertGolden(name: string, text: string): void {
  const path = fileURLToPath(new URL(`../../test/golden/text/${name}.txt`, import.meta.url));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, "utf8"));
}

/** A disk of `size`, as mount has it; null, after skipping the test aloud, where none can be mounted. */
export function smallDisk(t: TestContext, size: string): string | null {
  const path = mkdtempSync(join(tmpdir(), "gmm-sweep-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "gmm-sweep-test", path], { stdio: "ignore" });
  } catch {
    rmdirSync(path);
    t.skip("no small disk can be mounted here: that takes root on Linux");
    return null;
  }
  t.after(() => {
    execFileSync("umount", [path]);
    rmdirSync(path);
  });
  return path;
}
