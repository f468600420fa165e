/** JSON as every command prints it. */
import { escaped } from "../printable.js";
import { type Cell, hexPieces, piecesOf } from "./pieces.js";

/** Numbers that JSON has no word for are the texts "Infinity", "-Infinity" and "NaN"; characters that move a terminal's cursor stand as JSON's escapes. */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part,
  );
  return escaped(text);
}

/** Findings with the names that JSON and SQL have: `worstCase` as worst_case, `too few` as too_few. */
export function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (value === null || typeof value !== "object") return value;
  const snake = (name: string): string =>
    name.replaceAll(" ", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snake(name), snakeCased(part)]));
}

/** A value of SQLite's as JSON. JSON's numbers have no size: an integer beyond 2^53 is written out. */
export function* jsonPieces(cell: Cell): Generator<string> {
  if (typeof cell === "bigint") yield String(cell);
  else if (cell instanceof Uint8Array) yield* quoted(hexPieces(cell));
  else if (typeof cell === "string") yield* quoted(jsonTexts(cell));
  else yield jsonOf(cell);
}

function* quoted(pieces: Iterable<string>): Generator<string> {
  yield '"';
  yield* pieces;
  yield '"';
}

function* jsonTexts(text: string): Generator<string> {
  for (const piece of piecesOf(text)) yield jsonOf(piece).slice(1, -1);
}
