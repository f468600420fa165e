/** Student's t tests: one sample, pairs, and two independent samples of unequal variance (Welch 1947). */
import type { Estimate, Interval } from "./interval.js";
import { mean, variance } from "./moments.js";
import { tTailQuantile, tTwoSided } from "./student-t.js";

export interface TTest extends Estimate {
  /** (estimate − expected)/error; NaN where both are 0, ±Infinity where the error alone is. */
  readonly t: number;
  /** Two-sided; NaN where t is. */
  readonly p: number;
}

/** Whether the mean of `values` (two or more) is `expected`. */
export function oneSampleT(values: readonly number[], expected = 0): TTest {
  const n = values.length;
  return tested({ estimate: mean(values), error: Math.sqrt(variance(values) / n), df: n - 1 }, expected);
}

/** Whether aᵢ − bᵢ has mean 0; as many of each. */
export function pairedT(a: readonly number[], b: readonly number[]): TTest {
  return oneSampleT(differences(a, b));
}

/** Whether two independent samples, of two values or more each, have one mean; the degrees of freedom are Satterthwaite's. */
export function welchT(a: readonly number[], b: readonly number[]): TTest {
  const [va, vb] = [variance(a) / a.length, variance(b) / b.length];
  const df = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  return tested({ estimate: mean(a) - mean(b), error: Math.sqrt(va + vb), df }, 0);
}

function tested(of: Estimate, expected: number): TTest {
  const t = (of.estimate - expected) / of.error;
  return { ...of, t, p: tTwoSided(t, of.df) };
}

/** The interval that holds the estimated value with the given confidence, 0 < confidence < 1. */
export function tInterval({ estimate, error, df }: Estimate, confidence: number): Interval {
  if (error === 0) return { low: estimate, high: estimate };
  const half = error * tTailQuantile((1 - confidence) / 2, df);
  return { low: estimate - half, high: estimate + half };
}

/** aᵢ − bᵢ; throws where they are not as many. */
export function differences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`pairs need as many of each, got ${a.length} and ${b.length}`);
  return a.map((value, i) => value - b[i]);
}
