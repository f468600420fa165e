/** Reads the rows of a file's cells, one statement a cell. */
import type Database from "better-sqlite3";
import type { CellSample, StoredMargin, StoredRow } from "../contract.js";
import * as inOrder from "../rows.js";
import type { Value } from "../sql/columns.js";
import { countedIn } from "../sql/layout.js";
import { SQLITE_DIALECT } from "./dialect.js";
import { rowId } from "./layout.js";

const CELLS = inOrder.cellsInOrder(SQLITE_DIALECT);
const OF_CELL = countedIn({ key: "@cell_key_id", oneRun: "@one_run", trials: "@trials" });
const ROWS = `
from trajectories t cross join trial_rows r on r.id = ${rowId("t.id", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial`;
const MARGINS = `
from trajectories t cross join forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial, m.forget_row`;

/** Of one sweep, or of all. */
function cellsOf(db: Database.Database, sweep: number | null): inOrder.Cell[] {
  return db.prepare(CELLS).all({ sweep }) as inOrder.Cell[];
}

function reading(db: Database.Database, what: keyof typeof inOrder.LINES): inOrder.ReadCell {
  const read = db.prepare(`select ${inOrder.LINES[what]} ${what === "margins" ? MARGINS : ROWS}`).raw();
  return (cell) => read.all(cell) as Value[][];
}

export function* storedRows(db: Database.Database, sweep: number | null): Generator<StoredRow> {
  yield* inOrder.storedRows(cellsOf(db, sweep), reading(db, "wholeRows"));
}

export function* cellSamples(db: Database.Database, sweep: number): Generator<CellSample> {
  yield* inOrder.cellSamples(cellsOf(db, sweep), reading(db, "samples"));
}

export function* storedMargins(db: Database.Database, sweep: number | null): Generator<StoredMargin> {
  yield* inOrder.storedMargins(inOrder.ofSeveralForgetRows(cellsOf(db, sweep)), reading(db, "margins"));
}

export function digestOfSweep(db: Database.Database, sweep: number): string {
  const cells = cellsOf(db, sweep);
  const digest = new inOrder.CellDigest();
  digest.addRows(cells, reading(db, "rows"));
  digest.addMargins(inOrder.ofSeveralForgetRows(cells), reading(db, "margins"));
  return digest.hex();
}
