/** What the soak proves, each on a database of its own. A proof returns what it did, or throws with what is wrong. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Stream, stream } from "../../src/data/streams.js";
import { DEATH, type Deaths } from "./deaths.js";
import { type Ended, faultsOf, type Running, rowsIn, startGrid, startNode, untilRows } from "./product.js";

export interface Setting {
  /** An empty folder, this proof's own. */
  readonly folder: string;
  readonly flags: readonly string[];
  /** Of the same grid, undisturbed, with another count of workers. */
  readonly digest: string;
}

const WORKERS = ["--workers", "2"];
/** Not a thread's first training: a trial whose second try dies too is recorded as failed, by design. */
const SOME_TIME = { soonest: 2, latest: 30 };

export interface Kills {
  readonly count: number;
  readonly longestMs: number;
  readonly seed: number;
}

/** Kills at random instants, each followed by a restart; a grid that comes to its end is checked, and begun anew. */
export async function kills(setting: Setting, { count, longestMs, seed }: Kills): Promise<string> {
  const random = stream("soak", "kills", seed);
  const tally = { process: 0, thread: 0, rounds: 0 };
  while (tally.process < count) {
    tally.rounds += 1;
    const database = join(setting.folder, `round${tally.rounds}.db`);
    while (tally.process < count && !(await killedOnce(setting, database, { random, longestMs }, tally)));
    await finished(startGrid(database, [...setting.flags, ...WORKERS, "--retry-failed"]));
    await mustBeWhole(setting, database);
  }
  return `${tally.process} of the process by SIGKILL, ${tally.thread} of a thread by process.exit, over ${tally.rounds} grids`;
}

/** One run that is killed, unless it ends before; returns whether it ended. */
async function killedOnce(
  { flags }: Setting,
  database: string,
  { random, longestMs }: { random: Stream; longestMs: number },
  tally: { process: number; thread: number },
): Promise<boolean> {
  const [mortal, lived, seed] = [random.uniform() < 1 / 4, random.uniform() * longestMs, random.uniform()];
  const run = mortal
    ? startMortal(database, flags, { ...SOME_TIME, seed })
    : startGrid(database, [...flags, ...WORKERS]);
  await Promise.race([run.ended, wait(lived)]);
  run.child.kill("SIGKILL");
  const { signal, out } = await run.ended;
  tally.thread += deathsIn(out);
  if (signal === "SIGKILL") tally.process += 1;
  return signal !== "SIGKILL";
}

/** The same grid on two threads that die, and whose successors die. */
export function startMortal(database: string, flags: readonly string[], deaths: Deaths): Running {
  const env = { ...process.env, SOAK_DEATHS: JSON.stringify(deaths) };
  return startNode([beside("exiting-grid.js"), database, ...flags, ...WORKERS], { env });
}

/** How many threads died, by the output of a mortal grid. */
export function deathsIn(out: string): number {
  return out.split("\n").filter((line) => line === DEATH).length;
}

export async function secondCoordinator(setting: Setting): Promise<string> {
  const database = join(setting.folder, "second.db");
  const first = startGrid(database, [...setting.flags, ...WORKERS]);
  await untilRows(database, 1, first);
  const second = await startGrid(database, [...setting.flags, ...WORKERS]).ended;
  must(
    second.code === 2 && second.err.includes("is being written by another gmm-sweep"),
    "the second was let in",
    second,
  );
  await finished(first);
  await mustBeWhole(setting, database);
  return "refused in a sentence, and the first one went on";
}

export async function stopAndContinue(setting: Setting, stoppedMs: number): Promise<string> {
  const database = join(setting.folder, "frozen.db");
  const run = startGrid(database, [...setting.flags, ...WORKERS]);
  await untilRows(database, 1, run);
  run.child.kill("SIGSTOP");
  const rows = await rowsIn(database);
  await wait(stoppedMs);
  must((await rowsIn(database)) === rows, "a stopped process wrote");
  run.child.kill("SIGCONT");
  await finished(run);
  await mustBeWhole(setting, database);
  return `stopped for ${stoppedMs / 1000} s with ${rows} rows, went on`;
}

export async function clockSetBack(setting: Setting): Promise<string> {
  const database = join(setting.folder, "clock.db");
  const preload = { env: { ...process.env, NODE_OPTIONS: `--import ${beside("clock-back.js")}` } };
  const log = ["--log", join(setting.folder, "clock.log")];
  await finished(startGrid(database, [...setting.flags, ...WORKERS, ...log], preload));
  await mustBeWhole(setting, database);
  return "the time of day jumped back by up to an hour, many times, in every thread";
}

export async function readOnly(setting: Setting): Promise<string> {
  const home = join(setting.folder, "read-only");
  mkdirSync(home);
  const database = join(home, "results.db");
  const asUser = nobody();
  give(home, asUser);
  const begun = startGrid(database, [...setting.flags, ...WORKERS], asUser);
  await untilRows(database, 1, begun);
  begun.child.kill("SIGINT");
  const interrupted = await begun.ended;
  const rows = await rowsIn(database);
  must(rows > 0, "nothing had landed before the file was made read-only", interrupted);
  for (const name of readdirSync(home)) chmodSync(join(home, name), 0o444);
  const refused = await startGrid(database, [...setting.flags, ...WORKERS], asUser).ended;
  must(refused.code === 2 && refused.err.includes("read-only"), "a read-only file was not refused", refused);
  for (const name of readdirSync(home)) chmodSync(join(home, name), 0o644);
  must((await rowsIn(database)) === rows, "a read-only file changed");
  await finished(startGrid(database, [...setting.flags, ...WORKERS], asUser));
  await mustBeWhole(setting, database);
  return `refused in a sentence with ${rows} rows in it, went on once it could be written`;
}

/** Null where a file system cannot be mounted here. */
export async function fullDisk(setting: Setting): Promise<string | null> {
  const disk = join(setting.folder, "disk");
  mkdirSync(disk);
  const mount = (...words: readonly string[]): void =>
    void execFileSync("mount", [...words, disk], { stdio: "ignore" });
  try {
    mount("-t", "tmpfs", "-o", "size=700k", "gmm-sweep-soak");
  } catch {
    return null;
  }
  try {
    const database = join(disk, "results.db");
    const full = await startGrid(database, [...setting.flags, ...WORKERS]).ended;
    must(full.code === 3 && full.err.includes("the disk is full"), "a full disk was not told", full);
    const rows = await rowsIn(database);
    mount("-o", "remount,size=64m");
    await finished(startGrid(database, [...setting.flags, ...WORKERS]));
    await mustBeWhole(setting, database);
    return `told in a sentence with ${rows} rows kept, went on when there was room`;
  } finally {
    execFileSync("umount", [disk]);
  }
}

/** Reads from several processes for as long as a grid is writing. */
export async function concurrentReads(setting: Setting, readers: number, least: number): Promise<string> {
  let [reads, rounds] = [0, 0];
  while (reads < least) {
    rounds += 1;
    const database = join(setting.folder, `read${rounds}.db`);
    const writer = startGrid(database, [...setting.flags, ...WORKERS]);
    await untilRows(database, 1, writer);
    const reading = Array.from({ length: readers }, () => startNode([beside("reading.js"), database]));
    await finished(writer);
    for (const { child } of reading) child.kill("SIGTERM");
    for (const { ended } of reading) {
      const { out, err } = await ended;
      const { reads: own, faults } = JSON.parse(out === "" ? `{"reads":0,"faults":["${err}"]}` : out) as {
        reads: number;
        faults: string[];
      };
      must(faults.length === 0, `a read failed: ${faults[0]}`);
      reads += own;
    }
    await mustBeWhole(setting, database);
  }
  return `${reads} reads in ${readers} processes while ${rounds} grids were written, none kept waiting or refused`;
}

async function finished(run: Running): Promise<void> {
  const ended = await run.ended;
  must(ended.code === 0, "a run did not end well", ended);
}

async function mustBeWhole({ digest }: Setting, database: string): Promise<void> {
  const faults = await faultsOf(database, digest);
  must(faults.length === 0, `${database}: ${faults.join(", ")}`);
}

function must(holds: boolean, otherwise: string, ended?: Ended): void {
  if (holds) return;
  const said = ended === undefined ? "" : ` (exit code ${ended.code}, ${ended.signal}): ${ended.err}`;
  throw new Error(`${otherwise}${said}`);
}

const NOBODY = 65_534;

/** Root is above permissions, so that it runs the product as nobody. */
function nobody(): { uid?: number; gid?: number } {
  return process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

function give(path: string, { uid, gid }: { uid?: number; gid?: number }): void {
  chmodSync(join(path, ".."), 0o755);
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
