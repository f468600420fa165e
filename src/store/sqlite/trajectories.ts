/** Trajectories with all that is stored of them: read and held against their hash, put where there is none, and added to. */
import type Database from "better-sqlite3";
import { clipped, escaped } from "../../printable.js";
import type { CellKeys } from "./cell-keys.js";
import type { Value } from "./columns.js";
import { badFile, type FileFault } from "./faults.js";
import {
  type Contents,
  type EpochValues,
  hashOf,
  type MarginValue,
  type RowValues,
  type TrajectoryKey,
} from "./hash.js";
import { BLOCK, LAST_ROW, PLACES } from "./layout.js";
import { reading, readRow, rowValues, type TrajectoryRow, writing } from "./trajectory-sql.js";

/** Which trajectory it is, in one file. */
export interface Place extends TrajectoryKey {
  readonly cellKey: number;
  /** The trajectory whose run it repeats; null: its own. */
  readonly source: number | null;
}

/** What is to be stored of a trajectory. */
export interface Given {
  /** Finished ones. */
  readonly rows: readonly RowValues[];
  /** The epochs to keep, ascending. */
  readonly keep: readonly number[];
  /** What is known of an epoch, whether it is to be kept or not; null: of none, as of a copy. */
  readonly curveAt: ((epoch: number) => EpochValues["values"] | null) | null;
  readonly margins: readonly MarginValue[];
}

/** What became of it. */
export interface Put {
  readonly id: number;
  /** Those that were not there, or had failed. */
  readonly rows: readonly RowValues[];
  readonly epochs: number;
}

/** Throws that what is there differs from what is given. */
export type Differ = (epoch: number, there: Value, given: Value) => never;

/** A trajectory as it is stored. */
export interface Stored extends Place {
  readonly id: number;
  readonly hash: Buffer;
  readonly contents: Contents;
}

export class Trajectories {
  readonly #keys: CellKeys;
  readonly #reading: ReturnType<typeof reading>;
  readonly #writing: ReturnType<typeof writing>;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
    this.#reading = reading(db);
    this.#writing = writing(db);
  }

  find(cellKey: number, trial: number, startTrial: number): number | null {
    return (this.#reading.find.get(cellKey, trial, startTrial) as number | undefined) ?? null;
  }

  /** Stores a trajectory, or what of it is not there; what is there is compared to the bit, and never rewritten. */
  put(place: Place, given: Given, differ: Differ): Put {
    const curve = epochsOf(given, given.keep);
    const contents = { rows: given.rows, curve, margins: given.margins };
    const hash = hashOf(this.#keys.heldOf(place.cellKey), place, contents);
    const { changes, lastInsertRowid } = this.#writing.insert.run({ ...place, hash });
    if (changes === 0) return this.#add(place, given, differ);
    const id = Number(lastInsertRowid);
    this.#insertRows(id, given.rows);
    this.#insertEpochs(id, curve);
    for (const margin of given.margins) this.#insertMargin(id, margin);
    return { id, rows: given.rows, epochs: curve.length };
  }

  /** Notes failed rows; a finished one stays. Returns how many. */
  fail(id: number, rows: readonly RowValues[]): number {
    return rows.reduce((sum, row) => sum + this.#writing.fail.run(...rowValues(id, row)).changes, 0);
  }

  /** The same, where there is no row at all. */
  failWhereNone(id: number, rows: readonly RowValues[]): number {
    return rows.reduce((sum, row) => sum + this.#writing.failWhereNone.run(...rowValues(id, row)).changes, 0);
  }

  /** A stored trajectory, which must match its hash. */
  read(id: number): Stored {
    const [, cellKey, trial, startTrial, replicateOf, source, hash] = this.#reading.trajectory.get(id) as TrajectoryRow;
    const found = { id, cellKey, trial, startTrial, replicateOf, source, hash, contents: this.#contentsOf(id) };
    if (!this.matches(found)) throw damaged(this.nameOf(found));
    return found;
  }

  /** Compares all that is stored of a trajectory with what is given. */
  compare({ contents, source }: Stored, given: Given, differ: Differ): void {
    const { curve, margins } = source === null || given.curveAt === null ? contents : this.read(source).contents;
    for (const { epoch, values } of curve) compareValues(epoch, values, given.curveAt?.(epoch) ?? null, differ);
    const rows = new Map(given.rows.map((row) => [row.epochs, row]));
    for (const { epochs, state, values } of contents.rows) {
      const other = rows.get(epochs);
      if (other === undefined || state === "failed") continue;
      compareValues(epochs, [...values, state], [...other.values, other.state], differ);
    }
    const same = new Map(given.margins.map((margin) => [marginKey(margin), margin.margin]));
    for (const margin of margins) {
      const other = same.get(marginKey(margin));
      if (other !== undefined) compareValues(margin.epochs, [margin.margin], [other], differ);
    }
  }

  /** All trajectories, in the order of their ids. */
  *all(): Generator<Stored> {
    let block: readonly TrajectoryRow[] = [];
    for (let from = 0; ; from = block[block.length - 1][0] + 1) {
      block = this.#reading.block.all({ from }) as TrajectoryRow[];
      if (block.length === 0) return;
      yield* this.#readBlock(block);
    }
  }

  /** Trajectories of one block, whose rows lie among each other. */
  *#readBlock(block: readonly TrajectoryRow[]): Generator<Stored> {
    const rows = new Map<number, RowValues[]>(block.map(([id]) => [id, []]));
    const first = block[0][0];
    const all = this.#reading.blockRows.all(
      first - (first % PLACES),
      first - (first % PLACES) + BLOCK - 1,
    ) as Value[][];
    for (const values of all) {
      const { trajectory, row } = readRow(values);
      rows.get(trajectory)?.push(row);
    }
    for (const [id, cellKey, trial, startTrial, replicateOf, source, hash] of block) {
      const contents = { rows: rows.get(id) ?? [], ...this.#beside(id) };
      yield { id, cellKey, trial, startTrial, replicateOf, source, hash, contents };
    }
  }

  matches({ hash, cellKey, contents, ...key }: Stored): boolean {
    return hash.equals(hashOf(this.#keys.heldOf(cellKey), key, contents));
  }

  /** A trajectory in words. */
  nameOf({ cellKey, trial, startTrial }: Place): string {
    const found = this.#reading.name.get(cellKey) as Value[] | undefined;
    if (found === undefined) return `trial ${trial} of what is not there`;
    const [method, lambda, draw] = found.map((value) => clipped(escaped(String(value))));
    const start = startTrial === 0 || startTrial === trial ? "" : `, from the start of trial ${startTrial}`;
    return `${method} of λ ${lambda} on draw ${draw}, trial ${trial}${start}`;
  }

  setHash(id: number, hash: Buffer): void {
    this.#writing.setHash.run(hash, id);
  }

  #add(place: Place, given: Given, differ: Differ): Put {
    const id = this.find(place.cellKey, place.trial, place.startTrial) as number;
    const there = this.read(id);
    this.compare(there, given, differ);
    const finished = new Set(there.contents.rows.flatMap(({ state, epochs }) => (state === "failed" ? [] : [epochs])));
    const rows = given.rows.filter(({ epochs }) => !finished.has(epochs));
    for (const row of rows) this.#writing.upsertRow.run(...rowValues(id, row));
    let epochs = 0;
    // A copy's curve and margins are its source's.
    if (there.source === null) {
      const kept = new Set(there.contents.curve.map(({ epoch }) => epoch));
      const added = given.keep.filter((epoch) => !kept.has(epoch));
      this.#insertEpochs(id, epochsOf(given, added));
      epochs = added.length;
      const margins = new Set(there.contents.margins.map(marginKey));
      for (const margin of given.margins) if (!margins.has(marginKey(margin))) this.#insertMargin(id, margin);
    }
    if (rows.length > 0 || epochs > 0) this.#hashAnew(there);
    return { id, rows, epochs };
  }

  #hashAnew({ id, cellKey, ...key }: Stored): void {
    this.setHash(id, hashOf(this.#keys.heldOf(cellKey), key, this.#contentsOf(id)));
  }

  #contentsOf(id: number): Contents {
    const rows = this.#reading.rows.all({ first: id, last: id + LAST_ROW, place: id % PLACES }) as Value[][];
    return { rows: rows.map((values) => readRow(values).row), ...this.#beside(id) };
  }

  /** What is stored of a trajectory beside its rows. */
  #beside(id: number): Pick<Contents, "curve" | "margins"> {
    const curve = (this.#reading.curve.all(id) as number[][]).map(([epoch, ...values]) => ({ epoch, values }));
    const margins = this.#reading.margins.all({ first: id, last: id + LAST_ROW, place: id % PLACES }) as MarginValue[];
    return { curve, margins };
  }

  #insertRows(id: number, rows: readonly RowValues[]): void {
    this.#writing.insertRows(rows.length, (i, into) => {
      const { epochs, state, values, attempts, elapsedMs, finishedAt } = rows[i];
      into.push(id + PLACES * epochs, state);
      for (const value of values) into.push(value);
      into.push(attempts, elapsedMs, finishedAt);
    });
  }

  #insertEpochs(id: number, curve: readonly EpochValues[]): void {
    this.#writing.insertEpochs(curve.length, (i, into) => {
      const { epoch, values } = curve[i];
      into.push(id, epoch);
      for (const value of values) into.push(value);
    });
  }

  #insertMargin(id: number, { epochs, forgetRow, margin }: MarginValue): void {
    this.#writing.insertMargin.run(id, epochs, forgetRow, margin);
  }
}

/** That what is stored of `what` is not what its hash says. */
export function damaged(what: string): FileFault {
  return badFile(
    (file) =>
      `${file} holds of ${what} something else than what landed, so it was changed by another program or is damaged: take another copy of it; gmm-sweep verify names all that was changed`,
  );
}

function epochsOf({ curveAt }: Given, epochs: readonly number[]): EpochValues[] {
  return epochs.map((epoch) => ({ epoch, values: curveAt?.(epoch) ?? [] }));
}

function compareValues(epoch: number, there: readonly Value[], given: readonly Value[] | null, differ: Differ): void {
  if (given === null) return;
  const at = there.findIndex((value, i) => value !== given[i]);
  if (at !== -1) differ(epoch, there[at], given[at]);
}

function marginKey({ epochs, forgetRow }: MarginValue): string {
  return `${epochs} ${forgetRow}`;
}
