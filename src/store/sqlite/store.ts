/** The store on one machine: a SQLite file in WAL mode, one writer, any number of readers. */
import { existsSync, rmSync } from "node:fs";
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import type { Outcome } from "../../trial.js";
import type { Landed, Merged, OpenRequest, Store, Sweep } from "../contract.js";
import { refuseDamages } from "./damages.js";
import { FileLock, guarded, guardedOpening, openForReading, openForWriting } from "./file.js";
import { Landing } from "./landing.js";
import { mergePart } from "./merge.js";
import { SqliteResults } from "./results.js";
import { Trajectories } from "./trajectories.js";

export class SqliteStore extends SqliteResults implements Store {
  readonly #lock: FileLock | null;
  /** Whether there was no file before it was opened. */
  readonly #isNew: boolean;
  readonly #trajectories: Trajectories;
  readonly #landing: Landing;

  private constructor(path: string, db: Database.Database, place: { lock: FileLock | null; isNew: boolean }) {
    super(path, db);
    this.#lock = place.lock;
    this.#isNew = place.isNew;
    this.#trajectories = new Trajectories(path, db, this.keys);
    this.#landing = new Landing(path, this.keys, this.#trajectories);
  }

  /** Opens `path` for writing, making it and its folder where there is none; ':memory:' keeps all in memory. */
  static open(path: string): SqliteStore {
    const lock = path === ":memory:" ? null : new FileLock(path);
    const isNew = lock !== null && !existsSync(path);
    try {
      return guardedOpening(path, () => new SqliteStore(path, openForWriting(path), { lock, isNew }));
    } catch (error) {
      // A refused path is left as it was found.
      lock?.undo();
      throw error;
    }
  }

  async open(request: OpenRequest): Promise<Sweep> {
    // Nothing of what the command asked for has been written yet.
    return guardedOpening(this.path, () =>
      this.#transaction(() => {
        refuseDamages(this.path, this.db);
        return this.stored.open(request);
      }),
    );
  }

  async record(sweep: Sweep, outcomes: readonly Outcome[]): Promise<Landed> {
    try {
      return this.#write(() => this.#landing.land(sweep, outcomes));
    } catch (error) {
      // What was changed is met in the middle of a run: of usage a user may think that nothing was written.
      if (error instanceof SweepError && error.fault === "usage")
        throw new SweepError("check", error.message, { cause: error });
      throw error;
    }
  }

  async merge(parts: readonly string[]): Promise<Merged[]> {
    return this.#write(() => {
      refuseDamages(this.path, this.db);
      return parts.map((part) => this.#mergePart(part));
    });
  }

  override async close(): Promise<void> {
    await super.close();
    this.#lock?.release();
  }

  async discard(): Promise<void> {
    if (!this.#isNew) return this.close();
    await super.close();
    // Before anybody else may write it.
    rmSync(this.path, { force: true });
    this.#lock?.undo();
  }

  #mergePart(path: string): Merged {
    const part = guardedOpening(path, () => openForReading(path));
    const { db, keys, stored: sweeps } = this;
    try {
      part.exec("begin");
      guardedOpening(path, () => refuseDamages(path, part));
      return mergePart({ path: this.path, db, keys, sweeps, trajectories: this.#trajectories }, path, part);
    } finally {
      part.close();
    }
  }

  #write<Result>(body: () => Result): Result {
    return guarded(this.path, () => this.#transaction(body));
  }

  /** All or nothing. */
  #transaction<Result>(body: () => Result): Result {
    try {
      return this.db.transaction(body).immediate();
    } catch (error) {
      this.keys.forget();
      throw error;
    }
  }
}
