/** `gmm-sweep show METHOD TRIAL`: what the notebook prints while it trains, from the stored curve. */

import { bad } from "../errors.js";
import { type Flags, fileFrom, sweepFrom } from "../plan/flags.js";
import { parseWhole } from "../plan/values.js";
import { curvePicture, distributionPicture } from "../report/braille.js";
import { notebookLines } from "../report/curve.js";
import { jsonOf } from "../report/json.js";
import type { Results, StoredEpoch, StoredTrajectory, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import {
  type Command,
  DB_ARGUMENT,
  DB_OPTION,
  METHOD_LIST,
  queryLine,
  type Terminal,
  value,
  widthOf,
} from "./command.js";
import { EXIT } from "./exit-codes.js";
import { NARROWING_OPTIONS, wantedFrom } from "./narrowing.js";
import { among, keyObject, storedTrial } from "./stored-trial.js";

export const showCommand: Command = {
  words: ["show <method> <trial> [file]"],
  describe: "print a trial's curve as the notebook prints it",
  positionals: {
    method: `one of ${METHOD_LIST}, or of one's own; bare or by --method`,
    trial: "its number, from 1; bare or by --trial",
    ...DB_ARGUMENT,
  },
  options: {
    sweep: value("the number of the sweep", "all of the file's"),
    ...NARROWING_OPTIONS,
    ...DB_OPTION,
    plot: { type: "boolean", describe: "draw the curve, and where the trials of its cell end" },
    json: { type: "boolean", describe: "print one JSON object, with every epoch that is kept" },
  },
  examples: [["$0 show original 1", "the first trial of the original"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  if (flags["plot"] === true && flags["json"] === true)
    throw bad("--plot must be given without --json, got both: leave one of the two out");
  const method = String(flags["method"]);
  const trial = parseWhole("TRIAL", String(flags["trial"]), 1, Number.MAX_SAFE_INTEGER);
  const wanted = wantedFrom(flags, []);
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    const sweeps = await among(results, sweepFrom(flags), path);
    const of = sweeps.only === null ? "" : ` of sweep ${sweeps.only.id}`;
    const none = async (): Promise<Error> =>
      bad(
        `METHOD and TRIAL must name a finished trial of ${path}, got ${method} ${trial}${of}: ${queryLine("select distinct sweep, method, trial from trial_results", path)} lists them`,
      );
    const named = { method, argument: "METHOD", trial, path, wanted };
    const trajectory = await storedTrial(results, sweeps, named, { counts: ({ has_curve }) => has_curve, none });
    const curve = await results.curve(trajectory.source, trajectory.epochs);
    if (flags["plot"] === true)
      await terminal.out(
        await pictures(await endsOf(results, sweeps.sweeps, trajectory), trajectory, curve, widthOf(terminal)),
      );
    else if (flags["json"] === true) await terminal.out(`${jsonOf({ ...keyObject(trajectory), curve })}\n`);
    else await terminal.out(notebookLines(curve, trajectory));
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

/** The forget probabilities of the trials of a trajectory's cell that are runs of their own, from the first sweep that has it. */
async function endsOf(results: Results, sweeps: readonly Sweep[], trajectory: StoredTrajectory): Promise<number[]> {
  for (const sweep of sweeps) {
    const trials = await results.cellTrials(sweep, trajectory);
    const own = trials.filter(({ replicate_of }) => replicate_of === null);
    if (own.length > 0) return own.map(({ forget_probability }) => forget_probability);
  }
  return [];
}

/** The curve of a trajectory, and where the trials of its cell end. */
function pictures(
  ends: readonly number[],
  { epochs }: StoredTrajectory,
  curve: readonly StoredEpoch[],
  width: number,
): string {
  const byEpoch = new Map(curve.map((epoch) => [epoch.epoch, epoch]));
  const along = (name: "forget_probability" | "train_accuracy"): (number | null)[] =>
    Array.from({ length: curve.at(-1)?.epoch ?? 0 }, (_, i) => byEpoch.get(i + 1)?.[name] ?? null);
  return [
    curvePicture("forget probability by epoch", along("forget_probability"), width),
    curvePicture("train accuracy by epoch", along("train_accuracy"), width),
    distributionPicture(`forget probability of ${ends.length} trials after epoch ${epochs}`, ends, width),
  ]
    .filter((picture) => picture !== "")
    .join("\n");
}
