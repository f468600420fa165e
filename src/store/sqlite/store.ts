/** The store on one machine: a SQLite file in WAL mode, one writer, any number of readers. */
import { existsSync, rmSync } from "node:fs";
import type Database from "better-sqlite3";
import type { Outcome } from "../../trial.js";
import type { Landed, Merged, OpenRequest, Store, Sweep } from "../contract.js";
import { guarded, lockFor, lockPath, openForReading, openForWriting } from "./file.js";
import { Landing } from "./landing.js";
import { mergePart } from "./merge.js";
import { SqliteResults } from "./results.js";
import { damaged, Trajectories } from "./trajectories.js";

export class SqliteStore extends SqliteResults implements Store {
  readonly #lock: Database.Database | null;
  readonly #trajectories: Trajectories;
  readonly #landing: Landing;

  private constructor(path: string, db: Database.Database, lock: Database.Database | null) {
    super(path, db);
    this.#lock = lock;
    this.#trajectories = new Trajectories(path, db, this.keys);
    this.#landing = new Landing(path, this.keys, this.#trajectories);
  }

  /** Opens `path` for writing, making it and its folder where there is none; ':memory:' keeps all in memory. */
  static open(path: string): SqliteStore {
    const locked = existsSync(lockPath(path));
    const lock = path === ":memory:" ? null : lockFor(path);
    try {
      return new SqliteStore(
        path,
        guarded(path, () => openForWriting(path)),
        lock,
      );
    } catch (error) {
      lock?.close();
      // A refused path is left as it was found.
      if (lock !== null && !locked) rmSync(lockPath(path));
      throw error;
    }
  }

  async open(request: OpenRequest): Promise<Sweep> {
    return this.#write(() => this.stored.open(request));
  }

  async record(sweep: Sweep, outcomes: readonly Outcome[]): Promise<Landed> {
    return this.#write(() => this.#landing.land(sweep, outcomes));
  }

  async merge(parts: readonly string[]): Promise<Merged[]> {
    return this.#write(() => {
      for (const stored of this.#trajectories.all())
        if (!this.#trajectories.matches(stored)) throw damaged(this.path, this.#trajectories.nameOf(stored));
      return parts.map((part) => this.#mergePart(part));
    });
  }

  override async close(): Promise<void> {
    await super.close();
    this.#lock?.close();
  }

  #mergePart(path: string): Merged {
    const part = guarded(path, () => openForReading(path));
    const { db, keys, stored: sweeps } = this;
    try {
      part.exec("begin");
      return mergePart({ path: this.path, db, keys, sweeps, trajectories: this.#trajectories }, path, part);
    } finally {
      part.close();
    }
  }

  /** One transaction, all or nothing. */
  #write<Result>(body: () => Result): Result {
    try {
      return guarded(this.path, () => this.db.transaction(body).immediate());
    } catch (error) {
      this.keys.forget();
      throw error;
    }
  }
}
