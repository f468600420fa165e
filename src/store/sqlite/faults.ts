/** What is wrong with a database file, in sentences. */
import { A_FILE, always, type Remedy, type Told, tellers } from "../faults.js";

/** What is said of a place whose disk has none. */
export const NO_LOCKS =
  "is on a disk that offers no file locks or no shared memory, as some network disks (NFS, Lustre) do not: name a file in a local folder with --db, and where several machines train, give each a part of its own with --shard";

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
    code: /^SQLITE_CANTOPEN|^EISDIR|^ENOTDIR|^EEXIST|^ENOENT|^ENAMETOOLONG|^ELOOP/,
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

const told = tellers(A_FILE, REMEDIES, codeOf);
/** What is to be thrown of a failure to open the file that the user calls so: a sentence where there is one. */
export const toldOfOpening: Told = told.toldOfOpening;
/** The same of a file that is open. */
export const toldOf: Told = told.toldOf;

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
