/** The digest of results: equal digests mean equal trial rows, to the bit, whoever computed them and in whatever order. */
import { createHash } from "node:crypto";
import { MEASURES } from "../measures.js";
import { ROW_KEY_NAMES, type RowKey } from "../plan/cell.js";
import type { RowState, StoredMargin, StoredRow } from "./contract.js";

/** A trial row as the digest takes it. */
export type DigestRow = Pick<StoredRow, keyof RowKey | "state" | "measures">;

/**
 * SHA-256, as 64 hex digits, over the rows in the order of their keys, each with its state and the float64 bits of every
 * measure, and then over the margins of forget sets of more than one row.
 */
export async function digestOf(
  rows: AsyncIterable<DigestRow> | Iterable<DigestRow>,
  margins: AsyncIterable<StoredMargin> | Iterable<StoredMargin>,
): Promise<string> {
  const digest = new LineDigest();
  for await (const row of rows) {
    const { state, measures } = row;
    digest.add(
      rowLine(
        keyText(row),
        state,
        MEASURES.map(({ name }) => measures[name]),
      ),
    );
  }
  for await (const row of margins) digest.add(marginLine(keyText(row), row.forget_row, row.forget_margin));
  return digest.hex();
}

function keyText(row: RowKey): string {
  return JSON.stringify(ROW_KEY_NAMES.map((name) => row[name]));
}

/** The line of a trial row, whose measures are in the order of MEASURES. */
export function rowLine(key: string, state: RowState, measures: readonly (number | null)[]): string {
  let line = `${key} ${state} `;
  // A failed trial has no numbers, and why it failed is not a result.
  if (state !== "failed")
    for (let i = 0; i < measures.length; i++) line += i === 0 ? token(measures[i]) : ` ${token(measures[i])}`;
  return `${line}\n`;
}

/** The line of a forget row's margin. */
export function marginLine(key: string, forgetRow: number, margin: number | null): string {
  return `${key} ${forgetRow} ${token(margin)}\n`;
}

const HASHED_AT_ONCE = 1 << 16; // characters: a call for each line would take half of the time

/** Lines on their way into the hash. */
export class LineDigest {
  readonly #hash = createHash("sha256");
  #text = "";

  add(line: string): void {
    this.#text += line;
    if (this.#text.length < HASHED_AT_ONCE) return;
    this.#hash.update(this.#text);
    this.#text = "";
  }

  hex(): string {
    return this.#hash.update(this.#text).digest("hex");
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const bits = new DataView(new ArrayBuffer(8));

/** The 16 hex digits of a float64, or a word for what has no one bit pattern: the store keeps NaN as null. */
function token(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  bits.setFloat64(0, value);
  let digits = "";
  for (let byte = 0; byte < 8; byte++) digits += HEX[bits.getUint8(byte)];
  return digits;
}
