/** `gmm-sweep resume`: goes on with what a file's sweeps lack, from what is stored alone. */
import { statSync } from "node:fs";
import { bad } from "../errors.js";
import { isDatabase } from "../files/places.js";
import type { Flags, Running } from "../plan/flags.js";
import { type More, withMore } from "../plan/more.js";
import { withFolders } from "../plan/plan.js";
import { USUAL_QUESTION } from "../plan/question.js";
import { resumeRequest } from "../plan/request.js";
import { stoppingRuleText } from "../plan/stopping-rule.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import { usableCores } from "../run/cores.js";
import { foldersWith } from "../run/rebuild.js";
import { surveyMissing } from "../run/survey.js";
import type { Store, Sweep } from "../store/contract.js";
import { refuseChanged } from "../store/difference.js";
import { openResults, openStore } from "../store/open.js";
import { choiceStored } from "../sweep/engines.js";
import { noteOf } from "../sweep/notes.js";
import { roundsIn } from "../verdict/decisions.js";
import { isOver } from "../verdict/rounds.js";
import {
  type Command,
  DB_ARGUMENT,
  DB_OPTION,
  LOG_OPTION,
  NULL_OPTION,
  openingFrom,
  RUNNING_OPTIONS,
  type Terminal,
  value,
} from "./command.js";
import { EXIT } from "./exit-codes.js";
import { lastCommand, sweepsFrom } from "./sweeps.js";
import { type Training, trainAndPrint } from "./training.js";

/** Options that let a sweep have more than it has. */
const GROWING = {
  trials: value("let a sweep have so many trials of each cell, not fewer than it has", "as many as it has"),
  "data-seeds": value("let it have these draws too: seeds, values and ranges"),
  ...NULL_OPTION,
};

export const resumeCommand: Command = {
  words: ["resume [file]"],
  describe:
    "go on with what is stored: train what a file's sweeps lack, or let one of them grow, and print what run or grid would",
  positionals: DB_ARGUMENT,
  options: {
    workers: value("worker threads", "the cores"),
    sweep: value("the number of a sweep", "all that lack something; of growth, the newest"),
    ...GROWING,
    data: value("the folders of imported data, where they lie elsewhere now, separated by commas", null, "FOLDERS"),
    ...DB_OPTION,
    ...LOG_OPTION,
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON array, of an object a sweep, instead of text" },
  },
  examples: [
    ["$0 resume night.db", "what was killed last night, to its end"],
    ["$0 resume night.db --trials 200 --with-null", "more trials, and a second set of retraining"],
    ["$0 resume night.db --data-seeds 1:40", "more draws"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const request = resumeRequest(flags, usableCores(), Object.keys(GROWING));
  const { path, running, sweep: asked, more, command } = request;
  const folders = foldersWith(request.folders);
  // Writing would make a file where there is none, or of an empty one; reading says what is wrong.
  if (isDatabase(path) || !statSync(path, { throwIfNoEntry: false })?.size) await (await openResults(path)).close();
  const opening = openingFrom(running.lockWaitMs, terminal);
  const store = await openStore(path, opening);
  const sweepsMeant = async (named: readonly Sweep[]): Promise<readonly Sweep[]> => {
    if (more === null) return asked === null ? lackingOf(named, running, store) : named;
    const [before, held] = [await store.sweeps(), named[named.length - 1]];
    const sweep = await grownIn(store, held, { path, more, command: request.growth });
    if (sweep.id !== held.id) terminal.err(besideText(sweep, held, before));
    return [sweep];
  };
  try {
    await refuseChanged(path, store);
    const there = await sweepsFrom(store, asked, path);
    const named = there.map((sweep) => ({ ...sweep, plan: withFolders(sweep.plan, folders) }));
    const sweeps = await sweepsMeant(named);
    const isOneOfSeveral = sweeps.length > 1 || (more !== null && there.length > 1);
    const going: Going = { store, path, running, command, opening };
    return await (running.json
      ? inOneArray(terminal, (one) => trainEach(sweeps, going, () => Promise.resolve(), one))
      : trainEach(
          sweeps,
          going,
          async (sweep) => {
            if (isOneOfSeveral) await terminal.out(await heading(sweep, sweep === sweeps[0], store));
          },
          terminal,
        ));
  } finally {
    await store.close();
  }
}

/** What the training of each sweep of a file has in common. */
type Going = Pick<Training, "path" | "running" | "command" | "opening"> & { readonly store: Store };

/** One sweep after the other, until one is stopped from outside; returns the worst exit code. */
async function trainEach(
  sweeps: readonly Sweep[],
  going: Going,
  announce: (sweep: Sweep) => Promise<void>,
  terminal: Terminal,
): Promise<number> {
  let worst: number = EXIT.ok;
  for (const sweep of sweeps) {
    await announce(sweep);
    const engine = await choiceStored(sweep, going.path);
    const code = await trainAndPrint({ ...going, sweep, engine, trials: sweep.plan.trials }, terminal);
    if (code === EXIT.interrupted) return code;
    worst = Math.max(worst, code);
  }
  return worst;
}

/** Prints the objects that `body` prints as one array, also where a later one was not to be had. */
async function inOneArray(terminal: Terminal, body: (one: Terminal) => Promise<number>): Promise<number> {
  const objects: string[] = [];
  const one: Terminal = {
    ...terminal,
    out: async (object) => {
      objects.push(object.trimEnd());
    },
  };
  try {
    return await body(one);
  } finally {
    if (objects.length > 0) await terminal.out(`[${objects.join(",\n")}]\n`);
  }
}

interface Growing {
  readonly path: string;
  readonly more: More;
  /** As the sweep keeps it, wherever it lies. */
  readonly command: string;
}

/** The sweep with more than it had; a run with other methods is a run of its own, as it is where run asks for them. */
async function grownIn(store: Store, sweep: Sweep, { path, more, command }: Growing): Promise<Sweep> {
  const { id, plan, profile, shard, question } = sweep;
  if (shard.count > 1)
    throw bad(
      `${path} must hold the whole of sweep ${id} to let it grow, got shard ${shard.index + 1}/${shard.count}: ask every shard for more by the command that opened it, or unite them by gmm-sweep merge first`,
    );
  const rounds = await roundsIn(store, sweep);
  if (rounds !== null)
    throw bad(
      `sweep ${id} must be as it was asked, until ${stoppingRuleText(rounds.until)}, since its looks share one error rate: leave --trials, --data-seeds and --with-null out, or give a new grid its own --name`,
    );
  const whole = withMore(plan, more, id);
  // What cannot be trained here is not asked for.
  await choiceStored(sweep, path);
  const asked = { question: question ?? USUAL_QUESTION, command: noteOf(command) };
  return store.open({ plan: whole, profile, shard, grow: false, ...asked });
}

/** That what was asked for is another sweep, which was made, or was there before. */
function besideText({ id }: Sweep, { id: held }: Sweep, before: readonly Sweep[]): string {
  const is = before.some((sweep) => sweep.id === id) ? "is there already, and goes on" : "is new";
  return `sweep ${id} ${is}: a run with other methods is a sweep of its own, and sweep ${held} stays as it was beside it\n`;
}

/** The sweeps that lack something of what this file is to have; all of them where none does, since their results are asked for too. */
async function lackingOf(sweeps: readonly Sweep[], running: Running, store: Store): Promise<readonly Sweep[]> {
  const lacking: Sweep[] = [];
  for (const sweep of sweeps) {
    const planned = trajectoriesOf(sweep.plan, sweep.shard);
    const { missing } = await surveyMissing(planned, (specs) =>
      store.missing(sweep.profile, specs, running.retryFailed),
    );
    const rounds = await roundsIn(store, sweep);
    if (missing.rows > 0 || (rounds !== null && !isOver(rounds))) lacking.push(sweep);
  }
  return lacking.length === 0 ? sweeps : lacking;
}

async function heading(sweep: Sweep, isFirst: boolean, store: Store): Promise<string> {
  return `${isFirst ? "" : "\n"}sweep ${sweep.id}: ${await lastCommand(store, sweep)}\n\n`;
}
