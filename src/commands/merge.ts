/** `gmm-sweep merge`: unites the files of shards, and says which shards are missing and how to run them. */
import type { Setting } from "../config.js";
import { sweepDigest } from "../digest.js";
import { SweepError } from "../errors.js";
import { bad, type Flags } from "../flags.js";
import { type GridConfig, settingsOf } from "../grid.js";
import { plan } from "../plan.js";
import { type SweepNote, statusByMethod, sweepNotes } from "../queries.js";
import { SqliteReader } from "../store/reader.js";
import { SqliteStore } from "../store/sqlite.js";
import { type Command, EXIT, type Terminal } from "./command.js";

export const mergeCommand: Command = {
  words: ["merge <out> <parts..>"],
  describe: "unite the files of shards in one; exit code 1 where rows are missing",
  positionals: { out: "the file to unite them in, made where there is none", parts: "the files of the shards" },
  options: {},
  examples: [["$0 merge whole.db part1.db part2.db part3.db", "three shards of a grid"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const out = String(flags["out"]);
  const parts = [flags["parts"]].flat().map(String);
  if (parts.includes(out)) throw bad(`OUT must be another file than the parts, got ${out} for both`);
  const notes = new Map<string, SweepNote[]>();
  for (const part of parts) notes.set(part, await notesOf(part));
  refuseUnequalShards(notes);
  const store = new SqliteStore(out);
  try {
    for (const part of parts) {
      const { trialRows, epochs } = await store.merge(part);
      await terminal.out(`${part}: ${trialRows} trial rows and ${epochs} epochs were new\n`);
    }
    let complete = true;
    for (const sweep of await sweepNotes(store)) complete = (await report(sweep, notes, store, terminal)) && complete;
    return complete ? EXIT.ok : EXIT.trialFailed;
  } finally {
    await store.close();
  }
}

async function notesOf(path: string): Promise<SweepNote[]> {
  const reader = new SqliteReader(path);
  try {
    return await sweepNotes(reader);
  } finally {
    reader.close();
  }
}

/** Shards of one sweep are parts of one plan: of the same grid, in the same number of parts. */
function refuseUnequalShards(notes: ReadonlyMap<string, readonly SweepNote[]>): void {
  const first = new Map<string, { path: string; note: SweepNote }>();
  for (const [path, sweeps] of notes) {
    for (const note of sweeps) {
      if (note.shard === null) continue;
      const known = first.get(note.identity);
      first.set(note.identity, known ?? { path, note });
      if (known === undefined) continue;
      const parts = ({ shard }: SweepNote): string => (shard ?? "").split("/")[1];
      if (planText(known.note) !== planText(note) || parts(known.note) !== parts(note))
        throw new SweepError(
          "BAD_USAGE",
          `the parts must be shards of one grid, but ${known.path} is shard ${known.note.shard} of \`${known.note.command}\` and ${path} is shard ${note.shard} of \`${note.command}\`: merge them into files of their own`,
        );
    }
  }
}

/** What of a config says which trajectories there are, and in which order. */
function planText({ config }: SweepNote): string {
  const { engine: _engine, record: _record, ...rest } = JSON.parse(config) as GridConfig;
  return JSON.stringify(rest);
}

/** Says what there is of a sweep; returns whether it is complete. */
async function report(
  sweep: SweepNote,
  notes: ReadonlyMap<string, readonly SweepNote[]>,
  store: SqliteStore,
  terminal: Terminal,
): Promise<boolean> {
  const methods = await statusByMethod(store, sweep.id);
  const sum = (column: "rows" | "missing" | "failed"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  await terminal.out(
    `sweep ${sweep.id}: ${sum("rows") - sum("missing")} of ${sum("rows")} trial rows, digest ${await sweepDigest(store, sweep.id)}\n`,
  );
  if (sum("missing") === 0) return sum("failed") === 0;
  const parts = [...notes.values()]
    .flat()
    .filter(({ identity, shard }) => identity === sweep.identity && shard !== null);
  if (parts.length === 0)
    await terminal.out(
      `${sum("missing")} trial rows are missing: gmm-sweep query "select * from missing" lists them\n`,
    );
  else await terminal.out(await missingShardsText(parts, sweep, store));
  return false;
}

async function missingShardsText(parts: readonly SweepNote[], sweep: SweepNote, store: SqliteStore): Promise<string> {
  const [{ shard, command }] = parts;
  const count = Number((shard ?? "").split("/")[1]);
  const missing: number[] = [];
  for (let index = 0; index < count; index++) if (await isMissing(index, count, sweep, store)) missing.push(index + 1);
  const lines = missing.map((number) => `${command} --shard ${number}/${count} --db part${number}.db`);
  return [
    `shards that are missing or not complete: ${missing.join(", ")} of ${count}; each goes on from what its file has:`,
    ...lines.map((line) => `  ${line}`),
    `under Slurm: sbatch --array=${missing.join(",")} scripts/slurm.sbatch ${command.replace(/^gmm-sweep grid ?/, "")}`,
    "",
  ].join("\n");
}

async function isMissing(index: number, count: number, sweep: SweepNote, store: SqliteStore): Promise<boolean> {
  const settings: Setting[] = settingsOf(JSON.parse(sweep.config) as GridConfig);
  for (const group of plan(settings, sweep.trials, sweep.trials, { index, count })) {
    const { rows } = await store.missing({ ...sweep }, group, false);
    if (rows > 0) return true;
  }
  return false;
}
