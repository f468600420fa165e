/** Trajectories with all that is stored of them: read and held against their hash, put where there is none, and added to. */
import type Database from "better-sqlite3";
import { bad } from "../../errors.js";
import { clipped, escaped } from "../../printable.js";
import type { CellKeys } from "./cell-keys.js";
import { CURVE_NAMES, MEASURE_NAMES, marks, type Value } from "./columns.js";
import {
  type Contents,
  type EpochValues,
  hashOf,
  type MarginValue,
  type RowValues,
  type TrajectoryKey,
} from "./hash.js";
import {
  BLOCK,
  blockOf,
  epochsOf as epochsInSql,
  isBeside,
  LAST_ROW,
  lastInBlock,
  PLACES,
  placeOf,
  rowId,
  trajectoryId,
} from "./layout.js";

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
  readonly #path: string;
  readonly #keys: CellKeys;
  readonly #sql: ReturnType<typeof statements>;

  constructor(path: string, db: Database.Database, keys: CellKeys) {
    this.#path = path;
    this.#keys = keys;
    this.#sql = statements(db);
  }

  find(cellKey: number, trial: number, startTrial: number): number | null {
    return (this.#sql.find.get(cellKey, trial, startTrial) as number | undefined) ?? null;
  }

  /** Stores a trajectory, or what of it is not there; what is there is compared to the bit, and never rewritten. */
  put(place: Place, given: Given, differ: Differ): Put {
    const curve = epochsOf(given, given.keep);
    const contents = { rows: given.rows, curve, margins: given.margins };
    const hash = hashOf(this.#keys.heldOf(place.cellKey), place, contents);
    const { changes, lastInsertRowid } = this.#sql.insert.run({ ...place, hash });
    if (changes === 0) return this.#add(place, given, differ);
    const id = Number(lastInsertRowid);
    this.#insertRows(id, given.rows);
    this.#insertEpochs(id, curve);
    for (const margin of given.margins) this.#insertMargin(id, margin);
    return { id, rows: given.rows, epochs: curve.length };
  }

  /** Notes failed rows; a finished one stays. Returns how many. */
  fail(id: number, rows: readonly RowValues[]): number {
    return rows.reduce((sum, row) => sum + this.#sql.fail.run(...rowValues(id, row)).changes, 0);
  }

  /** The same, where there is no row at all. */
  failWhereNone(id: number, rows: readonly RowValues[]): number {
    return rows.reduce((sum, row) => sum + this.#sql.failWhereNone.run(...rowValues(id, row)).changes, 0);
  }

  /** A stored trajectory, which must match its hash. */
  read(id: number): Stored {
    const [, cellKey, trial, startTrial, replicateOf, source, hash] = this.#sql.trajectory.get(id) as TrajectoryRow;
    const rows = (this.#sql.rows.all({ first: id, last: id + LAST_ROW, place: id % PLACES }) as Value[][]).map(readRow);
    const contents = { rows: rows.map(({ row }) => row), ...this.#beside(id) };
    const found = { id, cellKey, trial, startTrial, replicateOf, source, hash, contents };
    if (!this.matches(found)) throw damaged(this.#path, this.nameOf(found));
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
      block = this.#sql.block.all({ from }) as TrajectoryRow[];
      if (block.length === 0) return;
      yield* this.#readBlock(block);
    }
  }

  /** Trajectories of one block, whose rows lie among each other. */
  *#readBlock(block: readonly TrajectoryRow[]): Generator<Stored> {
    const rows = new Map<number, RowValues[]>(block.map(([id]) => [id, []]));
    const first = block[0][0];
    const all = this.#sql.blockRows.all(first - (first % PLACES), first - (first % PLACES) + BLOCK - 1) as Value[][];
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
    const found = this.#sql.name.get(cellKey) as Value[] | undefined;
    if (found === undefined) return `trial ${trial} of what is not there`;
    const [method, lambda, draw] = found.map((value) => clipped(escaped(String(value))));
    const start = startTrial === 0 || startTrial === trial ? "" : `, from the start of trial ${startTrial}`;
    return `${method} of λ ${lambda} on draw ${draw}, trial ${trial}${start}`;
  }

  setHash(id: number, hash: Buffer): void {
    this.#sql.setHash.run(hash, id);
  }

  #add(place: Place, given: Given, differ: Differ): Put {
    const id = this.find(place.cellKey, place.trial, place.startTrial) as number;
    const there = this.read(id);
    this.compare(there, given, differ);
    const finished = new Set(there.contents.rows.flatMap(({ state, epochs }) => (state === "failed" ? [] : [epochs])));
    const rows = given.rows.filter(({ epochs }) => !finished.has(epochs));
    for (const row of rows) this.#sql.upsertRow.run(...rowValues(id, row));
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
    const rows = (this.#sql.rows.all({ first: id, last: id + LAST_ROW, place: id % PLACES }) as Value[][]).map(readRow);
    const contents = { rows: rows.map(({ row }) => row), ...this.#beside(id) };
    this.setHash(id, hashOf(this.#keys.heldOf(cellKey), key, contents));
  }

  /** What is stored of a trajectory beside its rows. */
  #beside(id: number): Pick<Contents, "curve" | "margins"> {
    const curve = (this.#sql.curve.all(id) as number[][]).map(([epoch, ...values]) => ({ epoch, values }));
    const margins = this.#sql.margins.all({ first: id, last: id + LAST_ROW, place: id % PLACES }) as MarginValue[];
    return { curve, margins };
  }

  #insertRows(id: number, rows: readonly RowValues[]): void {
    this.#sql.insertRows(rows.length, (i, into) => {
      const { epochs, state, values, attempts, elapsedMs, finishedAt } = rows[i];
      into.push(id + PLACES * epochs, state);
      for (const value of values) into.push(value);
      into.push(attempts, elapsedMs, finishedAt);
    });
  }

  #insertEpochs(id: number, curve: readonly EpochValues[]): void {
    this.#sql.insertEpochs(curve.length, (i, into) => {
      const { epoch, values } = curve[i];
      into.push(id, epoch);
      for (const value of values) into.push(value);
    });
  }

  #insertMargin(id: number, { epochs, forgetRow, margin }: MarginValue): void {
    this.#sql.insertMargin.run(id, epochs, forgetRow, margin);
  }
}

/** That what is stored of `what` is not what its hash says. */
export function damaged(path: string, what: string): Error {
  return bad(
    `${path} holds of ${what} something else than what landed, so it was changed by another program or is damaged: take another copy of it; gmm-sweep verify names all that was changed`,
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

type TrajectoryRow = readonly [
  id: number,
  cellKey: number,
  trial: number,
  startTrial: number,
  replicateOf: number | null,
  source: number | null,
  hash: Buffer,
];

const ROW_COLUMNS = ["state", ...MEASURE_NAMES, "error", "attempts", "elapsed_ms", "finished_at"];
/** What a finished row, which has no error, is inserted with. */
const FINISHED_COLUMNS = ROW_COLUMNS.filter((name) => name !== "error");

function rowValues(id: number, row: RowValues): Value[] {
  return [id + PLACES * row.epochs, row.state, ...row.values, row.error, row.attempts, row.elapsedMs, row.finishedAt];
}

/** A row of a select of trajectory_id, epochs and ROW_COLUMNS. */
function readRow([trajectory, epochs, state, ...rest]: readonly Value[]): { trajectory: number; row: RowValues } {
  const values = rest.slice(0, MEASURE_NAMES.length);
  const [error, attempts, elapsedMs, finishedAt] = rest.slice(MEASURE_NAMES.length);
  const row = { epochs, state, values, error, attempts, elapsedMs, finishedAt } as RowValues;
  return { trajectory: trajectory as number, row };
}

/** Prepared once: a chunk may land thousands of rows. */
function statements(db: Database.Database) {
  const trajectory = "select id, cell_key_id, trial, start_trial, replicate_of, source_id, hash from trajectories";
  const rows = `select trajectory_id, epochs, ${ROW_COLUMNS.join(", ")} from trial_rows`;
  const upsert = `insert into trial_rows (id, ${ROW_COLUMNS.join(", ")}) values (${marks(1 + ROW_COLUMNS.length)}) on conflict do`;
  const replaced = (names: readonly string[]): string => names.map((name) => `${name} = excluded.${name}`).join(", ");
  const curve = `trajectory_id, epoch, ${CURVE_NAMES.join(", ")}`;
  // The block of the trials beside it, or a new one.
  const block = `coalesce(
    (select ${blockOf("t.id")} from trajectories t join cell_keys k on k.id = t.cell_key_id
     where t.cell_key_id = @cellKey and ${isBeside("t.trial", "@trial")} and (k.one_run = 0 or t.start_trial = @startTrial) limit 1),
    (select coalesce(${blockOf("max(id)")}, 0) + 1 from trajectories))`;
  return {
    find: db.prepare("select id from trajectories where cell_key_id = ? and trial = ? and start_trial = ?").pluck(),
    trajectory: db.prepare(`${trajectory} where id = ?`).raw(),
    // The trajectories of the first block from an id on.
    block: db
      .prepare(
        `${trajectory} where id between @from and (select ${lastInBlock("id")} from trajectories where id >= @from order by id limit 1) order by id`,
      )
      .raw(),
    name: db
      .prepare("select k.method, k.lambda_reg, d.draw from cell_keys k join draws d on d.id = k.draw_id where k.id = ?")
      .raw(),
    // Not `or ignore`: a block that another trajectory has must not pass for this trajectory.
    insert: db.prepare(
      `insert into trajectories (id, cell_key_id, trial, start_trial, replicate_of, source_id, hash)
       values (${trajectoryId(block, "@trial")}, @cellKey, @trial, @startTrial, @replicateOf, @source, @hash)
       on conflict (cell_key_id, trial, start_trial) do nothing`,
    ),
    setHash: db.prepare("update trajectories set hash = ? where id = ?"),
    rows: db.prepare(`${rows} where id between @first and @last and ${placeOf("id")} = @place order by id`).raw(),
    blockRows: db.prepare(`${rows} where id between ? and ? order by id`).raw(),
    curve: db
      .prepare(`select epoch, ${CURVE_NAMES.join(", ")} from epochs where trajectory_id = ? order by epoch`)
      .raw(),
    margins: db.prepare(
      `select ${epochsInSql("trial_row_id")} as epochs, forget_row as forgetRow, forget_margin as margin from forget_margins
       where trial_row_id between @first and @last and ${placeOf("trial_row_id")} = @place order by trial_row_id, forget_row`,
    ),
    insertRows: severalAtOnce(db, `trial_rows (id, ${FINISHED_COLUMNS.join(", ")})`, 1 + FINISHED_COLUMNS.length),
    insertEpochs: severalAtOnce(db, `epochs (${curve})`, 2 + CURVE_NAMES.length),
    upsertRow: db.prepare(
      `${upsert} update set ${replaced(ROW_COLUMNS.filter((name) => name !== "attempts"))}, attempts = attempts + excluded.attempts where state = 'failed'`,
    ),
    fail: db.prepare(
      `${upsert} update set ${replaced(["error", "finished_at"])}, attempts = attempts + excluded.attempts where state = 'failed'`,
    ),
    failWhereNone: db.prepare(`${upsert} nothing`),
    insertMargin: db.prepare(`insert into forget_margins values (${rowId("?", "?")}, ?, ?)`),
  };
}

const ROWS_AT_ONCE = 10; // one insert of 10 rows takes a third less than 10 of one; of 20 or 50 it is no less

/** Inserts `count` rows of `width` values, which `push` gives one after the other: several in one statement. */
function severalAtOnce(
  db: Database.Database,
  into: string,
  width: number,
): (count: number, push: (row: number, into: Value[]) => void) => void {
  const insert = (rows: number) =>
    db.prepare(`insert into ${into} values ${Array.from({ length: rows }, () => `(${marks(width)})`).join(", ")}`);
  const [several, one] = [insert(ROWS_AT_ONCE), insert(1)];
  return (count, push) => {
    for (let at = 0; at < count; ) {
      const values: Value[] = [];
      const end = at + ROWS_AT_ONCE <= count ? at + ROWS_AT_ONCE : at + 1;
      const statement = end === at + 1 ? one : several;
      for (; at < end; at++) push(at, values);
      statement.run(values);
    }
  };
}
