/** The digest of results: equal digests mean equal trial rows, to the bit, whoever computed them and in whatever order. */
import { createHash } from "node:crypto";
import type { Reader } from "./contract.js";
import { type DigestRow, digestRows, type ForgetLogitRow, forgetLogitRows, KEY_COLUMNS } from "./sqlite/queries.js";

const MEASURES = [
  "train_accuracy",
  "test_accuracy",
  "forget_probability",
  "forget_logit",
  "cross_entropy",
  "penalty",
] as const;

/** The digest of a sweep's trial rows. */
export function sweepDigest(reader: Reader, sweep: number): Promise<string> {
  return digestOf(digestRows(reader, sweep), forgetLogitRows(reader, sweep));
}

/**
 * SHA-256, as 64 hex digits, over the rows in the order of their keys, each with its state and the float64 bits of every
 * measure, and then over the logits of forget sets of more than one row.
 */
export async function digestOf(
  rows: AsyncIterable<DigestRow> | Iterable<DigestRow>,
  logits: AsyncIterable<ForgetLogitRow> | Iterable<ForgetLogitRow>,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const row of rows) {
    // A failed trial has no numbers, and why it failed is not a result.
    const measures = row.state === "failed" ? [] : MEASURES.map((name) => token(row[name]));
    hash.update(`${keyText(row)} ${row.state} ${measures.join(" ")}\n`);
  }
  for await (const row of logits) hash.update(`${keyText(row)} ${row.forget_row} ${token(row.forget_logit)}\n`);
  return hash.digest("hex");
}

function keyText(row: DigestRow | ForgetLogitRow): string {
  return JSON.stringify(KEY_COLUMNS.map((name) => row[name]));
}

/** The 16 hex digits of a float64, or a word for what has no one bit pattern: the store keeps NaN as null. */
function token(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
