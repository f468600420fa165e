/** Trajectories of a file: read and held against their hash, put where there is none, and added to. */
import type Database from "better-sqlite3";
import { type Contents, type EpochValues, hashOf, type MarginValue, type RowValues } from "../hash.js";
import type { Value } from "../sql/columns.js";
import {
  compareContents,
  contentsOf,
  type Differ,
  damaged,
  type Given,
  lackingOf,
  nameOf,
  type Place,
  type Stored,
} from "../trajectories.js";
import type { CellKeys } from "./cell-keys.js";
import { BLOCK, LAST_ROW, PLACES } from "./layout.js";
import { reading, readRow, rowValues, type TrajectoryRow, writing } from "./trajectory-sql.js";

/** What became of it. */
export interface Put {
  readonly id: number;
  /** Those that were not there, or had failed. */
  readonly rows: readonly RowValues[];
  readonly epochs: number;
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
    const contents = contentsOf(given);
    const { curve } = contents;
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
    const beside = source === null || given.curveAt === null ? contents : this.read(source).contents;
    compareContents({ ...beside, rows: contents.rows }, given, differ);
  }

  /** All trajectories, or those whose source is such a one, in the order of their ids. */
  *all(isMeant: (source: number | null) => boolean = () => true): Generator<Stored> {
    let block: readonly TrajectoryRow[] = [];
    for (let from = 0; ; from = block[block.length - 1][0] + 1) {
      block = this.#reading.block.all({ from }) as TrajectoryRow[];
      if (block.length === 0) return;
      const meant = block.filter(([, , , , , source]) => isMeant(source));
      if (meant.length > 0) yield* this.#readBlock(meant);
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
  nameOf({ cellKey, ...key }: Place): string {
    return nameOf(this.#reading.name.get(cellKey) as Value[] | undefined, key);
  }

  setHash(id: number, hash: Buffer): void {
    this.#writing.setHash.run(hash, id);
  }

  #add(place: Place, given: Given, differ: Differ): Put {
    const id = this.find(place.cellKey, place.trial, place.startTrial) as number;
    const there = this.read(id);
    this.compare(there, given, differ);
    const { rows, curve, margins } = lackingOf(there, given);
    for (const row of rows) this.#writing.upsertRow.run(...rowValues(id, row));
    this.#insertEpochs(id, curve);
    for (const margin of margins) this.#insertMargin(id, margin);
    if (rows.length > 0 || curve.length > 0) this.#hashAnew(there);
    return { id, rows, epochs: curve.length };
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
