/** A SQLite file of ours: opened, migrated, and each way in which it fails told with its remedy. */
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { bad, type Fault, SweepError, shellWord } from "../../errors.js";
import { absentText, isAbsent } from "../../files.js";
import { NO_LOCKS, withoutLocks } from "./disk.js";
import { isEarlier, showAsPresent, upgradeEarlier } from "./earlier.js";
import { besides, dropBuildingName, realPlace } from "./place.js";
import { APPLICATION_ID, freshItems, SCHEMA, type SchemaItem, schemaItems, VERSION } from "./schema.js";
import { refuseOutOfRange } from "./soundness.js";
import { isVersion1, upgradeFromVersion1 } from "./version1.js";

const WAIT_FOR_LOCK_MS = 5000; // a reader's checkpoint or a backup may hold the file for a moment
const CACHE_KIB = 4000; // of a writer: rows land no slower than with 16,000, and a run comes to its size early

/** Opens `file` for writing, makes it where there is none, and brings it to the present version; `path` is the user's name for it. */
export function openForWriting(path: string, file: string, waitMs: number): Database.Database {
  if (existsSync(file)) {
    mustBeFile(file);
    accessSync(file, constants.W_OK); // SQLite would open it for reading and say nothing
    dropBuildingName(file);
    refuseSecondName(path, statSync(file));
    refuseInTheWay(path, file, constants.W_OK);
  }
  const db = new Database(file, { timeout: waitMs });
  try {
    const version = checkOwner(path, db);
    // Before anything else: what is refused stays as it was, to the byte.
    if (version === 1) upgradeFromVersion1(path, db);
    if (version !== 0 && version !== VERSION && version !== 1) upgradeEarlier(db);
    const mode = db.pragma("journal_mode = wal", { simple: true });
    if (mode !== "wal" && !db.memory) throw withCode("SQLITE_IOERR_SHMOPEN", `the journal's mode is ${String(mode)}`);
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

/** SQLite opens a folder for reading, and then speaks of a disk that fails; a pipe it waits for. */
function mustBeFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw withCode("EISDIR", `${file} is no plain file`);
}

/** What is written lies beside one of the names until it is folded in: by the other the file would lack it, or be torn. */
function refuseSecondName(path: string, { nlink }: Stats): void {
  if (nlink > 1)
    throw bad(
      `${path} must be the only name of its file, but it is one of ${nlink} (hard links), and SQLite keeps what is written beside one of them: copy the file and name the copy, or remove the other names`,
    );
}

/** What another user's program left beside a file locks out those who may not open it. */
function refuseInTheWay(path: string, file: string, mode: number): void {
  for (const other of besides(file)) {
    const found = statSync(other, { throwIfNoEntry: false });
    if (found === undefined || may(other, mode)) continue;
    const remedy =
      found.size > 0 && other.endsWith("-wal")
        ? "it holds results, so have its owner make it readable and writable for you"
        : "have its owner end what reads the file, and remove it then";
    throw bad(`${path} cannot be opened because ${other} is in the way, which is ${ownerOf(found)}: ${remedy}`);
  }
}

/** What says who may open a file that this process may not. */
export function ownerOf({ uid }: Stats): string {
  return uid === process.getuid?.() ? "read-only" : `another user's (uid ${uid})`;
}

/**
 * Opens a file that another process may be writing; null: nothing has been written to it yet. One of an older version is
 * read through a copy in memory. Throws what SQLite throws, or a fault of usage. `closeDatabase` closes it.
 */
export function openForReading(path: string): Database.Database | null {
  const db = openAsItIs(path);
  try {
    const version = checkOwner(path, db);
    if (version === 1) return upgradedCopy(path, db);
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
    if (checkOwner(path, db) !== 0) return db;
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
  closeDatabase(db);
  throw bad(`${path} must hold results, but it is empty: run gmm-sweep first, or name another file with --db`);
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
  if (isAbsent(path)) throw bad(absentText(path, DATABASE_ENDINGS));
  const file = realPlace(path);
  mustBeFile(file);
  if (existsSync(file)) accessSync(file, constants.R_OK);
  const isInUse = [`${file}-wal`, `${file}-journal`].some((other) => existsSync(other));
  if (isInUse) return openInUse(path, file);
  const isKept = existsSync(file) && !(may(file, constants.W_OK) && may(dirname(file), constants.W_OK));
  if (isKept) return openCopy(path, file);
  return openedFor(path, file, {});
}

/** Opens a file beside which another program keeps, or has left, what it writes. */
function openInUse(path: string, file: string): Database.Database {
  try {
    return openedFor(path, file, { readonly: true });
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(codeOf(error))) throw error;
    refuseInTheWay(path, file, constants.R_OK);
    return openCopy(path, file);
  }
}

/** Opens a file and reads of it, since SQLite looks at none before. */
function openedFor(path: string, file: string, options: Database.Options): Database.Database {
  const db = new Database(file, { fileMustExist: true, timeout: WAIT_FOR_LOCK_MS, ...options });
  try {
    db.pragma("query_only = on");
    db.pragma("user_version");
    return db;
  } catch (error) {
    db.close();
    throw (codeOf(error).startsWith("SQLITE_BUSY") ? withoutLocks(path, file, error) : null) ?? error;
  }
}

/** The folders of copies that are read in the place of files. */
const copies = new WeakMap<Database.Database, string>();

const MOST_TRIES = 3;

/** Opens a copy of a file, and of the -wal beside it, as they were when nobody wrote them. */
function openCopy(path: string, file: string): Database.Database {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-"));
  try {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const before = stampOf(file);
      const copied = [file, `${file}-wal`].filter((one) => existsSync(one)).map((one) => copyInto(folder, one));
      if (stampOf(file) !== before) continue;
      const db = openedFor(path, copied[0], {});
      copies.set(db, folder);
      return db;
    }
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  rmSync(folder, { recursive: true });
  throw bad(
    `${path} cannot be read where it may not be written while another program writes it: wait until that ends, or have its owner back it up with gmm-sweep backup ${shellWord(path)} COPY.db`,
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
function upgradedCopy(path: string, db: Database.Database): Database.Database {
  const size = sizeOf(db) / MIB;
  if (size > MOST_COPIED_MIB)
    throw bad(
      `${path} is of an older gmm-sweep, and such a file is read as it is only up to ${MOST_COPIED_MIB} MiB, got ${Math.ceil(size)}: gmm-sweep resume ${shellWord(path)} brings it to the present version, and every number stays`,
    );
  const copy = copyInMemory(db);
  closeDatabase(db);
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
  const other = version === VERSION ? otherItem(items) : isOlder(version, items) ? null : "some are not those";
  if (other === null) {
    if (version !== 1) refuseOutOfRange(path, db);
    return version;
  }
  throw bad(
    `${path} must have the tables and views that gmm-sweep made and no others, but ${other}: take a copy of it from before another program changed it, or name another file with --db`,
  );
}

/** Whether the items of a file are those of an older version. */
function isOlder(version: number, items: readonly SchemaItem[]): boolean {
  return version === 1 ? isVersion1(items) : isEarlier(version, items);
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
  // SQLite cannot make its shared memory larger.
  always(
    /^SQLITE_FULL|^SQLITE_IOERR_SHMSIZE|^ENOSPC|^EDQUOT/,
    `could not be written because the disk is full: make room ${AGAIN}`,
  ),
  {
    code: /^SQLITE_CANTOPEN|^EISDIR|^ENOTDIR|^EEXIST|^ENOENT/,
    opening: ["usage", "cannot be opened as a database file: check the path, or name another file with --db"],
    open: `can no longer be opened: see that it and its folder are where they were ${AGAIN}`,
  },
  {
    code: /^SQLITE_BUSY|^SQLITE_LOCKED|^SQLITE_PROTOCOL/,
    opening: ["usage", "is held by another program: wait until it ends, or name another file with --db"],
    open: `is held by another program: wait until it ends, or wait longer with --lock-wait, ${AGAIN}`,
  },
  {
    code: /^SQLITE_CORRUPT/,
    opening: ["usage", "is damaged: restore it from a backup, or name another file with --db"],
    open: "is damaged: restore it from a backup and run the same command again",
  },
  always(/^SQLITE_IOERR_(SHM|\w*LOCK)|^ENOLCK/, NO_LOCKS),
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

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

export function codeOf(error: unknown): string {
  // What of a file's first page SQLite cannot make out has no code of its own.
  if (error instanceof Error && /^(unsupported file format|malformed database schema)/.test(error.message))
    return "SQLITE_CORRUPT";
  // better-sqlite3 looks for the folder itself, and says so without a code.
  if (error instanceof TypeError && error.message.includes("directory does not exist")) return "ENOENT";
  if (error instanceof Error && error.message.startsWith("Could not locate the bindings file")) return "ERR_DLOPEN";
  // The loader of compiled modules has one code for whatever goes wrong.
  if (error instanceof Error && /Too many open files|Cannot allocate memory/.test(error.message)) return "EMFILE";
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
