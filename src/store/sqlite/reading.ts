/** A file of ours opened for reading, which another process may be writing, or may be another user's. */
import { accessSync, chmodSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { bad, shellWord } from "../../errors.js";
import { absentText, isAbsent } from "../../files/paths.js";
import { badPlace, withCode } from "../faults.js";
import { may, mustBeFile, refuseInTheWay } from "./access.js";
import { withoutLocks } from "./disk.js";
import { SqliteDatabase } from "./driver.js";
import { showAsPresent } from "./earlier.js";
import { codeOf } from "./faults.js";
import { checkOwner } from "./owner.js";
import { realPlace } from "./place.js";
import { upgradeFromVersion1 } from "./version1.js";

const WAIT_FOR_LOCK_MS = 5000; // a reader's checkpoint or a backup may hold the file for a moment

/**
 * Opens a file that another process may be writing; null: nothing has been written to it yet. One of an older version is
 * read through a copy in memory. Throws what SQLite throws, or a fault of usage. `closeDatabase` closes it.
 */
export function openForReading(path: string): Database.Database | null {
  const db = openAsItIs(path);
  try {
    const version = checkOwner(db);
    if (version === 1) return upgradedCopy(db);
    showAsPresent(db);
    if (version !== 0) return db;
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
  closeDatabase(db);
  return null;
}

/** Opens a file of any version for reading, after `checkOwner`. */
export function openChecked(path: string): Database.Database {
  const db = openAsItIs(path);
  try {
    if (checkOwner(db) !== 0) return db;
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
  closeDatabase(db);
  throw badPlace(
    (name) => `${name} must hold results, but it is empty: run gmm-sweep first, or name another file with --db`,
  );
}

const DATABASE_ENDINGS = [".db", ".sqlite", ".sqlite3"];

/**
 * A reader of a file in WAL mode needs a -wal and a -shm beside it. Where there are none it makes them, and who last
 * closes the file takes them away: but only where he may write it, so that another user's look would leave his own
 * behind and lock the owner out. Who may not write reads a copy.
 */
function openAsItIs(path: string): Database.Database {
  // SQLite takes these for databases of its own, in memory or in a file without a name.
  if (path === "" || path === ":memory:") throw withCode("ENOENT", path);
  const file = realPlace(path);
  if (isAbsent(path)) throw bad(absentText(path, DATABASE_ENDINGS));
  mustBeFile(file);
  if (existsSync(file)) accessSync(file, constants.R_OK);
  const isInUse = [`${file}-wal`, `${file}-journal`].some((other) => existsSync(other));
  if (isInUse) return openInUse(file);
  const isKept = existsSync(file) && !(may(file, constants.W_OK) && may(dirname(file), constants.W_OK));
  if (isKept) return openCopy(file);
  return openedFor(file, {});
}

/** Opens a file beside which another program keeps, or has left, what it writes. */
function openInUse(file: string): Database.Database {
  try {
    return openedFor(file, { readonly: true });
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(codeOf(error))) throw error;
    refuseInTheWay(file, constants.R_OK);
    return openCopy(file);
  }
}

/** Opens a file and reads of it, since SQLite looks at none before. */
function openedFor(file: string, options: Database.Options): Database.Database {
  const db = new SqliteDatabase(file, { fileMustExist: true, timeout: WAIT_FOR_LOCK_MS, ...options });
  try {
    db.pragma("query_only = on");
    db.pragma("user_version");
    return db;
  } catch (error) {
    db.close();
    throw (codeOf(error).startsWith("SQLITE_BUSY") ? withoutLocks(file, error) : null) ?? error;
  }
}

/** The folders of copies that are read in the place of files. */
const copies = new WeakMap<Database.Database, string>();

const MOST_TRIES = 3;

/** Opens a copy of a file, and of the -wal beside it, as they were when nobody wrote them. */
function openCopy(file: string): Database.Database {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-"));
  try {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const before = stampOf(file);
      const copied = [file, `${file}-wal`].filter((one) => existsSync(one)).map((one) => copyInto(folder, one));
      if (stampOf(file) !== before) continue;
      const db = openedFor(copied[0], {});
      copies.set(db, folder);
      return db;
    }
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  rmSync(folder, { recursive: true });
  throw badPlace(
    (name) =>
      `${name} cannot be read where it may not be written while another program writes it: wait until that ends, or have its owner back it up with gmm-sweep backup ${shellWord(name)} COPY.db`,
  );
}

function copyInto(folder: string, file: string): string {
  const copy = join(folder, basename(file));
  copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o600); // the copy of a file that may only be read could not be written again
  return copy;
}

/** What changes where a file, or the -wal beside it, is written. */
function stampOf(file: string): string {
  return [file, `${file}-wal`]
    .map((one) => statSync(one, { bigint: true, throwIfNoEntry: false }))
    .map((found) => (found === undefined ? "none" : `${found.ino} ${found.size} ${found.mtimeNs}`))
    .join(", ");
}

/** Closes what `openForReading` opened. */
export function closeDatabase(db: Database.Database): void {
  db.close();
  const folder = copies.get(db);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

const MOST_COPIED_MIB = 256; // a few seconds, and three times as much memory
const MIB = 2 ** 20;

/** A copy in memory at the present version; closes `db`. */
function upgradedCopy(db: Database.Database): Database.Database {
  const size = sizeOf(db) / MIB;
  if (size > MOST_COPIED_MIB)
    throw badPlace(
      (name) =>
        `${name} is of an older gmm-sweep, and such a file is read as it is only up to ${MOST_COPIED_MIB} MiB, got ${Math.ceil(size)}: gmm-sweep resume ${shellWord(name)} brings it to the present version, and every number stays`,
    );
  const copy = copyInMemory(db);
  closeDatabase(db);
  try {
    upgradeFromVersion1(copy);
    copy.pragma("query_only = on");
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}

// Where a file's header says that it is in WAL mode, which one in memory cannot be: 2 for WAL, 1 for a journal.
const [WRITE_VERSION_AT, READ_VERSION_AT] = [18, 19];

/** All that `db` shows now, in memory. */
export function copyInMemory(db: Database.Database): Database.Database {
  const bytes = db.serialize();
  bytes[WRITE_VERSION_AT] = 1;
  bytes[READ_VERSION_AT] = 1;
  return new SqliteDatabase(bytes);
}

/** How many bytes the pages in use take. */
export function sizeOf(db: Database.Database): number {
  const pragma = (name: string): number => db.pragma(name, { simple: true }) as number;
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}
