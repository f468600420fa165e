/** The columns that tell the rows of a table of cells apart. */
import type { Cell } from "./table.js";

/** What a cell is called by; those in `always` stand in a table even where all its rows have one value. */
const CELL_COLUMNS = [
  ["preset", "preset"],
  ["draw", "draw"],
  ["samples", "samples"],
  ["features", "features"],
  ["forget_rows", "forget rows"],
  ["hidden", "hidden"],
  ["learning_rate", "learning rate"],
  ["method", "method"],
  ["lambda_reg", "λ"],
  ["epochs", "epochs"],
  ["start", "start"],
] as const;

type CellColumn = (typeof CELL_COLUMNS)[number][0];

const ALWAYS: readonly CellColumn[] = ["preset", "method", "lambda_reg", "epochs"];

/** The header and the left part of each row: the columns of `rows` that differ, and those that always stand there. */
export function cellColumns(rows: readonly Partial<Record<CellColumn, Cell>>[]): {
  header: string[];
  cells: Cell[][];
} {
  const columns = CELL_COLUMNS.filter(
    ([name]) =>
      ALWAYS.includes(name) || (name === "start" ? startsDiffer(rows) : new Set(rows.map((row) => row[name])).size > 1),
  );
  return {
    header: columns.map(([, title]) => title),
    cells: rows.map((row) => columns.map(([name]) => row[name] ?? null)),
  };
}

/** Whether a method stands there with several starts: those of two methods differ anyway. */
function startsDiffer(rows: readonly Partial<Record<CellColumn, Cell>>[]): boolean {
  const methods = new Set(rows.map(({ method }) => method));
  return new Set(rows.map(({ method, start }) => `${method} ${start}`)).size > methods.size;
}
