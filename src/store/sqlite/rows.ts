/** The rows of sweeps in the order of their keys, cell by cell: no sort of all rows, however many there are. */
import type Database from "better-sqlite3";
import { MEASURES, type MeasureName } from "../../measures.js";
import { CELL_NAMES, type CellKey, type RowKey } from "../../plan/cell.js";
import type { CellSample, StoredMargin, StoredRow } from "../contract.js";
import { CELL_COLUMNS, columnOf, MEASURE_NAMES, type Value } from "./columns.js";
import { countedIn, FEWER_TRIALS, rowId, TRIALS_OF_CELL } from "./layout.js";

/** A cell whose rows are shown. Cells of one rank are alike in all that comes before the trial in a key, so that their rows alternate. */
export interface Cell extends CellKey {
  readonly rank: number;
  readonly cell_key_id: number;
  readonly one_run: number;
  readonly trials: number;
}

/** A row of a cell, by the names of what was read. */
export interface Line {
  readonly cell: Cell;
  readonly row: readonly Value[];
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
  select c.cell_key_id, c.epochs, max(${TRIALS_OF_CELL}) as trials
  from sweep_cells c join sweeps s on s.id = c.sweep_id ${FEWER_TRIALS} join cell_keys k on k.id = c.cell_key_id
  where @sweep is null or c.sweep_id = @sweep
  group by c.cell_key_id, c.epochs, iif(k.one_run, s.trials, 0)
) c
join cell_keys k on k.id = c.cell_key_id
join draws d on d.id = k.draw_id
order by rank, ${AFTER_TRIAL.map(columnOf).join(", ")}`;

const OF_CELL = countedIn({ key: "@cell_key_id", oneRun: "@one_run", trials: "@trials" });

/** What is read of a row, in this order. */
const ROW = [
  ["trial", "t.trial"],
  ["start_trial", "nullif(t.start_trial, 0)"],
  ["state", "r.state"],
  ...MEASURES.map(({ name }) => [name, `r.${name}`] as const),
] as const;
const MARGIN = [...ROW.slice(0, 2), ["forget_row", "m.forget_row"], ["forget_margin", "m.forget_margin"]] as const;

/** With all that tells where a row came from: the digest does without. */
const WHOLE_ROW = [...ROW, ["replicate_of", "t.replicate_of"], ["source", "coalesce(t.source_id, t.id)"]] as const;

type Name = (typeof WHOLE_ROW)[number][0] | (typeof MARGIN)[number][0];

/** Where a line has each of them. */
export const ROW_AT = placesOf(WHOLE_ROW);
export const MARGIN_AT = placesOf(MARGIN);
/** Where the first measure is; the others follow in their order. */
export const MEASURES_AT = ROW.length - MEASURES.length;

function placesOf(columns: readonly (readonly [name: Name, sql: string])[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(columns.map(([name], i) => [name, i])) as Record<Name, number>;
}

function sqlOf(columns: readonly (readonly [name: Name, sql: string])[]): string {
  return columns.map(([, sql]) => sql).join(", ");
}

const ROWS = `
from trajectories t cross join trial_rows r on r.id = ${rowId("t.id", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial`;

const MARGINS = `
select ${sqlOf(MARGIN)}
from trajectories t cross join forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "@epochs")}
where ${OF_CELL}
order by t.trial, t.start_trial, m.forget_row`;

/** Of one sweep, or of all. */
export function cellsInOrder(db: Database.Database, sweep: number | null): Cell[] {
  return db.prepare(CELLS).all({ sweep }) as Cell[];
}

/** The rows of `cells` in the order of their keys, as ROW_AT says, but for where they came from. */
export function rowLines(db: Database.Database, cells: readonly Cell[]): Generator<Line> {
  return linesInOrder(cells, db.prepare(`select ${sqlOf(ROW)} ${ROWS}`).raw());
}

/** The margins of forget sets of more than one row, as MARGIN_AT says. */
export function marginLines(db: Database.Database, cells: readonly Cell[]): Generator<Line> {
  const several = cells.filter((cell) => cell.forget_rows > 1);
  return linesInOrder(several, db.prepare(MARGINS).raw());
}

/** Lines of `cells` in the order of their keys; of cells of one rank trial by trial. */
function* linesInOrder(cells: readonly Cell[], read: Database.Statement): Generator<Line> {
  for (let i = 0; i < cells.length; ) {
    const first = i;
    const alike: Line[] = [];
    for (const { rank } = cells[i]; i < cells.length && cells[i].rank === rank; i++) {
      const cell = cells[i];
      for (const row of read.all(cell) as Value[][]) alike.push({ cell, row });
    }
    // Sorting keeps the order of cells where trial and start are equal.
    if (i > first + 1) alike.sort(byTrial);
    for (const line of alike) yield line;
  }
}

function byTrial({ row: a }: Line, { row: b }: Line): number {
  const { trial, start_trial } = ROW_AT;
  return Number(a[trial]) - Number(b[trial]) || Number(a[start_trial]) - Number(b[start_trial]);
}

export function* storedRows(db: Database.Database, sweep: number | null): Generator<StoredRow> {
  const read = db.prepare(`select ${sqlOf(WHOLE_ROW)} ${ROWS}`).raw();
  for (const { cell, row } of linesInOrder(cellsInOrder(db, sweep), read)) {
    const measures: Partial<Record<MeasureName, Value>> = {};
    for (const name of MEASURE_NAMES) measures[name] = row[ROW_AT[name]];
    const of = (name: Name): Value => row[ROW_AT[name]];
    const rest = { state: of("state"), measures, replicate_of: of("replicate_of"), source: of("source") };
    yield { ...keyOf(cell, row), ...rest } as StoredRow;
  }
}

const SAMPLE = `
select t.trial, t.replicate_of, r.state, r.train_accuracy, r.test_accuracy, r.forget_probability, r.forget_margin
${ROWS}`;

type SampleLine = readonly [
  trial: number,
  replicateOf: number | null,
  state: string,
  trainAccuracy: number,
  testAccuracy: number | null,
  forgetProbability: number,
  forgetMargin: number | null,
];

/** Cell by cell, in the order of their keys. */
export function* cellSamples(db: Database.Database, sweep: number): Generator<CellSample> {
  const read = db.prepare(SAMPLE).raw();
  for (const cell of cellsInOrder(db, sweep)) {
    const lines = read.all(cell) as SampleLine[];
    if (lines.length === 0) continue;
    const own = lines.filter(([, replicateOf]) => replicateOf === null);
    const done = own.filter(([, , state]) => state === "done");
    const count = (wanted: string): number => own.filter(([, , state]) => state === wanted).length;
    yield {
      key: Object.fromEntries(CELL_NAMES.map((name) => [name, cell[name]])) as unknown as CellKey,
      trials: done.map(([trial]) => trial),
      train_accuracy: done.map(([, , , accuracy]) => accuracy),
      test_accuracy: done.map(([, , , , accuracy]) => accuracy),
      forget_probability: done.map(([, , , , , probability]) => probability),
      forget_margin: done.map(([, , , , , , margin]) => margin),
      ...{ copies: lines.length - own.length, diverged: count("diverged"), failed: count("failed") },
    };
  }
}

export function* storedMargins(db: Database.Database, sweep: number | null): Generator<StoredMargin> {
  for (const { cell, row } of marginLines(db, cellsInOrder(db, sweep))) {
    const { forget_row, forget_margin } = MARGIN_AT;
    yield { ...keyOf(cell, row), forget_row: row[forget_row], forget_margin: row[forget_margin] } as StoredMargin;
  }
}

const keys = new WeakMap<Cell, CellKey>();

/** The key of a line, whose first columns are those of ROW and of MARGIN alike. */
function keyOf(
  cell: Cell,
  row: Line["row"],
): Omit<RowKey, "trial" | "start_trial"> & Record<"trial" | "start_trial", Value> {
  let key = keys.get(cell);
  if (key === undefined) {
    key = Object.fromEntries(CELL_NAMES.map((name) => [name, cell[name]])) as unknown as CellKey;
    keys.set(cell, key);
  }
  return { ...key, trial: row[ROW_AT.trial], start_trial: row[ROW_AT.start_trial] };
}
