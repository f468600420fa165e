/** `gmm-sweep export DIR`: the results as files for pandas, DuckDB, numpy and whatever reads Parquet or CSV. */
import { type ExportedFile, type ExportProgress, exportResults } from "../export/export.js";
import { mustTakeExport } from "../export/folder.js";
import { EXPORT_FORMATS } from "../export/formats.js";
import { type Flags, fileFrom, oneOf, sweepFrom } from "../plan/flags.js";
import { escaped } from "../printable.js";
import { jsonOf } from "../report/json.js";
import { tableWithin } from "../report/table.js";
import { openResults } from "../store/open.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { sweepsFrom } from "./sweeps.js";

const BLOCK_ROWS = 32_768; // some 50 MB of memory

export const exportCommand: Command = {
  words: ["export <dir> [file]"],
  describe: "write the results as Parquet, CSV or npz, for pandas, DuckDB, numpy",
  positionals: { dir: "the folder, made where there is none; it holds this export alone", ...DB_ARGUMENT },
  options: {
    format: value(`${EXPORT_FORMATS.join(", ")}; all keep every bit of every number`, EXPORT_FORMATS[0]),
    ...SWEEP_OPTION,
    ...DB_OPTION,
    force: { type: "boolean", describe: "put it in the place of an earlier export" },
    quiet: { type: "boolean", describe: "no progress on stderr" },
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 export night night.db", "results, epochs, cells and plan as Parquet, into night/"],
    ["$0 export arrays --format npz --sweep 2", "one sweep of data/gmm-sweep.db, for numpy"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const format = oneOf(flags, "format", EXPORT_FORMATS, EXPORT_FORMATS[0]);
  const place = { directory: String(flags["dir"]), force: flags["force"] === true };
  const [path, asked] = [fileFrom(flags), sweepFrom(flags)];
  mustTakeExport(place);
  const results = await openResults(path);
  try {
    const sweeps = await sweepsFrom(results, asked, path);
    const sweep = asked === null ? null : sweeps[0];
    const request = { ...place, format, sweeps, sweep, blockRows: BLOCK_ROWS };
    const files = await withProgress(flags["quiet"] === true ? null : terminal, (tell) =>
      exportResults(results, request, tell),
    );
    await terminal.out(
      flags["json"] === true
        ? `${jsonOf({ dir: place.directory, format, sweeps: sweeps.map(({ id }) => id), files })}\n`
        : heldText(place.directory, files, widthOf(terminal)),
    );
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

function heldText(directory: string, files: readonly ExportedFile[], width: number): string {
  const rows = files.map(({ file, rows: count, bytes }) => [file, count, bytes]);
  return `${escaped(directory)} holds\n\n${tableWithin(width, ["file", "rows", "bytes"], rows)}`;
}

/** Writes one line over and over on a terminal while `work` goes on, and nothing in a pipe: a million rows take seconds. */
async function withProgress<Result>(
  terminal: Terminal | null,
  work: (tell: ExportProgress) => Promise<Result>,
): Promise<Result> {
  if (terminal === null || !terminal.stderr.isTTY) return work(() => {});
  const { stderr } = terminal;
  try {
    return await work((file, rows) => void stderr.write(`\r${file}: ${rows} rows\x1b[K`));
  } finally {
    stderr.write("\r\x1b[K");
  }
}
