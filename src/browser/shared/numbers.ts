/** A panel's numbers as a table, and as a file. */
import type { PanelData } from "../../report/page/panels.js";
import { element } from "./element.js";
import { valuesOf } from "./rows.js";

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

export function saveNumbers({ series }: PanelData, name: string): void {
  const columns = [...new Set(Object.values(series).flatMap((of) => of.columns))];
  const lines = Object.entries(series)
    .filter(([of]) => of !== "facts")
    .flatMap(([of, packed]) =>
      valuesOf(packed).map((values) => [of, ...columns.map((column) => values[packed.columns.indexOf(column)] ?? "")]),
    );
  save([["series", ...columns], ...lines], name);
}

/** Gives the reader a file of these lines as CSV. */
function save(lines: readonly (readonly unknown[])[], name: string): void {
  const text = lines.map((line) => line.map(csvCell).join(",")).join("\n");
  const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

function csvCell(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
