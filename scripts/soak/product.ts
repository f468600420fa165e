/** The product as the soak runs it: real processes on a small grid, watched through the file they write. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { watch } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../src/errors.js";
import { sweepDigest } from "../../src/store/digest.js";
import { SqliteReader } from "../../src/store/sqlite/reader.js";

const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

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
  const child = spawn(process.execPath, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
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
    const watcher = watch(dirname(database), look);
    const done = (): void => {
      watcher.close();
      resolve();
    };
    void ended.then(done);
    function look(): void {
      if (rowsIn(database) >= count) done();
    }
    look();
  });
}

/** How many trial rows a file holds; 0 while the file is in the making. */
export function rowsIn(database: string): number {
  try {
    const reader = new SqliteReader(database);
    try {
      const [[rows]] = [...reader.select("select count(*) from trial_rows").rows] as [[bigint]];
      return Number(rows);
    } finally {
      reader.close();
    }
  } catch {
    return 0; // the file, its tables or its first checkpoint are not there yet
  }
}

/** What is wrong with a file that should hold all of its sweep; none: nothing. */
export async function faultsOf(database: string, digest: string): Promise<string[]> {
  const reader = new SqliteReader(database);
  try {
    const count = async (sql: string): Promise<number> =>
      (await reader.all<{ n: number }>(`select (select ${sql}) as n`))[0].n;
    const counts = {
      "rows missing": await count("count(*) from missing"),
      "rows failed": await count("count(*) from trial_rows where state = 'failed'"),
      "rows double": await count(
        "count(*) - count(distinct concat_ws('|', preset, draw, method, lambda_reg, epochs, start, trial)) from trial_results",
      ),
      "rows that no sweep asks for": Math.abs(
        (await count("count(*) from trial_results")) - (await count("sum(trials) from cell_status")),
      ),
      "broken references": await count("count(*) from pragma_foreign_key_check"),
      "broken pages": await count("integrity_check <> 'ok' from pragma_integrity_check"),
    };
    const found = Object.entries(counts).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what}`]));
    const [{ id }] = await reader.all<{ id: number }>("select id from sweeps");
    const now = await sweepDigest(reader, id);
    return now === digest ? found : [...found, `digest ${now.slice(0, 12)}… instead of ${digest.slice(0, 12)}…`];
  } catch (error) {
    return [messageOf(error)];
  } finally {
    reader.close();
  }
}

/** The digest of the grid, run undisturbed into `database`. */
export async function undisturbed(database: string, flags: readonly string[]): Promise<string> {
  const { code, err } = await startGrid(database, [...flags, "--workers", "3"]).ended;
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${err}`);
  const reader = new SqliteReader(database);
  try {
    return await sweepDigest(reader, 1);
  } finally {
    reader.close();
  }
}
