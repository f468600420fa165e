/** A figure's numbers as CSV. */
import { csvPieces } from "../table.js";

/** The marks of each layer, by its name, as `FigureNumbers` has them or a page reads them back. */
interface Marks {
  readonly series: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

/** A line a mark: the series that it is of, then the columns of all series, empty where a series has none. */
export function numbersCsv({ series }: Marks): string {
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
