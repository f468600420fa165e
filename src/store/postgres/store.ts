/** The store of many machines: a schema of a database, any number of writers and readers. */
import { bad } from "../../errors.js";
import type { Outcome } from "../../trial.js";
import type { Landed, Merged, Opening, OpenRequest, Sweep, TakeOptions } from "../contract.js";
import { metInRun, type Told } from "../faults.js";
import { openPart } from "../parts.js";
import { patiently, type Wait } from "../patience.js";
import type { Queue, SharedStore } from "../queue.js";
import { givenDiffers, type Taker, takeIn } from "../taking.js";
import { CellKeys } from "./cell-keys.js";
import { Connections, LANDING_MS, NO_ANSWER_MS, QUICK_MS, type Session } from "./connection.js";
import { refuseDamages } from "./damages.js";
import { cameBetween, isAway, isCutOff, isUnwritable, toldOf, toldOfOpening } from "./faults.js";
import { land } from "./landing.js";
import { landStored, mergePart, takeSweep, type Whole } from "./merge.js";
import { lockSubmitters, makeStore } from "./opening.js";
import { BossQueue } from "./queue.js";
import { PostgresResults } from "./results.js";
import { SweepWriter } from "./sweeps.js";

const WAIT: Wait = {
  isHeld: isAway,
  sentence: (place, atMost) => `${place} cannot be reached: waiting ${atMost} at most until it can`,
};

/** In the middle of a run, which would be no better off for ending. */
const WAIT_TO_WRITE: Wait = {
  isHeld: (error) => isAway(error) || isUnwritable(error),
  sentence: (place, atMost) => `${place} cannot be reached or written: waiting ${atMost} at most until it can`,
};

const MOST_TRIES = 100; // each is another writer that was faster

export class PostgresStore extends PostgresResults implements SharedStore {
  readonly #opening: Opening;
  readonly #keys = new CellKeys();
  /** The write before the next. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Null: nobody has asked for it yet. */
  #queue: Promise<BossQueue> | null = null;

  private constructor(place: string, connections: Connections, opening: Opening) {
    super(place, connections);
    this.#opening = opening;
  }

  /** Opens a database for writing, and makes the store where there is none. */
  static open(place: string, opening: Opening): Promise<PostgresStore> {
    const wait = { ...WAIT, isHeld: opening.waitsToOpen ? isAway : isCutOff };
    return patiently(place, opening, wait, toldOfOpening, async () => {
      const connections = await Connections.to(place);
      try {
        await connections.with(makeStore);
        return new PostgresStore(place, connections, opening);
      } catch (error) {
        await connections.close();
        throw error;
      }
    });
  }

  async open(request: OpenRequest): Promise<Sweep> {
    // Nothing of what the command asked for has been written yet.
    return this.#write(toldOfOpening, NO_ANSWER_MS, async (session) => {
      await lockSubmitters(session);
      await refuseDamages(session, this.#keys);
      return new SweepWriter(session, this.#keys).open(request);
    });
  }

  record(sweep: Sweep, outcomes: readonly Outcome[]): Promise<Landed> {
    return this.recordAnd(sweep, outcomes, async () => {});
  }

  /** Lands outcomes, and what `also` does in the same transaction. */
  async recordAnd(
    sweep: Sweep,
    outcomes: readonly Outcome[],
    also: (session: Session) => Promise<void>,
  ): Promise<Landed> {
    return this.#write(toldInRun, LANDING_MS, async (session) => {
      const landed = await land(session, this.#keys, sweep, outcomes);
      await also(session);
      return landed;
    });
  }

  async merge(parts: readonly string[]): Promise<Merged[]> {
    return this.#write(toldOf, NO_ANSWER_MS, async (session) => {
      await lockSubmitters(session);
      await refuseDamages(session, this.#keys);
      const merged: Merged[] = [];
      for (const name of parts) {
        if (name === this.place) throw bad(`${name} must be another store than the one that it is merged into`);
        const part = await openPart(name);
        try {
          // A run that was killed at its birth left nothing.
          const nothing = { trialRows: 0, epochs: 0 };
          const whole = { place: this.place, session, keys: this.#keys };
          await part?.refuseDamages();
          merged.push(part === null ? nothing : await mergePart(whole, name, part));
        } finally {
          await part?.close();
        }
      }
      return merged;
    });
  }

  take(place: string, options: TakeOptions): Promise<Merged> {
    return takeIn(this.#taker(place), place, options);
  }

  #taker(part: string): Taker {
    const whole = (session: Session): Whole => ({ place: this.place, session, keys: this.#keys });
    return {
      begin: (sweeps, cellKeys) =>
        this.#write(toldOf, LANDING_MS, async (session) => {
          await lockSubmitters(session);
          for (const given of sweeps) await takeSweep(whole(session), part, given);
          return this.#keys.put(session, cellKeys);
        }),
      land: (some) =>
        this.#write(toldOf, LANDING_MS, async (session) => {
          const stored = some.map((one) => one.stored);
          return landStored(whole(session), stored, (i) => givenDiffers(this.place, part, some[i].what));
        }),
    };
  }

  queue(): Promise<Queue> {
    this.#queue ??= this.asked(() => BossQueue.open(this, this.connections));
    return this.#queue;
  }

  /** What a queue writes, or reads where others write: in one transaction, one after the other, as all writes are. */
  write<Result>(body: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#write(toldInRun, QUICK_MS, body);
  }

  override async close(): Promise<void> {
    await (await this.#queue?.catch(() => null))?.close();
    await this.#turn;
    await super.close();
  }

  /** What others may be writing stays. */
  async discard(): Promise<void> {
    await this.close();
  }

  protected override asked<Result>(ask: () => Promise<Result>): Promise<Result> {
    return patiently(this.place, this.#opening, WAIT, toldOf, ask);
  }

  /** All or nothing, one after the other; again where another writer came between, or where the server is away for a while. */
  #write<Result>(told: Told, answerMs: number, body: (session: Session) => Promise<Result>): Promise<Result> {
    const written = this.#turn.then(() =>
      patiently(this.place, this.#opening, told === toldOfOpening ? WAIT : WAIT_TO_WRITE, told, () =>
        this.#transaction(answerMs, body),
      ),
    );
    this.#turn = written.catch(() => {}); // whoever awaits it is told
    return written;
  }

  async #transaction<Result>(answerMs: number, body: (session: Session) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.connections.with((session) => session.transaction("", () => body(session)), answerMs);
      } catch (error) {
        this.#keys.forget();
        if (!cameBetween(error) || tries === MOST_TRIES) throw error;
      }
    }
  }
}

function toldInRun(place: string, error: unknown): unknown {
  return metInRun(toldOf(place, error));
}
