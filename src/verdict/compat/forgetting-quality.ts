/** Forgetting quality ε: how well the best threshold tells unlearned from retrained nets by the log-odds of one forget row. */
import { log } from "../../numerics/elementary.js";
import { clopperPearson } from "../../stats/clopper-pearson.js";
import type { Interval } from "../../stats/interval.js";
import { ascending, quantile } from "../../stats/moments.js";

// All of google-deepmind/unlearning_evaluation, metric.py, the code that scored the NeurIPS 2023 challenge.
const DELTA = 1e-5;
/** The largest ε. */
const CAP = 50;
const PER_UNIT = 100;
const BUFFER = 2; // log-odds
const LEAST_RANGE_RATIO = 0.01;
const BUCKET = 0.5;

/** Of the bounds, both together. */
const ALPHA = 0.05;

/** A rule calls a net positive where its margin lies in [left, right]. */
interface Rule {
  /** Whether positive means unlearned; else it means retrained. */
  readonly isUnlearned: boolean;
  readonly left: number;
  readonly right: number;
}

/**
 * The ε of (ε, δ)-indistinguishability, δ = 1e-5, without a unit, from 0 to 50. Of each rule with error rates FPR and FNR
 * max(ln(1−δ−FPR) − ln FNR, ln(1−δ−FNR) − ln FPR), at least 0; ∞ where both rates are 0; a rule with one rate of 0 is left
 * out; ε is the largest. The rules are those of the challenge (Triantafillou et al. 2024, arXiv 2406.09073): a threshold
 * above which a net is of the sample with the larger median, and intervals within which it is of the narrower sample, both
 * on grids of 100 a unit of log-odds. Where the narrower sample's range is below 1 % of the other's, ε is 50. Null where no
 * rule is left, as with one value of each or samples that are equal and constant. Neither sample is empty.
 */
export function forgettingQuality(unlearned: readonly number[], retrained: readonly number[]): number | null {
  const [a, b] = [rangeOf(unlearned), rangeOf(retrained)];
  if (Math.min(a, b) / Math.max(a, b) < LEAST_RANGE_RATIO) return CAP;
  const best = bestRule(unlearned, retrained);
  return best === null ? null : Math.min(CAP, best.epsilon);
}

/**
 * Bounds of the ε of one rule that hold with 95 % confidence: the rule is the best for every other value of each sample, and
 * the rest, which did not choose it, say how often it errs (Clopper & Pearson 1934, α/2 a rate). The lower one is one of
 * the largest ε too. Null where no rule is left to choose, or where nothing is left to count: two values of each are the least.
 */
export function forgettingBounds(unlearned: readonly number[], retrained: readonly number[]): Interval | null {
  if (Math.min(unlearned.length, retrained.length) < 2) return null;
  const half = (values: readonly number[], parity: number): number[] => values.filter((_, i) => i % 2 === parity);
  const chosen = bestRule(half(unlearned, 0), half(retrained, 0));
  if (chosen === null) return null;
  const [u, r] = [half(unlearned, 1), half(retrained, 1)];
  const [positive, negative] = chosen.rule.isUnlearned ? [u, r] : [r, u];
  const misses = clopperPearson(positive.length - within(positive, chosen.rule), positive.length, ALPHA / 2);
  const alarms = clopperPearson(within(negative, chosen.rule), negative.length, ALPHA / 2);
  const bound = (fpr: number, fnr: number): number => {
    const epsilon = epsilonOf(fpr, fnr);
    return Number.isNaN(epsilon) ? 0 : Math.min(CAP, epsilon);
  };
  return { low: bound(alarms.high, misses.high), high: bound(alarms.low, misses.low) };
}

/** H = 2^−⌊ε/½⌋, the points of one forget row, from 0 to 1; none from ε = ⌈ln(N − 1)⌉ on, which is what N nets of each can show. */
export function forgettingPoints(epsilon: number, nets: number): number {
  return epsilon < Math.ceil(log(nets - 1)) ? 2 ** -Math.floor(epsilon / BUCKET) : 0;
}

function rangeOf(values: readonly number[]): number {
  const sorted = ascending(values);
  return sorted[sorted.length - 1] - sorted[0];
}

/** The rule with the largest ε, of equals the middle one: at the rim of a gap between the samples it would err on others. */
function bestRule(unlearned: readonly number[], retrained: readonly number[]): { rule: Rule; epsilon: number } | null {
  const [u, r] = [ascending(unlearned), ascending(retrained)];
  let best: Rule[] = [];
  let largest = Number.NEGATIVE_INFINITY;
  for (const family of [intervals(u, r), thresholds(u, r)]) {
    const { isUnlearned } = family;
    const [positive, negative] = isUnlearned ? [u, r] : [r, u];
    for (const right of family.rights) {
      const [positives, negatives] = [countUpTo(positive, right), countUpTo(negative, right)];
      // Left ends ascend, and few of them change what lies inside.
      let [p, n, epsilon, isNew] = [0, 0, Number.NaN, true];
      for (const left of family.leftsOf(right)) {
        for (; p < positive.length && positive[p] < left; p++) isNew = true;
        for (; n < negative.length && negative[n] < left; n++) isNew = true;
        if (isNew) {
          const misses = positive.length - Math.max(0, positives - p);
          const alarms = Math.max(0, negatives - n);
          const isLeftOut = (misses === 0) !== (alarms === 0);
          epsilon = isLeftOut ? Number.NaN : epsilonOf(alarms / negative.length, misses / positive.length);
          isNew = false;
        }
        if (epsilon > largest) [best, largest] = [[], epsilon];
        if (epsilon === largest) best.push({ isUnlearned, left, right });
      }
    }
  }
  return best.length === 0 ? null : { rule: best[best.length >> 1], epsilon: largest };
}

/** Rules whose positive is one sample: each right end with the left ends that it is tried with. */
interface Family {
  readonly isUnlearned: boolean;
  readonly rights: readonly number[];
  readonly leftsOf: (right: number) => readonly number[];
}

/** NaN where neither term is defined: both rates are 1, or nearly. */
function epsilonOf(fpr: number, fnr: number): number {
  const terms = [log(1 - DELTA - fpr) - log(fnr), log(1 - DELTA - fnr) - log(fpr)].filter(
    (term) => !Number.isNaN(term),
  );
  return terms.length === 0 ? Number.NaN : Math.max(0, ...terms);
}

/** From the least value to the largest: positive is the sample with the larger median. */
function thresholds(u: readonly number[], r: readonly number[]): Family {
  const [low, high] = [Math.min(u[0], r[0]), Math.max(u[u.length - 1], r[r.length - 1])];
  const lefts = grid(low, high, Math.ceil((high - low) * PER_UNIT));
  return { isUnlearned: hasLargerMedian(u, r), rights: [Number.POSITIVE_INFINITY], leftsOf: () => lefts };
}

/** Ends within 2 of where an interval as wide as the narrower sample ends: positive is that sample. */
function intervals(u: readonly number[], r: readonly number[]): Family {
  const isUnlearned = isNarrower(u, r) || (!isNarrower(r, u) && !hasLargerMedian(u, r));
  const narrow = isUnlearned ? u : r;
  const width = narrow[narrow.length - 1] - narrow[0];
  const [low, high] = [narrow[0] + width - BUFFER, narrow[narrow.length - 1] + BUFFER];
  return {
    isUnlearned,
    rights: grid(low, high, Math.ceil((high - low) * PER_UNIT)),
    leftsOf: (right) => grid(right - width - BUFFER, right - width + BUFFER, 2 * BUFFER * PER_UNIT),
  };
}

function isNarrower(a: readonly number[], b: readonly number[]): boolean {
  return a[a.length - 1] - a[0] < b[b.length - 1] - b[0];
}

function hasLargerMedian(u: readonly number[], r: readonly number[]): boolean {
  return quantile(u, 0.5) >= quantile(r, 0.5);
}

/** `count` numbers at equal distances, both ends among them: numpy's linspace. */
function grid(low: number, high: number, count: number): number[] {
  const step = (high - low) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === 0 ? low : i === count - 1 ? high : i * step + low));
}

function within(values: readonly number[], { left, right }: Rule): number {
  return values.filter((value) => left <= value && value <= right).length;
}

function countUpTo(sorted: readonly number[], limit: number): number {
  const place = sorted.findIndex((value) => value > limit);
  return place === -1 ? sorted.length : place;
}
