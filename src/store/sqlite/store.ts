/** The store on one machine: a SQLite file in WAL mode, one writer, any number of readers. */
import { existsSync, rmSync } from "node:fs";
import type Database from "better-sqlite3";
import type { Outcome, TrajectorySpec } from "../../trial.js";
import type { Landed, Missing, OpenSweep, Reader, Store, SweepRecord } from "../contract.js";
import { Arms } from "./arms.js";
import { guarded, lockFor, lockPath, openForWriting } from "./file.js";
import { Landing } from "./landing.js";
import { type Merged, mergePart } from "./merge.js";
import { MissingRows } from "./missing.js";

export class SqliteStore implements Store, Reader {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #lock: Database.Database | null;
  readonly #arms: Arms;
  readonly #missing: MissingRows;
  readonly #landing: Landing;

  /** Opens `path` for writing, making it and its folder where there is none; ':memory:' keeps all in memory. */
  constructor(path: string) {
    this.#path = path;
    const locked = existsSync(lockPath(path));
    this.#lock = path === ":memory:" ? null : lockFor(path);
    try {
      this.#db = guarded(path, () => openForWriting(path));
    } catch (error) {
      this.#lock?.close();
      // A refused path is left as it was found.
      if (this.#lock !== null && !locked) rmSync(lockPath(path));
      throw error;
    }
    this.#arms = new Arms(this.#db);
    this.#missing = new MissingRows(this.#db, this.#arms);
    this.#landing = new Landing(path, this.#db, this.#arms);
  }

  async openSweep(record: SweepRecord): Promise<OpenSweep> {
    const { identity, command, config, trials, engine, profile, shard, version, machine } = record;
    return this.#write(() => {
      const now = new Date().toISOString();
      this.#db
        .prepare(
          `insert into sweeps (identity, command, config, trials, engine, profile, record, shard, version, machine, opened_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (identity) do update set opened_at = excluded.opened_at, version = excluded.version, machine = excluded.machine,
             record = excluded.record, shard = excluded.shard,
             command = iif(excluded.trials >= trials, excluded.command, command),
             config = iif(excluded.trials >= trials, excluded.config, config), trials = max(trials, excluded.trials)`,
        )
        .run(identity, command, config, trials, engine, profile, record.record, shard, version, machine, now);
      return this.#db
        .prepare("select id, trials, engine, profile, record from sweeps where identity = ?")
        .get(identity) as OpenSweep;
    });
  }

  async enroll(sweep: OpenSweep, specs: readonly TrajectorySpec[]): Promise<void> {
    const cell = this.#db.prepare("insert or ignore into sweep_cells (sweep_id, arm_id, epochs) values (?, ?, ?)");
    this.#write(() => {
      for (const spec of specs) {
        const arm = this.#arms.make(this.#db, sweep.engine, sweep.profile, spec);
        for (const epochs of spec.asked) cell.run(sweep.id, arm, epochs);
      }
    });
  }

  async missing(sweep: OpenSweep, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<Missing> {
    return this.#missing.of(sweep.profile, specs, retryFailed);
  }

  async record(sweep: OpenSweep, outcomes: readonly Outcome[]): Promise<Landed> {
    return this.#write(() => this.#landing.land(sweep, outcomes));
  }

  async all<Row>(sql: string, ...values: readonly (string | number | null)[]): Promise<Row[]> {
    return this.#db.prepare(sql).all(...values) as Row[];
  }

  async *each<Row>(sql: string, ...values: readonly (string | number | null)[]): AsyncGenerator<Row> {
    yield* this.#db.prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** Takes in what other files of ours have, in this order; all of it or nothing. Throws BAD_STORE where two of them differ in a bit. */
  async merge(parts: readonly string[]): Promise<Merged[]> {
    return this.#write(() => parts.map((part) => mergePart(this.#db, this.#path, part)));
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#lock?.close();
  }

  /** One transaction, all or nothing. */
  #write<Result>(body: () => Result): Result {
    return guarded(this.#path, () => this.#db.transaction(body).immediate());
  }
}
