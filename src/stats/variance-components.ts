/** Balanced analysis of variance: how much of a spread is that of draws, and how much that of the trials within them. */
import { chiSquaredTailQuantile } from "./chi-squared.js";
import { fTailQuantile, fTails } from "./f.js";
import type { Interval } from "./interval.js";
import { mean } from "./moments.js";

interface Component {
  /** The unbiased estimate, which may be negative. */
  readonly variance: number;
  readonly interval: Interval;
}

export interface OneWay {
  /** Mean squares between and within groups, with a − 1 and a(n − 1) degrees of freedom. */
  readonly between: number;
  readonly within: number;
  /** Whether the groups have one mean: P(F > between/within). */
  readonly p: number;
  readonly group: Component;
  readonly trial: Component;
  /** The intraclass correlation, σ²_group/(σ²_group + σ²_trial). */
  readonly correlation: { readonly estimate: number; readonly interval: Interval };
}

/**
 * y_ij = μ + g_i + e_ij, a ≥ 2 groups of n ≥ 2 values each, normal. The interval of σ²_trial is exact (χ²), that of the
 * correlation exact (F, Searle, Casella & McCulloch 1992, §3.6), that of σ²_group the modified large-sample one (Ting
 * et al. 1990; Burdick & Graybill 1992, §3.3); limits below 0 are 0. Throws where groups are not of one size.
 */
export function oneWay(groups: readonly (readonly number[])[], confidence: number): OneWay {
  const [a, n] = sizesOf(groups, 2);
  const means = groups.map(mean);
  const between = (n * squaresAround(means, mean(means))) / (a - 1);
  const within = groups.reduce((sum, group, i) => sum + squaresAround(group, means[i]), 0) / (a * (n - 1));
  const [df1, df2] = [a - 1, a * (n - 1)];
  const alpha = (1 - confidence) / 2;
  const ratio = between / within;
  const [low, high] = [ratio / fTailQuantile(alpha, df1, df2), ratio * fTailQuantile(alpha, df2, df1)];
  const share = (f: number): number => atLeast0((f - 1) / (f + n - 1));
  return {
    ...{ between, within, p: fTails(ratio, df1, df2).upper },
    group: differenceOf({ square: between, df: df1 }, { square: within, df: df2 }, n, alpha),
    trial: { variance: within, interval: varianceInterval(within, df2, confidence) },
    correlation: {
      estimate: (between - within) / (between + (n - 1) * within),
      interval: { low: share(low), high: share(high) },
    },
  };
}

export interface Nested {
  readonly group: Component;
  readonly subgroup: Component;
  readonly rest: Component;
}

/** y_ijk = μ + g_i + s_ij + e_ijk, balanced: a ≥ 2 groups of b ≥ 2 subgroups of n ≥ 2 values; intervals as in `oneWay`. */
export function nested(groups: readonly (readonly (readonly number[])[])[], confidence: number): Nested {
  const [a, b] = sizesOf(groups, 2);
  const [, n] = sizesOf(groups.flat(), 2);
  const alpha = (1 - confidence) / 2;
  const subgroupMeans = groups.map((group) => group.map(mean));
  const means = subgroupMeans.map(mean);
  const group = { square: (b * n * squaresAround(means, mean(means))) / (a - 1), df: a - 1 };
  const between = subgroupMeans.reduce((sum, of, i) => sum + squaresAround(of, means[i]), 0);
  const subgroup = { square: (n * between) / (a * (b - 1)), df: a * (b - 1) };
  const inner = groups.flat().reduce((sum, values) => sum + squaresAround(values, mean(values)), 0);
  const rest = { square: inner / (a * b * (n - 1)), df: a * b * (n - 1) };
  return {
    group: differenceOf(group, subgroup, b * n, alpha),
    subgroup: differenceOf(subgroup, rest, n, alpha),
    rest: { variance: rest.square, interval: varianceInterval(rest.square, rest.df, confidence) },
  };
}

interface MeanSquare {
  readonly square: number;
  readonly df: number;
}

/** The interval of a variance of normal values that is estimated with `df` degrees of freedom. */
export function varianceInterval(variance: number, df: number, confidence: number): Interval {
  const alpha = (1 - confidence) / 2;
  return {
    low: (df * variance) / chiSquaredTailQuantile(alpha, df),
    high: (df * variance) / chiSquaredTailQuantile(1 - alpha, df),
  };
}

/** (first − second)/n with the modified large-sample interval of Ting et al. 1990. */
function differenceOf(first: MeanSquare, second: MeanSquare, n: number, alpha: number): Component {
  const [s1, s2] = [first.square, second.square];
  const inverse = (p: number, df1: number, df2: number): number => fTailQuantile(p, df1, df2);
  const infinite = (p: number, df: number): number => chiSquaredTailQuantile(p, df) / df; // F with ∞ below
  const g1 = 1 - 1 / infinite(alpha, first.df);
  const h1 = 1 / infinite(1 - alpha, first.df) - 1;
  const g2 = 1 - 1 / infinite(alpha, second.df);
  const h2 = 1 / infinite(1 - alpha, second.df) - 1;
  const upper = inverse(alpha, first.df, second.df);
  const lower = inverse(1 - alpha, first.df, second.df);
  const g12 = ((upper - 1) ** 2 - g1 ** 2 * upper ** 2 - h2 ** 2) / upper;
  const h12 = ((1 - lower) ** 2 - h1 ** 2 * lower ** 2 - g2 ** 2) / lower;
  const low = Math.sqrt(Math.max(0, (g1 * s1) ** 2 + (h2 * s2) ** 2 + g12 * s1 * s2));
  const high = Math.sqrt(Math.max(0, (h1 * s1) ** 2 + (g2 * s2) ** 2 + h12 * s1 * s2));
  const variance = (s1 - s2) / n;
  return { variance, interval: { low: atLeast0(variance - low / n), high: atLeast0(variance + high / n) } };
}

function atLeast0(value: number): number {
  return Math.max(0, value);
}

function squaresAround(values: readonly number[], center: number): number {
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

/** How many groups, and of how many each. */
function sizesOf(groups: readonly (readonly unknown[])[], least: number): [count: number, size: number] {
  const size = groups[0]?.length ?? 0;
  if (groups.length < least || size < least || groups.some((group) => group.length !== size))
    throw new RangeError(`balanced groups are needed, ${least} or more of ${least} or more values each`);
  return [groups.length, size];
}
