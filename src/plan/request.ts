/** From a command's flags to all that they ask for, as typed values: past this nobody reads a flag again. */
import type { EngineChoice } from "../engine/engines.js";
import { bad } from "../errors.js";
import type { KeptFile } from "../output.js";
import type { DrawSource } from "../trial.js";
import { GRID_DEFAULTS } from "./defaults.js";
import {
  type Flags,
  isaFrom,
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
import { planOf, planOfGrid } from "./grid.js";
import { ownMethods } from "./method-file.js";
import { METHODS, type MethodRecord, NOTEBOOK_METHODS } from "./methods.js";
import { meant, methodList, oneEach, parseMethod } from "./naming.js";
import type { DrawAxes, PlanPart, SweepPlan } from "./plan.js";
import { gridPlanFromFile } from "./sweep-file.js";
import { READ } from "./values.js";

/** What a command asks for, where it goes and how it is trained. */
export interface Request {
  readonly plan: SweepPlan;
  readonly place: Place;
  readonly running: Running;
}

export interface GridRequest extends Request {
  /** Its sweep file; null where there is none. */
  readonly file: string | null;
  readonly dryRun: boolean;
}

/** What `run` asks for, on a machine of so many cores. */
export function runRequest(flags: Flags, cores: number): Request {
  const place = placeFrom(flags);
  return { plan: runPlan(flags), place, running: runningFrom(flags, cores, [["the database", place.path]]) };
}

/** What `grid` asks for. */
export function gridRequest(flags: Flags, cores: number): GridRequest {
  const [file, place] = [sweepFileFrom(flags), placeFrom(flags)];
  const kept: KeptFile[] = [["the database", place.path]];
  if (file !== null) kept.push(["the sweep file", file]);
  const [running, dryRun] = [runningFrom(flags, cores, kept), flags["dry-run"] === true];
  return { plan: gridPlan(flags, file), place, running, file, dryRun };
}

/** The plan of `run`: one setting, one λ and one epoch count a method. */
export function runPlan(flags: Flags): SweepPlan {
  const own = ownFrom(flags);
  const names = flags["methods"] === undefined ? namesWith(NOTEBOOK_METHODS, own) : items(flags, "methods");
  const known = [...METHODS, ...own];
  return planOfSetting(settingFrom(flags), known, {
    methods: methodList(names, known),
    trials: trialsFrom(flags),
    epochs: items(flags, "epochs"),
    lambda: items(flags, "lambda"),
  });
}

/** The plan of `grid`, of a sweep file where there is one. */
export function gridPlan(flags: Flags, file: string | null): SweepPlan {
  const own = ownFrom(flags);
  if (file !== null) return gridPlanFromFile(file, flags, own);
  const methods = flags["methods"] ?? namesWith(GRID_DEFAULTS.methods, own);
  return planOfGrid({ ...flags, methods }, [...METHODS, ...own]);
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
