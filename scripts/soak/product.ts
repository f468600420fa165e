/** The product as the soak runs it: real processes on a small grid, watched through the file they write. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { watch } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../src/errors.js";
import type { Results, Sweep } from "../../src/store/contract.js";
import { openResults } from "../../src/store/open.js";
import { isShared } from "../../src/store/queue.js";

export const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

/** 2 draws × 2 presets, every kind of start: 1,152 trial rows at 8 trials. */
export function gridFlags(trials: number, samples: number): string[] {
  return [
    ...["--preset", "notebook,paired", "--data-seeds", "1:2", "--samples", `${samples}`, "--trials", `${trials}`],
    ...["--methods", "original,retrain_scratch,unlearn,fine_tune,relearn"],
    ...["--lambda", "0:4:2", "--epochs", "2,5,original=30,retrain_scratch=30,relearn=8"],
  ];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts a module with node; `before` are node's own words. */
export function startNode(words: readonly string[], options: SpawnOptions = {}): Running {
  return startProgram(process.execPath, words, options);
}

export function startProgram(program: string, words: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(program, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text.out += part;
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text.err += part;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, ...text }));
  });
  return { child, ended };
}

/** Starts `gmm-sweep grid` on `database`. */
export function startGrid(database: string, flags: readonly string[], options: SpawnOptions = {}): Running {
  return startNode([CLI, "grid", ...flags, "--db", database, "--quiet"], options);
}

/** Resolves once the file holds at least `count` trial rows, or the process has ended. */
export function untilRows(database: string, count: number, { ended }: Running): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(database), () => void look());
    const done = (): void => {
      watcher.close();
      resolve();
    };
    void ended.then(done);
    async function look(): Promise<void> {
      if ((await rowsIn(database)) >= count) done();
    }
    void look();
  });
}

/** How many trial rows a file holds; 0 while the file is in the making. */
export async function rowsIn(database: string): Promise<number> {
  try {
    return await read(database, (results) => one(results, "select count(*) from trial_results"));
  } catch {
    return 0; // the file, its tables or its first checkpoint are not there yet
  }
}

/** What is wrong with a file that should hold all of its sweep; none: nothing. */
export async function faultsOf(database: string, digest: string): Promise<string[]> {
  try {
    return await read(database, async (results, sweep) => {
      const counts = await countsOf(results, sweep);
      const found = Object.entries(counts).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what}`]));
      for await (const { sentence } of results.damages()) found.push(sentence);
      const now = await results.digest(sweep);
      return now === digest ? found : [...found, `digest ${now.slice(0, 12)}… instead of ${digest.slice(0, 12)}…`];
    });
  } catch (error) {
    return [messageOf(error)];
  }
}

async function countsOf(results: Results, sweep: Sweep): Promise<Record<string, number>> {
  const status = await results.methodStatus(sweep);
  const sum = (of: (method: (typeof status)[number]) => number): number =>
    status.reduce((total, method) => total + of(method), 0);
  const found = await one(results, "select count(*) from trial_results");
  return {
    "rows missing": sum(({ missing }) => missing),
    "rows failed": sum(({ failed }) => failed),
    "rows double": await one(
      results,
      "select count(*) - count(distinct preset || '|' || draw || '|' || method || '|' || lambda_reg || '|' || epochs || '|' || start || '|' || trial) from trial_results",
    ),
    "rows that no sweep asks for": Math.max(0, found - sum(({ rows, missing }) => rows - missing)),
    ...(isShared(results) ? {} : await brokenIn(results)),
  };
}

/** What only a file can have. */
async function brokenIn(results: Results): Promise<Record<string, number>> {
  return {
    "broken references": await one(results, "select count(*) from pragma_foreign_key_check"),
    "broken pages": await one(results, "select integrity_check <> 'ok' from pragma_integrity_check"),
  };
}

/** The one number that a select gives. */
async function one(results: Results, sql: string): Promise<number> {
  const { rows } = await results.query(sql);
  for await (const [value] of rows) return Number(value);
  throw new Error(`no row of ${sql}`);
}

/** Reads a file with its first sweep. */
async function read<Value>(database: string, use: (results: Results, sweep: Sweep) => Promise<Value>): Promise<Value> {
  const results = await openResults(database);
  try {
    const [sweep] = await results.sweeps();
    return await use(results, sweep);
  } finally {
    await results.close();
  }
}

/** The digest of the grid, run undisturbed into `database`. */
export async function undisturbed(database: string, flags: readonly string[], workers = 3): Promise<string> {
  const { code, err } = await startGrid(database, [...flags, "--workers", `${workers}`]).ended;
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${err}`);
  return read(database, (results, sweep) => results.digest(sweep));
}
