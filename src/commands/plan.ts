/** `gmm-sweep plan`: from a pilot, how a difference to retraining spreads over draws and trials, and what to run next. */
import { bad, SweepError, shellWord } from "../errors.js";
import { gridLine } from "../plan/as-grid.js";
import { fixedOf, isEven, oneOfEach, seedsFor } from "../plan/extending.js";
import { type Flags, fileFrom, items, sweepFrom, text, wholeNumber } from "../plan/flags.js";
import { byEndpoint, questionOf, refuseWide, USUAL_QUESTION } from "../plan/question.js";
import { rangesOf } from "../plan/ranges.js";
import { stoppingRuleText } from "../plan/stopping-rule.js";
import { LIMITS, parseReal, READ } from "../plan/values.js";
import { type DesignReport, designObject, designText, type Next } from "../report/design.js";
import { jsonOf } from "../report/json.js";
import { usableCores } from "../run/cores.js";
import { millisecondsPerEpoch } from "../run/forecast.js";
import { type Room, roomOf } from "../run/room.js";
import type { Results, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { engineOf } from "../sweep/engines.js";
import { roundsIn } from "../verdict/decisions.js";
import { type Design, designOf, type Target } from "../verdict/design.js";
import type { Choice, Goal } from "../verdict/planner.js";
import type { Rounds } from "../verdict/rounds.js";
import { type Setting, settingsIn } from "../verdict/scores.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { methodsMeant, NARROWING_OPTIONS, wantedFrom } from "./narrowing.js";
import { sweepsFrom } from "./sweeps.js";

/** λ says what is planned for; draws are what is counted. */
const OWN: readonly string[] = ["lambda", "draw", "start"];
const SETTING_OPTIONS = Object.fromEntries(Object.entries(NARROWING_OPTIONS).filter(([name]) => !OWN.includes(name)));
const POWER = 0.8;

export const planCommand: Command = {
  words: ["plan [file]"],
  describe:
    "say from a pilot sweep how many draws and trials a verdict takes, what they cost, and what to run for them",
  positionals: DB_ARGUMENT,
  options: {
    "half-width": value("the half-width of the 90 % interval to reach, as forget=0.02 or forget=0.02,accuracy=0.005"),
    power: value("how likely the answer is to be equivalent where nothing differs", POWER),
    margin: value("how large a difference does not matter, as forget=0.05,accuracy=0.01", "what the sweep was asked"),
    method: value("the method that is planned for", "the one that the verdict chooses"),
    lambda: value("its λ as written"),
    epochs: value("its epochs"),
    workers: value("worker threads that will train", "the cores"),
    ...SWEEP_OPTION,
    ...SETTING_OPTIONS,
    ...DB_OPTION,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 plan pilot.db --half-width forget=0.02", "what brings the interval to ±.02"],
    ["$0 plan pilot.db --power 0.9 --margin forget=0.05,accuracy=0.01", "what shows equivalence in 9 of 10 sweeps"],
  ],
  run,
};

/** What a command line asks of every sweep. */
interface Asked {
  readonly goal: Goal;
  /** Items of --margin, in place of what the sweep was asked. */
  readonly margins: readonly string[];
  readonly lambda: number | null;
  readonly epochs: number | null;
  readonly method: string | null;
  readonly workers: number;
}

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const asked = askedFrom(flags);
  const results = await openResults(path);
  try {
    const all = await results.sweeps();
    const sweeps = await sweepsFrom(results, sweepFrom(flags), path);
    const reports: DesignReport[] = [];
    for (const sweep of sweeps) {
      const place = { results, path, isOnly: all.length === 1 };
      reports.push(
        ...(await reportsOf(
          sweep,
          settingsWanted(await settingsIn(results.cellSamples(sweep)), flags, path),
          asked,
          place,
        )),
      );
    }
    refuseWhereNone(reports, path);
    const isAlone = reports.length === 1;
    if (flags["json"] === true) await terminal.out(`${jsonOf({ plans: reports.map(designObject) })}\n`);
    else await terminal.out(reports.map((report) => designText(report, isAlone, widthOf(terminal))).join("\n\n"));
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

function askedFrom(flags: Flags): Asked {
  const [lambda, epochs] = [text(flags, "lambda"), text(flags, "epochs")];
  return {
    goal: goalFrom(flags),
    margins: items(flags, "margin"),
    lambda: lambda === null ? null : READ.lambda("--lambda", lambda),
    epochs: epochs === null ? null : READ.epochs("--epochs", epochs),
    method: text(flags, "method"),
    workers: wholeNumber(flags, "workers", 1, LIMITS.workers, usableCores()),
  };
}

function goalFrom(flags: Flags): Goal {
  const power = text(flags, "power");
  if (flags["half-width"] === undefined) return { kind: "power", power: power === null ? POWER : powerIn(power) };
  if (power === null) return { kind: "half-width", most: byEndpoint("half-width", items(flags, "half-width")) };
  throw bad(`--power must not be given with --half-width, which is another goal, got ${power}: leave one of them out`);
}

function powerIn(given: string): number {
  const power = parseReal("--power", given, 0, "a probability above 0 and below 1");
  if (power > 0 && power < 1) return power;
  throw bad(`--power must be a probability above 0 and below 1, got ${given}: 0.8 is usual`);
}

/** The settings that the options leave; sizes are never pooled. */
function settingsWanted(settings: readonly Setting[], flags: Flags, path: string): Setting[] {
  const given = Object.fromEntries(Object.entries(flags).filter(([name]) => name in SETTING_OPTIONS));
  let left = [...settings];
  for (const { option, column, values } of wantedFrom(given, [])) {
    const found = left.filter(({ key }) => values.includes(key[column]));
    if (found.length === 0) {
      const there = [...new Set(left.map(({ key }) => key[column]))].join(", ");
      throw bad(`--${option} must be what ${path} has, one of ${there}, got ${values.join(" or ")}`);
    }
    left = found;
  }
  return left;
}

interface Place {
  readonly results: Results;
  readonly path: string;
  /** Whether the file has no other sweep. */
  readonly isOnly: boolean;
}

async function reportsOf(
  sweep: Sweep,
  settings: readonly Setting[],
  asked: Asked,
  { results, path, isOnly }: Place,
): Promise<DesignReport[]> {
  const { plan, profile } = sweep;
  const unfit = unfitness(sweep, await roundsIn(results, sweep));
  if (unfit !== null) {
    const of = { sweep: sweep.id, msPerEpoch: null, threads: asked.workers, design: null, refused: unfit };
    return settings.map((setting): DesignReport => ({ ...of, setting: setting.key }));
  }
  const room = await roomOf(plan, (specs) => results.missing(profile, specs, false));
  const ms = await millisecondsOf(sweep, path);
  const target: Target = {
    method: asked.method === null ? null : methodsMeant("--method", asked.method, [sweep]),
    lambda: asked.lambda,
    epochs: asked.epochs,
  };
  const stored = sweep.question ?? USUAL_QUESTION;
  const question = questionOf({ estimand: null, margins: asked.margins }, stored);
  if (asked.goal.kind === "half-width") refuseWide("--half-width ", asked.goal.most, question.estimand);
  return settings.map((setting): DesignReport => {
    const design = designOf(setting, { goal: asked.goal, question, target }, room);
    const of = { sweep: sweep.id, setting: setting.key, msPerEpoch: ms, threads: asked.workers };
    if (typeof design === "string") return { ...of, design: null, refused: design };
    return { ...of, design, refused: null, next: nextOf(design, sweep, { room, path, isOnly }) };
  });
}

/** Why a sweep is none to plan by, since no command lets it grow as planned; null: it is one. */
function unfitness({ id, shard, plan }: Sweep, rounds: Rounds | null): string | null {
  if (shard.count > 1)
    return `it has shard ${shard.index + 1}/${shard.count} of sweep ${id}, which does not grow by itself: unite the shards by gmm-sweep merge, and plan by what that gives`;
  if (rounds !== null)
    return `its sweep ${id} was asked for until ${stoppingRuleText(rounds.until)}, and says by itself when that is reached: plan by a grid without --until`;
  if (plan.parts.some(({ trials }) => trials !== undefined))
    return `some cells of its sweep ${id} have fewer trials than others as planned, and would stay so: plan by a grid of as many trials in each`;
  return null;
}

/** Null where what trained the pilot is not here. */
async function millisecondsOf({ plan, profile }: Sweep, path: string): Promise<number | null> {
  try {
    return await millisecondsPerEpoch(oneOfEach(plan), await engineOf(plan.engine.name, profile, path));
  } catch (error) {
    if (error instanceof SweepError) return null;
    throw error;
  }
}

const PILOT_DRAWS = 10; // fewer tell little of how draws differ

/** The commands that bring what is planned, and a pilot over draws where there is none. */
function nextOf(
  { best, unit }: Design,
  { id, plan }: Sweep,
  { room, path, isOnly }: Omit<Place, "results"> & { readonly room: Room },
): Next {
  const place = { place: shellWord(path), id, isOnly };
  const resume = `gmm-sweep resume ${place.place}${isOnly ? "" : ` --sweep ${id}`}`;
  const fixed = fixedOf(plan);
  const seeds = rangesOf(seedsFor(plan, PILOT_DRAWS));
  const several =
    fixed === "run" ? gridLine(plan, { dataSeeds: seeds, recipes: null }, place) : `${resume} --data-seeds ${seeds}`;
  const overDraws = unit === "draw" || fixed === "imported" ? null : several;
  return { command: best === null ? null : growthCommand(best, plan, room, resume), fixed, overDraws };
}

/** Null where there is nothing to train. */
function growthCommand(best: Choice, plan: Sweep["plan"], room: Room, resume: string): string | null {
  const trials = best.trials > room.trials ? [`--trials ${best.trials}`] : [];
  const seeds =
    best.draws > room.draws || (fixedOf(plan) === null && !isEven(plan))
      ? [seedsOption(seedsFor(plan, best.draws))]
      : [];
  return best.epochs === 0 ? null : [resume, ...trials, ...seeds].join(" ");
}

function seedsOption(seeds: readonly number[]): string {
  return `--data-seeds ${rangesOf(seeds)}`;
}

/** Throws where no setting can be planned for, with the first reason. */
function refuseWhereNone(reports: readonly DesignReport[], path: string): void {
  if (reports.length === 0)
    throw bad(
      `${path} must hold finished trials, but it has none yet: gmm-sweep resume ${shellWord(path)} trains them`,
    );
  const refused = reports.flatMap(({ refused }) => refused ?? []);
  if (refused.length === reports.length) throw bad(`${path} must hold a pilot to plan by, but ${refused[0]}`);
}
