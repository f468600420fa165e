/** A SQLite file of ours: opened, migrated, locked, and each way in which it fails told with its remedy. */
import { accessSync, constants, existsSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { bad, type Fault, SweepError } from "../../errors.js";
import { makeFolder } from "../../files.js";
import { APPLICATION_ID, freshItems, SCHEMA, type SchemaItem, schemaItems, VERSION } from "./schema.js";
import { isVersion1, upgradeFromVersion1 } from "./version1.js";

const WAIT_FOR_LOCK_MS = 5000; // a reader's checkpoint or a backup may hold the file for a moment
const CACHE_KIB = 4000; // of a writer: rows land no slower than with 16,000, and a run comes to its size early

/** Opens a file for writing, makes it where there is none, and brings it to the present version. */
export function openForWriting(path: string): Database.Database {
  if (existsSync(path)) accessSync(path, constants.W_OK); // SQLite would open it for reading and say nothing
  const db = new Database(path, { timeout: WAIT_FOR_LOCK_MS });
  try {
    const version = checkOwner(path, db);
    // Before anything else: what is refused stays as it was, to the byte.
    if (version === 1) upgradeFromVersion1(path, db);
    db.pragma("journal_mode = wal");
    db.pragma("synchronous = full"); // a landed chunk survives a power cut, at one fsync a chunk
    db.pragma("foreign_keys = on");
    if (version === 0)
      db.transaction(() => {
        db.exec(SCHEMA);
        db.pragma(`user_version = ${VERSION}`);
        db.pragma(`application_id = ${APPLICATION_ID}`);
      }).immediate();
    if (version === 1) db.exec("vacuum"); // or the pages of the old tables would double the file
    db.pragma(`cache_size = -${CACHE_KIB}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens a file that another process may be writing. One of an older version is read through a copy in memory. Throws what SQLite throws, or a fault of usage. */
export function openForReading(path: string): Database.Database {
  // SQLite takes these for databases of its own, in memory or in a file without a name.
  if (path === "" || path === ":memory:") throw Object.assign(new Error(path), { code: "ENOENT" });
  // SQLite opens a folder for reading, and then speaks of a disk that fails.
  if (existsSync(path) && statSync(path).isDirectory()) throw Object.assign(new Error(path), { code: "EISDIR" });
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: WAIT_FOR_LOCK_MS });
    const version = checkOwner(path, db);
    if (version === VERSION) return db;
    if (version === 1) return upgradedCopy(path, db);
  } catch (error) {
    db?.close();
    if (error instanceof SweepError || !may(path, constants.R_OK) || may(dirname(path), constants.W_OK)) throw error;
    throw bad(
      `${path} cannot be read where it is, because SQLite keeps files beside the one it reads and the folder is read-only: copy it, with ${path}-wal where there is one, to another folder`,
      { cause: error },
    );
  }
  db.close();
  throw bad(`${path} must hold results, but it is empty: run gmm-sweep first, or name another file with --db`);
}

const MOST_COPIED_MIB = 256; // a few seconds, and three times as much memory
const MIB = 2 ** 20;

/** A copy in memory at the present version; closes `db`. */
function upgradedCopy(path: string, db: Database.Database): Database.Database {
  const size = sizeOf(db) / MIB;
  if (size > MOST_COPIED_MIB)
    throw bad(
      `${path} is of an older gmm-sweep, and such a file is read as it is only up to ${MOST_COPIED_MIB} MiB, got ${Math.ceil(size)}: gmm-sweep resume ${path} brings it to the present version, and every number stays`,
    );
  const copy = copyInMemory(db);
  db.close();
  try {
    upgradeFromVersion1(path, copy);
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
  return new Database(bytes);
}

/** How many bytes the pages in use take. */
export function sizeOf(db: Database.Database): number {
  const pragma = (name: string): number => db.pragma(name, { simple: true }) as number;
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}

/** The schema version of a file of ours, 0 of an empty one; throws usage for any other. */
function checkOwner(path: string, db: Database.Database): number {
  const version = db.pragma("user_version", { simple: true }) as number;
  const owner = db.pragma("application_id", { simple: true }) as number;
  const items = schemaItems(db);
  if (owner !== APPLICATION_ID && !(items.length === 0 && owner === 0))
    throw bad(`${path} must be a gmm-sweep database, but another program made it: name another file with --db`);
  if (version > VERSION)
    throw bad(
      `${path} was written by a newer gmm-sweep (schema ${version}, this one knows ${VERSION}): update gmm-sweep, or name another file with --db`,
    );
  if (version === 0 && items.length === 0) return 0;
  if (version < 1)
    throw bad(
      `${path} must say its schema version, got ${version}: take a copy of it from before another program changed it`,
    );
  const other = version === 1 ? (isVersion1(items) ? null : "some are not those") : otherItem(items);
  if (other === null) return version;
  throw bad(
    `${path} must have the tables and views that gmm-sweep made and no others, but ${other}: take a copy of it from before another program changed it, or name another file with --db`,
  );
}

/** What says of the first of a file's items that is not as this version makes it; null: all are. */
function otherItem(items: readonly SchemaItem[]): string | null {
  const there = new Map(items.map((item) => [`${item.type} ${item.name}`, item]));
  for (const ours of freshItems()) {
    const name = `${ours.type} ${ours.name}`;
    const found = there.get(name);
    if (found === undefined) return `the ${name} is not there`;
    if (found.sql !== ours.sql || found.tbl_name !== ours.tbl_name) return `the ${name} is another`;
    there.delete(name);
  }
  const [name] = there.keys();
  return name === undefined ? null : `the ${name} is not of it`;
}

/** The file that says who writes `path`. */
function lockPath(path: string): string {
  return `${path}.lock`;
}

/** Says that this process writes a file, for as long as it lives: the system lets go of it even at kill -9. */
export class FileLock {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #isNew: boolean;

  /** Throws usage where another process holds it. */
  constructor(path: string) {
    this.#path = lockPath(path);
    this.#isNew = !existsSync(this.#path);
    this.#db = guardedOpening(path, () => {
      makeFolder(dirname(path));
      accessSync(dirname(path), constants.W_OK); // SQLite would say no more than that it cannot open the file
      return lockedAt(path, this.#path);
    });
  }

  release(): void {
    this.#db.close();
  }

  /** Lets go of it, and leaves no file where there was none. */
  undo(): void {
    // While it is held: afterwards it may be another's.
    if (this.#isNew) rmSync(this.#path);
    this.release();
  }
}

/** A lock on the file that is at `lock` then: between opening and locking it another process may have removed it. */
function lockedAt(path: string, lock: string): Database.Database {
  for (;;) {
    const before = fileAt(lock);
    const db = new Database(lock, { timeout: 0 });
    try {
      db.exec("begin exclusive");
      if (before !== null && before === fileAt(lock)) return db;
      db.close();
    } catch (error) {
      db.close();
      if (codeOf(error) !== "SQLITE_BUSY") throw error;
      throw bad(`${path} is being written by another gmm-sweep: wait until it ends, or name another file with --db`, {
        cause: error,
      });
    }
  }
}

/** What tells the file that is at a path from others; null where there is none. */
function fileAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}

/** What is said of a file that fails. */
interface Remedy {
  readonly code: RegExp;
  /** While it is being opened, when nothing has been written. */
  readonly opening: readonly [fault: Fault, problem: string];
  /** Once it is open, when the user's command was right and the place gives out. */
  readonly open: string;
}

/** Where it makes no difference whether the file is open. */
function always(code: RegExp, problem: string): Remedy {
  return { code, opening: ["environment", problem], open: problem };
}

const AGAIN = "and run the same command again; what had finished is kept";

const REMEDIES: readonly Remedy[] = [
  {
    code: /^SQLITE_NOTADB/,
    opening: ["usage", "must be a gmm-sweep database, but is not a SQLite file: name another file with --db"],
    open: "is no longer a SQLite file: restore it from a backup and run the same command again",
  },
  {
    code: /^SQLITE_(READONLY|PERM)|^EACCES|^EROFS|^EPERM/,
    opening: [
      "usage",
      "must be a file that can be written, but it or its folder is read-only: change its permissions, or name another file with --db",
    ],
    open: `can no longer be written, because it or its folder became read-only: change its permissions ${AGAIN}`,
  },
  always(/^SQLITE_FULL|^ENOSPC|^EDQUOT/, `could not be written because the disk is full: make room ${AGAIN}`),
  {
    code: /^SQLITE_CANTOPEN|^EISDIR|^ENOTDIR|^EEXIST|^ENOENT/,
    opening: ["usage", "cannot be opened as a database file: check the path, or name another file with --db"],
    open: `can no longer be opened: see that it and its folder are where they were ${AGAIN}`,
  },
  {
    code: /^SQLITE_BUSY|^SQLITE_LOCKED/,
    opening: ["usage", "is held by another program: wait until it ends, or name another file with --db"],
    open: `is held by another program: wait until it ends ${AGAIN}`,
  },
  {
    code: /^SQLITE_CORRUPT/,
    opening: ["usage", "is damaged: restore it from a backup, or name another file with --db"],
    open: "is damaged: restore it from a backup and run the same command again",
  },
  always(/^SQLITE_IOERR|^EIO/, `could not be read or written (input/output error): check the disk ${AGAIN}`),
  always(
    /^ERR_DLOPEN/,
    "cannot be opened because better-sqlite3 does not load on this machine: npm rebuild better-sqlite3 compiles it anew, and gmm-sweep doctor says whether it loads",
  ),
  always(
    /^SQLITE_NOMEM|^EMFILE|^ENFILE|^ENOMEM/,
    "could not be read or written for want of memory or file descriptors: run the same command again with fewer --workers; what had finished is kept",
  ),
];

/** Runs `body`, which opens a file; a failure of the file becomes one sentence with its remedy. */
export function guardedOpening<Result>(path: string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw toldOfOpening(path, error);
  }
}

/** Runs `body` on a file that is open. */
export function guarded<Result>(path: string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw toldOf(path, error);
  }
}

/** What is to be thrown of a failure to open the file at `path`: a sentence where there is one. */
export function toldOfOpening(path: string, error: unknown): unknown {
  const remedy = remedyOf(error);
  if (remedy === undefined) return error;
  const [fault, problem] = remedy.opening;
  return new SweepError(fault, `${path} ${problem}`, { cause: error });
}

/** The same of a file that is open. */
export function toldOf(path: string, error: unknown): unknown {
  const remedy = remedyOf(error);
  return remedy === undefined ? error : new SweepError("environment", `${path} ${remedy.open}`, { cause: error });
}

function remedyOf(error: unknown): Remedy | undefined {
  return REMEDIES.find(({ code }) => code.test(codeOf(error)));
}

function codeOf(error: unknown): string {
  // better-sqlite3 looks for the folder itself, and says so without a code.
  if (error instanceof TypeError && error.message.includes("directory does not exist")) return "ENOENT";
  if (error instanceof Error && error.message.startsWith("Could not locate the bindings file")) return "ERR_DLOPEN";
  // The loader of compiled modules has one code for whatever goes wrong.
  if (error instanceof Error && /Too many open files|Cannot allocate memory/.test(error.message)) return "EMFILE";
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
