/** Tables as text: aligned columns, CSV, JSON. */

export type Cell = string | number | bigint | null | Uint8Array;

export const FORMATS = ["table", "csv", "json"] as const;

/** Columns padded to their widest cell; numbers to the right. */
export function alignedTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(cellText));
  const widths = header.map((name, i) => texts.reduce((width, row) => Math.max(width, row[i].length), name.length));
  const right = header.map(
    (_, i) =>
      rows.length > 0 &&
      rows.every((row) => row[i] === null || typeof row[i] === "number" || typeof row[i] === "bigint"),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  const head = [line(header), line(widths.map((width) => "-".repeat(width)))];
  return head
    .concat(texts.map(line))
    .map((text) => `${text}\n`)
    .join("");
}

/** One CSV line by RFC 4180, without its end. */
export function csvLine(cells: readonly Cell[]): string {
  return cells
    .map((cell) => (cell === null ? "" : cellText(cell)))
    .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(",");
}

function cellText(cell: Cell): string {
  if (cell === null) return "null";
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString("hex")}'`;
  return String(cell);
}
