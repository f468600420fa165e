/** Reads the rows of a database's cells, some thousands of rows at a time: memory stays flat, however many there are. */
import * as inOrder from "../rows.js";
import type { Value } from "../sql/columns.js";
import { countedIn } from "../sql/layout.js";
import { type Column, given } from "./arrays.js";
import type { Session } from "./connection.js";
import { POSTGRES_DIALECT, rowId } from "./dialect.js";

const CELLS = inOrder.cellsInOrder(POSTGRES_DIALECT);
const OF_CELL = countedIn({ key: "g.cell_key_id", oneRun: "g.one_run", trials: "g.trials" });
const COLUMNS: readonly Column[] = [
  ["place", "integer"],
  ["cell_key_id", "bigint"],
  ["one_run", "integer"],
  ["trials", "integer"],
  ["epochs", "integer"],
];
const ROWS = `join trial_rows r on r.id = ${rowId("t.id", "g.epochs")} order by g.place, t.trial, t.start_trial`;
const MARGINS = `join forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "g.epochs")}
order by g.place, t.trial, t.start_trial, m.forget_row`;

/** Of one sweep, or of all. */
export async function cellsOf(session: Session, sweep: number | null): Promise<inOrder.Cell[]> {
  return session.rows<inOrder.Cell>(CELLS, { sweep });
}

const ROWS_AT_ONCE = 20_000;

/** Cells with their rows, as many cells at a time as have some thousands of rows; those of one rank stay together. */
export async function* batches(
  session: Session,
  cells: readonly inOrder.Cell[],
  what: keyof typeof inOrder.LINES,
): AsyncGenerator<{ cells: readonly inOrder.Cell[]; read: inOrder.ReadCell }> {
  for (let from = 0, to = 0; from < cells.length; from = to) {
    for (let rows = 0; to < cells.length; to++) {
      const { trials, forget_rows, rank } = cells[to];
      const isWith = to > from && cells[to - 1].rank === rank;
      if (rows >= ROWS_AT_ONCE && !isWith) break;
      rows += what === "margins" ? trials * forget_rows : trials;
    }
    const some = cells.slice(from, to);
    yield { cells: some, read: await readAll(session, some, what) };
  }
}

async function readAll(
  session: Session,
  cells: readonly inOrder.Cell[],
  what: keyof typeof inOrder.LINES,
): Promise<inOrder.ReadCell> {
  const { sql, parameters } = given(
    "g",
    COLUMNS,
    cells.map(({ cell_key_id, one_run, trials, epochs }, i) => [i, cell_key_id, one_run, trials, epochs]),
  );
  const lines = (await session.lists(
    `select g.place, ${inOrder.LINES[what]} from ${sql} join trajectories t on ${OF_CELL} ${what === "margins" ? MARGINS : ROWS}`,
    parameters,
  )) as [number, ...Value[]][];
  const byCell = new Map<inOrder.Cell, Value[][]>(cells.map((cell) => [cell, []]));
  for (const [place, ...line] of lines) byCell.get(cells[place])?.push(line);
  return (cell) => byCell.get(cell) ?? [];
}

export async function digestOfSweep(session: Session, sweep: number): Promise<string> {
  const cells = await cellsOf(session, sweep);
  const digest = new inOrder.CellDigest();
  for await (const some of batches(session, cells, "rows")) digest.addRows(some.cells, some.read);
  for await (const some of batches(session, inOrder.ofSeveralForgetRows(cells), "margins"))
    digest.addMargins(some.cells, some.read);
  return digest.hex();
}
