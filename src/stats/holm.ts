/** Holm's step-down correction for many tests (Holm 1979). */

/** Adjusted p-values in the order of `ps`: the family-wise error of refusing those ≤ alpha is at most alpha, whatever their dependence. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b]);
  const adjusted = new Array<number>(ps.length);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[i]));
    adjusted[i] = largest;
  });
  return adjusted;
}
