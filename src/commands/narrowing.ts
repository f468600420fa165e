/** Options that tell the trajectories of one method's trial apart, where a file has several of them. */

import { bad, type Flags, parseName, text } from "../plan/flags.js";
import {
  PRESETS,
  parseFeatures,
  parseForgetRows,
  parseLambda,
  parseLearningRate,
  parseSamples,
  parseSeed,
  parseWidths,
} from "../plan/options.js";
import type { RowKey } from "../store/sqlite/queries.js";
import { value } from "./command.js";

/** What a trajectory is told apart by; the other parts of its key are named already. */
export type NarrowingRow = Omit<RowKey, "method" | "epochs" | "trial" | "start_trial">;
type NarrowingColumn = keyof NarrowingRow;

/** The options that tell trajectories of one method's trial apart: each with its column, and how its value is read. */
const NARROWING: readonly (readonly [option: string, column: NarrowingColumn, read: (given: string) => unknown])[] = [
  ["preset", "preset", (given) => parseName("--preset", given, PRESETS)],
  ["lambda", "lambda_reg", (given) => parseLambda("--lambda", given)],
  ["draw", "draw", (given) => given],
  ["samples", "samples", (given) => parseSamples("--samples", given)],
  ["features", "features", (given) => parseFeatures("--features", given)],
  ["forget-rows", "forget_rows", (given) => parseForgetRows("--forget-rows", given)],
  ["hidden", "hidden", parseWidths],
  ["learning-rate", "learning_rate", parseLearningRate],
  ["seed", "seed", (given) => parseSeed("--seed", given)],
  ["start", "start", (given) => given],
  ["profile", "profile", (given) => given],
];

const VALUES_SHOWN = 8;

export const NARROWING_OPTIONS = {
  lambda: value("λ as written, where the file has several"),
  preset: value(`${PRESETS.join(" or ")}, where the file has both`),
  draw: value("its draw, as the column draw names it, where the file has several"),
  samples: value("rows of D, where the file has several"),
  features: value("features of a row, where the file has several"),
  "forget-rows": value("rows of the forget set, where the file has several"),
  hidden: value("widths of the two hidden layers, where the file has several"),
  "learning-rate": value("Adam's learning rate, where the file has several"),
  seed: value("seed of the initial weights, where the file has several"),
  start: value("its start, as the column start names it, where the file has several"),
  profile: value("its numerics profile, as the column profile names it, where the file has several"),
};

/** What a column has to be, and the option that says so. */
export interface Wanted {
  readonly option: string;
  readonly column: NarrowingColumn;
  readonly value: string;
}

/** What the options ask for; a folder of data names its draw. */
export function wantedFrom(flags: Flags, imported: readonly string[]): Wanted[] {
  const wanted = NARROWING.flatMap(([option, column, read]) => {
    const given = text(flags, option);
    return given === null ? [] : [{ option, column, value: String(read(given)) }];
  });
  if (wanted.some(({ option }) => option === "draw")) return wanted;
  return [...wanted, ...imported.map((value) => ({ option: "data", column: "draw" as const, value }))];
}

/** The arms that are wanted; `there` says whose they are. */
export function narrowed<Row extends NarrowingRow>(
  arms: readonly Row[],
  wanted: readonly Wanted[],
  there: string,
): Row[] {
  let left = [...arms];
  for (const { option, column, value } of wanted) {
    const found = left.filter((arm) => String(arm[column]) === value);
    if (found.length === 0)
      throw bad(`--${option} must be what ${there}, one of ${valuesOf(left, column)}, got ${value}`);
    left = found;
  }
  return left;
}

export function onlyOne<Row extends NarrowingRow>(arms: readonly Row[], path: string): Row {
  if (arms.length === 1) return arms[0];
  const several = NARROWING.find(([, column]) => new Set(arms.map((arm) => arm[column])).size > 1);
  if (several === undefined) throw new Error(`${path} has one trajectory twice`);
  const [option, column] = several;
  throw bad(`--${option} must say which trial of ${path} is meant, one of ${valuesOf(arms, column)}, got none`);
}

function valuesOf<Row extends NarrowingRow>(arms: readonly Row[], column: NarrowingColumn): string {
  const values = [...new Set(arms.map((arm) => arm[column]))];
  return values.length > VALUES_SHOWN ? `${values.slice(0, VALUES_SHOWN).join(", ")}, …` : values.join(", ");
}
