/** From flags, given on a command line or in a sweep file, to a complete GridConfig; and from that to its settings. */

import { ENGINE_NAMES, type EngineChoice, precisionsOf } from "../engine/engines.js";
import { RECORDS, type RecordLevel } from "../store/contract.js";
import type { DrawSource, Preset } from "../trial.js";
import { bad, type Flags, items, oneOf, parseName, text } from "./flags.js";
import {
  DEFAULTS,
  engineFrom,
  importedDraw,
  methodList,
  type PerMethod,
  PRESETS,
  parseEpochs,
  parseFeatures,
  parseForgetRows,
  parseLambda,
  parseLearningRate,
  parseSamples,
  parseSeed,
  parseWidths,
  perMethod,
  type Setting,
  seedFrom,
  trialsFrom,
} from "./options.js";
import { numbersIn, withoutRepeats } from "./ranges.js";

const MAX_SETTINGS = 1_000_000;

/** A grid as it is asked for: every combination of its lists is a setting. */
export interface GridConfig {
  /** Two grids of one name, seed and numerics profile in one file are one sweep, which grows. */
  readonly name: string;
  readonly presets: readonly Preset[];
  readonly draws: readonly DrawSource[];
  readonly hidden: readonly (readonly [number, number])[];
  readonly learningRates: readonly number[];
  readonly methods: readonly string[];
  readonly epochs: PerMethod;
  readonly lambda: PerMethod;
  readonly trials: number;
  readonly seed: number;
  readonly engine: EngineChoice;
  readonly record: RecordLevel;
}

export const GRID_DEFAULTS = {
  name: "grid",
  // Copies of one run, as the notebook's preset makes them, carry no statistics.
  preset: "paired",
  methods: ["original", "retrain_scratch", "unlearn"],
  record: "all",
} as const;

/** One reader for each part of a grid, by the flag (and the key of a sweep file) that says it. */
export const GRID_READERS = {
  name: (flags: Flags): string => nameFrom(flags),
  preset: (flags: Flags): Preset[] =>
    listOf(flags, "preset", [GRID_DEFAULTS.preset], (option, item) => [parseName(option, item, PRESETS)]),
  "data-seeds": (flags: Flags): number[] =>
    listOf(flags, "data-seeds", [DEFAULTS["data-seed"]], (option, item) => numbersIn(option, item, parseSeed)),
  samples: (flags: Flags): number[] =>
    listOf(flags, "samples", [DEFAULTS.samples], (option, item) => numbersIn(option, item, parseSamples)),
  features: (flags: Flags): number[] =>
    listOf(flags, "features", [DEFAULTS.features], (option, item) => numbersIn(option, item, parseFeatures)),
  "forget-rows": (flags: Flags): number[] =>
    listOf(flags, "forget-rows", [DEFAULTS["forget-rows"]], (option, item) => numbersIn(option, item, parseForgetRows)),
  data: (flags: Flags): string | null => text(flags, "data"),
  hidden: (flags: Flags): (readonly [number, number])[] => hiddenFrom(flags),
  "learning-rate": (flags: Flags): number[] =>
    listOf(flags, "learning-rate", [DEFAULTS["learning-rate"]], (_option, item) => [parseLearningRate(item)]),
  methods: (flags: Flags): string[] => methodList(flags, GRID_DEFAULTS.methods),
  epochs: (flags: Flags): PerMethod =>
    ascending(perMethod(flags, "epochs", (option, item) => numbersIn(option, item, parseEpochs), eachOnce)),
  lambda: (flags: Flags): PerMethod =>
    perMethod(flags, "lambda", (option, item) => numbersIn(option, item, parseLambda), eachOnce),
  trials: trialsFrom,
  seed: seedFrom,
  engine: engineFrom,
  // Of any engine: whether it is one of this grid's engine, which another flag may say, `engine` knows.
  precision: (flags: Flags): string | null => precisionFrom(flags),
  record: (flags: Flags): RecordLevel => oneOf(flags, "record", RECORDS, GRID_DEFAULTS.record),
} as const;

/** The grid that flags ask for. Throws BAD_USAGE with the first fault. */
export function gridFrom(flags: Flags): GridConfig {
  const grid: GridConfig = {
    name: GRID_READERS.name(flags),
    presets: GRID_READERS.preset(flags),
    draws: drawsFrom(flags),
    hidden: GRID_READERS.hidden(flags),
    learningRates: GRID_READERS["learning-rate"](flags),
    methods: GRID_READERS.methods(flags),
    epochs: GRID_READERS.epochs(flags),
    lambda: GRID_READERS.lambda(flags),
    trials: GRID_READERS.trials(flags),
    seed: GRID_READERS.seed(flags),
    engine: GRID_READERS.engine(flags),
    record: GRID_READERS.record(flags),
  };
  if (grid.methods.includes("relearn") && grid.record !== "all")
    throw bad(
      `--record must be all where relearn is trained, whose curve says when x is learned again, got ${grid.record}: leave one of the two out`,
    );
  const settings = grid.draws.length * grid.presets.length * grid.hidden.length * grid.learningRates.length;
  if (settings > MAX_SETTINGS)
    throw bad(
      `--preset, --hidden and --learning-rate must make at most ${MAX_SETTINGS} settings of the grid's draws, got ${settings}`,
    );
  return grid;
}

/** The settings of a grid; draws outermost, so that a grid stopped early has whole draws. */
export function settingsOf(grid: GridConfig): Setting[] {
  const { methods, epochs, lambda, seed } = grid;
  return grid.draws.flatMap((draw) =>
    grid.presets.flatMap((preset) =>
      grid.hidden.flatMap((hidden) =>
        grid.learningRates.map((learningRate) => ({
          preset,
          draw,
          hidden,
          learningRate,
          methods,
          epochs,
          lambda,
          seed,
        })),
      ),
    ),
  );
}

/** What makes two grids one sweep: a name for what may grow, and what a grid has only one of. */
export function gridIdentity({ name, seed }: GridConfig, profile: string): string {
  return JSON.stringify({ grid: name, seed, profile });
}

function drawsFrom(flags: Flags): DrawSource[] {
  const directory = GRID_READERS.data(flags);
  if (directory !== null) return [importedDraw(flags, directory, ["data-seeds", "samples", "features", "forget-rows"])];
  const axes = {
    seeds: GRID_READERS["data-seeds"](flags),
    samples: GRID_READERS.samples(flags),
    features: GRID_READERS.features(flags),
    forgetRows: GRID_READERS["forget-rows"](flags),
  };
  const draws = axes.seeds.length * axes.samples.length * axes.features.length * axes.forgetRows.length;
  if (draws > MAX_SETTINGS)
    throw bad(
      `--data-seeds, --samples, --features and --forget-rows must make at most ${MAX_SETTINGS} draws, got ${draws}`,
    );
  return axes.samples.flatMap((samples) =>
    axes.features.flatMap((features) =>
      axes.forgetRows.flatMap((forgetRows) =>
        axes.seeds.map((dataSeed) => ({ kind: "seeded" as const, dataSeed, samples, features, forgetRows })),
      ),
    ),
  );
}

function nameFrom(flags: Flags): string {
  const name = text(flags, "name") ?? GRID_DEFAULTS.name;
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw bad(`--name must be up to 64 letters, digits, dots, dashes and underscores, got ${name}`);
}

/** A pair of widths has a comma of its own, so that more than one is more than one --hidden. */
function hiddenFrom(flags: Flags): (readonly [number, number])[] {
  const given = flags["hidden"];
  const pairs = (Array.isArray(given) ? given : [given]).map((pair) =>
    parseWidths(text({ hidden: pair }, "hidden") ?? DEFAULTS.hidden),
  );
  withoutRepeats("--hidden", pairs.map(String));
  return pairs;
}

function precisionFrom(flags: Flags): string | null {
  const given = text(flags, "precision");
  return given === null ? null : parseName("--precision", given, [...new Set(ENGINE_NAMES.flatMap(precisionsOf))]);
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

function eachOnce(name: string, method: string, before: readonly number[], now: readonly number[]): void {
  withoutRepeats(`--${name} ${method}`, [...before, ...now]);
}

function ascending(values: PerMethod): PerMethod {
  return Object.fromEntries(Object.entries(values).map(([method, list]) => [method, list.toSorted((a, b) => a - b)]));
}
