/** Writes the results of a place as files that other programs read. */

import { jsonOf } from "../report/json.js";
import type { Cell } from "../report/pieces.js";
import type { Results, Sweep } from "../store/contract.js";
import { TABLES, type WholeTable } from "../store/tables.js";
import { Block } from "./block.js";
import { type Column, columnOf } from "./columns.js";
import { csvFile } from "./csv.js";
import { type ExportFolder, exportInto, type Place, type TableFile } from "./folder.js";
import type { ExportFormat } from "./formats.js";
import { npzFile } from "./npz.js";
import { parquetFile } from "./parquet.js";
import type { PartFile } from "./part-file.js";

type FileOf = (file: PartFile, columns: readonly Column[]) => TableFile | Promise<TableFile>;

const FILES: Readonly<Record<ExportFormat, FileOf>> = { parquet: parquetFile, csv: csvFile, npz: npzFile };

export interface ExportRequest extends Place {
  readonly format: ExportFormat;
  /** Those whose plans are written. */
  readonly sweeps: readonly Sweep[];
  /** The one whose rows are; null: all. */
  readonly sweep: Sweep | null;
  /** How many rows are held in memory at once, which are the row groups of Parquet. */
  readonly blockRows: number;
}

export interface ExportedFile {
  readonly file: string;
  /** Of the plans: how many sweeps. */
  readonly rows: number;
  readonly bytes: number;
}

/** Hears how many rows of a file are written. */
export type ExportProgress = (file: string, rows: number) => void;

/** Writes all files or none; each table is of one state of the place, but of a place that is written meanwhile two may be of two. */
export function exportResults(results: Results, request: ExportRequest, tell: ExportProgress): Promise<ExportedFile[]> {
  return exportInto(request, async (folder) => {
    const files: ExportedFile[] = [];
    for (const table of TABLES) {
      const written = await writeTable(results, table, { ...request, folder, tell });
      if (written !== null) files.push(written);
    }
    files.push(await writePlan(results, request.sweeps, folder));
    return files;
  });
}

interface Writing extends ExportRequest {
  readonly folder: ExportFolder;
  readonly tell: ExportProgress;
}

/** Null where there is no row, and so no file. */
async function writeTable(results: Results, table: WholeTable, writing: Writing): Promise<ExportedFile | null> {
  const { format, sweep, blockRows, folder, tell } = writing;
  const { columns: names, rows } = await table.read(results, sweep);
  const columns = names.map(columnOf);
  const blocks = blocksOf(rows as AsyncIterable<readonly Cell[]>, new Block(columns, blockRows));
  const first = await blocks.next();
  if (first.done === true && !table.always) return null;
  const name = `${table.name}.${format}`;
  const part = folder.file(name);
  const file = await FILES[format](part, columns);
  let written = 0;
  for (let next = first; next.done !== true; next = await blocks.next()) {
    file.add(next.value);
    written += next.value.rows;
    tell(name, written);
  }
  file.end();
  return { file: name, rows: written, bytes: part.length };
}

/** The rows in blocks, each of which takes the place of the one before it. */
async function* blocksOf(rows: AsyncIterable<readonly Cell[]>, block: Block): AsyncGenerator<Block> {
  for await (const row of rows) {
    block.add(row);
    if (block.rows < block.capacity) continue;
    yield block;
    block.clear();
  }
  if (block.rows > 0) yield block;
}

/** Of each sweep what it is and was asked, as it is stored, the commands that asked for it, and what was decided. */
async function writePlan(results: Results, sweeps: readonly Sweep[], folder: ExportFolder): Promise<ExportedFile> {
  const plans: object[] = [];
  for (const sweep of sweeps) {
    const { id, ...stored } = sweep;
    const [commands, decisions] = [await results.commands(sweep), await results.decisions(sweep)];
    plans.push({ sweep: id, ...stored, commands, decisions });
  }
  const file = folder.file("plan.json");
  file.write(`${jsonOf(plans)}\n`);
  return { file: "plan.json", rows: plans.length, bytes: file.length };
}
