/** A sweep of a place of results, open for reading. */
import { bad } from "../errors.js";
import { placeNamed } from "../files/places.js";
import type { SweepPlan } from "../plan/plan.js";
import type { Question } from "../plan/question.js";
import { parseName, parseWhole } from "../plan/values.js";
import type { CellSample, Results, StoredEpoch, StoredRow, StoredTrajectory, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";

/** A sweep that is stored. */
export interface StoredSweep {
  /** Its number, from 1. */
  readonly id: number;
  /** Null of a run. */
  readonly name: string | null;
  readonly plan: SweepPlan;
  /** What was asked when it was opened; null: nothing was asked beforehand. */
  readonly question: Question | null;
  /** The numerics profile of its results: the same profile gives the same bits. */
  readonly profile: string;
}

/** The curve of one trajectory: a trial of a method, its key, and the epochs of it that are kept. */
export interface Curve {
  readonly key: StoredTrajectory;
  readonly epochs: readonly StoredEpoch[];
}

/** The sweeps of a place, a database file or postgres://user@host/database, in the order in which they were first opened. */
export async function listSweeps(place: string): Promise<StoredSweep[]> {
  const results = await openResults(placeNamed("place", place));
  try {
    return (await results.sweeps()).map(shown);
  } finally {
    await results.close();
  }
}

export interface OpenOptions {
  /** The number of the sweep, or its name; to be left out where there is one. */
  readonly sweep?: number | string;
}

/** Opens a sweep for reading, which another process may be writing. Throws a SweepError where there is none. */
export async function openSweep(place: string, { sweep }: OpenOptions = {}): Promise<OpenSweep> {
  const named = placeNamed("place", place);
  const results = await openResults(named);
  try {
    return new OpenSweep(named, results, theOne(await results.sweeps(), sweep, named));
  } catch (error) {
    await results.close();
    throw error;
  }
}

function theOne(sweeps: readonly Sweep[], asked: number | string | undefined, place: string): Sweep {
  const found = sweeps.filter(({ id, plan }) => asked === undefined || asked === id || asked === plan.name);
  if (found.length === 1) return found[0];
  const there = sweeps.map(({ id, plan: { name } }) => `${id} (${name ?? "a run"})`).join(", ");
  throw bad(
    `sweep must be the number or the name of one of ${place}, which has ${there === "" ? "none" : there}, got ${asked ?? "none"}`,
  );
}

function shown({ id, plan, question, profile }: Sweep): StoredSweep {
  return { id, name: plan.name, plan, question, profile };
}

/** An open sweep. What it gives has the names of the columns, which data/docs/columns.md explains. */
export class OpenSweep implements StoredSweep {
  readonly place: string;
  readonly id: number;
  readonly name: string | null;
  readonly plan: SweepPlan;
  readonly question: Question | null;
  readonly profile: string;
  readonly #results: Results;
  readonly #sweep: Sweep;

  /** @internal Made by openSweep. */
  constructor(place: string, results: Results, sweep: Sweep) {
    const { id, name, plan, question, profile } = shown(sweep);
    this.place = place;
    this.id = id;
    this.name = name;
    this.plan = plan;
    this.question = question;
    this.profile = profile;
    this.#results = results;
    this.#sweep = sweep;
  }

  /** The cells of which anything has landed, each with its trials: a list a measure, a value a trial. */
  cells(): AsyncIterable<CellSample> {
    return this.#results.cellSamples(this.#sweep);
  }

  /** The trial rows, finished and failed, in the order of their keys. */
  trials(): AsyncIterable<StoredRow> {
    return this.#results.rows(this.#sweep);
  }

  /** The learning curves of a method, or of a trial, or of all. Throws a SweepError where the sweep has no such method or trial. */
  async *curves({ method, trial }: { method?: string; trial?: number } = {}): AsyncGenerator<Curve> {
    const { trials } = this.plan;
    const names = this.plan.methods.map(({ name }) => name);
    const asked = method === undefined ? names : [parseName("method", method, names)];
    const only = trial === undefined ? null : parseWhole("trial", String(trial), 1, trials);
    for (const name of asked)
      for (let number = only ?? 1; number <= (only ?? trials); number++)
        for (const key of await this.#results.trajectories(this.#sweep, name, number))
          yield { key, epochs: await this.#results.curve(key.source, key.epochs) };
  }

  /** The rows of one SQL select over all of the place's sweeps, as objects; whole numbers are bigint. */
  async *query(sql: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
    const { columns, rows } = await this.#results.query(sql);
    for await (const row of rows) yield Object.fromEntries(columns.map((name, i) => [name, row[i]]));
  }

  /** @internal What is open beneath: for the other functions of this package. */
  get inner(): { readonly results: Results; readonly sweep: Sweep } {
    return { results: this.#results, sweep: this.#sweep };
  }

  /** Lets go of the place. */
  close(): Promise<void> {
    return this.#results.close();
  }
}
