/** The digest of results: equal digests mean equal trial rows, to the bit, whoever computed them and in whatever order. */
import { createHash } from "node:crypto";
import type { DigestRow } from "./queries.js";

const KEY = [
  "draw",
  "samples",
  "features",
  "forget_rows",
  "hidden",
  "learning_rate",
  "preset",
  "method",
  "lambda_reg",
  "epochs",
  "seed",
  "trial",
  "start_trial",
  "start",
  "profile",
] as const;
const MEASURES = [
  "train_accuracy",
  "test_accuracy",
  "forget_probability",
  "forget_logit",
  "cross_entropy",
  "penalty",
] as const;

/** SHA-256, as 64 hex digits, over the sorted keys with their state and the float64 bits of every measure. */
export function digestOf(rows: readonly DigestRow[]): string {
  const lines = rows.map((row) => {
    const key = JSON.stringify(KEY.map((name) => row[name]));
    // A failed trial has no numbers, and why it failed is not a result.
    const measures = row.state === "failed" ? [] : MEASURES.map((name) => token(row[name]));
    return `${key} ${row.state} ${measures.join(" ")}\n`;
  });
  const hash = createHash("sha256");
  for (const line of lines.sort()) hash.update(line);
  return hash.digest("hex");
}

/** The 16 hex digits of a float64, or a word for what has no one bit pattern: the store keeps NaN as null. */
function token(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
