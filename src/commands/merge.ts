/** `gmm-sweep merge`: unites the files of shards, and says which shards are missing and how to run them. */

import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bad, shellWord } from "../errors.js";
import { isDatabase, placeNamed, placeOption } from "../files/places.js";
import { type Flags, lockWaitFrom } from "../plan/flags.js";
import { askedText, identityOf } from "../plan/growth.js";
import { dealer, trajectoriesOf } from "../plan/trajectories.js";
import { jsonOf } from "../report/json.js";
import type { Merged, Results, Sweep } from "../store/contract.js";
import { mergeStores, openBegun, openResults } from "../store/open.js";
import { askedOtherwise } from "../sweep/asked-otherwise.js";
import { type Command, LOCK_WAIT_OPTION, openingFrom, queryLine, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { printFound } from "./results.js";
import { lastCommand, otherwiseText } from "./sweeps.js";

export const mergeCommand: Command = {
  words: ["merge <out> <parts..>"],
  describe: "unite the files of shards in one; exit code 1 where rows are missing",
  positionals: { out: "the file to unite them in, made where there is none", parts: "the files of the shards" },
  options: {
    ...LOCK_WAIT_OPTION,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
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
  const out = placeNamed("OUT", String(flags["out"]));
  if (out === ":memory:") throw bad(`OUT must be a file, got ${out}`);
  const parts = [flags["parts"]].flat().map((part) => placeNamed("PARTS", String(part)));
  if (parts.some((part) => fileAt(part) === fileAt(out)))
    throw bad(`OUT must be another file than the parts, got ${out} for both`);
  const opening = openingFrom(lockWaitFrom(flags), terminal);
  const shards: ShardNote[] = [];
  for (const part of parts) for (const shard of await shardsIn(part)) shards.push(shard);
  refuseUnequalShards(shards);
  if (isDatabase(out) || existsSync(out)) refuseShard(out, await shardsIn(out));
  const merged = await mergeStores(out, parts, opening);
  const results = await openResults(out);
  try {
    for (const part of parts)
      for (const asked of askedOtherwise(await sweepsIn(part), await results.sweeps()))
        terminal.err(`${otherwiseText(part, asked)}\n`);
    const reports: Report[] = [];
    for (const sweep of await results.sweeps()) reports.push(await reportOf(sweep, shards, results));
    if (flags["json"] === true) await terminal.out(`${jsonOf(mergeObject(out, parts, merged, reports))}\n`);
    else await print({ out, parts, merged, reports, results }, terminal);
    return reports.every(({ missing, failed }) => missing + failed === 0) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

/** What a path means, whatever it is written like. */
function fileAt(path: string): string {
  if (isDatabase(path)) return path;
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

async function sweepsIn(path: string): Promise<Sweep[]> {
  const results = await openBegun(path);
  if (results === null) return [];
  return results.sweeps().finally(() => results.close());
}

async function shardsIn(path: string): Promise<ShardNote[]> {
  const results = await openBegun(path);
  // A run that was killed at its birth left nothing.
  if (results === null) return [];
  try {
    const shards: ShardNote[] = [];
    for (const sweep of await results.sweeps()) {
      const { plan, profile, shard } = sweep;
      if (shard.count === 1) continue;
      const commands = [...new Set((await results.commands(sweep)).map(({ command }) => withoutPlace(command)))];
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

/** What there is of a sweep. */
interface Report {
  readonly sweep: Sweep;
  readonly digest: string;
  /** Trial rows. */
  readonly rows: number;
  readonly missing: number;
  readonly failed: number;
  /** What asked for it last, without its place. */
  readonly command: string;
  /** Those of this sweep. */
  readonly shards: readonly ShardNote[];
  readonly missingShards: readonly number[];
  /** Shards of its plan that were trained with another numerics profile. */
  readonly others: readonly ShardNote[];
}

async function reportOf(sweep: Sweep, all: readonly ShardNote[], results: Results): Promise<Report> {
  const methods = await results.methodStatus(sweep);
  const sum = (column: "rows" | "missing" | "failed"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const identity = identityOf(sweep.plan, sweep.profile);
  const shards = all.filter((shard) => shard.identity === identity);
  const asked = identityOf(sweep.plan, "");
  return {
    sweep,
    digest: await results.digest(sweep),
    ...{ rows: sum("rows"), missing: sum("missing"), failed: sum("failed") },
    command: withoutPlace(await lastCommand(results, sweep)),
    shards,
    missingShards: shards.length === 0 ? [] : await missingShards(sweep, shards[0].count, results),
    others: all.filter(({ sweep: { plan, profile } }) => profile !== sweep.profile && identityOf(plan, "") === asked),
  };
}

// An older gmm-sweep kept them with the command, too.
const PLACE_OPTIONS = / --(?:db|store|shard)(?:=| )(?:'(?:[^']|'\\'')*'|\S+)/g;

/** A stored command without the options that say where it went on: others will stand in their place. */
function withoutPlace(command: string): string {
  return command.replace(PLACE_OPTIONS, "");
}

interface Printed {
  readonly out: string;
  readonly parts: readonly string[];
  readonly merged: readonly Merged[];
  readonly reports: readonly Report[];
  readonly results: Results;
}

async function print({ out, parts, merged, reports, results }: Printed, terminal: Terminal): Promise<void> {
  for (const [i, { trialRows, epochs }] of merged.entries())
    await terminal.out(`${parts[i]}: ${trialRows} trial rows and ${epochs} epochs were new\n`);
  for (const report of reports) {
    await terminal.out(reportText(report, out));
    if (report.missing + report.failed > 0) continue;
    await terminal.out("\n");
    await printFound({ store: results, path: out, sweep: report.sweep }, terminal);
  }
}

/** Says what there is of a sweep, and how to go on. */
function reportText(report: Report, out: string): string {
  const { sweep, digest, rows, missing, failed, command } = report;
  const lines = [`sweep ${sweep.id} (${sweep.profile}): ${rows - missing} of ${rows} trial rows, digest ${digest}`];
  // What a resume asked for is stored by now; again it would ask it of the file's newest sweep.
  const again = command.startsWith("gmm-sweep resume") ? `gmm-sweep resume --sweep ${sweep.id}` : command;
  const goOn = `  ${again} ${placeOption(out)}`;
  if (failed > 0) lines.push(`${failed} of them failed; this trains them again:`, `${goOn} --retry-failed`);
  for (const other of report.others) lines.push(otherProfileText(other, sweep));
  if (report.missingShards.length > 0) lines.push(...missingShardLines(report));
  else if (missing > 0)
    lines.push(
      `${missing} trial rows are missing, which ${queryLine("select * from missing", out)} lists; this trains them:`,
      goOn,
    );
  return `${lines.join("\n")}\n`;
}

/** Numbers of two profiles are never one sweep's. */
function otherProfileText({ path, number, count, sweep }: ShardNote, { profile }: Sweep): string {
  return `${path} has shard ${number}/${count} with the numerics profile ${sweep.profile}, and so as a sweep of its own: trained where gmm-sweep doctor lists ${profile}, it is a part of this one`;
}

function mergeObject(out: string, parts: readonly string[], merged: readonly Merged[], reports: readonly Report[]) {
  return {
    out,
    parts: merged.map(({ trialRows, epochs }, i) => ({ file: parts[i], trial_rows: trialRows, epochs })),
    sweeps: reports.map(({ sweep, digest, rows, missing, failed, missingShards: numbers, others }) => ({
      ...{ sweep: sweep.id, profile: sweep.profile, digest, rows, missing, failed, missing_shards: numbers },
      other_profiles: others.map(({ path, number, count, sweep: { profile } }) => ({
        ...{ file: path, shard: `${number}/${count}`, profile },
      })),
    })),
  };
}

/** The numbers of the shards with a row that is not there. */
async function missingShards({ plan, profile }: Sweep, count: number, results: Results): Promise<number[]> {
  const missing = new Set<number>();
  const deal = dealer(count);
  for (const group of trajectoriesOf(plan)) {
    const number = deal(group) + 1;
    if (missing.has(number) || (await results.missing(profile, group, false)).rows === 0) continue;
    missing.add(number);
    if (missing.size === count) break;
  }
  return [...missing].sort((a, b) => a - b);
}

/** Of a shard that grew, what each of its commands asked for. */
function missingShardLines({ missingShards: numbers, shards, others }: Report): string[] {
  const [{ commands, count }] = shards;
  const lines = numbers.slice(0, LINES_SHOWN).map((number) => {
    const place = `--shard ${number}/${count} ${placeOption(partPath(number, shards, others))}`;
    return `  ${commands.map((command) => `${command} ${place}`).join(" && ")}`;
  });
  if (numbers.length > LINES_SHOWN)
    lines.push(`  … and ${numbers.length - LINES_SHOWN} more, up to --shard ${numbers.at(-1)}/${count}`);
  const batches = commands.map(
    (command) =>
      `  sbatch --array=${ranges(numbers)} ${shellWord(batchScript())} ${count}${command.replace(/^gmm-sweep grid/, "")}`,
  );
  return [
    `shards that are missing or not complete: ${shardsText(numbers, count)}; each goes on from what its file has:`,
    ...lines,
    `or under Slurm, from the folder of the parts${batches.length > 1 ? ", one after the other" : ""}:`,
    ...batches,
  ];
}

/** The file of a shard: its own, or one named as the first part is named, and not as one of `others`. */
function partPath(number: number, shards: readonly ShardNote[], others: readonly ShardNote[]): string {
  const own = shards.find((shard) => shard.number === number);
  if (own !== undefined) return own.path;
  const [first] = shards;
  const [name] = /\d+(?=\D*$)/.exec(basename(first.path)) ?? [];
  const file =
    Number(name) === first.number
      ? basename(first.path).replace(/\d+(?=\D*$)/, (digits) => String(number).padStart(digits.length, "0"))
      : `part${number}.db`;
  const path = join(dirname(first.path), file);
  return others.some((other) => fileAt(other.path) === fileAt(path)) ? path.replace(/(\.db)?$/, "-again.db") : path;
}

function batchScript(): string {
  const path = relative("", BATCH_SCRIPT);
  return path.startsWith("..") ? BATCH_SCRIPT : path;
}

/** 1,2,3,7 of 8 as 1-3/8 and 7/8: as --shard names them. */
function shardsText(numbers: readonly number[], count: number): string {
  const names = ranges(numbers)
    .split(",")
    .map((run) => `${run}/${count}`);
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
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
