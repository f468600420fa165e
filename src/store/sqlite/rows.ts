/** The rows of sweeps in the order of their keys, cell by cell: no sort of all rows, however many there are. */
import type Database from "better-sqlite3";
import { MEASURES, type Measures } from "../../measures.js";
import { CELL_NAMES, type CellKey } from "../../plan/cell.js";
import type { RowState, StoredMargin, StoredRow } from "../contract.js";
import { CELL_COLUMNS, columnOf, MEASURE_NAMES, type Value } from "./columns.js";
import { rowId } from "./schema.js";

/** A cell whose rows are shown. Cells of one rank are alike in all that comes before the trial in a key, so that their rows alternate. */
export interface Cell extends CellKey {
  readonly rank: number;
  readonly cell_key_id: number;
  readonly one_run: number;
  readonly trials: number;
}

/** What is read of a row after its trial, its start's trial. */
interface Line {
  readonly cell: Cell;
  readonly trial: number;
  readonly start_trial: number | null;
  readonly values: readonly Value[];
}

const TRIAL_AT = CELL_NAMES.indexOf("seed") + 1;
/** The columns of a cell before the trial in a row's key. */
export const BEFORE_TRIAL = CELL_NAMES.slice(0, TRIAL_AT);
/** Those after it. */
export const AFTER_TRIAL = CELL_NAMES.slice(TRIAL_AT);

// SQLite orders the few cells, so that texts and numbers stand as in `order by` of the key's columns. Where sweeps ask
// for several counts of trials, each of their copies is shown.
const CELLS = `
select dense_rank() over (order by ${BEFORE_TRIAL.map(columnOf).join(", ")}) as rank, c.cell_key_id, k.one_run, c.trials, ${CELL_COLUMNS}
from (
  select c.cell_key_id, c.epochs, max(s.trials) as trials
  from sweep_cells c join sweeps s on s.id = c.sweep_id join cell_keys k on k.id = c.cell_key_id
  where @sweep is null or c.sweep_id = @sweep
  group by c.cell_key_id, c.epochs, iif(k.one_run, s.trials, 0)
) c
join cell_keys k on k.id = c.cell_key_id
join draws d on d.id = k.draw_id
order by rank, ${AFTER_TRIAL.map(columnOf).join(", ")}`;

// Copies of one run count while they start from the last original of the count; those of a smaller count are superseded.
const OF_CELL = "t.cell_key_id = @cell_key_id and t.trial <= @trials and (@one_run = 0 or t.start_trial = @trials)";

const ROWS = `
select t.trial, nullif(t.start_trial, 0), r.state, t.replicate_of, coalesce(t.source_id, t.id), ${MEASURE_NAMES.map((name) => `r.${name}`).join(", ")}
from trajectories t cross join trial_rows r on r.id = ${rowId("t.id", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial`;

const MARGINS = `
select t.trial, nullif(t.start_trial, 0), m.forget_row, m.forget_margin
from trajectories t cross join forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial, m.forget_row`;

/** Of one sweep, or of all. */
export function cellsInOrder(db: Database.Database, sweep: number | null): Cell[] {
  return db.prepare(CELLS).all({ sweep }) as Cell[];
}

/** Lines of `cells` in the order of their keys; of cells of one rank trial by trial. */
function* linesInOrder(cells: readonly Cell[], read: Database.Statement): Generator<Line> {
  for (let i = 0; i < cells.length; ) {
    const alike: Line[] = [];
    for (const { rank } = cells[i]; i < cells.length && cells[i].rank === rank; i++) {
      const cell = cells[i];
      for (const [trial, start_trial, ...values] of read.all(cell) as Value[][])
        alike.push({ cell, trial: trial as number, start_trial: start_trial as number | null, values });
    }
    // Sorting keeps the order of cells where trial and start are equal.
    yield* alike.sort((a, b) => a.trial - b.trial || (a.start_trial ?? 0) - (b.start_trial ?? 0));
  }
}

/** A row of ROWS after trial and start_trial. */
export interface RowLine extends Omit<Line, "values"> {
  readonly state: RowState;
  readonly replicateOf: number | null;
  readonly source: number;
  /** In the order of MEASURES. */
  readonly measures: readonly (number | null)[];
}

export function* rowLines(db: Database.Database, cells: readonly Cell[]): Generator<RowLine> {
  for (const { values, ...line } of linesInOrder(cells, db.prepare(ROWS).raw())) {
    const [state, replicateOf, source, ...measures] = values;
    yield { ...line, state, replicateOf, source, measures } as RowLine;
  }
}

export interface MarginLine extends Omit<Line, "values"> {
  readonly forgetRow: number;
  readonly margin: number | null;
}

/** Those of forget sets of more than one row. */
export function* marginLines(db: Database.Database, cells: readonly Cell[]): Generator<MarginLine> {
  const several = cells.filter((cell) => cell.forget_rows > 1);
  for (const { values, ...line } of linesInOrder(several, db.prepare(MARGINS).raw())) {
    const [forgetRow, margin] = values;
    yield { ...line, forgetRow, margin } as MarginLine;
  }
}

export function* storedRows(db: Database.Database, sweep: number | null): Generator<StoredRow> {
  for (const line of rowLines(db, cellsInOrder(db, sweep))) {
    const { state, replicateOf, source } = line;
    const measures = Object.fromEntries(MEASURES.map(({ name }, i) => [name, line.measures[i]])) as unknown as Measures;
    yield { ...keyOf(line), state, measures, replicate_of: replicateOf, source };
  }
}

export function* storedMargins(db: Database.Database, sweep: number | null): Generator<StoredMargin> {
  for (const line of marginLines(db, cellsInOrder(db, sweep)))
    yield { ...keyOf(line), forget_row: line.forgetRow, forget_margin: line.margin };
}

function keyOf({ cell, trial, start_trial }: Pick<Line, "cell" | "trial" | "start_trial">) {
  const { rank: _rank, cell_key_id: _id, one_run: _oneRun, trials: _trials, ...key } = cell;
  return { ...key, trial, start_trial };
}
