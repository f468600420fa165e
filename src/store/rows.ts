/** The rows of sweeps in the order of their keys, cell by cell: no sort of all rows, however many there are. */
import { MEASURES, type MeasureName } from "../measures.js";
import { CELL_NAMES, type CellKey, type RowKey } from "../plan/cell.js";
import type { CellSample, RowState, StoredMargin, StoredRow } from "./contract.js";
import { LineDigest, marginLine, rowLine } from "./digest.js";
import { CELL_COLUMNS, columnOf, MEASURE_NAMES, type Value } from "./sql/columns.js";
import type { Dialect } from "./sql/dialect.js";
import { FEWER_TRIALS, TRIALS_OF_CELL } from "./sql/layout.js";

/** A cell whose rows are shown. Cells of one rank are alike in all that comes before the trial in a key, so that their rows alternate. */
export interface Cell extends CellKey {
  readonly rank: number;
  readonly cell_key_id: number;
  readonly one_run: number;
  readonly trials: number;
}

/** A row of a cell, by the names of what was read. */
interface Line {
  readonly cell: Cell;
  readonly row: readonly Value[];
}

const TRIAL_AT = CELL_NAMES.indexOf("seed") + 1;
/** The columns of a cell before the trial in a row's key, and those after it. */
const [BEFORE_TRIAL, AFTER_TRIAL] = [CELL_NAMES.slice(0, TRIAL_AT), CELL_NAMES.slice(TRIAL_AT)];

/**
 * The cells of a sweep @sweep or, where it is null, of all. The database orders the few cells, so that texts and numbers
 * stand as in `order by` of the key's columns. Where sweeps ask for several counts of trials, each of their copies is shown.
 */
export function cellsInOrder({ choose, isSet }: Dialect): string {
  return `
select dense_rank() over (order by ${BEFORE_TRIAL.map(columnOf).join(", ")}) as rank, c.cell_key_id, k.one_run, c.trials, ${CELL_COLUMNS}
from (
  select c.cell_key_id, c.epochs, max(${TRIALS_OF_CELL}) as trials
  from sweep_cells c join sweeps s on s.id = c.sweep_id ${FEWER_TRIALS} join cell_keys k on k.id = c.cell_key_id
  where cast(@sweep as bigint) is null or c.sweep_id = cast(@sweep as bigint)
  group by c.cell_key_id, c.epochs, ${choose(isSet("k.one_run"), "s.trials", "0")}
) c
join cell_keys k on k.id = c.cell_key_id
join draws d on d.id = k.draw_id
order by rank, ${AFTER_TRIAL.map(columnOf).join(", ")}`;
}

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
const ROW_AT = placesOf(WHOLE_ROW);
const MARGIN_AT = placesOf(MARGIN);
/** Where the first measure is; the others follow in their order. */
const MEASURES_AT = ROW.length - MEASURES.length;

function placesOf(columns: readonly (readonly [name: Name, sql: string])[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(columns.map(([name], i) => [name, i])) as Record<Name, number>;
}

function sqlOf(columns: readonly (readonly [name: Name, sql: string])[]): string {
  return columns.map(([, sql]) => sql).join(", ");
}

/** What is selected of trajectories t, of their trial rows r or of their margins m. */
export const LINES = {
  rows: sqlOf(ROW),
  wholeRows: sqlOf(WHOLE_ROW),
  margins: sqlOf(MARGIN),
  samples: `t.trial, t.replicate_of, r.state, r.train_accuracy, r.test_accuracy, r.forget_probability, r.forget_margin`,
};

/** The rows of a cell, in the order of trial, start and forget row. */
export type ReadCell = (cell: Cell) => readonly (readonly Value[])[];

/** Lines of `cells` in the order of their keys; of cells of one rank trial by trial. */
function* linesInOrder(cells: readonly Cell[], read: ReadCell): Generator<Line> {
  for (let i = 0; i < cells.length; ) {
    const first = i;
    const alike: Line[] = [];
    for (const { rank } = cells[i]; i < cells.length && cells[i].rank === rank; i++) {
      const cell = cells[i];
      for (const row of read(cell)) alike.push({ cell, row });
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

/** `read` reads LINES.wholeRows. */
export function* storedRows(cells: readonly Cell[], read: ReadCell): Generator<StoredRow> {
  for (const { cell, row } of linesInOrder(cells, read)) {
    const measures: Partial<Record<MeasureName, Value>> = {};
    for (const name of MEASURE_NAMES) measures[name] = row[ROW_AT[name]];
    const of = (name: Name): Value => row[ROW_AT[name]];
    const rest = { state: of("state"), measures, replicate_of: of("replicate_of"), source: of("source") };
    yield { ...keyOf(cell, row), ...rest } as StoredRow;
  }
}

type SampleLine = readonly [
  trial: number,
  replicateOf: number | null,
  state: string,
  trainAccuracy: number,
  testAccuracy: number | null,
  forgetProbability: number,
  forgetMargin: number | null,
];

/** Cell by cell; `read` reads LINES.samples. */
export function* cellSamples(cells: readonly Cell[], read: ReadCell): Generator<CellSample> {
  for (const cell of cells) {
    const lines = read(cell) as readonly SampleLine[];
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

/** The cells that have margins: of a single forget row they are the trial rows'. */
export function ofSeveralForgetRows(cells: readonly Cell[]): Cell[] {
  return cells.filter((cell) => cell.forget_rows > 1);
}

/** `read` reads LINES.margins. */
export function* storedMargins(cells: readonly Cell[], read: ReadCell): Generator<StoredMargin> {
  for (const { cell, row } of linesInOrder(cells, read)) {
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

/** The digest of a sweep: the lines of `digestOf`, whose keys are written once a cell. */
export class CellDigest {
  readonly #digest = new LineDigest();
  readonly #keys = new WeakMap<Cell, KeyText>();

  /** `read` reads LINES.rows. */
  addRows(cells: readonly Cell[], read: ReadCell): void {
    for (const line of linesInOrder(cells, read))
      this.#digest.add(rowLine(this.#keyOf(line), line.row[ROW_AT.state] as RowState, line.row, MEASURES_AT));
  }

  /** After all rows; `read` reads LINES.margins. */
  addMargins(cells: readonly Cell[], read: ReadCell): void {
    for (const line of linesInOrder(cells, read)) {
      const [forgetRow, margin] = [line.row[MARGIN_AT.forget_row], line.row[MARGIN_AT.forget_margin]];
      this.#digest.add(marginLine(this.#keyOf(line), forgetRow as number, margin as number | null));
    }
  }

  hex(): string {
    return this.#digest.hex();
  }

  #keyOf({ cell, row }: Line): string {
    let text = this.#keys.get(cell);
    if (text === undefined) {
      text = new KeyText(cell);
      this.#keys.set(cell, text);
    }
    return text.of(row[ROW_AT.trial] as number, row[ROW_AT.start_trial] as number | null);
  }
}

/** The keys of a cell's rows as JSON. */
class KeyText {
  readonly #before: string;
  readonly #after: string;

  constructor(cell: Cell) {
    const text = (names: readonly (keyof Cell)[]): string => JSON.stringify(names.map((name) => cell[name]));
    this.#before = text(BEFORE_TRIAL).slice(0, -1);
    this.#after = text(AFTER_TRIAL).slice(1);
  }

  of(trial: number, startTrial: number | null): string {
    return `${this.#before},${trial},${startTrial},${this.#after}`;
  }
}
