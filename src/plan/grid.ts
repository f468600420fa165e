/** From flags, given on a command line or as the keys of a sweep file, to the plan of a grid. */
import { importDraw } from "../data/directory.js";
import { ENGINE_NAMES, precisionsOf } from "../engine/engines.js";
import { bad } from "../errors.js";
import { DEFAULTS, GRID_DEFAULTS } from "./defaults.js";
import {
  engineFrom,
  type Flags,
  folderFrom,
  forgetLabelFrom,
  isOn,
  items,
  oneOf,
  questionFrom,
  seedFrom,
  text,
  trialsFrom,
} from "./flags.js";
import { METHODS, type MethodRecord } from "./methods.js";
import { methodList, perMethod, refuseRepeats, type Spoken, spokenValues, withTwins } from "./naming.js";
import { planOf } from "./one-part.js";
import { countDraws, countSettings, type DrawAxes, RECORDS, refuseShortRecord, type SweepPlan } from "./plan.js";
import { PRESET_NAMES } from "./presets.js";
import { estimandOf, marginsOf, type Question, questionSaid } from "./question.js";
import { numbersIn, withoutRepeats } from "./ranges.js";
import { LIMITS, parseName, parseSweepName, READ } from "./values.js";

/** One reader for each part of a grid, by the flag (and the key of a sweep file) that says it; `known` are the methods that may be named. */
export const GRID_READERS = {
  name: (flags: Flags): string => nameFrom(flags),
  preset: (flags: Flags): string[] =>
    listOf(flags, "preset", [GRID_DEFAULTS.preset], (option, item) => [parseName(option, item, PRESET_NAMES)]),
  "data-seeds": (flags: Flags): number[] => axisOf(flags, "data-seeds", DEFAULTS["data-seed"], READ.seed),
  samples: (flags: Flags): number[] => axisOf(flags, "samples", DEFAULTS.samples, READ.samples),
  features: (flags: Flags): number[] => axisOf(flags, "features", DEFAULTS.features, READ.features),
  "forget-rows": (flags: Flags): number[] => axisOf(flags, "forget-rows", DEFAULTS["forget-rows"], READ.forgetRows),
  data: (flags: Flags): string | null => text(flags, "data"),
  "forget-label": forgetLabelFrom,
  hidden: (flags: Flags): number[][] => hiddenFrom(flags),
  "learning-rate": (flags: Flags): number[] =>
    listOf(flags, "learning-rate", [DEFAULTS["learning-rate"]], (option, item) => [READ.learningRate(option, item)]),
  methods: (flags: Flags, known: readonly MethodRecord[] = METHODS): string[] =>
    methodList(flags["methods"] === undefined ? GRID_DEFAULTS.methods : items(flags, "methods"), known),
  "with-null": (flags: Flags): boolean => isOn(flags, "with-null"),
  epochs: (flags: Flags, known: readonly MethodRecord[] = METHODS): Spoken =>
    spokenOnce(flags, "epochs", READ.epochs, known),
  lambda: (flags: Flags, known: readonly MethodRecord[] = METHODS): Spoken =>
    spokenOnce(flags, "lambda", READ.lambda, known),
  trials: trialsFrom,
  seed: seedFrom,
  engine: engineFrom,
  // Of any engine: whether it is one of this grid's engine, which another flag may say, `engine` knows.
  precision: (flags: Flags): string | null => precisionFrom(flags),
  record: (flags: Flags): SweepPlan["record"] => oneOf(flags, "record", RECORDS, GRID_DEFAULTS.record),
  estimand: (flags: Flags): Question["estimand"] => estimandOf(text(flags, "estimand")),
  margin: (flags: Flags): Partial<Question["margins"]> => marginsOf(items(flags, "margin")),
} as const;

export type GridKey = keyof typeof GRID_READERS;

/** What a grid asks for, and what it is asked. */
export interface GridAsked {
  readonly plan: SweepPlan;
  /** Null: nothing is said of it. */
  readonly question: Question | null;
}

/** What the flags of a grid say, of methods among `known`. Throws usage with the first fault. */
export function gridFrom(flags: Flags, known: readonly MethodRecord[]): GridAsked {
  return { plan: planOfGrid(flags, known), question: questionSaid(questionFrom(flags)) };
}

function planOfGrid(flags: Flags, known: readonly MethodRecord[]): SweepPlan {
  const name = GRID_READERS.name(flags);
  const presets = GRID_READERS.preset(flags);
  const draws = drawsFrom(flags);
  const widths = GRID_READERS.hidden(flags);
  const learningRates = GRID_READERS["learning-rate"](flags).sort((a, b) => a - b);
  const named = GRID_READERS.methods(flags, known);
  const methods = GRID_READERS["with-null"](flags) ? withTwins(named, known) : named;
  const epochs = perMethod("epochs", GRID_READERS.epochs(flags, known), methods, known);
  const lambda = perMethod("lambda", GRID_READERS.lambda(flags, known), methods, known);
  const trials = GRID_READERS.trials(flags);
  const seed = GRID_READERS.seed(flags);
  const { name: engine, precision } = GRID_READERS.engine(flags);
  const record = GRID_READERS.record(flags);
  const part = { presets, draws, widths, learningRates, methods, epochs, lambda };
  const plan = planOf({ name, seed, engine: { name: engine, precision }, record, trials }, part, known);
  refuseShortRecord(plan);
  const settings = countSettings(part);
  if (settings > LIMITS.settings)
    throw bad(
      `--preset, --hidden and --learning-rate must make at most ${LIMITS.settings} settings of the grid's draws, got ${settings}`,
    );
  return plan;
}

function drawsFrom(flags: Flags): DrawAxes {
  const folder = folderFrom(flags, ["data-seeds", "samples", "features", "forget-rows"]);
  if (folder !== null) return { kind: "imported", draws: [importDraw(folder.directory, folder.label).source] };
  const axes = {
    kind: "seeded",
    dataSeeds: GRID_READERS["data-seeds"](flags),
    samples: GRID_READERS.samples(flags),
    features: GRID_READERS.features(flags),
    forgetRows: GRID_READERS["forget-rows"](flags),
  } as const;
  const draws = countDraws(axes);
  if (draws > LIMITS.settings)
    throw bad(
      `--data-seeds, --samples, --features and --forget-rows must make at most ${LIMITS.settings} draws, got ${draws}`,
    );
  return axes;
}

function nameFrom(flags: Flags): string {
  return parseSweepName("--name", text(flags, "name") ?? GRID_DEFAULTS.name);
}

/** A pair of widths has a comma of its own, so that more than one is more than one --hidden. */
function hiddenFrom(flags: Flags): number[][] {
  const given = flags["hidden"];
  const pairs = (Array.isArray(given) ? given : [given]).map((pair) =>
    READ.widths("--hidden", text({ hidden: pair }, "hidden") ?? DEFAULTS.hidden),
  );
  withoutRepeats("--hidden", pairs.map(String));
  return pairs;
}

function precisionFrom(flags: Flags): string | null {
  const given = text(flags, "precision");
  return given === null ? null : parseName("--precision", given, [...new Set(ENGINE_NAMES.flatMap(precisionsOf))]);
}

function spokenOnce(
  flags: Flags,
  name: "epochs" | "lambda",
  parse: (option: string, text: string) => number,
  known: readonly MethodRecord[],
): Spoken {
  const spoken = spokenValues(name, items(flags, name), (option, item) => numbersIn(option, item, parse), known);
  refuseRepeats(`--${name}`, spoken);
  return spoken;
}

/** The numbers of a flag and its ranges, each once, ascending. */
function axisOf(
  flags: Flags,
  name: string,
  fallback: number,
  parse: (option: string, text: string) => number,
): number[] {
  const values = listOf(flags, name, [fallback], (option, item) => numbersIn(option, item, parse));
  return values.sort((a, b) => a - b);
}

/** The values of a flag's items, each once; `fallback` where it was not given. */
function listOf<Value extends string | number>(
  flags: Flags,
  name: string,
  fallback: readonly Value[],
  parse: (option: string, item: string) => readonly Value[],
): Value[] {
  const given = items(flags, name);
  if (given.length === 0) return [...fallback];
  return withoutRepeats(
    `--${name}`,
    given.flatMap((item) => parse(`--${name}`, item)),
  );
}
