/** Ways to judge whether a mean lies above 0 that might bear skewness, each in addition to the t test that the verdict takes. */
import type { Stream } from "../../src/data/streams.js";
import { skewness } from "../../src/stats/skewness.js";
import { tTailQuantile } from "../../src/stats/student-t.js";
import { oneSampleT } from "../../src/stats/t-test.js";

/** Whether the mean of `values` is shown to lie above 0, at error `alpha`. */
export type Way = (values: readonly number[], alpha: number, random: Stream) => boolean;

const byT: Way = (values, alpha) => oneSampleT(values).t >= tTailQuantile(alpha, values.length - 1);

/**
 * Hall's cubic transformation of t (Hall 1992, J. R. Statist. Soc. B 54, 221–228), which takes out the skewness of its
 * distribution to order 1/√n; with the unbiased estimate of the skewness g: t + g(2t² + 1)/(6√n) + g²t³/(27n).
 */
const byHall: Way = (values, alpha) => {
  const n = values.length;
  const { t } = oneSampleT(values);
  const g = skewness(values) / Math.sqrt(n);
  return t + (g * (2 * t * t + 1)) / 6 + (g * g * t ** 3) / 27 >= tTailQuantile(alpha, n - 1);
};

const RESAMPLES = 399; // of which so many are beyond a limit as alpha says, exactly

/** Against t of values that are drawn from these with replacement (bootstrap-t; Efron & Tibshirani 1993, §12.5). */
const byBootstrap: Way = (values, alpha, random) => {
  const n = values.length;
  const { t, estimate } = oneSampleT(values);
  const resampled = (): number[] =>
    Array.from({ length: n }, () => values[Math.floor(random.uniform() * n)] - estimate);
  return t >= limitOf(resampled, alpha);
};

/** Against t of the residuals with random signs, as the bands of all recipes at once are. */
const bySigns: Way = (values, alpha, random) => {
  const { t, estimate } = oneSampleT(values);
  const residuals = values.map((value) => value - estimate);
  const flipped = (): number[] => residuals.map((rest) => (random.uniform() < 0.5 ? rest : -rest));
  return t >= limitOf(flipped, alpha);
};

/** What t of a sample from `draw` is beyond in the share `alpha` of samples. */
function limitOf(draw: () => number[], alpha: number): number {
  const found = Float64Array.from({ length: RESAMPLES }, () => {
    const { t } = oneSampleT(draw());
    return Number.isNaN(t) ? 0 : t;
  }).sort();
  return found[RESAMPLES - Math.round(alpha * (RESAMPLES + 1))];
}

const both =
  (a: Way, b: Way): Way =>
  (values, alpha, random) =>
    a(values, alpha, random) && b(values, alpha, random);

export const WAYS: Readonly<Record<string, Way>> = {
  t: byT,
  "t and Hall's": both(byT, byHall),
  "t and bootstrap": both(byT, byBootstrap),
  "t and signs": both(byT, bySigns),
};
