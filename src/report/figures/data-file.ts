/** A figure's numbers as CSV. */
import type { FigureNumbers } from "../../figures/numbers.js";
import { csvPieces } from "../table.js";

/** A line a mark: the series that it is of, then the columns of all series, empty where a series has none. */
export function numbersCsv({ series }: FigureNumbers): string {
  const columns = [...new Set(Object.values(series).flatMap((rows) => Object.keys(rows[0] ?? {})))];
  const lines = [["series", ...columns]].concat(
    Object.entries(series).flatMap(([name, rows]) =>
      rows.map((row) => [name, ...columns.map((column) => cellOf(row[column]))]),
    ),
  );
  return lines.map((line) => [...csvPieces(line)].join("")).join("");
}

function cellOf(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
