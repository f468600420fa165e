/** The two-sample Kolmogorov–Smirnov test. */
import { ascending } from "./moments.js";

export interface KolmogorovSmirnov {
  /** D = sup |F − G|. */
  readonly statistic: number;
  /** Two-sided and exact, given the ties. */
  readonly p: number;
}

/** Compares the independent samples `a` and `b`, never pairs; neither is empty. */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): KolmogorovSmirnov {
  const [m, n] = [a.length, b.length];
  const [x, y] = [ascending(a), ascending(b)];
  const isStep = new Uint8Array(m + n + 1); // whether F and G may be compared when so many values are counted: not within ties
  let [i, j, largest] = [0, 0, 0];
  while (i < m || j < n) {
    const value = Math.min(x[i] ?? Number.POSITIVE_INFINITY, y[j] ?? Number.POSITIVE_INFINITY);
    while (i < m && x[i] === value) i += 1;
    while (j < n && y[j] === value) j += 1;
    isStep[i + j] = 1;
    largest = Math.max(largest, Math.abs(i * n - j * m)); // D·m·n, a whole number
  }
  return { statistic: largest / (m * n), p: shareOfPathsReaching(largest, m, n, isStep) };
}

/**
 * P(D·m·n ≥ limit) for samples of one distribution with these ties: the share of lattice paths from (0, 0) to (m, n)
 * that reach |i·n − j·m| ≥ limit where F and G step (Hodges 1958; Schröer & Trenkler 1995 with ties). Of the paths to
 * (i, j), i/(i+j) come from (i−1, j): a sum of positive terms, so a small p is as exact as a large one.
 */
function shareOfPathsReaching(limit: number, m: number, n: number, isStep: Uint8Array): number {
  const shares = new Float64Array(n + 1);
  for (let i = 0; i <= m; i++) {
    for (let j = 0; j <= n; j++) {
      if (isStep[i + j] === 1 && Math.abs(i * n - j * m) >= limit) shares[j] = 1;
      else if (i + j > 0) shares[j] = (shares[j] * i + (j > 0 ? shares[j - 1] * j : 0)) / (i + j);
    }
  }
  return limit === 0 ? 1 : shares[n];
}
