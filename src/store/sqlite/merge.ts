/** Unites files: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import { WHOLE } from "../../plan/trajectories.js";
import type { Merged } from "../contract.js";
import { CellKeys } from "./cell-keys.js";
import { CELL_KEY_NAMES, DRAW_NAMES, equal, marks, type Value } from "./columns.js";
import { guarded, toldOf } from "./file.js";
import { otherCells, Sweeps } from "./sweeps.js";
import { type Differ, damaged, type Given, type Stored, Trajectories } from "./trajectories.js";

/** A file that takes in others, inside a transaction. */
export interface Whole {
  readonly path: string;
  readonly db: Database.Database;
  readonly keys: CellKeys;
  readonly sweeps: Sweeps;
  readonly trajectories: Trajectories;
}

/** A part as it was when it was opened: another process may be writing it. */
class Part {
  readonly path: string;
  readonly db: Database.Database;
  readonly sweeps: Sweeps;
  readonly trajectories: Trajectories;

  constructor(path: string, db: Database.Database) {
    this.path = path;
    this.db = db;
    const keys = new CellKeys(path, db);
    this.sweeps = new Sweeps(path, db, keys);
    this.trajectories = new Trajectories(path, db, keys);
  }
}

/**
 * Lands all of the part in the whole. Throws check where the two differ in a bit, usage where what the part holds does
 * not match its hash. The part is read over a connection of its own and not attached: SQLite detaches nothing inside a
 * transaction and attaches ten files at most, and whatever is wrong with the part is then said of the part.
 */
export function mergePart(whole: Whole, path: string, db: Database.Database): Merged {
  const part = new Part(path, db);
  const keys = mergeCellKeys(whole.db, part);
  mergeSweeps(whole, part);
  return mergeTrajectories(whole, part, keys);
}

/** The whole's id for each id of the part, of cell keys. */
function mergeCellKeys(db: Database.Database, part: Part): Map<Value, number> {
  const key = ["draw_id", ...CELL_KEY_NAMES];
  const columns = [...key, "lambda_effective", "one_run", "engine"];
  const insertDraw = db.prepare(
    `insert or ignore into draws (${DRAW_NAMES.join(", ")}, data_seed) values (${marks(DRAW_NAMES.length + 1)})`,
  );
  const findDraw = db.prepare(`select id from draws where ${equal(DRAW_NAMES)}`).pluck();
  const insertKey = db.prepare(
    `insert or ignore into cell_keys (${columns.join(", ")}) values (${marks(columns.length)})`,
  );
  const findKey = db.prepare(`select id from cell_keys where ${equal(key)}`).pluck();
  const draws = new Map<Value, number>();
  for (const [id, dataSeed, ...draw] of rowsOf(part, `select id, data_seed, ${DRAW_NAMES.join(", ")} from draws`)) {
    insertDraw.run(...draw, dataSeed);
    draws.set(id, findDraw.get(...draw) as number);
  }
  const keys = new Map<Value, number>();
  for (const [id, draw, ...values] of rowsOf(part, `select id, ${columns.join(", ")} from cell_keys order by id`)) {
    const all = [draws.get(draw) as number, ...values];
    insertKey.run(...all);
    keys.set(id, findKey.get(...all.slice(0, key.length)) as number);
  }
  return keys;
}

function rowsOf({ path, db }: Part, sql: string): Value[][] {
  return guarded(path, () => db.prepare(sql).raw().all() as Value[][]);
}

/** What fails while a part is read is said of the part. */
function* trajectoriesOf({ path, trajectories }: Part): Generator<Stored> {
  try {
    yield* trajectories.all();
  } catch (error) {
    throw toldOf(path, error);
  }
}

/** Sweeps with their cells and commands. A sweep that is in both grows. */
function mergeSweeps({ sweeps }: Whole, part: Part): void {
  const times = part.db.prepare("select created_at as createdAt, opened_at as openedAt from sweeps where id = ?");
  for (const sweep of part.sweeps.all()) {
    if (part.sweeps.hasOtherCells(sweep)) throw otherCells(part.path, sweep.id);
    const how = times.get(sweep.id) as { createdAt: string; openedAt: string };
    const { id } = sweeps.unite(sweep.plan, sweep.profile, { shard: WHOLE, grow: true, ...how });
    for (const command of part.sweeps.commands(sweep.id)) sweeps.addCommand(id, command);
  }
}

function mergeTrajectories({ path, trajectories }: Whole, part: Part, keys: ReadonlyMap<Value, number>): Merged {
  const merged = { trialRows: 0, epochs: 0 };
  /** The whole's ids. */
  const ids = new Map<number, number>();
  const copies: Stored[] = [];
  const merge = (stored: Stored): void => {
    const name = part.trajectories.nameOf(stored);
    if (!part.trajectories.matches(stored)) throw damaged(part.path, name);
    const place = {
      ...stored,
      cellKey: keys.get(stored.cellKey) as number,
      source: stored.source === null ? null : (ids.get(stored.source) as number),
    };
    const put = trajectories.put(place, givenOf(stored), differ(path, part.path, name));
    ids.set(stored.id, put.id);
    const failed = stored.contents.rows.filter(({ state }) => state === "failed");
    merged.trialRows += put.rows.length + trajectories.failWhereNone(put.id, failed);
    merged.epochs += put.epochs;
  };
  // Copies after all others: each names the run that it repeats.
  for (const stored of trajectoriesOf(part)) {
    if (stored.source === null) merge(stored);
    else copies.push(stored);
  }
  copies.forEach(merge);
  return merged;
}

function givenOf({ source, contents }: Stored): Given {
  const curve = new Map(contents.curve.map(({ epoch, values }) => [epoch, values]));
  return {
    rows: contents.rows.filter(({ state }) => state !== "failed"),
    keep: [...curve.keys()],
    curveAt: source === null ? (epoch) => curve.get(epoch) ?? null : null,
    margins: contents.margins,
  };
}

function differ(path: string, part: string, name: string): Differ {
  return (epoch) => {
    throw new SweepError(
      "check",
      `${part} differs from ${path} or from a part before it in ${name}, at epoch ${epoch}, so one of the two is wrong: nothing was merged; gmm-sweep verify FILE says whether it is that FILE`,
    );
  };
}
