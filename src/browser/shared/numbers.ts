/** A panel's numbers as a table, and as a file. */
import { numbersCsv } from "../../report/figures/data-file.js";
import type { PanelData } from "../../report/page/panels.js";
import { element } from "./element.js";
import { rowsOf, valuesOf } from "./rows.js";

const MOST_ROWS = 200;

export function numbersTable({ series }: PanelData): HTMLElement {
  const tables = Object.entries(series)
    .filter(([name]) => name !== "facts")
    .map(([name, packed]) => {
      const { columns, rows } = packed;
      const shown = valuesOf({ ...packed, rows: rows.slice(0, MOST_ROWS) });
      const more = rows.length > shown.length ? `, the first ${shown.length} of ${rows.length} rows` : "";
      const table = element("table", {}, element("caption", {}, `${name}${more}`));
      table.append(row("th", columns), ...shown.map((values) => row("td", values)));
      return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, table);
    });
  return element("div", {}, ...tables);
}

function row(cell: "th" | "td", values: readonly unknown[]): HTMLElement {
  return element("tr", {}, ...values.map((value) => element(cell, {}, value === null ? "–" : String(value))));
}

/** Gives the reader the file that `plot --data` writes, with numbers as the page has them. */
export function saveNumbers(data: PanelData, name: string): void {
  const { facts: _, ...series } = rowsOf(data);
  const address = URL.createObjectURL(new Blob([numbersCsv({ series })], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
