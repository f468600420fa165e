/** A curve as text. */
import type { StoredEpoch, StoredTrajectory } from "../store/contract.js";
import { alignedTable } from "./table.js";

const LOG_EVERY = 10; // epochs, as in the notebook

/** The notebook's log lines, then what it measures at the end. The notebook calls the penalty mutual information. */
export function notebookLines(curve: readonly StoredEpoch[], { lambda_reg, replicate_of }: StoredTrajectory): string {
  const last = curve[curve.length - 1];
  const lines = curve
    .filter(({ epoch }) => epoch % LOG_EVERY === 0)
    .map(
      ({ epoch, penalty, cross_entropy }) =>
        `Epoch [${epoch}/${last.epoch}], Mutual Information: ${fixed(penalty)}, Normal Classifier Loss: ${fixed(cross_entropy)}, Lambda: ${lambda_reg.toFixed(4)}`,
    );
  const copy = replicate_of === null ? [] : [`(one run for all trials, stored with trial ${replicate_of})`];
  lines.push(
    `after epoch ${last.epoch}: train accuracy ${fixed(last.train_accuracy)}, forget probability ${fixed(last.forget_probability)}`,
    ...copy,
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** The columns of a curve, as `train` prints them. */
export const CURVE_COLUMNS = ["epoch", "penalty", "cross_entropy", "train_accuracy", "forget_probability"] as const;
export type CurveRow = Readonly<Record<(typeof CURVE_COLUMNS)[number], number>>;

const TABLE_DIGITS = 9;

export function curveTable(rows: readonly CurveRow[]): string {
  const cells = rows.map((row) =>
    CURVE_COLUMNS.map((name) => (name === "epoch" ? row.epoch : Number(row[name].toPrecision(TABLE_DIGITS)))),
  );
  return alignedTable(CURVE_COLUMNS, cells);
}

/** Null is what the store keeps of NaN. */
function fixed(value: number | null): string {
  return value === null ? "nan" : value.toFixed(4);
}
