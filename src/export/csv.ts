/** A table as CSV by RFC 4180, but that lines end as Unix ends them: null is empty, an empty text "", and every number reads back to the bit. */
import type { Block, Values } from "./block.js";
import type { Column } from "./columns.js";
import type { TableFile } from "./folder.js";
import type { PartFile } from "./part-file.js";

export function csvFile(file: PartFile, columns: readonly Column[]): TableFile {
  file.write(`${columns.map(({ name }) => name).join(",")}\n`);
  return {
    add: (block) => write(file, block),
    end: () => {},
  };
}

const WRITTEN_AT_ONCE = 65_536; // characters: a block of lines would be a text of many MB

function write(file: PartFile, { rows, columns }: Block): void {
  let text = "";
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns.length; c++) text += `${c === 0 ? "" : ","}${fieldOf(columns[c], r)}`;
    text += "\n";
    if (text.length < WRITTEN_AT_ONCE && r < rows - 1) continue;
    file.write(text);
    text = "";
  }
}

function fieldOf({ isNull, values }: Values, row: number): string {
  if (isNull[row] === 1) return "";
  const value = values[row];
  if (typeof value !== "string") return String(value);
  return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
