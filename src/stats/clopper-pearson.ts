/** The exact interval of a proportion (Clopper & Pearson 1934). */
import { betaQuantile } from "./beta.js";
import type { Interval } from "./interval.js";

/** Limits that each hold a true proportion out with probability ≤ alpha/2, from `hits` of n ≥ 1; quantiles of Beta(hits, n−hits+1) and Beta(hits+1, n−hits). */
export function clopperPearson(hits: number, n: number, alpha: number): Interval {
  return {
    low: hits === 0 ? 0 : betaQuantile(alpha / 2, hits, n - hits + 1),
    high: hits === n ? 1 : 1 - betaQuantile(alpha / 2, n - hits, hits + 1),
  };
}
