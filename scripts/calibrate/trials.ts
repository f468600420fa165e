/** What is simulated: for each statistic null data sets of known truth, and whether it refused what is true, or covered it. */
import { type Stream, stream } from "../../src/data/streams.js";
import { clopperPearson } from "../../src/stats/clopper-pearson.js";
import { equivalence } from "../../src/stats/equivalence.js";
import { holm } from "../../src/stats/holm.js";
import type { Interval } from "../../src/stats/interval.js";
import { kolmogorovSmirnov } from "../../src/stats/kolmogorov-smirnov.js";
import { mannWhitney } from "../../src/stats/mann-whitney.js";
import { modelConfidenceSet } from "../../src/stats/model-confidence-set.js";
import { type Flips, maxT, signFlips, swapTest } from "../../src/stats/sign-flips.js";
import { signTest, wilcoxonSignedRanks } from "../../src/stats/signed-ranks.js";
import { oneSampleT, pairedT, tInterval, welchT } from "../../src/stats/t-test.js";
import { nested, oneWay } from "../../src/stats/variance-components.js";

export interface Trial {
  readonly what: string;
  /** "size": how often what is true is refused, at most `nominal`; "coverage": how often an interval holds the truth, at least `nominal`. */
  readonly kind: "size" | "coverage";
  readonly nominal: number;
  /** One data set: whether it was refused, or covered. */
  readonly happens: (random: Stream) => boolean;
  /** Why it is known to miss, as the documentation says; null: it must not. */
  readonly known: string | null;
}

const ALPHA = 0.05;
const CONFIDENCE = 0.9;

function normals(random: Stream, n: number, sigma = 1): number[] {
  return Array.from({ length: n }, () => sigma * random.normal());
}

/** Whole numbers from a short range: many ties. */
function tied(random: Stream, n: number): number[] {
  return Array.from({ length: n }, () => Math.floor(random.uniform() * 5) - 2);
}

/** Skewed to the left, as forget probabilities near 1 are: minus an exponential variable, with mean 0. */
function skewed(random: Stream, n: number): number[] {
  return Array.from({ length: n }, () => Math.log(1 - random.uniform()) + 1);
}

/** `cells` × `draws` with a part that all cells share, as neighbours in a grid do. */
function correlated(random: Stream, cells: number, draws: number): number[][] {
  const shared = normals(random, draws);
  return Array.from({ length: cells }, () => shared.map((value) => 0.8 * value + 0.6 * random.normal()));
}

function holds({ low, high }: Interval, truth: number): boolean {
  return low <= truth && truth <= high;
}

function size(what: string, p: (random: Stream) => number, known: string | null = null): Trial {
  return { what, kind: "size", nominal: ALPHA, happens: (random) => p(random) <= ALPHA, known };
}

function coverage(what: string, covers: (random: Stream) => boolean, known: string | null = null): Trial {
  return { what, kind: "coverage", nominal: CONFIDENCE, happens: covers, known };
}

/** Signs are drawn once: they are part of the method, not of the data. */
const flips = (draws: number): Flips => signFlips(draws, 1000, stream("calibrate", "flips", draws).uniform);
const FLIPS = new Map([8, 10, 20, 30].map((draws) => [draws, flips(draws)]));
const flipsOf = (draws: number): Flips => FLIPS.get(draws) ?? flips(draws);

function resamples(random: Stream, draws: number, count: number): number[][] {
  return Array.from({ length: count }, () => Array.from({ length: draws }, () => Math.floor(random.uniform() * draws)));
}

function randomEffects(random: Stream, groups: number, of: number, sigma: number): number[][] {
  return normals(random, groups, sigma).map((effect) => normals(random, of).map((value) => value + effect));
}

const SKEWED = "the t test leans on normal means: ten values of a skewed distribution are too few";
const FEW_DRAWS = "residuals of few draws are smaller than the differences they stand for";
const BOOTSTRAP = "a bootstrap of few draws underestimates their spread";

export const TRIALS: readonly Trial[] = [
  size("one-sample t, n = 10", (r) => oneSampleT(normals(r, 10)).p),
  size("one-sample t, n = 10, skewed", (r) => oneSampleT(skewed(r, 10)).p, SKEWED),
  size("paired t, n = 20", (r) => pairedT(normals(r, 20), normals(r, 20, 3)).p),
  size("Welch t, 10 against 30, sigma 3 : 1", (r) => welchT(normals(r, 10, 3), normals(r, 30)).p),
  size("signed ranks, n = 12", (r) => wilcoxonSignedRanks(normals(r, 12)).p),
  size("signed ranks, n = 20, ties", (r) => wilcoxonSignedRanks(tied(r, 20)).p),
  size("signed ranks, n = 300, normal approximation", (r) => wilcoxonSignedRanks(normals(r, 300)).p),
  size("sign test, n = 20", (r) => signTest(normals(r, 20)).p),
  size("swaps, n = 10, enumerated", (r) => swapTest(normals(r, 10), flipsOf(10)).p),
  size("swaps, n = 30, 1,000 drawn", (r) => swapTest(normals(r, 30), flipsOf(30)).p),
  size("Kolmogorov-Smirnov, 20 against 20", (r) => kolmogorovSmirnov(normals(r, 20), normals(r, 20)).p),
  size("Kolmogorov-Smirnov, 100 against 100", (r) => kolmogorovSmirnov(normals(r, 100), normals(r, 100)).p),
  size("Kolmogorov-Smirnov, 20 against 30, ties", (r) => kolmogorovSmirnov(tied(r, 20), tied(r, 30)).p),
  size("Mann-Whitney, 20 against 20", (r) => mannWhitney(normals(r, 20), normals(r, 20)).p),
  size("Mann-Whitney, 15 against 25, ties", (r) => mannWhitney(tied(r, 15), tied(r, 25)).p),
  size("Mann-Whitney, 100 against 100, normal approximation", (r) => mannWhitney(normals(r, 100), normals(r, 100)).p),
  size("equivalence, n = 20, true difference at the margin", (r) => {
    const values = normals(r, 20).map((value) => value + 1);
    return equivalence(oneSampleT(values), 1, ALPHA).p;
  }),
  size("Holm, any of 20 t tests, n = 10", (r) =>
    Math.min(...holm(Array.from({ length: 20 }, () => oneSampleT(normals(r, 10)).p))),
  ),
  size("max-T, any of 20 cells, 8 draws, enumerated", (r) => smallestP(correlated(r, 20, 8), 8)),
  size("max-T, any of 20 cells, 20 draws, 1,000 drawn", (r) => smallestP(correlated(r, 20, 20), 20)),
  size("F test of draws, 10 of 10 trials", (r) => oneWay(randomEffects(r, 10, 10, 0), CONFIDENCE).p),
  coverage("t interval, n = 10", (r) => holds(tInterval(oneSampleT(normals(r, 10)), CONFIDENCE), 0)),
  coverage("t interval, n = 10, skewed", (r) => holds(tInterval(oneSampleT(skewed(r, 10)), CONFIDENCE), 0), SKEWED),
  coverage("Clopper-Pearson, n = 30, p = .1", (r) => {
    const hits = Array.from({ length: 30 }, () => r.uniform()).filter((value) => value < 0.1).length;
    return holds(clopperPearson(hits, 30, 1 - CONFIDENCE), 0.1);
  }),
  coverage("max-T bands, all of 20 cells, 8 draws", (r) => allHold(correlated(r, 20, 8), 8), FEW_DRAWS),
  coverage("max-T bands, all of 20 cells, 20 draws", (r) => allHold(correlated(r, 20, 20), 20), FEW_DRAWS),
  coverage("variance of trials, 10 draws of 10", (r) =>
    holds(oneWay(randomEffects(r, 10, 10, 1), CONFIDENCE).trial.interval, 1),
  ),
  coverage("variance of draws, 10 of 10 trials", (r) =>
    holds(oneWay(randomEffects(r, 10, 10, 1), CONFIDENCE).group.interval, 1),
  ),
  coverage("variance of draws, 20 of 5 trials, small", (r) =>
    holds(oneWay(randomEffects(r, 20, 5, 0.3), CONFIDENCE).group.interval, 0.09),
  ),
  coverage("intraclass correlation, 10 draws of 10 trials", (r) =>
    holds(oneWay(randomEffects(r, 10, 10, 1), CONFIDENCE).correlation.interval, 0.5),
  ),
  coverage("nested variance of subgroups, 6 × 4 × 5", (r) => {
    const groups = Array.from({ length: 6 }, () => randomEffects(r, 4, 5, 1));
    return holds(nested(groups, CONFIDENCE).subgroup.interval, 1);
  }),
  coverage(
    "model confidence set, all of 5 equal cells, 20 draws",
    (r) => {
      const losses = Array.from({ length: 5 }, () => normals(r, 20));
      return modelConfidenceSet(losses, resamples(r, 20, 200)).every(({ p }) => p > 1 - CONFIDENCE);
    },
    BOOTSTRAP,
  ),
];

function smallestP(cells: readonly number[][], draws: number): number {
  return Math.min(...maxT(cells, flipsOf(draws), ALPHA).map(({ p }) => p));
}

function allHold(cells: readonly number[][], draws: number): boolean {
  return maxT(cells, flipsOf(draws), 1 - CONFIDENCE).every((cell) => holds(cell, 0));
}
