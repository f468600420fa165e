/** The columns that tell the rows of a table of cells apart. */
import { CELL, type CellKey } from "../plan/cell.js";
import type { Cell } from "./table.js";

/** The header and the left part of each row: the columns of `rows` that differ, and those that always stand there. */
export function cellColumns(rows: readonly Partial<Record<keyof CellKey, Cell>>[]): {
  header: string[];
  cells: Cell[][];
} {
  const columns = CELL.filter(({ name, always }) => always || differ(rows, name));
  return {
    header: columns.map(({ title }) => title),
    cells: rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
  };
}

/** Starts of two methods differ anyway: they count where one method stands there with several. */
function differ(rows: readonly Partial<Record<keyof CellKey, Cell>>[], name: keyof CellKey): boolean {
  if (name !== "start") return new Set(rows.map((row) => row[name])).size > 1;
  const methods = new Set(rows.map(({ method }) => method));
  return new Set(rows.map(({ method, start }) => `${method} ${start}`)).size > methods.size;
}
