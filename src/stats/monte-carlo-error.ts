/** Monte-Carlo standard errors: how far a figure of a simulation would move if it were run again (Morris, White & Crowther 2019). */
import { mean, std } from "./moments.js";

/** Of a mean: s/√n, with the sample standard deviation; NaN for fewer than two values. */
export function errorOfMean(values: readonly number[]): number {
  return std(values) / Math.sqrt(values.length);
}

/** Of a proportion p of n: √(p(1−p)/n). */
export function errorOfProportion(p: number, n: number): number {
  return Math.sqrt((p * (1 - p)) / n);
}

/** Of anything else, by the jackknife: √((n−1)/n · Σ(θ₋ᵢ − θ̄)²), θ₋ᵢ without the i-th value; calls `statistic` n times. */
export function jackknifeError(values: readonly number[], statistic: (values: readonly number[]) => number): number {
  const n = values.length;
  const without = values.map((_, i) => statistic(values.toSpliced(i, 1)));
  const center = mean(without);
  return Math.sqrt(((n - 1) / n) * without.reduce((total, theta) => total + (theta - center) ** 2, 0));
}
