/** A SQLite file of ours: opened, migrated, locked, and each way in which it fails told with its remedy. */
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import { makeFolder } from "../../files.js";
import { APPLICATION_ID, MIGRATIONS } from "./schema.js";

export const WAIT_FOR_LOCK_MS = 5000; // a reader's checkpoint or a backup may hold the file for a moment

export function openForWriting(path: string): Database.Database {
  const db = new Database(path, { timeout: WAIT_FOR_LOCK_MS });
  try {
    const version = checkOwner(path, db);
    db.pragma("journal_mode = wal");
    db.pragma("synchronous = full"); // a landed chunk survives a power cut, at one fsync a chunk
    db.pragma("foreign_keys = on");
    db.transaction(() => {
      for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
      db.pragma(`user_version = ${MIGRATIONS.length}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The schema version of a file of ours or of an empty one; throws BAD_STORE for any other. */
export function checkOwner(path: string, db: Database.Database): number {
  const version = db.pragma("user_version", { simple: true }) as number;
  const owner = db.pragma("application_id", { simple: true }) as number;
  const empty = (db.prepare("select count(*) from sqlite_master").pluck().get() as number) === 0;
  if (owner !== APPLICATION_ID && !(empty && owner === 0)) {
    throw new SweepError(
      "BAD_STORE",
      `${path} must be a gmm-sweep database, but another program made it: name another file with --db`,
    );
  }
  if (version > MIGRATIONS.length) {
    throw new SweepError(
      "BAD_STORE",
      `${path} was written by a newer gmm-sweep (schema ${version}, this one knows ${MIGRATIONS.length}): update gmm-sweep, or name another file with --db`,
    );
  }
  return version;
}

/** The file that says who writes `path`. */
export function lockPath(path: string): string {
  return `${path}.lock`;
}

/** Holds `path`.lock for as long as this process lives: the system lets go of it even at kill -9. */
export function lockFor(path: string): Database.Database {
  return guarded(path, () => {
    makeFolder(dirname(path));
    accessSync(dirname(path), constants.W_OK); // SQLite would say no more than that it cannot open the file
    const lock = new Database(lockPath(path), { timeout: 0 });
    try {
      lock.exec("begin exclusive");
      return lock;
    } catch (error) {
      lock.close();
      if (codeOf(error) !== "SQLITE_BUSY") throw error;
      throw new SweepError(
        "BAD_STORE",
        `${path} is being written by another gmm-sweep: wait until it ends, or name another file with --db`,
        { cause: error },
      );
    }
  });
}

/** What the user can do about each way in which a file fails. */
const REMEDIES: readonly (readonly [code: RegExp, problem: string])[] = [
  [/^SQLITE_NOTADB/, "must be a gmm-sweep database, but is not a SQLite file: name another file with --db"],
  [
    /^SQLITE_(READONLY|PERM)|^EACCES|^EROFS|^EPERM/,
    "must be a file that can be written, but it or its folder is read-only: change its permissions, or name another file with --db",
  ],
  [
    /^SQLITE_FULL|^ENOSPC/,
    "could not be written because the disk is full: make room and run the same command again; what had finished is kept",
  ],
  [
    /^SQLITE_CANTOPEN|^EISDIR|^ENOTDIR|^EEXIST|^ENOENT/,
    "cannot be opened as a database file: check the path, or name another file with --db",
  ],
  [/^SQLITE_BUSY|^SQLITE_LOCKED/, "is held by another program: wait until it ends, or name another file with --db"],
  [/^SQLITE_CORRUPT/, "is damaged: restore it from a backup, or name another file with --db"],
  [
    /^SQLITE_IOERR/,
    "could not be read or written (input/output error): check the disk and run the same command again; what had finished is kept",
  ],
];

/** Runs `body`; a failure of the file becomes one sentence with its remedy. */
export function guarded<Result>(path: string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    const problem = REMEDIES.find(([code]) => code.test(codeOf(error)))?.[1];
    if (problem === undefined) throw error;
    throw new SweepError("BAD_STORE", `${path} ${problem}`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  // better-sqlite3 looks for the folder itself, and says so without a code.
  if (error instanceof TypeError && error.message.includes("directory does not exist")) return "ENOENT";
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
