/** How much there was to forget: the memorisation of the forget set on each draw, from trials that the verdict does not use. */
import type { Interval } from "../stats/interval.js";
import { oneSampleT, tInterval } from "../stats/t-test.js";
import { byTrial } from "./differences.js";
import type { Sample } from "./scores.js";
import { trialsOf } from "./table.js";

/** Every fourth trial is set aside for it. */
const SET_ASIDE = 4;
/** Fewer trials on a draw leave nothing to set aside. */
const LEAST_TRIALS = 8;
/** From here on there was much to forget: the difference of two probabilities. */
const MUCH = 0.1;
const CONFIDENCE = 0.9;

export interface Memorisation {
  readonly draw: string;
  /** Mean forget probability of the original less that of retraining (Feldman & Zhang 2020, arXiv 2008.03703, of x as a training row). */
  readonly estimate: number;
  /** Its standard error. */
  readonly error: number;
  /** With 90 % confidence. */
  readonly interval: Interval;
  /** nothing: the interval holds 0 or lies below it, so that this draw cannot tell methods apart. */
  readonly stratum: Stratum;
  /** How many trials were set aside for it. */
  readonly trials: number;
}

export const STRATA = ["nothing", "little", "much"] as const;
export type Stratum = (typeof STRATA)[number];

/** Whether a trial is one of those set aside. */
export function isSetAside(trial: number): boolean {
  return trial % SET_ASIDE === 0;
}

/** How many of a draw's first `count` trials are judged by where it has `trials` of them and of doing nothing; the rest is set aside. */
export function judgedAmong(count: number, trials: number): number {
  return trials < LEAST_TRIALS ? count : count - Math.floor(count / SET_ASIDE);
}

/** One of each draw; none at all where a draw has too few trials to set some aside. */
export function memorisationOf(untouched: readonly Sample[], retrained: readonly Sample[]): Memorisation[] {
  if ([...untouched, ...retrained].some(({ trials }) => trials.length < LEAST_TRIALS)) return [];
  return untouched.map((sample, draw) => {
    const { forget } = byTrial(trialsOf(sample, isSetAside), trialsOf(retrained[draw], isSetAside));
    const found = oneSampleT(forget.filter((value) => !Number.isNaN(value)));
    const interval = tInterval(found, CONFIDENCE);
    const stratum = !(interval.low > 0) ? "nothing" : found.estimate <= MUCH ? "little" : "much";
    const { estimate, error, df } = found;
    return { draw: sample.key.draw, estimate, error, interval, stratum, trials: df + 1 };
  });
}
