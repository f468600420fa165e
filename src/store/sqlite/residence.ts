/** A database file that is written stays where it is: whether it has, and where its results are if it has not. */
import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import type { FileLock } from "./lock.js";
import { besides, fileAt, whereabouts } from "./place.js";

const AGAIN = "and run the same command again";

/** Knows the files that were opened from those that have their names by now. */
export class Residence {
  readonly file: string;
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #lock: FileLock | null;
  readonly #main: string | null;
  /** Null: SQLite had not made it yet. */
  readonly #besides: Map<string, string | null>;
  /** Whether it has been told that it left. */
  #told = false;

  /** `db` has `file` open, which the user calls `path`. */
  constructor(path: string, file: string, db: Database.Database, lock: FileLock | null) {
    this.file = file;
    this.#path = path;
    this.#db = db;
    this.#lock = lock;
    this.#main = fileAt(file);
    this.#besides = new Map(besides(file).map((other) => [other, fileAt(other)]));
  }

  /** Whether the file at its place is still the one that was opened. */
  get isThere(): boolean {
    return this.#main !== null && fileAt(this.file) === this.#main;
  }

  /** Throws environment, once, where the file, what SQLite keeps beside it or its lock is not where it was. */
  check(): void {
    if (this.#told) return;
    const sentence = this.isThere ? this.#whatLeftBesides() : this.#whereItIs();
    if (sentence === null) return;
    this.#told = true;
    throw new SweepError("environment", sentence);
  }

  /** Writes what is in the -wal into the file; returns whether a part had to stay there. */
  fold(): boolean {
    const [{ busy, log, checkpointed }] = this.#db.pragma("wal_checkpoint(truncate)") as Checkpoint[];
    return busy !== 0 && checkpointed < log;
  }

  /** What is thrown has its sentence already. */
  #foldAsFarAsCan(): void {
    try {
      this.fold();
    } catch {
      // The -wal keeps it.
    }
  }

  #whatLeftBesides(): string | null {
    if (this.#lock?.isThere === false)
      return `${this.#lock.path} was removed during the run, so that another gmm-sweep may have begun to write ${this.#path}: what had landed is kept; wait until no other writes it ${AGAIN}`;
    for (const [other, was] of this.#besides) {
      const now = fileAt(other);
      // Of a file that was in another journal mode SQLite makes them with the first write.
      if (was === null) this.#besides.set(other, now);
      if (was === null || now === was) continue;
      this.#foldAsFarAsCan();
      return `${other}, which SQLite needs beside ${this.#path}, was removed or replaced during the run: what had landed is in ${this.#path}; leave it there ${AGAIN}`;
    }
    return null;
  }

  #whereItIs(): string {
    const isReplaced = existsSync(this.file);
    // Else what landed last would be in a -wal of another name.
    this.#foldAsFarAsCan();
    const now = this.#main === null ? null : whereabouts(this.#main);
    const what = isReplaced
      ? `another file was put in the place of ${this.#path} during the run`
      : `${this.#path} was moved away or deleted during the run`;
    if (now !== null) return `${what}: what had landed is in ${now}; move it back ${AGAIN}`;
    const saved = this.#saved();
    return saved === null
      ? `${what}: what had landed is in the file that was there, if it still has a name; move it back ${AGAIN}`
      : `${what}: what had landed is saved in ${saved}; move it to ${this.#path} ${AGAIN}`;
  }

  /** Where what is still open but has no name was written to; null: nowhere. */
  #saved(): string | null {
    if (!existsSync(dirname(this.file))) return null;
    for (let i = 1; ; i++) {
      const path = `${this.file}.saved${i === 1 ? "" : i}`;
      if (existsSync(path)) continue;
      try {
        this.#db.prepare("vacuum into ?").run(path);
        return path;
      } catch {
        rmSync(path, { force: true });
        return null; // then it cannot be said where it is
      }
    }
  }
}

/** As SQLite says it, in frames of the -wal. */
interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}
