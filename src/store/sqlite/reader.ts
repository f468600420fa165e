/** Reads of a database file that another process may be writing. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { messageOf, SweepError } from "../../errors.js";
import type { TrajectorySpec } from "../../trial.js";
import type { Missing, Reader } from "../contract.js";
import { Arms } from "./arms.js";
import { checkOwner, guarded, WAIT_FOR_LOCK_MS } from "./file.js";
import { MissingRows } from "./missing.js";

/** A read-only view of a database file. Throws BAD_STORE where there is none. */
export class SqliteReader implements Reader {
  readonly #path: string;
  readonly #db: Database.Database;
  #missing: MissingRows | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#db = guarded(path, () => openForReading(path));
  }

  async all<Row>(sql: string, ...values: readonly (string | number | null)[]): Promise<Row[]> {
    return guarded(this.#path, () => this.#db.prepare(sql).all(...values) as Row[]);
  }

  async *each<Row>(sql: string, ...values: readonly (string | number | null)[]): AsyncGenerator<Row> {
    try {
      yield* this.#db.prepare(sql).iterate(...values) as Iterable<Row>;
    } catch (error) {
      guarded(this.#path, () => {
        throw error;
      });
    }
  }

  /** What `Store.missing` says of a sweep of this profile. */
  missing(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Missing {
    this.#missing ??= new MissingRows(this.#db, new Arms(this.#db));
    return this.#missing.of(profile, specs, retryFailed);
  }

  /** Any one select: its columns, and its rows one by one, integers as bigint. Throws BAD_USAGE where SQLite does not take it. */
  select(sql: string): { columns: string[]; rows: Generator<unknown[]> } {
    const statement = understood(() => {
      const prepared = this.#db.prepare(sql);
      if (prepared.reader) return prepared.raw().safeIntegers();
      throw new Error("it returns no rows, and the file is opened read-only");
    });
    return {
      columns: statement.columns().map(({ name }) => name),
      rows: rowsOf(statement as Database.Statement<[], unknown[]>),
    };
  }

  close(): void {
    this.#db.close();
  }
}

/** Throws what SQLite throws, or BAD_STORE. */
export function openForReading(path: string): Database.Database {
  // SQLite takes these for databases of its own, in memory or in a file without a name.
  if (path === "" || path === ":memory:") throw Object.assign(new Error(path), { code: "ENOENT" });
  // SQLite opens a folder for reading, and then speaks of a disk that fails.
  if (existsSync(path) && statSync(path).isDirectory()) throw Object.assign(new Error(path), { code: "EISDIR" });
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: WAIT_FOR_LOCK_MS });
    if (checkOwner(path, db) > 0) return db;
  } catch (error) {
    if (error instanceof SweepError || !may(path, constants.R_OK) || may(dirname(path), constants.W_OK)) throw error;
    throw new SweepError(
      "BAD_STORE",
      `${path} cannot be read where it is, because SQLite keeps files beside the one it reads and the folder is read-only: copy it, with ${path}-wal where there is one, to another folder`,
      { cause: error },
    );
  }
  throw new SweepError(
    "BAD_STORE",
    `${path} must hold results, but it is empty: run gmm-sweep first, or name another file with --db`,
  );
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** The rows of a select; some of its errors, such as an overflow, come only while it runs. */
function* rowsOf(statement: Database.Statement<[], unknown[]>): Generator<unknown[]> {
  const rows = understood(() => statement.iterate());
  for (let next = understood(() => rows.next()); next.done !== true; next = understood(() => rows.next()))
    yield next.value;
}

/** Runs `body`; what SQLite says against a user's SQL becomes one sentence. */
function understood<Result>(body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw new SweepError(
      "BAD_USAGE",
      `SQL must be one select that SQLite understands, got an error: ${messageOf(error)}; the README lists the views and their columns`,
      { cause: error },
    );
  }
}
