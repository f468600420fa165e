/** The columns that tell the rows of a table of cells apart. */
import { CELL, type CellKey } from "../plan/cell.js";
import type { Cell } from "./table.js";

/** The header and the left part of each row: the columns of which what `rows` are some of has several values, those of `rows` that differ, and those that always stand there, but for what is told `elsewhere`. */
export function cellColumns(
  rows: readonly Partial<Record<keyof CellKey, Cell>>[],
  several: ReadonlySet<keyof CellKey>,
  elsewhere: readonly (keyof CellKey)[] = [],
): { header: string[]; cells: Cell[][] } {
  const isShown = (name: keyof CellKey): boolean => several.has(name) || differ(rows, name);
  const columns = CELL.filter(({ name, always }) => !elsewhere.includes(name) && (always || isShown(name)));
  return {
    header: columns.map(({ title }) => title),
    cells: rows.map((row) => columns.map(({ name }) => (name === "draw" ? shortDraw(row.draw) : (row[name] ?? null)))),
  };
}

// As of a commit: 2⁻²⁴ that two of a thousand draws begin alike.
const DIGITS_SHOWN = 12;

/** Imported data by the first digits of its hash: the whole would take a terminal's line of each row. */
function shortDraw(draw: Cell | undefined): Cell {
  const [, digits] = /^(sha256:[0-9a-f]+)$/.exec(String(draw)) ?? [];
  if (digits === undefined || digits.length <= "sha256:".length + DIGITS_SHOWN) return draw ?? null;
  return `${digits.slice(0, "sha256:".length + DIGITS_SHOWN)}…`;
}

/** Starts of two methods differ anyway: they count where one method stands there with several. */
function differ(rows: readonly Partial<Record<keyof CellKey, Cell>>[], name: keyof CellKey): boolean {
  if (name !== "start") return new Set(rows.map((row) => row[name])).size > 1;
  const methods = new Set(rows.map(({ method }) => method));
  return new Set(rows.map(({ method, start }) => `${method} ${start}`)).size > methods.size;
}
