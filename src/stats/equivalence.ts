/** Equivalence by two one-sided tests (Schuirmann 1987), and how many values it takes. */
import type { Estimate, Interval } from "./interval.js";
import { normalCdf, normalTailQuantile } from "./normal.js";
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

/** What a size is computed for. */
export interface SizeAsked {
  readonly alpha: number;
  readonly power: number;
  /** The true difference, of less size than the margin. */
  readonly difference: number;
  /** Whether values are pairs, `sigma` then that of their differences. */
  readonly paired: boolean;
}

const PRECISION = 1e-6; // of a root, relative

/**
 * How many values a side show equivalence within ±margin with the given power, where their standard deviation is
 * `sigma` > 0. Where the true difference is 0, 2σ²(z₁₋α + z₁₋β⁄₂)²/margin², or without the 2 for pairs (Chow, Shao & Wang
 * 2008, §3.2); else as many as leave both one-sided tests together no more than β to miss. Normal approximation, rounded
 * up. At half as many or so the interval is as wide as the margins, and shows it never.
 */
export function equivalenceSize(
  sigma: number,
  margin: number,
  { alpha, power, difference, paired }: SizeAsked,
): number {
  const z = normalTailQuantile(alpha);
  const [near, far] = [margin - Math.abs(difference), margin + Math.abs(difference)];
  const missed = (perError: number): number => normalCdf(z - near * perError) + normalCdf(z - far * perError);
  // 1/standard error: where the nearer side alone misses β, and where each side misses half of it.
  let low = (z + normalTailQuantile(1 - power)) / near;
  let high = (z + normalTailQuantile((1 - power) / 2)) / near;
  while (high - low > PRECISION * high) {
    const middle = (low + high) / 2;
    if (missed(middle) <= 1 - power) high = middle;
    else low = middle;
  }
  return Math.ceil((paired ? 1 : 2) * (sigma * high) ** 2);
}
