/** `gmm-sweep merge`: unites the files of shards, and says which shards are missing and how to run them. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bad } from "../errors.js";
import type { Flags } from "../plan/flags.js";
import { askedText, identityOf } from "../plan/plan.js";
import { dealer, trajectoriesOf } from "../plan/trajectories.js";
import type { Merged, Store, Sweep } from "../store/contract.js";
import { openResults, openStore } from "../store/open.js";
import { type Command, shellWord, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { lastCommand } from "./sweeps.js";

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

/** A sweep of a part that is a shard, and where it is. */
interface ShardNote {
  readonly path: string;
  readonly sweep: Sweep;
  readonly identity: string;
  /** Those that opened and grew it, each once. */
  readonly commands: readonly string[];
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
  const shards: ShardNote[] = [];
  for (const part of parts) for (const shard of await shardsIn(part)) shards.push(shard);
  refuseUnequalShards(shards);
  if (existsSync(out)) refuseShard(out, await shardsIn(out));
  const store = await openStore(out);
  try {
    const merged = await mergeInto(store, parts);
    for (const [i, { trialRows, epochs }] of merged.entries())
      await terminal.out(`${parts[i]}: ${trialRows} trial rows and ${epochs} epochs were new\n`);
    let complete = true;
    for (const sweep of await store.sweeps()) {
      const identity = identityOf(sweep.plan, sweep.profile);
      const report = { sweep, shards: shards.filter((shard) => shard.identity === identity), out, store };
      complete = (await print(report, terminal)) && complete;
    }
    return complete ? EXIT.ok : EXIT.check;
  } finally {
    await store.close();
  }
}

/** What a path means, whatever it is written like. */
function fileAt(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

async function shardsIn(path: string): Promise<ShardNote[]> {
  const results = await openResults(path);
  try {
    const shards: ShardNote[] = [];
    for (const sweep of await results.sweeps()) {
      const { plan, profile, shard } = sweep;
      if (shard.count === 1) continue;
      const commands = [...new Set((await results.commands(sweep)).map(({ command }) => command))];
      const identity = identityOf(plan, profile);
      shards.push({ path, sweep, identity, commands, number: shard.index + 1, count: shard.count });
    }
    return shards;
  } finally {
    await results.close();
  }
}

/** Shards of one sweep are parts of one plan: they ask for the same, in the same number of parts. */
function refuseUnequalShards(shards: readonly ShardNote[]): void {
  const firsts = new Map<string, ShardNote>();
  for (const shard of shards) {
    const first = firsts.get(shard.identity) ?? shard;
    firsts.set(shard.identity, first);
    if (planText(first) === planText(shard) && first.count === shard.count) continue;
    throw bad(
      `the parts must be shards of one grid, but ${first.path} is ${shardText(first)} and ${shard.path} is ${shardText(shard)}: merge them into files of their own, and then those`,
    );
  }
}

/** What of a plan says which trajectories there are, and in which order. */
function planText({ sweep: { plan } }: ShardNote): string {
  return `${plan.trials} ${askedText(plan)}`;
}

function shardText({ number, count, commands }: ShardNote): string {
  return `shard ${number}/${count} of \`${commands.at(-1)}\``;
}

/** `merge part*.db` names a part in OUT's place. */
function refuseShard(out: string, shards: readonly ShardNote[]): void {
  if (shards.length === 0) return;
  throw bad(`OUT must be a file of its own, but ${out} is ${shardText(shards[0])}: name OUT first, then the parts`);
}

/** All parts or none: what is refused leaves no file where there was none. */
async function mergeInto(store: Store, parts: readonly string[]): Promise<Merged[]> {
  try {
    return await store.merge(parts);
  } catch (error) {
    await store.discard();
    throw error;
  }
}

interface Report {
  readonly sweep: Sweep;
  /** Those of this sweep. */
  readonly shards: readonly ShardNote[];
  readonly out: string;
  readonly store: Store;
}

/** Says what there is of a sweep, and how to go on; returns whether it is complete. */
async function print({ sweep, shards, out, store }: Report, terminal: Terminal): Promise<boolean> {
  const methods = await store.methodStatus(sweep);
  const sum = (column: "rows" | "missing" | "failed"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const [rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
  await terminal.out(
    `sweep ${sweep.id} (${sweep.profile}): ${rows - missing} of ${rows} trial rows, digest ${await store.digest(sweep)}\n`,
  );
  const goOn = `npx ${await lastCommand(store, sweep)} --db ${shellWord(out)}`;
  if (failed > 0) await terminal.out(`${failed} of them failed; this trains them again:\n  ${goOn} --retry-failed\n`);
  const numbers = shards.length === 0 ? [] : await missingShards(sweep, shards[0].count, store);
  if (numbers.length > 0) await terminal.out(missingShardsText(numbers, shards));
  else if (missing > 0)
    await terminal.out(
      `${missing} trial rows are missing, which gmm-sweep query "select * from missing" lists; this trains them:\n  ${goOn}\n`,
    );
  return missing + failed === 0;
}

/** The numbers of the shards with a row that is not there. */
async function missingShards({ plan, profile }: Sweep, count: number, store: Store): Promise<number[]> {
  const missing = new Set<number>();
  const deal = dealer(count);
  for (const group of trajectoriesOf(plan)) {
    const number = deal(group) + 1;
    if (missing.has(number) || (await store.missing(profile, group, false)).rows === 0) continue;
    missing.add(number);
    if (missing.size === count) break;
  }
  return [...missing].sort((a, b) => a - b);
}

/** Of a shard that grew, what each of its commands asked for. */
function missingShardsText(numbers: readonly number[], shards: readonly ShardNote[]): string {
  const [{ commands, count }] = shards;
  const lines = numbers.slice(0, LINES_SHOWN).map((number) => {
    const place = `--shard ${number}/${count} --db ${shellWord(partPath(number, shards))}`;
    return `  ${commands.map((command) => `npx ${command} ${place}`).join(" && ")}`;
  });
  if (numbers.length > LINES_SHOWN)
    lines.push(`  … and ${numbers.length - LINES_SHOWN} more, up to --shard ${numbers.at(-1)}/${count}`);
  const batches = commands.map(
    (command) =>
      `  sbatch --array=${ranges(numbers)} ${shellWord(batchScript())} ${count}${command.replace(/^gmm-sweep grid/, "")}`,
  );
  return [
    `shards that are missing or not complete: ${ranges(numbers)} of ${count}; each goes on from what its file has:`,
    ...lines,
    `or under Slurm, from the folder of the parts${batches.length > 1 ? ", one after the other" : ""}:`,
    ...batches,
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
