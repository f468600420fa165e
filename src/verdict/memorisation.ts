/** How much there was to forget: the memorisation of the forget set on each draw, from trials that the verdict does not use. */
import { USUAL_QUESTION } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { oneSampleT, tInterval } from "../stats/t-test.js";
import { byTrial } from "./differences.js";
import type { Sample } from "./scores.js";
import { trialsOf } from "./table.js";

/** Every fourth trial is set aside for it. */
const SET_ASIDE = 4;
/** Fewer trials on a draw leave nothing to set aside. */
const LEAST_TRIALS = 8;
/** Fewer pairs, where some of those set aside are lost, leave anything possible. */
const LEAST_PAIRS = 2;
const ANYTHING: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
/** Below it is nothing, as a difference within the usual margin is none. */
const NOTHING = USUAL_QUESTION.margins.forget;
/** From here on there was much to forget: the difference of two probabilities. */
const MUCH = 0.1;
const CONFIDENCE = 0.9;

/** Of one draw, from its pairs of trials. */
interface Memorised {
  /** Mean forget probability of the original less that of retraining (Feldman & Zhang 2020, arXiv 2008.03703, of x as a training row). */
  readonly estimate: number;
  /** Its standard error. */
  readonly error: number;
  /** With 90 % confidence. */
  readonly interval: Interval;
  readonly stratum: Stratum;
}

export interface Memorisation extends Memorised {
  readonly draw: string;
  /** How many trials were set aside for it. */
  readonly trials: number;
}

/**
 * nothing, unknown: the interval holds 0 or lies below it, so that this draw cannot tell methods apart; nothing: it ends
 * below .05, so that more can be ruled out; unknown: it does not, and trials are too few to tell. little, much: the
 * interval lies above 0, the estimate up to .1, or beyond.
 */
export const STRATA = ["nothing", "little", "much", "unknown"] as const;
export type Stratum = (typeof STRATA)[number];

/** Whether a trial is one of those set aside. */
export function isSetAside(trial: number): boolean {
  return trial % SET_ASIDE === 0;
}

/** How many of a draw's first `count` trials are judged by where it has `trials` of them and of doing nothing; the rest is set aside. */
export function judgedAmong(count: number, trials: number): number {
  return trials < LEAST_TRIALS ? count : count - Math.floor(count / SET_ASIDE);
}

/** One of each draw, of samples in probabilities; none at all where a draw has too few trials to set some aside. */
export function memorisationOf(untouched: readonly Sample[], retrained: readonly Sample[]): Memorisation[] {
  if ([...untouched, ...retrained].some(({ trials }) => trials.length < LEAST_TRIALS)) return [];
  const pairs = untouched.map((sample, draw) => {
    const { forget } = byTrial(trialsOf(sample, isSetAside), trialsOf(retrained[draw], isSetAside));
    return forget.filter((difference) => !Number.isNaN(difference));
  });
  return pairs.map((differences, draw) => ({
    draw: untouched[draw].key.draw,
    ...memorised(differences),
    trials: differences.length,
  }));
}

/** From differences of the original to retraining of forget probabilities, trial by trial. */
export function memorised(differences: readonly number[]): Memorised {
  const found = oneSampleT(differences);
  const interval = differences.length < LEAST_PAIRS ? ANYTHING : tInterval(found, CONFIDENCE);
  const { estimate, error } = found;
  return { estimate, error, interval, stratum: stratumOf(estimate, interval) };
}

function stratumOf(estimate: number, { low, high }: Interval): Stratum {
  if (low > 0) return estimate <= MUCH ? "little" : "much";
  return high < NOTHING ? "nothing" : "unknown";
}

/** Whether a draw cannot tell methods apart, as far as is known. */
export function cannotTell({ stratum }: Pick<Memorisation, "stratum">): boolean {
  return stratum === "nothing" || stratum === "unknown";
}
