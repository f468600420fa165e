/** What a value must be, and the sentence where it is not: the same for a flag, a sweep file and a stored plan. */
import { bad, didYouMean } from "../errors.js";
import { clipped, escaped, listed } from "../printable.js";

export const LIMITS = {
  trials: 1_000_000,
  epochs: 1_000_000,
  samples: 10_000_000,
  features: 256,
  forgetRows: 10_000,
  width: 256,
  workers: 1024,
  lockWaitSeconds: 7 * 24 * 3600,
  chunkSeconds: 3600,
  /** Of a worker: without work, and to come to an end. */
  idleSeconds: 365 * 24 * 3600,
  graceSeconds: 7 * 24 * 3600,
  /** Of a page's query; a timer holds no more than 24 days. */
  querySeconds: 24 * 3600,
  /** Of a plan, and draws of a part. */
  settings: 1_000_000,
  /** That one definition makes with its parameters. */
  methods: 10_000,
} as const;

/** A name out of a list; `option` is what an error calls it. */
export function parseName<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((candidate) => candidate === given);
  if (found !== undefined) return found;
  throw bad(`${option} must be one of ${listed(names)}, got ${escaped(clipped(given))}${didYouMean(given, names)}`);
}

/** A whole number in decimal digits; `option` is what an error calls it. */
export function parseWhole(option: string, given: string, min: number, max: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up to 2^53 − 1` : `from ${min} to ${max}`;
  throw bad(`${option} must be a whole number ${range}, got ${given}`);
}

/** A decimal number of at least `min`; `expected` says so in words. */
export function parseReal(option: string, given: string, min: number, expected: string): number {
  const value = Number(given);
  // What is too small for a double would be taken for 0.
  const isZero = !/^[^e]*[1-9]/i.test(given);
  if (
    (value !== 0 || isZero) &&
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) &&
    Number.isFinite(value) &&
    value >= min
  )
    return value + 0; // −0 is 0
  throw bad(`${option} must be ${expected}, got ${given}`);
}

/** What a sweep may be called. */
export function parseSweepName(option: string, name: string): string {
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw bad(`${option} must be up to 64 letters, digits, dots, dashes and underscores, got ${name}`);
}

/** Readers of the values that plans are made of; `option` is what an error calls them. */
export const READ = {
  trials: (option: string, given: string): number => parseWhole(option, given, 1, LIMITS.trials),
  epochs: (option: string, given: string): number => parseWhole(option, given, 1, LIMITS.epochs),
  lambda: (option: string, given: string): number => parseReal(option, given, 0, "a number from 0 up"),
  seed: (option: string, given: string): number => parseWhole(option, given, 0, Number.MAX_SAFE_INTEGER),
  features: (option: string, given: string): number => parseWhole(option, given, 1, LIMITS.features),
  forgetRows: (option: string, given: string): number => parseWhole(option, given, 1, LIMITS.forgetRows),
  samples: readSamples,
  widths: readWidths,
  learningRate: readPositive,
  margin: readPositive,
} as const;

function readSamples(option: string, given: string): number {
  const samples = parseWhole(option, given, 4, LIMITS.samples);
  if (samples % 2 === 0) return samples;
  throw bad(`${option} must be even, since both classes have half of them, got ${samples}: try ${samples + 1}`);
}

/** Two widths, as 64,32. */
function readWidths(option: string, given: string): number[] {
  const widths = given.split(",");
  if (widths.length !== 2) throw bad(`${option} must be two widths such as 64,32, got ${given}`);
  return widths.map((width) => parseWhole(option, width, 1, LIMITS.width));
}

function readPositive(option: string, given: string): number {
  const value = parseReal(option, given, 0, "a number above 0");
  if (value > 0) return value;
  throw bad(`${option} must be a number above 0, got ${given}`);
}
