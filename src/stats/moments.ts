/** Mean, standard deviation and quantiles of a sample. */

/** The mean of `values`; NaN where there are none. The second pass takes out what rounding left of the first. */
export function mean(values: readonly number[]): number {
  const n = values.length;
  const first = sum(values) / n;
  // Infinity − Infinity is no correction.
  return Number.isFinite(first) ? first + values.reduce((rest, value) => rest + (value - first), 0) / n : first;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Σ(xᵢ − x̄)², in two passes with the correction of Chan, Golub & LeVeque 1983. */
function squares(values: readonly number[]): number {
  const center = mean(values);
  let [square, rest] = [0, 0];
  for (const value of values) {
    square += (value - center) ** 2;
    rest += value - center;
  }
  return square - (rest * rest) / values.length;
}

/** The sample variance, Σ(xᵢ − x̄)²/(n − 1); NaN for fewer than two values. */
export function variance(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : squares(values) / (values.length - 1);
}

/** The sample standard deviation, the root of `variance`: what estimates a population's. */
export function std(values: readonly number[]): number {
  return Math.sqrt(variance(values));
}

/** The population standard deviation, √(Σ(xᵢ − x̄)²/n): numpy's default, and what the notebook reports. */
export function populationStd(values: readonly number[]): number {
  return Math.sqrt(squares(values) / values.length);
}

/** The p-quantile, 0 ≤ p ≤ 1, linear between order statistics: type 7 of Hyndman & Fan 1996, the default of numpy and R. NaN for no values. */
export function quantile(values: readonly number[], p: number): number {
  return quantileOfSorted(ascending(values), p);
}

/** `quantile` of values that ascend already. */
function quantileOfSorted(sorted: readonly number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  if (below >= sorted.length - 1) return sorted[sorted.length - 1] ?? Number.NaN;
  const share = at - below;
  return share === 0 ? sorted[below] : sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

/** The least and the greatest of any number of values; Infinity and −Infinity where there are none. */
export function extent(values: Iterable<number>): readonly [least: number, greatest: number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

export function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
