/** What a user's SQL may call beside SQLite's own functions: statistics of a column's values. */
import { bad } from "../errors.js";
import { populationStd, quantile, std } from "./moments.js";
import { errorOfMean } from "./monte-carlo-error.js";
import { oneSampleT, tInterval } from "./t-test.js";

/** A function of a column's values that SQL may call, as name(x) or name(x, given). */
export interface Aggregate {
  readonly name: string;
  /** Of the numbers of a group's rows, of which there is one at least; NaN is told as null. */
  of(values: readonly number[], given: number): number;
  /** What it is given beside them, the same for all rows of a group, with what throws where that is out of range; null: nothing. */
  readonly takes: { readonly name: string; refuse(given: number): void } | null;
}

export const AGGREGATES: readonly Aggregate[] = [
  { name: "std", of: populationStd, takes: null },
  { name: "sd", of: std, takes: null },
  { name: "stddev_samp", of: std, takes: null },
  { name: "mcse", of: errorOfMean, takes: null },
  { name: "quantile", of: quantile, takes: { name: "q", refuse: refuseQuantile } },
  ...(["low", "high"] as const).map((end) => ({
    name: `ci_${end}`,
    of: (values: readonly number[], level: number): number => endOfMean(values, level, end),
    takes: { name: "level", refuse: refuseLevel },
  })),
];

/** An end of the interval that holds the mean with this confidence, by Student's t; NaN of a single value. */
function endOfMean(values: readonly number[], level: number, end: "low" | "high"): number {
  return tInterval(oneSampleT(values), level)[end];
}

function refuseQuantile(q: number): void {
  if (!(q >= 0 && q <= 1)) throw bad(`q must be from 0 to 1, got ${q}`);
}

function refuseLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw bad(`level must be between 0 and 1, got ${level}`);
}
