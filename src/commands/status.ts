/** `gmm-sweep status`: what is done, missing, failed and diverged, cell by cell, and who asked for it; also while a run is writing. */
import { shellWord } from "../errors.js";
import { severalIn } from "../plan/axes.js";
import { type Flags, fileFrom, sweepFrom } from "../plan/flags.js";
import { trajectoriesOf, WHOLE } from "../plan/trajectories.js";
import { escaped, screenful } from "../printable.js";
import { cellColumns } from "../report/cell-columns.js";
import { jsonOf } from "../report/json.js";
import { roundsSoFarText } from "../report/rounds.js";
import { tableWithin } from "../report/table.js";
import { asideText, upText, workersText } from "../report/workers.js";
import { beside } from "../report/wrap.js";
import { surveyMissing } from "../run/survey.js";
import type { CellStatus, MethodStatus, Results, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { isShared, type SharedResults } from "../store/queue.js";
import { roundsIn } from "../verdict/decisions.js";
import {
  type Command,
  DB_ARGUMENT,
  DB_OPTION,
  paragraph,
  queryLine,
  SWEEP_OPTION,
  type Terminal,
  widthOf,
} from "./command.js";
import { EXIT } from "./exit-codes.js";
import { sweepsFrom } from "./sweeps.js";

const CELLS_SHOWN = 20;

export const statusCommand: Command = {
  words: ["status [file]"],
  describe: "say what is done, missing, failed and diverged; exit code 1 where something is missing or failed",
  positionals: DB_ARGUMENT,
  options: {
    ...SWEEP_OPTION,
    ...DB_OPTION,
    json: { type: "boolean", describe: "print one JSON array, of an object a cell, instead of text" },
  },
  examples: [["$0 status night.db", "how far last night's grid is"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    const statuses: SweepStatus[] = [];
    for (const sweep of await sweepsFrom(results, sweepFrom(flags), path))
      statuses.push(await statusOf(sweep, results));
    if (flags["json"] === true) await printJson(statuses, results, terminal);
    else
      for (const [i, status] of statuses.entries()) {
        if (i > 0) await terminal.out("\n");
        await print(status, { results, path }, terminal);
      }
    return statuses.every(({ lacking, failed }) => lacking + failed === 0) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

/** How far a sweep is. */
interface SweepStatus {
  readonly sweep: Sweep;
  readonly methods: readonly MethodStatus[];
  readonly rows: number;
  readonly missing: number;
  readonly failed: number;
  /** Of the missing ones, those that this file is to have: all of them, but of a shard those of its part. */
  readonly lacking: number;
}

async function statusOf(sweep: Sweep, results: Results): Promise<SweepStatus> {
  const methods = await results.methodStatus(sweep);
  const sum = (column: "missing" | "failed" | "rows"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const [rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
  const lacking = isWhole(sweep) || missing === 0 ? missing : await missingOfShard(sweep, results);
  return { sweep, methods, rows, missing, failed, lacking };
}

function isWhole({ shard }: Sweep): boolean {
  return shard.count === WHOLE.count;
}

/** The trial rows that a shard's own part of the plan lacks. */
async function missingOfShard({ plan, shard, profile }: Sweep, results: Results): Promise<number> {
  const planned = trajectoriesOf(plan, shard);
  return (await surveyMissing(planned, (specs) => results.missing(profile, specs, false))).missing.rows;
}

async function printJson(statuses: readonly SweepStatus[], results: Results, terminal: Terminal): Promise<void> {
  let separator = "[";
  for (const { sweep } of statuses) {
    for (const cell of await results.cellStatus(sweep)) {
      await terminal.out(`${separator}${jsonOf(cell)}`);
      separator = ",";
    }
  }
  await terminal.out(separator === "[" ? "[]\n" : "]\n");
}

interface Place {
  readonly results: Results;
  readonly path: string;
}

async function print(status: SweepStatus, { results, path }: Place, terminal: Terminal): Promise<void> {
  const { sweep, methods, failed, lacking } = status;
  await terminal.out(await headingText(sweep, results, terminal.columns));
  const rows = methods.map(({ preset, method, cells, rows, done, diverged, failed, missing }) => [
    ...[preset, method, cells, rows],
    ...[done, diverged, failed, missing],
  ]);
  const header = ["preset", "method", "cells", "trial rows", "done", "diverged", "failed", "missing"];
  await terminal.out(`\n${tableWithin(widthOf(terminal), header, rows)}\n${verdict(status, terminal)}`);
  for (const { method, trial, error, rows } of await results.failures(sweep))
    await terminal.out(`${rows} of ${method} failed, first trial ${trial}: ${screenful(escaped(error))}\n`);
  const resume = `gmm-sweep resume ${shellWord(path)}`;
  if (failed > 0) await terminal.out(`${resume} --retry-failed trains them again\n`);
  else if (lacking > 0) await terminal.out(`${resume} goes on\n`);
  if (lacking > 0 && isShared(results)) await terminal.out(await sharedText(results, sweep, widthOf(terminal)));
  if (lacking + failed > 0)
    await terminal.out(
      incompleteText(await results.incompleteCells(sweep, CELLS_SHOWN + 1), { sweep, path }, widthOf(terminal)),
    );
}

/** Who trains what is missing; nothing where this user may not read it. */
async function sharedText(results: SharedResults, sweep: Sweep, width: number): Promise<string> {
  if (!(await results.mayReadWork())) return "";
  const [up, workers, aside] = [await results.up(sweep), await results.workers(), await results.aside(sweep)];
  return `${asideText(aside)}\n${upText(up, workers)}${workersText(workers, width)}`;
}

/** What a sweep is, and each command that opened or grew it. */
async function headingText(sweep: Sweep, results: Results, columns: number | null): Promise<string> {
  const { id, plan, profile } = sweep;
  const name = plan.name === null ? "" : `, ${plan.name}`;
  const part = isWhole(sweep) ? "" : `, shard ${shardText(sweep)}`;
  const commands = new Map<string, string>();
  for (const { command, at, version, machine } of await results.commands(sweep)) {
    const key = JSON.stringify([command, version, machine]);
    // Given again, it asked for nothing new.
    if (!commands.has(key))
      commands.set(
        key,
        `${escaped(command)}\n${beside("  ", escaped(`${at}, gmm-sweep ${version}, ${machine}`), columns)}`,
      );
  }
  const rounds = await roundsIn(results, sweep);
  const soFar = rounds === null ? "" : `${roundsSoFarText(rounds)}\n`;
  const trials = `${rounds === null ? "" : "up to "}${plan.trials} trials a cell`;
  return `sweep ${id}${name}: ${trials}, ${escaped(profile)}${part}\n${soFar}${[...commands.values()].join("")}`;
}

function shardText({ shard }: Sweep): string {
  return `${shard.index + 1}/${shard.count}`;
}

function verdict({ sweep, rows, missing, failed, lacking }: SweepStatus, terminal: Terminal): string {
  if (missing + failed === 0) return `complete: each of the ${rows} trial rows is there\n`;
  const missed = `${missing} of ${rows} trial rows are missing, ${failed} failed\n`;
  if (isWhole(sweep)) return missed;
  const shard = shardText(sweep);
  if (lacking === 0)
    return `${missed}${paragraph(`shard ${shard} of it is complete: other shards train what is missing, gmm-sweep merge unites them`, terminal)}`;
  return `${missed}shard ${shard} of it lacks ${lacking}, other shards train the rest\n`;
}

/** The sweep's own axes say which columns there are: the first of its cells may all be of one draw. */
function incompleteText(
  found: readonly CellStatus[],
  { sweep, path }: { readonly sweep: Sweep; readonly path: string },
  width: number,
): string {
  const shown = found.slice(0, CELLS_SHOWN);
  const { header, cells } = cellColumns(shown, severalIn(sweep.plan));
  const rows = shown.map(({ done, diverged, failed, missing }, i) => [...cells[i], done, diverged, failed, missing]);
  const more =
    found.length > CELLS_SHOWN
      ? `… and more: ${queryLine("select * from missing", path)} lists each missing row\n`
      : "";
  return `\n${tableWithin(width, [...header, "done", "diverged", "failed", "missing"], rows)}${more}`;
}
