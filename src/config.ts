/** From flags to a complete SweepConfig; every sentence about a bad flag is here. */
import { importDraw } from "./data/directory.js";
import { ENGINE_NAMES, type EngineChoice, precisionsOf } from "./engine/engines.js";
import { ISAS } from "./engine/fused/kernel.js";
import { SweepError } from "./errors.js";
import { METHOD_NAMES, methodNamed } from "./methods.js";
import type { DrawSource, Preset } from "./trial.js";

/** A sweep as it is asked for; nothing in it is left open. */
export interface SweepConfig {
  readonly preset: Preset;
  readonly methods: readonly string[];
  readonly trials: number;
  /** Of every method, asked for or not: a start may be one that was not. */
  readonly epochs: Readonly<Record<string, number>>;
  readonly lambda: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly draw: DrawSource;
  readonly hidden: readonly [number, number];
  readonly learningRate: number;
  readonly engine: EngineChoice;
}

/** Flags as argv gives them: all text, several where a flag was repeated, absent where it was not given. */
export type Flags = Readonly<Record<string, unknown>>;

export const PRESETS: readonly Preset[] = ["notebook", "paired"];
export const DEFAULTS = {
  preset: "notebook",
  trials: 100,
  seed: 0,
  "data-seed": 0,
  samples: 5000,
  features: 10,
  "forget-rows": 1,
  hidden: "64,32",
  "learning-rate": 0.01,
  engine: "fused",
  db: "data/gmm-sweep.db",
} as const;

const MAX_TRIALS = 1_000_000;
const MAX_EPOCHS = 1_000_000;
const MAX_SAMPLES = 10_000_000;
const MAX_FEATURES = 256;
const MAX_FORGET_ROWS = 10_000;
const MAX_WIDTH = 256;
const MAX_WORKERS = 1024;

/** The config that flags ask for. Throws BAD_USAGE with the first fault. */
export function configFrom(flags: Flags): SweepConfig {
  return {
    preset: oneOf(flags, "preset", PRESETS, DEFAULTS.preset),
    methods: methodList(flags),
    trials: wholeNumber(flags, "trials", 1, MAX_TRIALS, DEFAULTS.trials),
    epochs: perMethod(
      flags,
      "epochs",
      (method) => method.epochs,
      (option, text) => parseWhole(option, text, 1, MAX_EPOCHS),
    ),
    lambda: perMethod(
      flags,
      "lambda",
      (method) => method.lambda,
      (option, text) => parseReal(option, text, 0, "a number from 0 up"),
    ),
    seed: wholeNumber(flags, "seed", 0, Number.MAX_SAFE_INTEGER, DEFAULTS.seed),
    draw: drawFrom(flags),
    hidden: widths(flags),
    learningRate: learningRate(flags),
    engine: engineFrom(flags),
  };
}

/** What makes two sweeps one: all that says which numbers are wanted, but how many trials. */
export function sweepIdentity(config: SweepConfig, profile: string): string {
  const { preset, methods, seed, draw, hidden, learningRate } = config;
  const of = (values: Readonly<Record<string, number>>): number[] => METHOD_NAMES.map((name) => values[name]);
  const source = draw.kind === "seeded" ? draw : { ...draw, directory: undefined };
  return JSON.stringify({
    preset,
    methods,
    epochs: of(config.epochs),
    lambda: of(config.lambda),
    seed,
    source,
    hidden,
    learningRate,
    profile,
  });
}

/** The draw that --data, or --data-seed with its sizes, names. */
export function drawFrom(flags: Flags): DrawSource {
  const directory = text(flags, "data");
  if (directory === null) {
    return {
      kind: "seeded",
      dataSeed: wholeNumber(flags, "data-seed", 0, Number.MAX_SAFE_INTEGER, DEFAULTS["data-seed"]),
      samples: evenSamples(flags),
      features: wholeNumber(flags, "features", 1, MAX_FEATURES, DEFAULTS.features),
      forgetRows: wholeNumber(flags, "forget-rows", 1, MAX_FORGET_ROWS, DEFAULTS["forget-rows"]),
    };
  }
  const clash = ["data-seed", "samples", "features", "forget-rows"].find((name) => flags[name] !== undefined);
  if (clash !== undefined)
    throw bad(
      `--${clash} must not be given with --data, whose files decide it, got ${text(flags, clash)}: leave one of the two out`,
    );
  return importDraw(directory).source;
}

/** How many threads; the cores where nothing is said. */
export function workersFrom(flags: Flags, cores: number): number {
  return wholeNumber(flags, "workers", 1, MAX_WORKERS, cores);
}

/** The database file. */
export function databaseFrom(flags: Flags): string {
  return text(flags, "db") ?? DEFAULTS.db;
}

/** A flag's one text; null where it was not given. */
export function text(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw bad(`--${name} must be given once, got it ${value.length} times: keep one`);
  const string = String(value);
  if (string !== "") return string;
  throw bad(`--${name} must have a value, got none: write --${name} VALUE or leave it out`);
}

export function wholeNumber(flags: Flags, name: string, min: number, max: number, fallback: number): number {
  const given = text(flags, name);
  return given === null ? fallback : parseWhole(`--${name}`, given, min, max);
}

export function oneOf<Name extends string>(flags: Flags, name: string, names: readonly Name[], fallback: Name): Name {
  const given = text(flags, name) ?? fallback;
  return parseName(`--${name}`, given, names);
}

/** A name out of a list; `option` is what an error calls it. */
export function parseName<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((candidate) => candidate === given);
  if (found !== undefined) return found;
  throw bad(`${option} must be one of ${names.join(", ")}, got ${given}`);
}

/** A whole number in decimal digits; `option` is what an error calls it. */
export function parseWhole(option: string, given: string, min: number, max: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up to 2^53 − 1` : `from ${min} to ${max}`;
  throw bad(`${option} must be a whole number ${range}, got ${given}`);
}

/** A decimal number of at least `min`; `expected` says so in words. */
function parseReal(option: string, given: string, min: number, expected: string): number {
  const value = Number(given);
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) && Number.isFinite(value) && value >= min) return value;
  throw bad(`${option} must be ${expected}, got ${given}`);
}

/** The engine of --engine and --precision; GMM_SWEEP_ISA holds the fused one to a kernel, for tests. */
function engineFrom(flags: Flags): EngineChoice {
  const name = oneOf(flags, "engine", ENGINE_NAMES, DEFAULTS.engine);
  const precisions = precisionsOf(name);
  const isa = process.env["GMM_SWEEP_ISA"] ?? "";
  return {
    name,
    precision: parseName(`--precision of engine ${name}`, text(flags, "precision") ?? precisions[0], precisions),
    isa: isa === "" ? null : parseName("GMM_SWEEP_ISA", isa, ISAS),
  };
}

function methodList(flags: Flags): string[] {
  const given = items(flags, "methods");
  if (given.length === 0) return [...METHOD_NAMES];
  for (const name of given) parseName("--methods", name, METHOD_NAMES);
  const twice = given.find((name, i) => given.indexOf(name) !== i);
  if (twice !== undefined) throw bad(`--methods must name each method once, got ${twice} twice: leave one out`);
  // In the registry's order, whatever order they were named in: a sweep is the same sweep.
  return METHOD_NAMES.filter((name) => given.includes(name));
}

/** `5` speaks of unlearn, `original=200` of the method it names. */
function perMethod(
  flags: Flags,
  name: string,
  fallback: (method: { epochs: number; lambda: number }) => number,
  parse: (option: string, text: string) => number,
): Record<string, number> {
  const values = Object.fromEntries(METHOD_NAMES.map((method) => [method, fallback(methodNamed(method))]));
  const seen = new Set<string>();
  for (const item of items(flags, name)) {
    const [method, given] = item.includes("=")
      ? [item.slice(0, item.indexOf("=")), item.slice(item.indexOf("=") + 1)]
      : ["unlearn", item];
    parseName(`--${name} METHOD=VALUE`, method, METHOD_NAMES);
    if (given === "")
      throw bad(`--${name} METHOD=VALUE must have a value, got ${item}: write ${item}5 or leave it out`);
    if (seen.has(method)) throw bad(`--${name} must give each method one value, got two for ${method}: keep one`);
    seen.add(method);
    values[method] = parse(item.includes("=") ? `--${name} ${method}` : `--${name}`, given);
  }
  return values;
}

/** The comma-separated items of a flag that may be repeated. */
function items(flags: Flags, name: string): string[] {
  const value = flags[name];
  if (value === undefined) return [];
  const list = (Array.isArray(value) ? value : [value]).flatMap((part) => String(part).split(","));
  if (list.includes(""))
    throw bad(
      `--${name} must be values separated by commas, got an empty one: remove the extra comma or leave --${name} out`,
    );
  return list;
}

function evenSamples(flags: Flags): number {
  const samples = wholeNumber(flags, "samples", 4, MAX_SAMPLES, DEFAULTS.samples);
  if (samples % 2 === 0) return samples;
  throw bad(`--samples must be even, since both classes have half of them, got ${samples}: try ${samples + 1}`);
}

function widths(flags: Flags): [number, number] {
  const given = (text(flags, "hidden") ?? DEFAULTS.hidden).split(",");
  if (given.length !== 2) throw bad(`--hidden must be two widths such as ${DEFAULTS.hidden}, got ${given.join(",")}`);
  return [parseWhole("--hidden", given[0], 1, MAX_WIDTH), parseWhole("--hidden", given[1], 1, MAX_WIDTH)];
}

function learningRate(flags: Flags): number {
  const given = text(flags, "learning-rate");
  if (given === null) return DEFAULTS["learning-rate"];
  const value = parseReal("--learning-rate", given, 0, "a number above 0");
  if (value > 0) return value;
  throw bad(`--learning-rate must be a number above 0, got ${given}`);
}

function bad(sentence: string): SweepError {
  return new SweepError("BAD_USAGE", sentence);
}
