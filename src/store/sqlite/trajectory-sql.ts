/** Trajectories and what is stored of them, in SQL: statements that read and statements that write, prepared once, since a chunk may land thousands of rows. */
import type Database from "better-sqlite3";
import type { RowValues } from "../hash.js";
import { CURVE_NAMES, MEASURE_NAMES, marks, type Value } from "../sql/columns.js";
import {
  blockOf,
  epochsOf,
  FIND_TRIAL,
  isBeside,
  lastInBlock,
  PLACES,
  placeOf,
  rowId,
  trajectoryId,
} from "./layout.js";

/** A row of `reading.trajectory` and `reading.block`. */
export type TrajectoryRow = readonly [
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

/** What `writing.fail` and its like take. */
export function rowValues(id: number, row: RowValues): Value[] {
  return [id + PLACES * row.epochs, row.state, ...row.values, row.error, row.attempts, row.elapsedMs, row.finishedAt];
}

/** A row of a select of trajectory_id, epochs and ROW_COLUMNS. */
export function readRow([trajectory, epochs, state, ...rest]: readonly Value[]): {
  trajectory: number;
  row: RowValues;
} {
  const values = rest.slice(0, MEASURE_NAMES.length);
  const [error, attempts, elapsedMs, finishedAt] = rest.slice(MEASURE_NAMES.length);
  const row = { epochs, state, values, error, attempts, elapsedMs, finishedAt } as RowValues;
  return { trajectory: trajectory as number, row };
}

/** Statements by what they are for. */
type Statements<Name extends string> = Readonly<Record<Name, Database.Statement>>;

export function reading(
  db: Database.Database,
): Statements<"find" | "trajectory" | "block" | "name" | "rows" | "blockRows" | "curve" | "margins"> {
  const trajectory = "select id, cell_key_id, trial, start_trial, replicate_of, source_id, hash from trajectories";
  const rows = `select trajectory_id, epochs, ${ROW_COLUMNS.join(", ")} from trial_rows`;
  return {
    find: db.prepare(FIND_TRIAL).pluck(),
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
    rows: db.prepare(`${rows} where id between @first and @last and ${placeOf("id")} = @place order by id`).raw(),
    blockRows: db.prepare(`${rows} where id between ? and ? order by id`).raw(),
    curve: db
      .prepare(`select epoch, ${CURVE_NAMES.join(", ")} from epochs where trajectory_id = ? order by epoch`)
      .raw(),
    margins: db.prepare(
      `select ${epochsOf("trial_row_id")} as epochs, forget_row as forgetRow, forget_margin as margin from forget_margins
       where trial_row_id between @first and @last and ${placeOf("trial_row_id")} = @place order by trial_row_id, forget_row`,
    ),
  };
}

/** Inserts so many rows. */
type Insert = ReturnType<typeof severalAtOnce>;

export function writing(
  db: Database.Database,
): Statements<"insert" | "setHash" | "upsertRow" | "fail" | "failWhereNone" | "insertMargin"> &
  Readonly<Record<"insertRows" | "insertEpochs", Insert>> {
  const upsert = `insert into trial_rows (id, ${ROW_COLUMNS.join(", ")}) values (${marks(1 + ROW_COLUMNS.length)}) on conflict do`;
  const replaced = (names: readonly string[]): string => names.map((name) => `${name} = excluded.${name}`).join(", ");
  const curve = `trajectory_id, epoch, ${CURVE_NAMES.join(", ")}`;
  // The block of the trials beside it, or a new one.
  const block = `coalesce(
    (select ${blockOf("t.id")} from trajectories t join cell_keys k on k.id = t.cell_key_id
     where t.cell_key_id = @cellKey and ${isBeside("t.trial", "@trial")} and (k.one_run = 0 or t.start_trial = @startTrial) limit 1),
    (select coalesce(${blockOf("max(id)")}, 0) + 1 from trajectories))`;
  return {
    // Not `or ignore`: a block that another trajectory has must not pass for this trajectory.
    insert: db.prepare(
      `insert into trajectories (id, cell_key_id, trial, start_trial, replicate_of, source_id, hash)
       values (${trajectoryId(block, "@trial")}, @cellKey, @trial, @startTrial, @replicateOf, @source, @hash)
       on conflict (cell_key_id, trial, start_trial) do nothing`,
    ),
    setHash: db.prepare("update trajectories set hash = ? where id = ?"),
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
