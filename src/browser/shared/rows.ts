/** The rows of a panel's series, as they were before they were packed. */
import type { Columns, PanelData } from "../../report/page/panels.js";

export type Row = Record<string, unknown>;

export function valuesOf({ columns, texts, rows }: Columns): unknown[][] {
  const words = columns.map((column) => texts[column]);
  return rows.map((row) => row.map((value, i) => (value === null ? null : (words[i]?.[Number(value)] ?? value))));
}

export function rowsOf({ series }: PanelData): Record<string, Row[]> {
  return Object.fromEntries(
    Object.entries(series).map(([name, packed]) => [
      name,
      valuesOf(packed).map((row) => Object.fromEntries(packed.columns.map((column, i) => [column, row[i]]))),
    ]),
  );
}
