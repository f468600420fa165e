/** The binomial distribution. */
import { betaTails } from "./beta.js";
import type { Tails } from "./tails.js";

/** P(X ≤ k) and P(X > k) for X ~ Binomial(n, p); k whole, each within 1e-12 relative. P(X ≤ k) = I_{1−p}(n−k, k+1). */
export function binomialTails(k: number, n: number, p: number): Tails {
  if (!(p >= 0 && p <= 1) || !(n >= 0)) return { lower: Number.NaN, upper: Number.NaN };
  if (k < 0) return { lower: 0, upper: 1 };
  if (k >= n) return { lower: 1, upper: 0 };
  return betaTails(1 - p, p, n - k, k + 1);
}

/** The smallest k with P(X ≤ k) ≥ q, for 0 < q < 1. */
export function binomialQuantile(q: number, n: number, p: number): number {
  if (!(q >= 0 && q <= 1) || !(p >= 0 && p <= 1)) return Number.NaN;
  let [below, k] = [-1, n];
  while (k - below > 1) {
    const middle = Math.floor((below + k) / 2);
    if (binomialTails(middle, n, p).lower >= q) k = middle;
    else below = middle;
  }
  return k;
}
