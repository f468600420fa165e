/** The Wasserstein-1 distance of two samples. */
import { ascending } from "./moments.js";

/** ∫ |F − G| over the empirical distribution functions of `a` and `b`, in the units of the values; neither is empty, and they need not be as many. */
export function wasserstein1(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ascending(a), ascending(b)];
  const [m, n] = [x.length, y.length];
  let [i, j, area] = [0, 0, 0];
  let last = Math.min(x[0], y[0]);
  while (i < m || j < n) {
    const value = Math.min(x[i] ?? Number.POSITIVE_INFINITY, y[j] ?? Number.POSITIVE_INFINITY);
    if (value > last) area += Math.abs(i / m - j / n) * (value - last);
    while (i < m && x[i] === value) i += 1;
    while (j < n && y[j] === value) j += 1;
    last = value;
  }
  return area;
}
