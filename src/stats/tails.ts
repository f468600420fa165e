/** The tails of a distribution, and the root of one: what quantiles are inverted with. */

/** Both tails at one point: P(X ≤ x) and P(X > x), each as exact as if it were asked alone. */
export interface Tails {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The x in [low, high] at which the decreasing function `tail` takes the value p, to the last bits of a double that
 * `tail` can tell apart. The ends may be infinite; then the bracket grows from `from` by doubling. p lies in (0, 1).
 * The search is bisection on a scale on which far ends are near: as exact in a tail of 1e-300 as in the middle.
 */
export function tailRoot(tail: (x: number) => number, p: number, low: number, high: number): number {
  let below = order(Math.max(low, -Number.MAX_VALUE));
  let above = order(Math.min(high, Number.MAX_VALUE));
  while (above - below > 1n) {
    const middle = (below + above) >> 1n;
    if (tail(numberOf(middle)) > p) below = middle;
    else above = middle;
  }
  const [left, right] = [numberOf(below), numberOf(above)];
  return Math.abs(tail(left) - p) < Math.abs(tail(right) - p) ? left : right;
}

const view = new DataView(new ArrayBuffer(8));

/** Doubles counted from the smallest up: neighbours differ by one. */
function order(x: number): bigint {
  view.setFloat64(0, x + 0);
  const bits = view.getBigInt64(0);
  return bits >= 0n ? bits : -(bits & 0x7fff_ffff_ffff_ffffn);
}

function numberOf(place: bigint): number {
  view.setBigInt64(0, place >= 0n ? place : -place);
  const size = view.getFloat64(0);
  return place >= 0n ? size : -size;
}
