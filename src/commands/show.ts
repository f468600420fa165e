/** `gmm-sweep show METHOD TRIAL`: what the notebook prints while it trains, from the stored curve. */
import { bad } from "../errors.js";
import { databaseFrom, type Flags, text } from "../plan/flags.js";
import { parseWhole } from "../plan/values.js";
import { notebookLines } from "../report/curve.js";
import type { Results, StoredTrajectory, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { type Command, DB_OPTION, METHOD_LIST, type Terminal, value } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { methodsMeant, NARROWING_OPTIONS, narrowed, onlyOne, wantedFrom } from "./narrowing.js";

export const showCommand: Command = {
  words: ["show <method> <trial>"],
  describe: "print a trial's curve as the notebook prints it, every 10 epochs",
  positionals: { method: `one of ${METHOD_LIST}, or of one's own`, trial: "its number, from 1" },
  options: {
    sweep: value("the number of the sweep", "the newest that has the trial"),
    ...NARROWING_OPTIONS,
    ...DB_OPTION,
  },
  examples: [["$0 show original 1", "the first trial of the original"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const given = String(flags["method"]);
  const trial = parseWhole("TRIAL", String(flags["trial"]), 1, Number.MAX_SAFE_INTEGER);
  const number = text(flags, "sweep");
  const id = number === null ? null : parseWhole("--sweep", number, 1, Number.MAX_SAFE_INTEGER);
  const wanted = wantedFrom(flags, []);
  const path = databaseFrom(flags);
  const results = await openResults(path);
  try {
    const sweeps = await results.sweeps();
    const methods = methodsMeant("METHOD", given, sweeps);
    const newest = sweeps.filter((sweep) => id === null || sweep.id === id).toReversed();
    const found = await firstWith(results, newest, methods, trial);
    if (found === null)
      throw bad(
        `METHOD and TRIAL must name a finished trial of ${path}, got ${given} ${trial}${id === null ? "" : ` of sweep ${id}`}: gmm-sweep query "select distinct sweep, method, trial from trial_results" lists them`,
      );
    const there = `sweep ${found.sweep.id} of ${path} has of ${given} trial ${trial}`;
    const trajectory = onlyOne(narrowed(found.trajectories, wanted, there), path, { argument: "METHOD", given });
    await terminal.out(notebookLines(await results.curve(trajectory.source, trajectory.epochs), trajectory));
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

/** The first of the sweeps that has curves of a method's trial, with their trajectories; null where none has. */
async function firstWith(
  results: Results,
  sweeps: readonly Sweep[],
  methods: readonly string[],
  trial: number,
): Promise<{ sweep: Sweep; trajectories: StoredTrajectory[] } | null> {
  for (const sweep of sweeps) {
    const trajectories: StoredTrajectory[] = [];
    for (const method of methods)
      for (const one of await results.trajectories(sweep, method, trial)) if (one.has_curve) trajectories.push(one);
    if (trajectories.length > 0) return { sweep, trajectories };
  }
  return null;
}
