/** `gmm-sweep merge`: unites the files of shards, and says which shards are missing and how to run them. */
import { existsSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SweepError } from "../errors.js";
import { bad, type Flags } from "../plan/flags.js";
import { type GridConfig, settingsOf } from "../plan/grid.js";
import { dealer, plan } from "../plan/trajectories.js";
import { sweepDigest } from "../store/digest.js";
import { lockPath } from "../store/sqlite/file.js";
import { type SweepNote, statusByMethod, sweepNotes } from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { SqliteStore } from "../store/sqlite/store.js";
import { drawKey } from "../trial.js";
import { type Command, EXIT, shellWord, type Terminal } from "./command.js";

export const mergeCommand: Command = {
  words: ["merge <out> <parts..>"],
  describe: "unite the files of shards in one; exit code 1 where rows are missing",
  positionals: { out: "the file to unite them in, made where there is none", parts: "the files of the shards" },
  options: {},
  examples: [["$0 merge whole.db part1.db part2.db part3.db", "three shards of a grid"]],
  run,
};

/** The job array of shards; a package has it where a clone has it. */
const BATCH_SCRIPT = fileURLToPath(new URL("../../../scripts/slurm.sbatch", import.meta.url));
const LINES_SHOWN = 20;

/** A sweep of a part, and where it is. */
interface PartNote extends SweepNote {
  readonly path: string;
}

/** A part that is a shard. */
interface ShardNote extends PartNote {
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const out = String(flags["out"]);
  if (out === "" || out === ":memory:") throw bad(`OUT must be a file, got ${out === "" ? "an empty name" : out}`);
  const parts = [flags["parts"]].flat().map(String);
  if (parts.some((part) => fileAt(part) === fileAt(out)))
    throw bad(`OUT must be another file than the parts, got ${out} for both`);
  const notes: PartNote[] = [];
  for (const part of parts) notes.push(...(await notesOf(part)));
  const shards = notes.flatMap(shardIn);
  refuseUnequalShards(shards);
  const isNew = !existsSync(out);
  if (!isNew) refuseShard(out, (await notesOf(out)).flatMap(shardIn));
  const store = new SqliteStore(out);
  try {
    const merged = await mergeInto(store, parts, isNew ? out : null);
    for (const [i, { trialRows, epochs }] of merged.entries())
      await terminal.out(`${parts[i]}: ${trialRows} trial rows and ${epochs} epochs were new\n`);
    let complete = true;
    for (const sweep of await sweepNotes(store)) {
      const report = { sweep, shards: shards.filter(({ identity }) => identity === sweep.identity), out, store };
      complete = (await print(report, terminal)) && complete;
    }
    return complete ? EXIT.ok : EXIT.trialFailed;
  } finally {
    await store.close();
  }
}

/** What a path means, whatever it is written like. */
function fileAt(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

async function notesOf(path: string): Promise<PartNote[]> {
  const reader = new SqliteReader(path);
  try {
    return (await sweepNotes(reader)).map((note) => ({ ...note, path }));
  } finally {
    reader.close();
  }
}

function shardIn(note: PartNote): ShardNote[] {
  if (note.shard === null) return [];
  const [number, count] = note.shard.split("/").map(Number);
  return [{ ...note, number, count }];
}

/** Shards of one sweep are parts of one plan: of the same grid, in the same number of parts. */
function refuseUnequalShards(shards: readonly ShardNote[]): void {
  const firsts = new Map<string, ShardNote>();
  for (const shard of shards) {
    const first = firsts.get(shard.identity) ?? shard;
    firsts.set(shard.identity, first);
    if (planText(first) === planText(shard) && first.count === shard.count) continue;
    throw new SweepError(
      "BAD_USAGE",
      `the parts must be shards of one grid, but ${first.path} is shard ${first.shard} of \`${first.command}\` and ${shard.path} is shard ${shard.shard} of \`${shard.command}\`: merge them into files of their own, and then those`,
    );
  }
}

/** What of a config says which trajectories there are, and in which order. */
function planText({ config }: SweepNote): string {
  const { engine: _engine, record: _record, draws, ...rest } = JSON.parse(config) as GridConfig;
  // Imported data are in another folder on another machine.
  const places = draws.map((draw) => [drawKey(draw), draw.samples, draw.features, draw.forgetRows]);
  return JSON.stringify([places, rest]);
}

/** `merge part*.db` names a part in OUT's place. */
function refuseShard(out: string, shards: readonly ShardNote[]): void {
  if (shards.length === 0) return;
  throw bad(
    `OUT must be a file of its own, but ${out} is shard ${shards[0].shard} of \`${shards[0].command}\`: name OUT first, then the parts`,
  );
}

/** All parts or none: what is refused leaves no file at `madeAt`. */
async function mergeInto(store: SqliteStore, parts: readonly string[], madeAt: string | null) {
  try {
    return await store.merge(parts);
  } catch (error) {
    await store.close();
    if (madeAt !== null) for (const path of [madeAt, lockPath(madeAt)]) rmSync(path, { force: true });
    throw error;
  }
}

interface Report {
  readonly sweep: SweepNote;
  /** Those of this sweep. */
  readonly shards: readonly ShardNote[];
  readonly out: string;
  readonly store: SqliteStore;
}

/** Says what there is of a sweep, and how to go on; returns whether it is complete. */
async function print({ sweep, shards, out, store }: Report, terminal: Terminal): Promise<boolean> {
  const methods = await statusByMethod(store, sweep.id);
  const sum = (column: "rows" | "missing" | "failed"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const [rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
  await terminal.out(
    `sweep ${sweep.id} (${sweep.profile}): ${rows - missing} of ${rows} trial rows, digest ${await sweepDigest(store, sweep.id)}\n`,
  );
  const goOn = `npx ${sweep.command} --db ${shellWord(out)}`;
  if (failed > 0) await terminal.out(`${failed} of them failed; this trains them again:\n  ${goOn} --retry-failed\n`);
  const numbers = shards.length === 0 ? [] : await missingShards(shards[0], sweep, store);
  if (numbers.length > 0) await terminal.out(missingShardsText(numbers, shards));
  else if (missing > 0)
    await terminal.out(
      `${missing} trial rows are missing, which gmm-sweep query "select * from missing" lists; this trains those of the last grid:\n  ${goOn}\n`,
    );
  return missing + failed === 0;
}

/** The numbers of the shards with a row that is not there. */
async function missingShards({ config, count }: ShardNote, sweep: SweepNote, store: SqliteStore): Promise<number[]> {
  const grid = JSON.parse(config) as GridConfig;
  const missing = new Set<number>();
  const deal = dealer(count);
  for (const group of plan(settingsOf(grid), grid.trials, grid.trials)) {
    const number = deal(group) + 1;
    if (missing.has(number) || (await store.missing(sweep, group, false)).rows === 0) continue;
    missing.add(number);
    if (missing.size === count) break;
  }
  return [...missing].sort((a, b) => a - b);
}

function missingShardsText(numbers: readonly number[], shards: readonly ShardNote[]): string {
  const [{ command, count }] = shards;
  const lines = numbers
    .slice(0, LINES_SHOWN)
    .map((number) => `  npx ${command} --shard ${number}/${count} --db ${shellWord(partPath(number, shards))}`);
  if (numbers.length > LINES_SHOWN)
    lines.push(`  … and ${numbers.length - LINES_SHOWN} more, up to --shard ${numbers.at(-1)}/${count}`);
  return [
    `shards that are missing or not complete: ${ranges(numbers)} of ${count}; each goes on from what its file has:`,
    ...lines,
    "or under Slurm, from the folder of the parts:",
    `  sbatch --array=${ranges(numbers)} ${shellWord(batchScript())} ${count}${command.replace(/^gmm-sweep grid/, "")}`,
    "",
  ].join("\n");
}

/** The file of a shard: its own, or one named as the first part is named. */
function partPath(number: number, shards: readonly ShardNote[]): string {
  const own = shards.find((shard) => shard.number === number);
  if (own !== undefined) return own.path;
  const [first] = shards;
  const [name] = /\d+(?=\D*$)/.exec(basename(first.path)) ?? [];
  const file =
    Number(name) === first.number
      ? basename(first.path).replace(/\d+(?=\D*$)/, (digits) => String(number).padStart(digits.length, "0"))
      : `part${number}.db`;
  return join(dirname(first.path), file);
}

function batchScript(): string {
  const path = relative("", BATCH_SCRIPT);
  return path.startsWith("..") ? BATCH_SCRIPT : path;
}

/** 1,2,3,7 as 1-3,7. */
function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
