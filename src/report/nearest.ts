/** The cells that come nearest to retraining, as text. */
import type { NearestCell } from "../store/sqlite/queries.js";
import { cellColumns } from "./cell-columns.js";
import { alignedTable } from "./table.js";

export function nearestText(nearest: readonly NearestCell[]): string {
  if (nearest.length === 0)
    return 'no finished cell to hold against retrain_scratch: gmm-sweep query "select * from cell_summary" lists what is there\n';
  const { header, cells } = cellColumns(nearest);
  const rows = nearest.map((cell, i) => [
    ...cells[i],
    cell.draws,
    cell.trials,
    cell.train_accuracy_mean.toFixed(5),
    cell.forget_probability_mean.toFixed(5),
    cell.retrain_mean.toFixed(5),
    cell.distance.toFixed(5),
  ]);
  const measures = ["draws", "trials", "train accuracy", "forget prob.", "retrain_scratch", "|difference|"];
  return `nearest to retraining, by the mean forget probability on each draw:\n\n${alignedTable([...header, ...measures], rows)}`;
}
