/** The lock on a database file: one process writes it, by whatever name. */
import { accessSync, constants, lstatSync, rmSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { badPlace, PlaceFault } from "../faults.js";
import { may, ownerOf } from "./access.js";
import { withoutLocks } from "./disk.js";
import { SqliteDatabase } from "./driver.js";
import { codeOf } from "./faults.js";
import { fileAt } from "./place.js";

/** Says that this process writes a file, for as long as it lives: the system lets go of it even at kill -9. */
export class FileLock {
  /** The file that says who writes; it is beside the database, whose links are followed. */
  readonly path: string;
  readonly #db: Database.Database;
  readonly #file: string | null;

  /** Throws usage where another process holds it. */
  constructor(file: string) {
    this.path = `${file}.lock`;
    accessSync(dirname(file), constants.W_OK); // SQLite would say no more than that it cannot open the file
    this.#db = lockedAt(this.path);
    this.#file = fileAt(this.path);
  }

  /** False where its file was removed or replaced: then another process may hold one, too. */
  get isThere(): boolean {
    return fileAt(this.path) === this.#file;
  }

  /** Lets go of it, and leaves no file behind. */
  release(): void {
    // While it is held: afterwards it may be another's.
    if (this.isThere) rmSync(this.path, { force: true });
    this.#db.close();
  }
}

/** A lock on the file that is at `lock` then: between opening and locking it another process may have removed it. */
function lockedAt(lock: string): Database.Database {
  for (let isNew = false; ; ) {
    const found = lstatSync(lock, { throwIfNoEntry: false });
    if (found !== undefined) refuseForeign(lock, found);
    if (found !== undefined && !may(lock, constants.W_OK)) {
      removeLeft(lock, found);
      continue;
    }
    const before = fileAt(lock);
    isNew ||= before === null;
    const db = new SqliteDatabase(lock, { timeout: 0 });
    try {
      db.pragma("journal_mode = memory"); // or a -journal would lie beside it, and be left by a kill -9
      db.exec("begin exclusive");
      if (before !== null && before === fileAt(lock)) return mustExclude(lock, db);
      db.close();
    } catch (error) {
      db.close();
      const refused = refusal(lock, error);
      if (isNew && refused instanceof PlaceFault && refused.fault === "environment") rmSync(lock, { force: true });
      throw refused;
    }
  }
}

/** A lock file is empty: what is not may be somebody's work. */
function refuseForeign(lock: string, found: Stats): void {
  const what = found.isSymbolicLink()
    ? "is a link"
    : found.isDirectory()
      ? "is a folder"
      : !found.isFile()
        ? "is no plain file"
        : found.size > 0
          ? "holds something else"
          : null;
  if (what !== null)
    throw badPlace(
      (file) =>
        `${lock} must be an empty file, since it says who writes ${file}, but it ${what}: move it away, or name another file with --db`,
    );
}

/** Removes another user's lock file that nobody holds. */
function removeLeft(lock: string, found: Stats): void {
  const db = new SqliteDatabase(lock, { readonly: true, timeout: 0 });
  try {
    // As long as it is read, nobody can lock it.
    db.exec("begin");
    db.prepare("select * from sqlite_schema").all();
    rmSync(lock, { force: true });
  } catch (error) {
    if (codeOf(error).startsWith("SQLITE_BUSY")) throw refusal(lock, error);
    throw badPlace(
      (file) =>
        `${lock} says who writes ${file} and must be a file that can be written, but it is ${ownerOf(found)}: have it removed by its owner when nobody writes ${file}, or name another file with --db`,
      { cause: error },
    );
  } finally {
    db.close();
  }
}

/** SQLite opens a file for reading where it may not be written, and then says nothing of a lock that locks nobody out. */
function mustExclude(lock: string, db: Database.Database): Database.Database {
  const other = new SqliteDatabase(lock, { readonly: true, timeout: 0 });
  try {
    other.prepare("select * from sqlite_schema").all();
  } catch (error) {
    if (codeOf(error).startsWith("SQLITE_BUSY")) return db;
    throw error;
  } finally {
    other.close();
  }
  throw badPlace(
    (file) =>
      `${lock} says who writes ${file}, but it cannot be locked: have it removed by its owner when nobody writes ${file}, or name another file with --db`,
  );
}

function refusal(lock: string, error: unknown): unknown {
  if (!codeOf(error).startsWith("SQLITE_BUSY")) return error;
  return (
    withoutLocks(lock, error) ??
    badPlace(
      (file) => `${file} is being written by another gmm-sweep: wait until it ends, or name another file with --db`,
      {
        cause: error,
      },
    )
  );
}
