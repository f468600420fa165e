/** The digest of results: equal digests mean equal trial rows, to the bit, whoever computed them and in whatever order. */
import { createHash } from "node:crypto";
import { endianness } from "node:os";
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
        0,
      ),
    );
  }
  for await (const row of margins) digest.add(marginLine(keyText(row), row.forget_row, row.forget_margin));
  return digest.hex();
}

function keyText(row: RowKey): string {
  return JSON.stringify(ROW_KEY_NAMES.map((name) => row[name]));
}

/** The line of a trial row, whose measures stand in `values` from `first` on in the order of MEASURES. */
export function rowLine(key: string, state: RowState, values: readonly unknown[], first: number): string {
  // A failed trial has no numbers, and why it failed is not a result.
  if (state === "failed") return `${key} failed \n`;
  let line = `${key} ${state}`;
  for (let i = 0; i < MEASURES.length; i++) line += ` ${token(values[first + i] as number | null)}`;
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
const float = new Float64Array(1);
const bytes = new Uint8Array(float.buffer);
/** The bytes of a float64, the one of its sign first. */
const [B0, B1, B2, B3, B4, B5, B6, B7] = endianness() === "LE" ? [7, 6, 5, 4, 3, 2, 1, 0] : [0, 1, 2, 3, 4, 5, 6, 7];

/** The 16 hex digits of a float64, or a word for what has no one bit pattern: the store keeps NaN as null. */
function token(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  float[0] = value;
  const first = HEX[bytes[B0]] + HEX[bytes[B1]] + HEX[bytes[B2]] + HEX[bytes[B3]];
  return first + HEX[bytes[B4]] + HEX[bytes[B5]] + HEX[bytes[B6]] + HEX[bytes[B7]];
}
