/** `gmm-sweep query "SQL"`: any select over the results, in a form that other programs read. */
import { type Flags, fileFrom, oneOf } from "../plan/flags.js";
import { alignedTable, type Cell, csvLine, FORMATS, tableWithin } from "../report/table.js";
import { openResults } from "../store/open.js";
import { type Command, DB_ARGUMENT, DB_OPTION, type Terminal, value } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const queryCommand: Command = {
  words: ["query <sql> [file]"],
  describe: "run one SQL select over the results; the file is opened read-only",
  positionals: { sql: "the select; the README lists the views and their columns", ...DB_ARGUMENT },
  options: { format: value(`${FORMATS.join(", ")}`, "table"), ...DB_OPTION },
  examples: [
    ['$0 query "select * from method_summary"', "the table's numbers"],
    ['$0 query "select * from epoch_results where trial = 1" --format csv > curves.csv', "the curves, for a plot"],
  ],
  run,
};

type Rows = AsyncIterable<readonly Cell[]>;

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const format = oneOf(flags, "format", FORMATS, "table");
  const results = await openResults(fileFrom(flags));
  try {
    const { columns, rows } = await results.query(String(flags["sql"]));
    await PRINTERS[format](columns, rows as Rows, terminal);
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

const PRINTERS: Readonly<
  Record<(typeof FORMATS)[number], (columns: readonly string[], rows: Rows, terminal: Terminal) => Promise<void>>
> = { table: printTable, csv: printCsv, json: printJson };

/** As wide as its widest cells, which only the last row may have. */
async function printTable(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  const all: (readonly Cell[])[] = [];
  for await (const row of rows) all.push(row);
  const { columns: width } = terminal;
  // In a pipe a row is one line, however long, for programs that read lines.
  await terminal.out(width === null ? alignedTable(columns, all) : tableWithin(width, columns, all));
}

async function printCsv(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  await terminal.out(`${csvLine(columns)}\n`);
  for await (const row of rows) {
    if (!terminal.isRead) return;
    await terminal.out(`${csvLine(row)}\n`);
  }
}

/** An array of objects, written row by row: a result may be larger than memory. */
async function printJson(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  let separator = "[";
  for await (const row of rows) {
    if (!terminal.isRead) return;
    const members = columns.map((name, i) => `${JSON.stringify(name)}:${jsonText(row[i])}`);
    await terminal.out(`${separator}\n{${members.join(",")}}`);
    separator = ",";
  }
  await terminal.out(separator === "[" ? "[]\n" : "\n]\n");
}

/** JSON's numbers have no size: an integer beyond 2^53 is written out. */
function jsonText(cell: Cell): string {
  if (typeof cell === "bigint") return String(cell);
  return JSON.stringify(cell instanceof Uint8Array ? Buffer.from(cell).toString("hex") : cell);
}
