/** Equivalence by two one-sided tests (Schuirmann 1987), and how many values it takes. */
import type { Estimate, Interval } from "./interval.js";
import { normalTailQuantile } from "./normal.js";
import { tTails } from "./student-t.js";
import { tInterval } from "./t-test.js";

export interface Equivalence {
  /** The larger of the two one-sided p-values: equivalent at level alpha where it is ≤ alpha. */
  readonly p: number;
  /** With confidence 1 − 2·alpha: equivalent where it lies inside ±margin. */
  readonly interval: Interval;
  /** The smallest margin at which this would be equivalent at level alpha: max |limits|. */
  readonly smallestMargin: number;
}

/** Whether the estimated value lies within ±margin, margin > 0, at level `alpha` a side. An error of 0 is certainty. */
export function equivalence(of: Estimate, margin: number, alpha: number): Equivalence {
  const interval = tInterval(of, 1 - 2 * alpha);
  const smallestMargin = Math.max(Math.abs(interval.low), Math.abs(interval.high));
  const notBelow = outsideP(of.estimate + margin, of);
  const notAbove = outsideP(margin - of.estimate, of);
  return { p: Math.max(notBelow, notAbove), interval, smallestMargin };
}

/** P of seeing `distance` inside one bound, or more, where the value is at that bound. */
function outsideP(distance: number, { error, df }: Estimate): number {
  if (error === 0) return distance > 0 ? 0 : 1;
  return tTails(distance / error, df).upper;
}

/**
 * How many values a side show equivalence within ±margin with the given power, where the true difference is 0 and the
 * standard deviation `sigma`: 2σ²(z₁₋α + z₁₋β⁄₂)²/margin², or without the 2 for pairs, σ then that of the differences.
 * Normal approximation (Chow, Shao & Wang 2008, §3.2), rounded up.
 */
export function equivalenceSize(
  sigma: number,
  margin: number,
  { alpha, power, paired }: { readonly alpha: number; readonly power: number; readonly paired: boolean },
): number {
  const z = normalTailQuantile(alpha) + normalTailQuantile((1 - power) / 2);
  return Math.ceil(((paired ? 1 : 2) * (sigma * z) ** 2) / margin ** 2);
}
