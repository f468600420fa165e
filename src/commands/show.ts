/** `gmm-sweep show METHOD TRIAL`: what the notebook prints while it trains, from the stored curve. */

import { SweepError } from "../errors.js";
import { type Flags, parseName, parseWhole, wholeNumber } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { databaseFrom } from "../plan/options.js";
import { notebookLines } from "../report/curve.js";
import { newestSweepWith, trialCurve, trialTrajectories } from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { type Command, DB_OPTION, EXIT, METHOD_LIST, type Terminal, value } from "./command.js";
import { NARROWING_OPTIONS, narrowed, onlyOne, wantedFrom } from "./narrowing.js";

export const showCommand: Command = {
  words: ["show <method> <trial>"],
  describe: "print a trial's curve as the notebook prints it, every 10 epochs",
  positionals: { method: `one of ${METHOD_LIST}`, trial: "its number, from 1" },
  options: {
    sweep: value("the number of the sweep", "the newest that has the trial"),
    ...NARROWING_OPTIONS,
    ...DB_OPTION,
  },
  examples: [["$0 show original 1", "the first trial of the original"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const method = parseName("METHOD", String(flags["method"]), METHOD_NAMES);
  const trial = parseWhole("TRIAL", String(flags["trial"]), 1, Number.MAX_SAFE_INTEGER);
  const wanted = wantedFrom(flags, []);
  const path = databaseFrom(flags);
  const reader = new SqliteReader(path);
  try {
    const newest = await newestSweepWith(reader, method, trial);
    const sweep = wholeNumber(flags, "sweep", 1, Number.MAX_SAFE_INTEGER, newest ?? 1);
    const trajectories = await trialTrajectories(reader, sweep, method, trial);
    if (trajectories.length === 0) {
      throw new SweepError(
        "BAD_USAGE",
        `METHOD and TRIAL must name a finished trial of ${path}, got ${method} ${trial}${flags["sweep"] === undefined ? "" : ` of sweep ${sweep}`}: gmm-sweep query "select distinct sweep, method, trial from trial_results" lists them`,
      );
    }
    const there = `sweep ${sweep} of ${path} has of ${method} trial ${trial}`;
    const { trajectory_id } = onlyOne(narrowed(trajectories, wanted, there), path);
    await terminal.out(notebookLines(await trialCurve(reader, sweep, trajectory_id)));
    return EXIT.ok;
  } finally {
    reader.close();
  }
}
