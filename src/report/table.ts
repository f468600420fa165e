/** Tables as text: aligned columns, CSV, JSON. */
import { clipped, escaped } from "../printable.js";
import { type Cell, hexPieces, piecesOf } from "./pieces.js";

export type { Cell } from "./pieces.js";

export const FORMATS = ["table", "csv", "json"] as const;

/** Columns padded to their widest cell; numbers to the right. */
export function alignedTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const names = header.map(shownCell);
  const texts = rows.map((row) => row.map(shownCell));
  const widths = names.map((name, i) => texts.reduce((width, row) => Math.max(width, row[i].length), name.length));
  const right = header.map(
    (_, i) =>
      rows.length > 0 &&
      rows.every((row) => row[i] === null || typeof row[i] === "number" || typeof row[i] === "bigint"),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  const head = [line(names), line(widths.map((width) => "-".repeat(width)))];
  return head
    .concat(texts.map(line))
    .map((text) => `${text}\n`)
    .join("");
}

const BYTES_SHOWN = 50;

/** A value as a column has room for it. */
export function cut(cell: Cell): Cell {
  if (typeof cell === "string") return clipped(cell);
  if (!(cell instanceof Uint8Array) || cell.length <= BYTES_SHOWN) return cell;
  return `${cellText(cell.subarray(0, BYTES_SHOWN))}… and ${cell.length - BYTES_SHOWN} more bytes`;
}

function shownCell(cell: Cell): string {
  return escaped(cellText(cut(cell)));
}

/** One CSV line by RFC 4180 with its end, as exact as CSV is. */
export function* csvPieces(cells: readonly Cell[]): Generator<string> {
  for (const [i, cell] of cells.entries()) {
    if (i > 0) yield ",";
    yield* csvCell(cell);
  }
  yield "\n";
}

function* csvCell(cell: Cell): Generator<string> {
  if (cell instanceof Uint8Array) {
    yield "x'";
    yield* hexPieces(cell);
    yield "'";
  } else if (typeof cell === "string" && /[",\r\n]/.test(cell)) {
    yield '"';
    for (const piece of piecesOf(cell)) yield piece.replaceAll('"', '""');
    yield '"';
  } else if (cell !== null) yield* piecesOf(String(cell));
}

function cellText(cell: Cell): string {
  if (cell === null) return "null";
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString("hex")}'`;
  return String(cell);
}
