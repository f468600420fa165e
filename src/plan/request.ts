/** From a command's flags to all that they ask for, as typed values: past this nobody reads a flag again. */
import type { EngineChoice } from "../engine/engines.js";
import { bad } from "../errors.js";
import type { KeptFile } from "../output.js";
import { type Flags, oneOf, text } from "./flags.js";
import { planOf, planOfGrid } from "./grid.js";
import { ownMethods } from "./method-file.js";
import { METHODS, type MethodRecord, NOTEBOOK_METHODS } from "./methods.js";
import { meant, methodList, parseMethod, perMethod, refuseSeveral, type Spoken, spokenValues } from "./naming.js";
import {
  DEFAULTS,
  drawFrom,
  engineFrom,
  fileFrom,
  GRID_DEFAULTS,
  isaFrom,
  type Running,
  runningFrom,
  seedFrom,
  shardFrom,
  trialsFrom,
} from "./options.js";
import type { DrawAxes, PerMethod, SweepPlan } from "./plan.js";
import { PRESET_NAMES } from "./presets.js";
import { gridPlanFromFile } from "./sweep-file.js";
import { type Shard, WHOLE } from "./trajectories.js";
import { parseEpochs, parseLambda, parseLearningRate, parseWidths } from "./values.js";

/** What a command asks for, where it goes and how it is trained. */
export interface Request {
  readonly plan: SweepPlan;
  readonly engine: EngineChoice;
  readonly path: string;
  readonly shard: Shard;
  /** Whether the sweep may get other samples, widths, presets, … than it has. */
  readonly grow: boolean;
  readonly running: Running;
}

/** What `run` asks for, on a machine of so many cores. */
export function runRequest(flags: Flags, cores: number): Request {
  const plan = runPlan(flags);
  const [running, path] = [runningFrom(flags, cores, []), fileFrom(flags, "database")];
  return { plan, engine: engineAsked(plan), path, shard: WHOLE, grow: false, running };
}

/** What `grid` asks for; `file` is its sweep file, null where there is none. */
export function gridRequest(flags: Flags, cores: number): Request & { file: string | null; dryRun: boolean } {
  if (flags["file"] === "") throw bad("FILE must be the name of a sweep file, got an empty one");
  const file = text(flags, "file");
  const plan = gridPlan(flags, file);
  const path = fileFrom(flags, "database");
  const kept: KeptFile[] = [["the database", path]];
  if (file !== null) kept.push(["the sweep file", file]);
  const [shard, running] = [shardFrom(flags), runningFrom(flags, cores, kept)];
  const [grow, dryRun] = [flags["grow"] === true, flags["dry-run"] === true];
  return { plan, engine: engineAsked(plan), path, shard, grow, running, file, dryRun };
}

/** The plan of `run`: one setting, one λ and one epoch count a method. */
export function runPlan(flags: Flags): SweepPlan {
  const own = ownMethods(flags);
  const known = [...METHODS, ...own];
  return oneSetting(flags, methodList(flags, namesWith(NOTEBOOK_METHODS, own), known), trialsFrom(flags), known);
}

/** The plan of `grid`, of a sweep file where there is one. */
export function gridPlan(flags: Flags, file: string | null): SweepPlan {
  const own = ownMethods(flags);
  if (file !== null) return gridPlanFromFile(file, flags, own);
  const methods = flags["methods"] ?? namesWith(GRID_DEFAULTS.methods, own);
  return planOfGrid({ ...flags, methods }, [...METHODS, ...own]);
}

/** The plan of `train`: one cell of one method, of which a bare --lambda and --epochs speak. */
export function trainPlan(flags: Flags, method: string): SweepPlan {
  const known = [...METHODS, ...ownMethods(flags)];
  const records = meant(parseMethod("--method", method, known), known).map(({ name }) => name);
  if (records.length > 1)
    throw bad(
      `--method must be one method, got ${method}, which is ${records.length}: name one of ${records.join(", ")}`,
    );
  const named = ["lambda", "epochs"].flatMap((name) => {
    const given = text(flags, name);
    return given === null ? [] : [[name, given.includes("=") ? given : `${method}=${given}`]];
  });
  return oneSetting({ ...flags, ...Object.fromEntries(named) }, records, 1, known);
}

/** The choice of an engine that a plan asks for on this machine; GMM_SWEEP_ISA is heard. */
export function engineAsked({ engine }: SweepPlan): EngineChoice {
  return { ...engine, isa: isaFrom() };
}

/** Methods that are trained where nothing is said: those of one's own are defined to be trained. */
function namesWith(usual: readonly string[], own: readonly MethodRecord[]): string[] {
  return [...usual, ...own.map(({ name }) => name)];
}

function oneSetting(
  flags: Flags,
  methods: readonly string[],
  trials: number,
  known: readonly MethodRecord[],
): SweepPlan {
  const preset = oneOf(flags, "preset", PRESET_NAMES, DEFAULTS.preset);
  const epochs = oneValueEach(flags, "epochs", parseEpochs, methods, known);
  const lambda = oneValueEach(flags, "lambda", parseLambda, methods, known);
  const seed = seedFrom(flags);
  const draws = axesOf(flags);
  const widths = [parseWidths("--hidden", text(flags, "hidden") ?? DEFAULTS.hidden)];
  const rate = text(flags, "learning-rate") ?? String(DEFAULTS["learning-rate"]);
  const learningRates = [parseLearningRate("--learning-rate", rate)];
  const { name, precision } = engineFrom(flags);
  const whole = { name: null, seed, engine: { name, precision }, record: "all", trials } as const;
  return planOf(whole, { presets: [preset], draws, widths, learningRates, methods, epochs, lambda }, known);
}

function axesOf(flags: Flags): DrawAxes {
  const draw = drawFrom(flags);
  if (draw.kind === "imported") return { kind: "imported", draws: [draw] };
  const { dataSeed, samples, features, forgetRows } = draw;
  return { kind: "seeded", dataSeeds: [dataSeed], samples: [samples], features: [features], forgetRows: [forgetRows] };
}

function oneValueEach(
  flags: Flags,
  name: "epochs" | "lambda",
  parse: (option: string, text: string) => number,
  methods: readonly string[],
  known: readonly MethodRecord[],
): PerMethod {
  const spoken: Spoken = spokenValues(flags, name, (option, given) => [parse(option, given)], known);
  refuseSeveral(`--${name}`, spoken);
  return perMethod(name, spoken, methods, known);
}
