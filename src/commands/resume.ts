/** `gmm-sweep resume`: goes on with what a file's sweeps lack, from what is stored alone. */
import { existsSync } from "node:fs";
import { type Flags, fileFrom, items, type Running, runningFrom, sweepFrom } from "../plan/flags.js";
import { withFolders } from "../plan/plan.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import { usableCores } from "../run/cores.js";
import { importedDraws } from "../run/rebuild.js";
import { surveyMissing } from "../run/survey.js";
import type { Store, Sweep } from "../store/contract.js";
import { openResults, openStore } from "../store/open.js";
import {
  type Command,
  commandLine,
  DB_ARGUMENT,
  DB_OPTION,
  LOG_OPTION,
  openingFrom,
  RUNNING_OPTIONS,
  SWEEP_OPTION,
  type Terminal,
  value,
} from "./command.js";
import { engineStored } from "./engines.js";
import { EXIT } from "./exit-codes.js";
import { lastCommand, sweepsFrom } from "./sweeps.js";
import { trainAndPrint } from "./training.js";

export const resumeCommand: Command = {
  words: ["resume [file]"],
  describe: "go on with what is stored: train what a file's sweeps lack, and print what run or grid would",
  positionals: DB_ARGUMENT,
  options: {
    workers: value("worker threads", "the cores"),
    sweep: value("the number of a sweep", "all of the file's that lack something"),
    data: value("the folders of imported data, where they lie elsewhere now, separated by commas", null, "FOLDERS"),
    ...DB_OPTION,
    ...LOG_OPTION,
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON object a sweep instead of text" },
  },
  examples: [["$0 resume night.db", "what was killed last night, to its end"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const running = runningFrom(flags, usableCores(), [["the database", path]]);
  const asked = sweepFrom(flags);
  const folders = foldersIn(items(flags, "data"));
  const command = commandLine(["resume", path], flags, SWEEP_OPTION);
  // Writing would make a file where there is none; reading says what is wrong.
  if (!existsSync(path)) await (await openResults(path)).close();
  const opening = openingFrom(running.lockWaitMs, terminal);
  const store = await openStore(path, opening);
  try {
    const meant = await sweepsFrom(store, asked, path);
    const named = meant.map((sweep) => ({ ...sweep, plan: withFolders(sweep.plan, folders) }));
    const sweeps = asked === null ? await lackingOf(named, running, store) : named;
    let worst: number = EXIT.ok;
    for (const sweep of sweeps) {
      if (sweeps.length > 1 && !running.json) await terminal.out(await heading(sweep, sweep === sweeps[0], store));
      const engine = await engineStored(sweep, path);
      const { trials } = sweep.plan;
      const code = await trainAndPrint({ store, path, sweep, engine, running, command, opening, trials }, terminal);
      if (code === EXIT.interrupted) return code;
      worst = Math.max(worst, code);
    }
    return worst;
  } finally {
    await store.close();
  }
}

/** The sweeps that lack something of what this file is to have; all of them where none does, since their results are asked for too. */
async function lackingOf(sweeps: readonly Sweep[], running: Running, store: Store): Promise<readonly Sweep[]> {
  const lacking: Sweep[] = [];
  for (const sweep of sweeps) {
    const planned = trajectoriesOf(sweep.plan, sweep.shard);
    const { missing } = await surveyMissing(planned, (specs) =>
      store.missing(sweep.profile, specs, running.retryFailed),
    );
    if (missing.rows > 0) lacking.push(sweep);
  }
  return lacking.length === 0 ? sweeps : lacking;
}

/** Folders of imported data by the sha256 of what lies in them. */
function foldersIn(directories: readonly string[]): ReadonlyMap<string, string> {
  const draws = [...importedDraws(directories).values()];
  return new Map(draws.flatMap((draw) => (draw.kind === "imported" ? [[draw.sha256, draw.directory]] : [])));
}

async function heading(sweep: Sweep, isFirst: boolean, store: Store): Promise<string> {
  return `${isFirst ? "" : "\n"}sweep ${sweep.id}: ${await lastCommand(store, sweep)}\n\n`;
}
