/** `gmm-sweep query "SQL"`: any select over the results, in a form that other programs read. */
import { bad } from "../errors.js";
import { type Flags, fileFrom, oneOf } from "../plan/flags.js";
import { jsonOf, jsonPieces } from "../report/json.js";
import { alignedTable, type Cell, csvPieces, cut, FORMATS, tableWithin } from "../report/table.js";
import { AGGREGATES } from "../stats/aggregates.js";
import { openResults } from "../store/open.js";
import { type Command, DB_ARGUMENT, DB_OPTION, type Terminal, value } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const queryCommand: Command = {
  words: ["query <sql> [file]"],
  describe:
    "run one SQL select over the results; the file is opened read-only; beside SQLite's functions it may call std, sd, mcse, quantile, ci_low and ci_high",
  positionals: {
    sql: "the select; data/docs/columns.md lists the views and their columns",
    ...DB_ARGUMENT,
  },
  options: {
    format: value(
      `${FORMATS.join(", ")}; json has Infinity as the text "Infinity", a blob as hexadecimal text, and every digit of a whole number; a table cuts long values`,
      "table",
    ),
    json: { type: "boolean", describe: "the same as --format json: one JSON array, of an object a row" },
    ...DB_OPTION,
  },
  examples: [
    ['$0 query "select * from method_summary"', "the table's numbers"],
    [
      '$0 query "select draw, avg(forget_probability), mcse(forget_probability) from trial_results group by draw"',
      "means with their standard errors",
    ],
    ['$0 query "select * from epoch_results where trial = 1" --format csv > curves.csv', "the curves, for a plot"],
  ],
  run,
};

type Rows = AsyncIterable<readonly Cell[]>;

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const format = formatFrom(flags);
  const results = await openResults(fileFrom(flags));
  try {
    const { columns, rows } = await results.query(String(flags["sql"]), AGGREGATES);
    await PRINTERS[format](columns, rows as Rows, terminal);
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

function formatFrom(flags: Flags): (typeof FORMATS)[number] {
  const isJson = flags["json"] === true;
  const format = oneOf(flags, "format", FORMATS, isJson ? "json" : "table");
  if (isJson && format !== "json")
    throw bad(`--format must be json where --json is given, got ${format}: leave one of the two out`);
  return format;
}

const PRINTERS: Readonly<
  Record<(typeof FORMATS)[number], (columns: readonly string[], rows: Rows, terminal: Terminal) => Promise<void>>
> = { table: printTable, csv: printCsv, json: printJson };

/** As wide as its widest cells, which only the last row may have. */
async function printTable(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  const all: (readonly Cell[])[] = [];
  for await (const row of rows) all.push(row.map(cut)); // it is kept whole, but of a long value no more than it shows
  const { columns: width } = terminal;
  // In a pipe a row is one line, however long, for programs that read lines.
  await terminal.out(width === null ? alignedTable(columns, all) : tableWithin(width, columns, all));
}

async function printCsv(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  const printed = new Printed(terminal);
  await printed.add(csvPieces(columns));
  await printed.end(); // the first row may be long in coming
  for await (const row of rows) {
    if (!terminal.isRead) return;
    await printed.add(csvPieces(row));
  }
  await printed.end();
}

/** An array of objects, written row by row: a result may be larger than memory. */
async function printJson(columns: readonly string[], rows: Rows, terminal: Terminal): Promise<void> {
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw bad(
      `--format json must have columns of different names, got ${twice} twice: call one of them otherwise with "as", or take --format csv`,
    );
  const names = columns.map(jsonOf);
  const printed = new Printed(terminal);
  let separator = "[";
  for await (const row of rows) {
    if (!terminal.isRead) return;
    await printed.add(objectPieces(separator, names, row));
    separator = ",";
  }
  await printed.add([separator === "[" ? "[]\n" : "\n]\n"]);
  await printed.end();
}

function* objectPieces(separator: string, names: readonly string[], row: readonly Cell[]): Generator<string> {
  for (const [i, name] of names.entries()) {
    yield i === 0 ? `${separator}\n{${name}:` : `,${name}:`;
    yield* jsonPieces(row[i]);
  }
  yield "}";
}

const PRINTED_AT_ONCE = 65_536; // characters, so that a row is no call of its own

/** Text that goes out piece by piece: a row may be longer than a string can be. */
class Printed {
  readonly #terminal: Terminal;
  #text = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async add(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      this.#text += piece;
      if (this.#text.length >= PRINTED_AT_ONCE) await this.end();
    }
  }

  async end(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await this.#terminal.exact(text);
  }
}
