/** Files that are made beside their place and put there at the end: whole or not at all, and never over anything. */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { bad, SweepError } from "../../errors.js";
import type { BackupProgress, Merged, Opening } from "../contract.js";
import { SqliteDatabase } from "./driver.js";
import { codeOf, guarded, guardedOpening, toldOf, toldOfOpening } from "./faults.js";
import { FileLock } from "./lock.js";
import { BUILDING, besides, placeFor } from "./place.js";
import { closeDatabase, openChecked } from "./reading.js";
import { SqliteStore } from "./store.js";

/** Unites parts in the file at `path`: one that is there takes them in, one that is not is put there whole or not at all. */
export async function mergeFiles(path: string, parts: readonly string[], opening: Opening): Promise<Merged[]> {
  const file = guardedOpening(path, () => placeFor(path));
  if (!existsSync(file)) return built(path, file, (beside) => mergeInto(path, beside, parts, opening));
  const store = await SqliteStore.open(path, opening);
  try {
    return await store.merge(parts);
  } finally {
    await store.close();
  }
}

async function mergeInto(path: string, file: string, parts: readonly string[], opening: Opening): Promise<Merged[]> {
  // Whoever builds has the lock of the place.
  const store = await SqliteStore.openUnlocked(path, file, opening);
  try {
    return await store.merge(parts);
  } finally {
    await store.close();
  }
}

/** Copies one state of the file at `path`, which another process may be writing, to `copy`. */
export async function backUpFile(path: string, copy: string, tell: BackupProgress): Promise<void> {
  const file = guardedOpening(copy, () => placeFor(copy));
  if (existsSync(file)) throw appeared(copy);
  const source = guardedOpening(path, () => openChecked(path));
  try {
    // One state, however long it takes: else each landing would begin it anew.
    guardedOpening(path, () => source.exec("begin").prepare("select count(*) from sqlite_schema").get());
    await built(copy, file, (beside) => copyPages({ path, source, copy, beside }, tell));
  } finally {
    closeDatabase(source);
  }
}

interface Copying {
  readonly path: string;
  readonly source: Database.Database;
  readonly copy: string;
  readonly beside: string;
}

const PAGES_AT_ONCE = 2048; // 8 MiB: a signal is heard between them

async function copyPages({ path, source, copy, beside }: Copying, tell: BackupProgress): Promise<void> {
  try {
    await source.backup(beside, {
      progress: ({ totalPages, remainingPages }) => {
        tell(1 - remainingPages / Math.max(1, totalPages));
        return PAGES_AT_ONCE;
      },
    });
    tell(1);
  } catch (error) {
    throw /^SQLITE_(CORRUPT|NOTADB|IOERR_(SHORT_)?READ)/.test(codeOf(error))
      ? toldOf(path, error)
      : toldOfOpening(copy, error);
  }
  guarded(copy, () => mustBeSound(path, beside));
}

function mustBeSound(path: string, file: string): void {
  const db = new SqliteDatabase(file);
  try {
    const said = db.pragma("quick_check(1)", { simple: true });
    if (said !== "ok")
      throw new SweepError("check", `${path} is damaged, as its copy shows (${String(said)}): nothing was kept of it`);
  } finally {
    db.close();
  }
}

/** Has `body` make a file beside `file`, under the lock of that, and puts it there. */
async function built<Result>(path: string, file: string, body: (beside: string) => Promise<Result>): Promise<Result> {
  const lock = guardedOpening(path, () => new FileLock(file));
  try {
    const beside = `${file}${BUILDING}`;
    removeLeft(path, beside);
    try {
      const result = await body(beside);
      guardedOpening(path, () => putInPlace(path, beside, file));
      return result;
    } finally {
      for (const left of [beside, ...besides(beside)]) rmSync(left, { force: true });
    }
  } finally {
    lock.release();
  }
}

const SQLITE_MAGIC = "SQLite format 3\0";

/** What is left of one that was killed: whoever made it held the lock that is ours now. */
function removeLeft(path: string, beside: string): void {
  guardedOpening(beside, () => {
    if (!existsSync(beside)) return;
    const isOurs = statSync(beside).isFile() && ["", SQLITE_MAGIC].includes(beginningOf(beside));
    if (!isOurs)
      throw bad(
        `${beside} is where ${path} is to be made, but it holds something else: move it away, or name another OUT`,
      );
    for (const left of [beside, ...besides(beside)]) rmSync(left, { force: true });
  });
}

function beginningOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(SQLITE_MAGIC.length);
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** A link fails where there is something by then; a renaming would put it away. */
function putInPlace(path: string, beside: string, file: string): void {
  try {
    linkSync(beside, file);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") throw appeared(path);
    if (!NO_LINKS.includes(code)) throw error;
    claimAndRename(path, beside, file);
  }
  rmSync(beside, { force: true });
  syncFolder(dirname(file));
}

/** On a disk without links: an empty file of ours is what the renaming puts away. */
function claimAndRename(path: string, beside: string, file: string): void {
  try {
    closeSync(openSync(file, "wx"));
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? appeared(path) : error;
  }
  renameSync(beside, file);
}

/** Or a power cut could take the name away again. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function appeared(path: string): SweepError {
  return bad(
    `${path} must not be there yet, but it is: nothing was written to it; name another OUT, or move it away first`,
  );
}
