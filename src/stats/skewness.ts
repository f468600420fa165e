/** Skewness of a sample, and an interval for a mean that bears it. */
import type { Estimate, Interval } from "./interval.js";
import { mean } from "./moments.js";
import { tTailQuantile } from "./student-t.js";

/** √(n(n−1))/(n−2) · m₃/m₂^1.5, the adjusted Fisher-Pearson coefficient G₁ (Joanes & Gill 1998); NaN for fewer than three values, and where all are equal. */
export function skewness(values: readonly number[]): number {
  const n = values.length;
  if (n < 3 || values.every((value) => value === values[0])) return Number.NaN;
  const center = mean(values);
  let [second, third] = [0, 0];
  for (const value of values) {
    second += (value - center) ** 2;
    third += (value - center) ** 3;
  }
  return ((Math.sqrt(n * (n - 1)) / (n - 2)) * (third / n)) / (second / n) ** 1.5;
}

/** The standard deviation of G₁ of n ≥ 3 normal values: √(6n(n−1)/((n−2)(n+1)(n+3))) (Fisher 1930). */
export function skewnessError(n: number): number {
  return Math.sqrt((6 * n * (n - 1)) / ((n - 2) * (n + 1) * (n + 3)));
}

/** The estimate of a mean, with the skewness of the values that it is the mean of; NaN where they have none. */
export interface SkewedEstimate extends Estimate {
  readonly skewness: number;
}

/**
 * The interval for a mean of df + 1 values by Hall's transformation of t (Hall 1992, J. R. Statist. Soc. B 54, 221–228),
 * which takes the skewness out of its distribution to order 1/√n: with a = G₁/√n the transformed
 * t + a(2t² + 1)/6 + a²t³/27 is held against the quantiles of Student's t. It is ((1 + at/3)³ − 1)/a + a/6, and so
 * ascends with t and can be inverted. Without skewness it is the interval of t.
 */
export function hallInterval(of: SkewedEstimate, confidence: number): Interval {
  return hallLimits(of, tTailQuantile((1 - confidence) / 2, of.df));
}

/** The interval by Hall's transformation whose transformed t lies within ±limit. */
export function hallLimits({ estimate, error, df, skewness: g }: SkewedEstimate, limit: number): Interval {
  if (error === 0) return { low: estimate, high: estimate };
  const a = Number.isNaN(g) ? 0 : g / Math.sqrt(df + 1);
  return { low: estimate - error * untransformed(limit, a), high: estimate - error * untransformed(-limit, a) };
}

/** The t whose transformed value is x: (3/a)(∛(1 + a(x − a/6)) − 1), without its cancellation where a is small. */
function untransformed(x: number, a: number): number {
  const root = Math.cbrt(1 + a * (x - a / 6));
  return (3 * (x - a / 6)) / (root * root + root + 1);
}
