/** `gmm-sweep status`: what is done, missing, failed and diverged, cell by cell; also while a run is writing. */
import { databaseFrom } from "../config.js";
import { type Flags, text } from "../flags.js";
import { incompleteCells, type SweepNote, statusByMethod } from "../queries.js";
import { alignedTable } from "../report/table.js";
import { SqliteReader } from "../store/reader.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, SWEEP_OPTION, type Terminal } from "./command.js";
import { sweepsFrom } from "./sweeps.js";

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
  const path = text(flags, "file") ?? databaseFrom(flags);
  const reader = new SqliteReader(path);
  try {
    const sweeps = await sweepsFrom(reader, flags, path);
    let complete = true;
    for (const sweep of sweeps) complete = (await print(sweep, reader, flags["json"] === true, terminal)) && complete;
    return complete ? EXIT.ok : EXIT.trialFailed;
  } finally {
    reader.close();
  }
}

/** Returns whether every row of the sweep is there and none failed. */
async function print(sweep: SweepNote, reader: SqliteReader, json: boolean, terminal: Terminal): Promise<boolean> {
  const methods = await statusByMethod(reader, sweep.id);
  const sum = (column: "missing" | "failed" | "rows"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const complete = sum("missing") + sum("failed") === 0;
  if (json) {
    const cells = await reader.all("select * from cell_status where sweep = ?", sweep.id);
    await terminal.out(`${JSON.stringify(cells)}\n`);
    return complete;
  }
  const rows = methods.map(({ preset, method, cells, rows, done, diverged, failed, missing }) => [
    ...[preset, method, cells, rows],
    ...[done, diverged, failed, missing],
  ]);
  const shard = sweep.shard === null ? "" : `, shard ${sweep.shard}: what other shards train is missing here`;
  await terminal.out(
    `sweep ${sweep.id}: ${sweep.command} (${sweep.trials} trials a cell, ${sweep.profile}${shard})\n\n`,
  );
  await terminal.out(
    alignedTable(["preset", "method", "cells", "trial rows", "done", "diverged", "failed", "missing"], rows),
  );
  await terminal.out(
    complete
      ? `\ncomplete: each of the ${sum("rows")} trial rows is there\n`
      : `\n${sum("missing")} of ${sum("rows")} trial rows are missing, ${sum("failed")} failed\n`,
  );
  if (!complete) await terminal.out(await incompleteText(reader, sweep.id));
  return complete;
}

async function incompleteText(reader: SqliteReader, sweep: number): Promise<string> {
  const cells = await incompleteCells(reader, sweep, CELLS_SHOWN + 1);
  const rows = cells
    .slice(0, CELLS_SHOWN)
    .map((cell) => [
      ...[cell.preset, cell.draw, cell.samples, cell.hidden, cell.method, cell.lambda_reg, cell.epochs],
      ...[cell.done, cell.diverged, cell.failed, cell.missing],
    ]);
  const header = [
    ...["preset", "draw", "samples", "hidden", "method", "λ", "epochs"],
    ...["done", "diverged", "failed", "missing"],
  ];
  const more = cells.length > CELLS_SHOWN ? '… and more: gmm-sweep query "select * from missing" lists each row\n' : "";
  return `\n${alignedTable(header, rows)}${more}`;
}
