/** Whether a difference to retraining is too small to matter: equivalent, different, or too few to tell. */
import { ENDPOINTS, type Endpoint, type Margins } from "../plan/question.js";
import { equivalenceSize } from "../stats/equivalence.js";
import type { Estimate, Interval } from "../stats/interval.js";
import { normalTailQuantile } from "../stats/normal.js";
import { hallInterval, type SkewedEstimate, skewness } from "../stats/skewness.js";
import { oneSampleT, tInterval } from "../stats/t-test.js";
import { type Skewed, skewedOf } from "./skewed.js";

/** Errors a side: of calling equivalent what is not, and of calling different what is not. */
export const ALPHA = 0.05;
/** Of what is told to be enough, how likely it is to be. */
const POWER = 0.8;

/**
 * From so many values on an answer is shown by Hall's transformed t, too: of 20 skewed ones that takes the error of
 * "equivalent" from .107 to .066, for .02 of the power where nothing is skewed. Of 10 it costs .06 and leaves errors
 * of .19 (`npm run skewness`).
 */
const HALL_FROM = 20;

/** equivalent: both differences lie within their margins. different: one of them lies beyond its margin. */
export const ANSWERS = ["equivalent", "different", "too few"] as const;
export type Answer = (typeof ANSWERS)[number];

/** A difference to retraining; `error` is its Monte-Carlo standard error, over the units. */
export interface Difference extends Estimate {
  /** With 90 % confidence, in rounds for all looks at once; from 20 values on it spans Student's and Hall's. */
  readonly interval: Interval;
  /** The smallest margin at which it would be equivalent. */
  readonly smallestMargin: number;
  /** Of the values that it is the mean of (G₁); null of fewer than three, and where all are equal. */
  readonly skewness: number | null;
}

export interface Judgement {
  readonly forget: Difference;
  readonly accuracy: Difference;
  readonly answer: Answer;
  /** How many draws, or trials of one draw, each difference is the mean of. */
  readonly units: number;
  /** How many of them decide it with at least 80 % probability where differences and spread are what they seem; null where it is decided, and where no number does. */
  readonly needed: number | null;
  /** Where it is decided and the values are plainly skewed: how often that may be wrong. */
  readonly skewed: Skewed | null;
}

/** What values say of their mean. */
export function sampled(values: readonly number[]): SkewedEstimate {
  return { ...oneSampleT(values), skewness: skewness(values) };
}

/**
 * Equivalent: the 90 % intervals of both lie inside ±margin (two one-sided tests each, Schuirmann 1987; both must hold,
 * so that nothing is to be corrected). Different: the 95 % interval of one of them lies outside ±margin, so that the two
 * of them together err in at most 5 %. Between: too few. `units` is how many values each estimate is the mean of.
 * Of HALL_FROM values or more each interval is the span of Student's and of Hall's, so that both t have to show it.
 * At another error `alpha` a side, 1 − 2·alpha and 1 − alpha stand in the place of 90 and 95 %.
 */
export function judged(
  of: Readonly<Record<Endpoint, SkewedEstimate>>,
  margins: Margins,
  units: number,
  alpha = ALPHA,
): Judgement {
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => differenceOf(of[endpoint], alpha));
  const answer = isWithin({ forget, accuracy }, margins)
    ? "equivalent"
    : isBeyond(of, margins, alpha)
      ? "different"
      : "too few";
  const needed = answer === "too few" ? neededFor({ forget, accuracy }, margins, units) : null;
  return {
    forget,
    accuracy,
    answer,
    units,
    needed,
    skewed: skewedOf({ forget, accuracy }, answer !== "too few", units),
  };
}

function differenceOf({ estimate, error, df, skewness: g }: SkewedEstimate, alpha: number): Difference {
  const interval = spanned({ estimate, error, df, skewness: g }, 1 - 2 * alpha);
  const smallestMargin = Math.max(Math.abs(interval.low), Math.abs(interval.high));
  return { estimate, error, df, interval, smallestMargin, skewness: Number.isNaN(g) ? null : g };
}

/** Student's interval, and from HALL_FROM values on what it spans together with Hall's. */
function spanned(of: SkewedEstimate, confidence: number): Interval {
  const student = tInterval(of, confidence);
  if (of.df + 1 < HALL_FROM) return student;
  const { low, high } = hallInterval(of, confidence);
  return { low: Math.min(student.low, low), high: Math.max(student.high, high) };
}

function isWithin(of: Readonly<Record<Endpoint, Difference>>, margins: Margins): boolean {
  return ENDPOINTS.every((endpoint) => of[endpoint].smallestMargin < margins[endpoint]);
}

function isBeyond(of: Readonly<Record<Endpoint, SkewedEstimate>>, margins: Margins, alpha: number): boolean {
  return ENDPOINTS.some((endpoint) => {
    const { low, high } = spanned(of[endpoint], 1 - alpha);
    return low > margins[endpoint] || high < -margins[endpoint];
  });
}

/** Where a difference seems to lie beyond its margin, to show that; else to show that both lie within. Normal approximation. */
function neededFor(of: Readonly<Record<Endpoint, Difference>>, margins: Margins, units: number): number | null {
  const counts = ENDPOINTS.map((endpoint) => {
    const { estimate, error } = of[endpoint];
    const [margin, sigma] = [margins[endpoint], error * Math.sqrt(units)];
    const isBeyond = Math.abs(estimate) >= margin;
    const count = isBeyond ? sizeBeyond(sigma, Math.abs(estimate) - margin) : sizeWithin(sigma, margin, estimate);
    return { isBeyond, count };
  });
  const far = counts.filter(({ isBeyond }) => isBeyond).map(({ count }) => count);
  const needed = far.length > 0 ? Math.min(...far) : Math.max(...counts.map(({ count }) => count));
  return Number.isFinite(needed) ? Math.max(needed, units + 1) : null;
}

/** Both endpoints must be within: each may miss half of what both may. */
function sizeWithin(sigma: number, margin: number, difference: number): number {
  if (sigma === 0) return 0;
  return equivalenceSize(sigma, margin, { alpha: ALPHA, power: (1 + POWER) / 2, difference, paired: true });
}

function sizeBeyond(sigma: number, distance: number): number {
  return Math.ceil((((normalTailQuantile(ALPHA / 2) + normalTailQuantile(1 - POWER)) * sigma) / distance) ** 2);
}
