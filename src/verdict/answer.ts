/** Whether a difference to retraining is too small to matter: equivalent, different, or too few to tell. */
import { ENDPOINTS, type Endpoint, type Margins } from "../plan/question.js";
import { equivalence, equivalenceSize } from "../stats/equivalence.js";
import type { Estimate, Interval } from "../stats/interval.js";
import { normalTailQuantile } from "../stats/normal.js";
import { tInterval } from "../stats/t-test.js";

/** Errors a side: of calling equivalent what is not, and of calling different what is not. */
export const ALPHA = 0.05;
/** Of what is told to be enough, how likely it is to be. */
const POWER = 0.8;

/** equivalent: both differences lie within their margins. different: one of them lies beyond its margin. */
export const ANSWERS = ["equivalent", "different", "too few"] as const;
export type Answer = (typeof ANSWERS)[number];

/** A difference to retraining; `error` is its Monte-Carlo standard error, over the units. */
export interface Difference extends Estimate {
  /** With 90 % confidence, in rounds for all looks at once. */
  readonly interval: Interval;
  /** The smallest margin at which it would be equivalent. */
  readonly smallestMargin: number;
}

export interface Judgement {
  readonly forget: Difference;
  readonly accuracy: Difference;
  readonly answer: Answer;
  /** How many draws, or trials of one draw, each difference is the mean of. */
  readonly units: number;
  /** How many of them decide it with at least 80 % probability where differences and spread are what they seem; null where it is decided, and where no number does. */
  readonly needed: number | null;
}

/**
 * Equivalent: the 90 % intervals of both lie inside ±margin (two one-sided tests each, Schuirmann 1987; both must hold,
 * so that nothing is to be corrected). Different: the 95 % interval of one of them lies outside ±margin, so that the two
 * of them together err in at most 5 %. Between: too few. `units` is how many values each estimate is the mean of.
 * At another error `alpha` a side, 1 − 2·alpha and 1 − alpha stand in the place of 90 and 95 %.
 */
export function judged(
  of: Readonly<Record<Endpoint, Estimate>>,
  margins: Margins,
  units: number,
  alpha = ALPHA,
): Judgement {
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => differenceOf(of[endpoint], margins[endpoint], alpha));
  const answer = answerOf({ forget, accuracy }, margins, alpha);
  const needed = answer === "too few" ? neededFor({ forget, accuracy }, margins, units) : null;
  return { forget, accuracy, answer, units, needed };
}

function differenceOf(of: Estimate, margin: number, alpha: number): Difference {
  const { interval, smallestMargin } = equivalence(of, margin, alpha);
  return { ...of, interval, smallestMargin };
}

function answerOf(of: Readonly<Record<Endpoint, Difference>>, margins: Margins, alpha: number): Answer {
  if (ENDPOINTS.every((endpoint) => of[endpoint].smallestMargin < margins[endpoint])) return "equivalent";
  const isBeyond = ENDPOINTS.some((endpoint) => {
    const { low, high } = tInterval(of[endpoint], 1 - alpha);
    return low > margins[endpoint] || high < -margins[endpoint];
  });
  return isBeyond ? "different" : "too few";
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
