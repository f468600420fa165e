/** From a command's flags to all that they ask for, as typed values: past this nobody reads a flag again. */
import type { EngineChoice } from "../engine/engines.js";
import { bad } from "../errors.js";
import type { KeptFile } from "../output.js";
import type { DrawSource } from "../trial.js";
import { GRID_DEFAULTS } from "./defaults.js";
import {
  type Flags,
  isaFrom,
  isOn,
  items,
  itemsIn,
  type Place,
  placeFrom,
  type Running,
  runningFrom,
  type SettingAsked,
  settingFrom,
  sweepFileFrom,
  text,
  trialsFrom,
} from "./flags.js";
import { type Goal, goalFrom, goalText } from "./goal.js";
import { GRID_READERS, type GridAsked, gridFrom, planOf } from "./grid.js";
import type { More } from "./growth.js";
import { ownMethods } from "./method-file.js";
import { METHODS, type MethodRecord, NOTEBOOK_METHODS } from "./methods.js";
import { meant, methodList, oneEach, parseMethod, withTwins } from "./naming.js";
import type { DrawAxes, PlanPart, SweepPlan } from "./plan.js";
import { type Question, questionSaid } from "./question.js";
import { gridFromFile } from "./sweep-file.js";
import { READ } from "./values.js";

/** What a command asks for, where it goes and how it is trained. */
export interface Request {
  readonly plan: SweepPlan;
  /** What the sweep is asked where it is a new one; null: nothing is said of it. */
  readonly question: Question | null;
  readonly place: Place;
  readonly running: Running;
}

export interface GridRequest extends Request {
  /** Its sweep file; null where there is none. */
  readonly file: string | null;
  readonly dryRun: boolean;
  /** When it has its answer; null: all that it asks for is trained. */
  readonly until: Goal | null;
}

/** What `run` asks for, on a machine of so many cores. */
export function runRequest(flags: Flags, cores: number): Request {
  const place = placeFrom(flags);
  const running = runningFrom(flags, cores, [["the database", place.path]]);
  return { plan: runPlan(flags), question: questionSaid(flags), place, running };
}

/** What `grid` asks for. */
export function gridRequest(flags: Flags, cores: number): GridRequest {
  const [file, place] = [sweepFileFrom(flags), placeFrom(flags)];
  const kept: KeptFile[] = [["the database", place.path]];
  if (file !== null) kept.push(["the sweep file", file]);
  const [running, dryRun] = [runningFrom(flags, cores, kept), flags["dry-run"] === true];
  return { ...gridAsked(flags, file), place, running, file, dryRun, until: untilFrom(flags, place) };
}

/** Shards would each come to answers of their own. */
function untilFrom(flags: Flags, { shard }: Place): Goal | null {
  const until = goalFrom(flags);
  if (until === null || shard.count === 1) return until;
  throw bad(
    `--until must not be given with --shard, of which each part would decide for itself, got ${goalText(until)}: leave one of the two out`,
  );
}

/** What `resume` asks a stored sweep to have too; null: nothing. */
export function moreFrom(flags: Flags): More | null {
  const more = {
    trials: flags["trials"] === undefined ? null : trialsFrom(flags),
    dataSeeds: flags["data-seeds"] === undefined ? [] : GRID_READERS["data-seeds"](flags),
    withNull: isOn(flags, "with-null"),
  };
  return more.trials === null && more.dataSeeds.length === 0 && !more.withNull ? null : more;
}

/** The plan of `run`: one setting, one λ and one epoch count a method. */
export function runPlan(flags: Flags): SweepPlan {
  const own = ownFrom(flags);
  const names = flags["methods"] === undefined ? namesWith(NOTEBOOK_METHODS, own) : items(flags, "methods");
  const known = [...METHODS, ...own];
  const methods = methodList(names, known);
  return planOfSetting(settingFrom(flags), known, {
    methods: isOn(flags, "with-null") ? withTwins(methods, known) : methods,
    trials: trialsFrom(flags),
    epochs: items(flags, "epochs"),
    lambda: items(flags, "lambda"),
  });
}

/** The plan of `grid`, of a sweep file where there is one. */
export function gridPlan(flags: Flags, file: string | null): SweepPlan {
  return gridAsked(flags, file).plan;
}

function gridAsked(flags: Flags, file: string | null): GridAsked {
  const own = ownFrom(flags);
  if (file !== null) return gridFromFile(file, flags, own);
  const methods = flags["methods"] ?? namesWith(GRID_DEFAULTS.methods, own);
  return gridFrom({ ...flags, methods }, [...METHODS, ...own]);
}

/** The plan of `train`: one cell of one method, of which a bare --lambda and --epochs speak. */
export function trainPlan(flags: Flags, method: string): SweepPlan {
  const known = [...METHODS, ...ownFrom(flags)];
  const records = meant(parseMethod("--method", method, known), known).map(({ name }) => name);
  if (records.length > 1)
    throw bad(
      `--method must be one method, got ${method}, which is ${records.length}: name one of ${records.join(", ")}`,
    );
  const spoken = (name: "epochs" | "lambda"): string[] => {
    const given = text(flags, name);
    return given === null ? [] : itemsIn(name, given.includes("=") ? given : `${method}=${given}`);
  };
  return planOfSetting(settingFrom(flags), known, {
    methods: records,
    trials: 1,
    epochs: spoken("epochs"),
    lambda: spoken("lambda"),
  });
}

/** The choice of an engine that a plan asks for on this machine; GMM_SWEEP_ISA is heard. */
export function engineAsked({ engine }: SweepPlan): EngineChoice {
  return { ...engine, isa: isaFrom() };
}

/** The methods of --method-file. */
function ownFrom(flags: Flags): MethodRecord[] {
  const file = text(flags, "method-file");
  return ownMethods(file);
}

/** Methods that are trained where nothing is said: those of one's own are defined to be trained. */
function namesWith(usual: readonly string[], own: readonly MethodRecord[]): string[] {
  return [...usual, ...own.map(({ name }) => name)];
}

/** What is trained in one setting; of epochs and λ, the items that say them. */
interface Trained {
  readonly methods: readonly string[];
  readonly trials: number;
  readonly epochs: readonly string[];
  readonly lambda: readonly string[];
}

function planOfSetting(setting: SettingAsked, known: readonly MethodRecord[], trained: Trained): SweepPlan {
  const { preset, draw, widths, learningRate, seed, engine } = setting;
  const { methods, trials } = trained;
  const part: PlanPart = {
    presets: [preset],
    draws: axesOf(draw),
    widths: [widths],
    learningRates: [learningRate],
    methods,
    epochs: oneEach("epochs", trained.epochs, { parse: READ.epochs, methods, known }),
    lambda: oneEach("lambda", trained.lambda, { parse: READ.lambda, methods, known }),
  };
  return planOf({ name: null, seed, engine, record: "all", trials }, part, known);
}

function axesOf(draw: DrawSource): DrawAxes {
  if (draw.kind === "imported") return { kind: "imported", draws: [draw] };
  const { dataSeed, samples, features, forgetRows } = draw;
  return { kind: "seeded", dataSeeds: [dataSeed], samples: [samples], features: [features], forgetRows: [forgetRows] };
}
