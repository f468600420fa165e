/** The two-sample Kolmogorov–Smirnov test. */

export interface KolmogorovSmirnov {
  /** D = sup |F − G|. */
  readonly statistic: number;
  /** Two-sided and exact where there are no ties; with ties it is too large rather than too small. */
  readonly p: number;
}

/** Compares the samples `a` and `b`; neither is empty. */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): KolmogorovSmirnov {
  const [m, n] = [a.length, b.length];
  const [x, y] = [a.toSorted((p, q) => p - q), b.toSorted((p, q) => p - q)];
  let [i, j, largest] = [0, 0, 0];
  while (i < m && j < n) {
    const value = Math.min(x[i], y[j]);
    while (i < m && x[i] === value) i += 1;
    while (j < n && y[j] === value) j += 1;
    largest = Math.max(largest, Math.abs(i * n - j * m)); // D·m·n, a whole number
  }
  return { statistic: largest / (m * n), p: shareOfPathsReaching(largest, m, n) };
}

/**
 * P(D·m·n ≥ limit) for samples of one distribution: the share of lattice paths from (0, 0) to (m, n) that anywhere
 * reach |i·n − j·m| ≥ limit (Hodges 1958). Of the paths to (i, j), i/(i+j) come from (i−1, j): a sum of positive
 * terms, so a small p is as exact as a large one.
 */
function shareOfPathsReaching(limit: number, m: number, n: number): number {
  const shares = new Float64Array(n + 1);
  for (let i = 0; i <= m; i++) {
    for (let j = 0; j <= n; j++) {
      if (Math.abs(i * n - j * m) >= limit) shares[j] = 1;
      else if (i + j > 0) shares[j] = (shares[j] * i + (j > 0 ? shares[j - 1] * j : 0)) / (i + j);
    }
  }
  return shares[n];
}
