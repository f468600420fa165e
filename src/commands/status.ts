/** `gmm-sweep status`: what is done, missing, failed and diverged, cell by cell; also while a run is writing. */

import type { Flags } from "../plan/flags.js";
import { type GridConfig, settingsOf } from "../plan/grid.js";
import { plan } from "../plan/trajectories.js";
import { cellColumns } from "../report/cell-columns.js";
import { alignedTable } from "../report/table.js";
import { surveyMissing } from "../run/coordinator.js";
import {
  cellStatus,
  failures,
  incompleteCells,
  type MethodStatus,
  type SweepNote,
  statusByMethod,
} from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, SWEEP_OPTION, type Terminal } from "./command.js";
import { fileFrom, sweepsFrom } from "./sweeps.js";

const CELLS_SHOWN = 20;

export const statusCommand: Command = {
  words: ["status [file]"],
  describe: "say what is done, missing, failed and diverged; exit code 1 where something is missing or failed",
  positionals: DB_ARGUMENT,
  options: { ...SWEEP_OPTION, ...DB_OPTION, json: { type: "boolean", describe: "print one JSON array of cells" } },
  examples: [["$0 status night.db", "how far last night's grid is"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const reader = new SqliteReader(path);
  try {
    const standings: Standing[] = [];
    for (const sweep of await sweepsFrom(reader, flags, path)) standings.push(await standingOf(sweep, reader));
    if (flags["json"] === true) await printJson(standings, reader, terminal);
    else for (const standing of standings) await print(standing, reader, standing === standings[0], terminal);
    return standings.every(({ lacking, failed }) => lacking + failed === 0) ? EXIT.ok : EXIT.trialFailed;
  } finally {
    reader.close();
  }
}

/** How far a sweep is. */
interface Standing {
  readonly sweep: SweepNote;
  readonly methods: readonly MethodStatus[];
  readonly rows: number;
  readonly missing: number;
  readonly failed: number;
  /** Of the missing ones, those that this file is to have: all of them, but of a shard those of its part. */
  readonly lacking: number;
}

async function standingOf(sweep: SweepNote, reader: SqliteReader): Promise<Standing> {
  const methods = await statusByMethod(reader, sweep.id);
  const sum = (column: "missing" | "failed" | "rows"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const [rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
  const lacking = sweep.shard === null || missing === 0 ? missing : await missingOfShard(sweep, sweep.shard, reader);
  return { sweep, methods, rows, missing, failed, lacking };
}

/** The trial rows that a shard's own part of the plan lacks. */
async function missingOfShard(
  { config, trials, profile }: SweepNote,
  shard: string,
  reader: SqliteReader,
): Promise<number> {
  const settings = settingsOf(JSON.parse(config) as GridConfig);
  const [part, count] = shard.split("/").map(Number);
  const planned = plan(settings, trials, trials, { index: part - 1, count });
  return (await surveyMissing(planned, (specs) => reader.missing(profile, specs, false))).missing.rows;
}

async function printJson(standings: readonly Standing[], reader: SqliteReader, terminal: Terminal): Promise<void> {
  const cells: object[] = [];
  for (const { sweep } of standings) cells.push(...(await cellStatus(reader, sweep.id)));
  await terminal.out(`${JSON.stringify(cells)}\n`);
}

async function print(standing: Standing, reader: SqliteReader, isFirst: boolean, terminal: Terminal): Promise<void> {
  const { sweep, methods } = standing;
  const rows = methods.map(({ preset, method, cells, rows, done, diverged, failed, missing }) => [
    ...[preset, method, cells, rows],
    ...[done, diverged, failed, missing],
  ]);
  const shard = sweep.shard === null ? "" : `, shard ${sweep.shard}`;
  await terminal.out(
    `${isFirst ? "" : "\n"}sweep ${sweep.id}: ${sweep.command} (${sweep.trials} trials a cell, ${sweep.profile}${shard})\n\n`,
  );
  const header = ["preset", "method", "cells", "trial rows", "done", "diverged", "failed", "missing"];
  await terminal.out(`${alignedTable(header, rows)}\n${verdict(standing)}`);
  for (const { method, trial, error, rows } of await failures(reader, sweep.id))
    await terminal.out(`${rows} of ${method} failed, first trial ${trial}: ${error}\n`);
  if (standing.failed > 0) await terminal.out("the same command with --retry-failed trains them again\n");
  if (standing.lacking + standing.failed > 0) await terminal.out(await incompleteText(reader, sweep.id));
}

function verdict({ sweep, rows, missing, failed, lacking }: Standing): string {
  if (missing + failed === 0) return `complete: each of the ${rows} trial rows is there\n`;
  const missed = `${missing} of ${rows} trial rows are missing, ${failed} failed\n`;
  if (sweep.shard === null) return missed;
  if (lacking === 0)
    return `${missed}shard ${sweep.shard} of it is complete: other shards train what is missing, gmm-sweep merge unites them\n`;
  return `${missed}shard ${sweep.shard} of it lacks ${lacking}, other shards train the rest\n`;
}

async function incompleteText(reader: SqliteReader, sweep: number): Promise<string> {
  const found = await incompleteCells(reader, sweep, CELLS_SHOWN + 1);
  const shown = found.slice(0, CELLS_SHOWN);
  const { header, cells } = cellColumns(shown);
  const rows = shown.map(({ done, diverged, failed, missing }, i) => [...cells[i], done, diverged, failed, missing]);
  const more =
    found.length > CELLS_SHOWN ? '… and more: gmm-sweep query "select * from missing" lists each missing row\n' : "";
  return `\n${alignedTable([...header, "done", "diverged", "failed", "missing"], rows)}${more}`;
}
