/** The cells that come nearest to retraining, as text. */
import { CELL } from "../plan/cell.js";
import type { NearestCell } from "../verdict/nearest.js";
import type { CellProgress } from "../verdict/nearest-tracker.js";
import { cellColumns } from "./cell-columns.js";
import { alignedTable } from "./table.js";

/** `query` is the command that lists all cells. */
export function nearestText(nearest: readonly NearestCell[], query: string): string {
  if (nearest.length === 0) return `no finished cell to hold against retrain_scratch: ${query} lists what is there\n`;
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

/** The parts of a progress line that say how the cells stand. */
export function cellParts({ complete, underWay, planned, nearest, several }: CellProgress): string[] {
  const cells = `${complete}/${planned} cells${underWay === 0 ? "" : `, ${underWay} under way`}`;
  if (nearest === null) return [cells];
  const told = CELL.filter(({ name }) => name !== "draw" && several.includes(name)).map(({ name, title, type }) =>
    type === "text" ? `${nearest[name as "preset"]}` : `${title} ${nearest[name as "samples"]}`,
  );
  const epochs = nearest.epochs === 1 ? "1 epoch" : `${nearest.epochs} epochs`;
  const name = [`${nearest.method} λ ${nearest.lambda_reg}`, epochs, ...told].join(", ");
  return [cells, `nearest to retraining: ${name} (${nearest.distance.toFixed(3)} away)`];
}
