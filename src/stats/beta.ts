/** The beta distribution: the regularised incomplete beta function, on which Student's t, F and the binomial rest. */
import { exp } from "../numerics/elementary.js";
import { deviance, LN_SQRT_TAU, stirlingRest } from "./stirling.js";
import { type Tails, tailRoot } from "./tails.js";

const CONVERGED = 1e-16;
const MAX_TERMS = 200_000; // the fraction needs about 5·√max(a, b) of them

/**
 * I_x(a, b) and I_y(b, a), the two tails of Beta(a, b) at x; y = 1 − x is the caller's, since 1 − x loses what a small
 * y knows. a, b > 0; x, y in [0, 1]. Within 1e-12 relative wherever the result is a normal double, for a and b up to
 * 1e7. The continued fraction is Didonato & Morris 1992 (their BFRAC), evaluated by Lentz's algorithm; the factor
 * before it by Loader's saddle point (2000), which does not cancel where a and b are large.
 */
export function betaTails(x: number, y: number, a: number, b: number): Tails {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0)) return { lower: Number.NaN, upper: Number.NaN };
  if (x === 0) return { lower: 0, upper: 1 };
  if (y === 0) return { lower: 1, upper: 0 };
  const isLower = x <= a / (a + b); // left of the mean the lower tail is the one that can be small
  const tail = isLower ? tailLeftOfMean(x, y, a, b) : tailLeftOfMean(y, x, b, a);
  return isLower ? { lower: tail, upper: 1 - tail } : { lower: 1 - tail, upper: tail };
}

/** I_x(a, b) for x ≤ a/(a+b). */
function tailLeftOfMean(x: number, y: number, a: number, b: number): number {
  const lambda = a * y - b * x; // ≥ 0: how far x is left of the mean, times a + b
  const c = 1 + lambda;
  const c0 = b / a;
  const c1 = 1 + 1 / a;
  const yp1 = y + 1;
  let [n, p, s] = [0, 1, a + 1];
  let [an, bn, anp1, bnp1] = [0, 1, 1, c / c1];
  let r = c1 / c;
  while (n < MAX_TERMS) {
    n += 1;
    const t = n / a;
    const w = n * (b - n) * x;
    let e = a / s;
    const alpha = p * (p + c0) * e * e * (w * x);
    e = (1 + t) / (c1 + t + t);
    const beta = n + w / s + e * (c + n * yp1);
    p = 1 + t;
    s += 2;
    [an, anp1] = [anp1, alpha * an + beta * anp1];
    [bn, bnp1] = [bnp1, alpha * bn + beta * bnp1];
    const previous = r;
    r = anp1 / bnp1;
    if (Math.abs(r - previous) <= CONVERGED * r) break;
    // The terms of both grow together; their ratio is all that counts.
    [an, bn, anp1, bnp1] = [an / bnp1, bn / bnp1, r, 1];
  }
  return betaFactor(x, y, a, b) * r;
}

/** xᵃ·yᵇ/B(a, b). */
function betaFactor(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const difference = a * y - b * x; // a − n·x, exact where x was rounded and y was not
  const deviances = deviance(a, n * x, difference) + deviance(b, n * y, -difference);
  const exponent = stirlingRest(n) - stirlingRest(a) - stirlingRest(b) - deviances;
  return exp(exponent - LN_SQRT_TAU) * Math.sqrt((a * b) / n);
}

/** The x with P(X ≤ x) = p for X ~ Beta(a, b). p in [0, 1]; 0 and 1 give the ends. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p;
  // Near 1 a double cannot tell what 1 − x knows: the quantile is sought on the side on which it is small, as 1 − x where
  // that is the right one, and by the tail that is small there.
  const isLeft = p <= betaTails(0.5, 0.5, a, b).lower;
  const at = (z: number): Tails => (isLeft ? betaTails(z, 1 - z, a, b) : betaTails(1 - z, z, a, b));
  const sign = isLeft ? -1 : 1; // makes a lower tail fall with z
  const z =
    p <= 0.5
      ? tailRoot((z) => sign * at(z).lower, sign * p, 0, 0.5)
      : tailRoot((z) => -sign * at(z).upper, -sign * (1 - p), 0, 0.5);
  return isLeft ? z : 1 - z;
}
