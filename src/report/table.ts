/** Tables as text: aligned columns, CSV, JSON. */
import { clipped, escaped } from "../printable.js";
import { type Cell, hexPieces, piecesOf } from "./pieces.js";
import { TOGETHER, wrapped } from "./wrap.js";

export type { Cell } from "./pieces.js";

export const FORMATS = ["table", "csv", "json"] as const;

const GAP = 2;

/** Columns padded to their widest cell; numbers to the right. */
export function alignedTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return printed(columnsOf(header, rows));
}

/**
 * The same table in `width` columns of a terminal: where it is too wide, headers stand on several lines; where it still is,
 * what all rows have in common is said once above it, or some columns stand in a table beneath; where it still is, each row
 * becomes lines of names and values.
 */
export function tableWithin(width: number, header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = columnsOf(header, rows);
  const common = rows.length > 1 ? all.filter(isCommon) : [];
  const tries: (() => string | null)[] = [
    () => within(all, width, SPACES),
    () => within(all, width, UNDERSCORES),
    () => withCommon(all, common, width),
    () => inBlocks(all, width),
  ];
  for (const attempt of tries) {
    const text = attempt();
    if (text !== null) return text;
  }
  return stacked(all, width);
}

/** Where a header may go on in the next line: at a space, or after the underscore of a name. */
const SPACES = / /;
const UNDERSCORES = / |(?<=_)(?=\w)/;

interface Column {
  readonly name: string;
  readonly cells: readonly string[];
  readonly right: boolean;
  readonly widest: number;
}

function columnsOf(header: readonly string[], rows: readonly (readonly Cell[])[]): Column[] {
  return header.map((given, i) => {
    const name = shownCell(given);
    const cells = rows.map((row) => shownCell(row[i]));
    const right =
      rows.length > 0 &&
      rows.every((row) => row[i] === null || typeof row[i] === "number" || typeof row[i] === "bigint");
    return { name, cells, right, widest: cells.reduce((most, { length }) => Math.max(most, length), 0) };
  });
}

function isCommon({ cells }: Column): boolean {
  return cells.every((cell) => cell === cells[0]);
}

/** A table whose headers stand in as few lines as `width` lets them; null where it lets none. */
function within(columns: readonly Column[], width: number, at: RegExp): string | null {
  const words = columns.map(({ name }) => name.split(at));
  const most = words.reduce((longest, { length }) => Math.max(longest, length), 0);
  for (let lines = 1; lines <= most; lines++) {
    const names = words.map((parts) => inLines(parts, lines));
    const text = widthOf(columns, names) <= width ? printed(columns, names) : null;
    if (text !== null) return text;
  }
  return null;
}

/** Words in at most so many lines, the longest of which is as short as it can be. */
function inLines(words: readonly string[], lines: number): string[] {
  for (let width = words.reduce((most, { length }) => Math.max(most, length), 0); ; width++) {
    const filled = fill(words, width);
    if (filled.length <= lines) return filled;
  }
}

function fill(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last}${last.endsWith("_") ? "" : " "}${word}`;
    if (last !== undefined && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function widthOf(columns: readonly Column[], names: readonly (readonly string[])[]): number {
  return columns.reduce(
    (sum, { widest }, i) => sum + GAP + Math.max(widest, ...names[i].map(({ length }) => length)),
    -GAP,
  );
}

/** A table, with the lines of each header ending above its rule. */
function printed(
  columns: readonly Column[],
  names: readonly (readonly string[])[] = columns.map(({ name }) => [name]),
): string {
  const widths = columns.map(({ widest }, i) => Math.max(widest, ...names[i].map(({ length }) => length)));
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, i) => (columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join(" ".repeat(GAP))
      .trimEnd()}\n`;
  const height = names.reduce((most, { length }) => Math.max(most, length), 1);
  const head = Array.from({ length: height }, (_, h) =>
    line(names.map((lines) => lines[h - height + lines.length] ?? "")),
  );
  const rows = columns[0]?.cells.map((_, r) => line(columns.map(({ cells }) => cells[r]))) ?? [];
  return [...head, line(widths.map((width) => "-".repeat(width))), ...rows].join("");
}

/** What all rows have in common, and a table of the rest; null where that is too wide, too. */
function withCommon(columns: readonly Column[], common: readonly Column[], width: number): string | null {
  if (common.length === 0 || common.length === columns.length) return null;
  const table = within(
    columns.filter((column) => !common.includes(column)),
    width,
    UNDERSCORES,
  );
  const said = `in each row: ${common.map(({ name, cells }) => `${name}${TOGETHER}${cells[0]}`).join(", ")}`;
  return table === null ? null : `${wrapped(said, width).join("\n")}\n\n${table}`;
}

const MOST_BLOCKS = 3;

/** Tables beneath each other, each of which begins with the columns that tell its rows apart; null where there are too many. */
function inBlocks(columns: readonly Column[], width: number): string | null {
  const keyLength = keyOf(columns);
  if (keyLength === null || keyLength === columns.length) return null;
  const [key, rest] = [columns.slice(0, keyLength), columns.slice(keyLength)];
  const blocks: Column[][] = [];
  for (const column of rest) {
    const longer = [...(blocks.at(-1) ?? key), column];
    if (blocks.length > 0 && within(longer, width, UNDERSCORES) !== null) blocks[blocks.length - 1] = longer;
    else blocks.push([...key, column]);
  }
  const texts = blocks.flatMap((block) => within(block, width, UNDERSCORES) ?? []);
  return texts.length < blocks.length || blocks.length > MOST_BLOCKS ? null : texts.join("\n");
}

/** How many of the first columns tell all rows apart; null where not even all do, or there are no two. */
function keyOf(columns: readonly Column[]): number | null {
  const rows = columns[0]?.cells ?? [];
  if (rows.length < 2) return null;
  let keys = rows.map(() => "");
  for (const [i, { cells }] of columns.entries()) {
    keys = keys.map((key, r) => `${key}\n${cells[r]}`);
    if (new Set(keys).size === rows.length) return i + 1;
  }
  return null;
}

/** Each row as lines of names and values, an empty line between rows; no value is cut. */
function stacked(columns: readonly Column[], width: number): string {
  const longest = columns.reduce((most, { name }) => Math.max(most, name.length), 0);
  const rows = columns[0]?.cells ?? [];
  return rows
    .map((_, r) =>
      columns
        .map(({ name, cells }) => {
          const isShort = longest + GAP + cells[r].length <= width;
          const text = isShort ? `${name.padEnd(longest + GAP)}${cells[r]}` : `${name}\n${" ".repeat(GAP)}${cells[r]}`;
          return `${text.trimEnd()}\n`;
        })
        .join(""),
    )
    .join("\n");
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
