/** The store on one machine: a SQLite file in WAL mode, one writer, any number of readers. */
import { existsSync, rmSync } from "node:fs";
import type Database from "better-sqlite3";
import type { Outcome } from "../../trial.js";
import type { Landed, Merged, Opening, OpenRequest, Store, Sweep, TakeOptions } from "../contract.js";
import { metInRun, type Told } from "../faults.js";
import { NOTICED_AFTER_MS, patiently, type Wait } from "../patience.js";
import { givenDiffers, type Taker, takeIn } from "../taking.js";
import { refuseDamages, refuseUnsound, toldOfReading } from "./damages.js";
import { codeOf, guarded, guardedOpening, toldOf, toldOfOpening } from "./faults.js";
import { Landing } from "./landing.js";
import { FileLock } from "./lock.js";
import { landStored, mergePart, takeSweep } from "./merge.js";
import { placeFor } from "./place.js";
import { asFiles } from "./pull.js";
import { closeDatabase, openForReading } from "./reading.js";
import { Residence } from "./residence.js";
import { SqliteResults } from "./results.js";
import { Trajectories } from "./trajectories.js";
import { openForWriting } from "./writing.js";

/** What of the machine a store in a file has. */
interface Place {
  /** null: whoever opened it has one. */
  readonly lock: FileLock | null;
  readonly residence: Residence;
  /** Whether there was no file before it was opened. */
  readonly isNew: boolean;
}

const IN_MEMORY = ":memory:"; // as SQLite calls it

export class SqliteStore extends SqliteResults implements Store {
  /** null: in memory. */
  readonly #place: Place | null;
  readonly #opening: Opening;
  readonly #trajectories: Trajectories;
  readonly #landing: Landing;
  /** The write before the next. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, db: Database.Database, place: Place | null, opening: Opening) {
    super(path, db);
    this.#place = place;
    this.#opening = opening;
    this.#trajectories = new Trajectories(db, this.keys);
    this.#landing = new Landing(this.keys, this.#trajectories);
  }

  /** Opens `path` for writing, making it and its folder where there is none; ':memory:' keeps all in memory. */
  static async open(path: string, opening: Opening): Promise<SqliteStore> {
    if (path === IN_MEMORY) return new SqliteStore(IN_MEMORY, openForWriting(IN_MEMORY, 0), null, opening);
    const { file, lock } = guardedOpening(path, () => {
      const made = placeFor(path);
      return { file: made, lock: new FileLock(made) };
    });
    try {
      return await SqliteStore.#opened(path, file, lock, opening);
    } catch (error) {
      // A refused path is left as it was found.
      lock.release();
      throw error;
    }
  }

  /** Opens `file`, which errors call `path`, for one who has the lock that keeps others from it. */
  static openUnlocked(path: string, file: string, opening: Opening): Promise<SqliteStore> {
    return SqliteStore.#opened(path, file, null, opening);
  }

  static async #opened(path: string, file: string, lock: FileLock | null, opening: Opening): Promise<SqliteStore> {
    const isNew = !existsSync(file);
    const db = await patiently(path, opening, HELD, toldOfOpening, (waitMs) => openForWriting(file, waitMs));
    try {
      return new SqliteStore(path, db, { lock, isNew, residence: new Residence(path, file, db, lock) }, opening);
    } catch (error) {
      db.close();
      throw toldOfOpening(path, error);
    }
  }

  async open(request: OpenRequest): Promise<Sweep> {
    // Nothing of what the command asked for has been written yet.
    return this.#write(toldOfOpening, () => {
      refuseDamages(this.db);
      return this.stored.open(request);
    });
  }

  async record(sweep: Sweep, outcomes: readonly Outcome[]): Promise<Landed> {
    try {
      return await this.#write(toldOf, () => this.#landing.land(sweep, outcomes));
    } catch (error) {
      throw metInRun(error);
    }
  }

  async merge(parts: readonly string[]): Promise<Merged[]> {
    return asFiles(parts, (files) =>
      this.#write(toldOf, () => {
        refuseDamages(this.db);
        return parts.map((part, i) => this.#mergePart(part, files[i]));
      }),
    );
  }

  take(place: string, options: TakeOptions): Promise<Merged> {
    return takeIn(this.#taker(place), place, options);
  }

  #taker(place: string): Taker {
    return {
      begin: (sweeps, cellKeys) =>
        this.#write(toldOf, () => {
          for (const given of sweeps) takeSweep(this.path, this.stored, place, given);
          return cellKeys.map((held) => this.keys.put(held).id);
        }),
      land: (some) =>
        this.#write(toldOf, () =>
          some.map(({ stored, what }) => landStored(this.#trajectories, stored, givenDiffers(this.path, place, what))),
        ),
    };
  }

  /** Folds what is in the -wal into the file. Throws environment where the file is not where it was. */
  override async close(): Promise<void> {
    if (this.#place === null || !this.db.open) return super.close();
    const { lock, residence } = this.#place;
    await this.#turn;
    this.endReading();
    try {
      residence.check();
      this.db.pragma(`busy_timeout = ${NOTICED_AFTER_MS}`);
      if (residence.isThere && guarded(this.path, () => residence.fold())) this.#opening.tell(unfolded(this.path));
    } finally {
      await super.close();
      lock?.release();
    }
  }

  async discard(): Promise<void> {
    if (this.#place === null) return super.close();
    const { lock, residence, isNew } = this.#place;
    await this.#turn;
    await super.close();
    // Before anybody else may write it; what others put in its place stays.
    if (isNew && residence.isThere) rmSync(residence.file, { force: true });
    lock?.release();
  }

  /** Takes in `file`, which errors call `path`. */
  #mergePart(path: string, file: string): Merged {
    const part = guardedOpening(path, () => openForReading(file));
    // A run that was killed at its birth left nothing.
    if (part === null) return { trialRows: 0, epochs: 0 };
    const { db, keys, stored: sweeps } = this;
    try {
      part.exec("begin");
      guardedOpening(path, () => {
        refuseUnsound(part);
        refuseDamages(part);
      });
      return mergePart({ path: this.path, db, keys, sweeps, trajectories: this.#trajectories }, path, part);
    } finally {
      closeDatabase(part);
    }
  }

  /** All or nothing, one after the other; `told` says what is thrown of a failure of the file. */
  #write<Result>(toldAtFirst: Told, body: () => Result): Promise<Result> {
    const told: Told = (path, error) => toldOfReading(path, this.db, toldAtFirst(path, error));
    const written = this.#turn.then(async () => {
      const result = await patiently(this.path, this.#opening, HELD, told, (waitMs) => this.#transaction(waitMs, body));
      this.#place?.residence.check();
      return result;
    });
    this.#turn = written.catch(() => {}); // whoever awaits it is told
    return written;
  }

  #transaction<Result>(waitMs: number, body: () => Result): Result {
    try {
      this.db.pragma(`busy_timeout = ${waitMs}`);
      return this.db.transaction(body).immediate();
    } catch (error) {
      this.keys.forget();
      throw error;
    }
  }
}

const HELD: Wait = {
  isHeld: (error) => /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(codeOf(error)),
  sentence: (path, atMost) => `${path} is held by another program: waiting ${atMost} at most until it ends`,
};

function unfolded(path: string): string {
  return `${path} is complete, but another program reads it, so that a part is still in ${path}-wal: copy both files together, or with gmm-sweep backup`;
}
