/** The cells that come nearest to retraining, as text. */
import type { NearestCell } from "../queries.js";
import { alignedTable } from "./table.js";

export function nearestText(cells: readonly NearestCell[]): string {
  if (cells.length === 0) return "no finished cell to hold against retrain_scratch: see cell_summary\n";
  const rows = cells.map((cell) => [
    cell.preset,
    cell.method,
    cell.lambda_reg,
    cell.epochs,
    cell.draws,
    cell.trials,
    cell.train_accuracy_mean.toFixed(5),
    cell.forget_probability_mean.toFixed(5),
    cell.retrain_mean.toFixed(5),
    cell.distance.toFixed(5),
  ]);
  const header = [
    ...["preset", "method", "λ", "epochs", "draws", "trials", "train accuracy", "forget prob."],
    ...["retrain_scratch", "|difference|"],
  ];
  return `nearest to retraining, by the mean forget probability on each draw:\n\n${alignedTable(header, rows)}`;
}
