/** The process that runs one query of a page: SQLite cannot be interrupted, but a process can be ended. */
import { Worker } from "node:worker_threads";
import { messageOf, withoutPasswords } from "../errors.js";
import { jsonPieces } from "../report/json.js";
import { type Cell, csvPieces } from "../report/table.js";
import { AGGREGATES } from "../stats/aggregates.js";
import { openResults } from "../store/open.js";

/** What it is asked, as its parent says it: a place may have a password, which no list of processes shows. */
export interface QueryAsked {
  readonly place: string;
  readonly sql: string;
  readonly format: "csv" | "lines";
}

const AT_ONCE = 65_536; // characters

// A query keeps this thread from hearing anything.
new Worker(new URL("./query-watch.js", import.meta.url)).unref();

process.once("message", (asked: QueryAsked) => {
  void answered(asked);
});

async function answered({ place, sql, format }: QueryAsked): Promise<void> {
  try {
    const results = await openResults(place);
    const { columns, rows } = await results.query(sql, AGGREGATES);
    const line = format === "csv" ? csvLine : jsonLine;
    let text = line(columns);
    for await (const row of rows as AsyncIterable<readonly Cell[]>) {
      text += line(row);
      if (text.length < AT_ONCE) continue;
      await written(text);
      text = "";
    }
    await written(text);
    await results.close();
    process.send?.({ sentence: null }, () => process.disconnect());
  } catch (error) {
    process.send?.({ sentence: withoutPasswords(messageOf(error)) }, () => process.disconnect());
  }
}

function csvLine(cells: readonly Cell[]): string {
  return [...csvPieces(cells)].join("");
}

function jsonLine(cells: readonly Cell[]): string {
  return `[${cells.map((cell) => (isBeyond(cell) ? `"${cell}"` : [...jsonPieces(cell)].join(""))).join(",")}]\n`;
}

/** An integer that a browser would round. */
function isBeyond(cell: Cell): boolean {
  return typeof cell === "bigint" && !Number.isSafeInteger(Number(cell));
}

function written(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
