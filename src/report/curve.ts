/** A curve as text. */
import type { StoredEpoch, StoredTrajectory } from "../store/contract.js";
import { tableWithin } from "./table.js";

const LINES = 40;
const LOG_EVERY = 10; // epochs, as in the notebook

/** The notebook's log lines, one an epoch or, of a long curve, one every 10 or more; then what it measures at the end. The notebook calls the penalty mutual information. */
export function notebookLines(curve: readonly StoredEpoch[], { lambda_reg, replicate_of }: StoredTrajectory): string {
  const last = curve[curve.length - 1];
  const every = thinning(curve.length);
  const lines = curve
    .filter((_, i) => (i + 1) % every === 0)
    .map(
      ({ epoch, penalty, cross_entropy }) =>
        `Epoch [${epoch}/${last.epoch}], Mutual Information: ${fixed(penalty)}, Normal Classifier Loss: ${fixed(cross_entropy)}, Lambda: ${lambda_reg.toFixed(4)}`,
    );
  if (every > 1) lines.push(`(one line for ${every} of the ${curve.length} epochs that are kept; --json prints each)`);
  const copy = replicate_of === null ? [] : [`(one run for all trials, stored with trial ${replicate_of})`];
  lines.push(
    `after epoch ${last.epoch}: train accuracy ${fixed(last.train_accuracy)}, forget probability ${fixed(last.forget_probability)}`,
    ...copy,
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** How many epochs a line stands for, so that a curve fits a screen. */
function thinning(epochs: number): number {
  if (epochs <= LINES) return 1;
  for (let every = LOG_EVERY; ; every *= 10)
    for (const times of [1, 2, 5]) if (epochs / (times * every) <= LINES) return times * every;
}

/** The columns of a curve, as `train` prints them. */
export const CURVE_COLUMNS = ["epoch", "penalty", "cross_entropy", "train_accuracy", "forget_probability"] as const;
export type CurveRow = Readonly<Record<(typeof CURVE_COLUMNS)[number], number>>;

const TABLE_DIGITS = 9;

export function curveTable(rows: readonly CurveRow[], width: number): string {
  const cells = rows.map((row) =>
    CURVE_COLUMNS.map((name) => (name === "epoch" ? row.epoch : Number(row[name].toPrecision(TABLE_DIGITS)))),
  );
  return tableWithin(width, CURVE_COLUMNS, cells);
}

/** Null is what the store keeps of NaN. */
function fixed(value: number | null): string {
  return value === null ? "nan" : value.toFixed(4);
}
