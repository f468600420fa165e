/** The χ² distribution, by the regularised incomplete gamma function. */
import { exp } from "../numerics/elementary.js";
import { deviance, LN_SQRT_TAU, stirlingRest } from "./stirling.js";
import { type Tails, tailRoot } from "./tails.js";

const TINY = 1e-300;

/** P(X ≤ x) and P(X > x) for χ² with `df` > 0 degrees of freedom: P(df/2, x/2) and Q(df/2, x/2); each within 1e-12 relative for df up to 1e6. */
export function chiSquaredTails(x: number, df: number): Tails {
  if (Number.isNaN(x) || !(df > 0)) return { lower: Number.NaN, upper: Number.NaN };
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 };
  const [a, z] = [df / 2, x / 2];
  // Abramowitz & Stegun 6.5.29 left of the mean, the continued fraction 6.5.31 right of it.
  if (z < a + 1) {
    const lower = gammaFactor(a, z) * series(a, z);
    return { lower, upper: 1 - lower };
  }
  const upper = gammaFactor(a, z) * fraction(a, z);
  return { lower: 1 - upper, upper };
}

/** zᵃ·e^−z/Γ(a), by Loader's saddle point (2000). */
function gammaFactor(a: number, z: number): number {
  return exp(-stirlingRest(a) - deviance(a, z, a - z) - LN_SQRT_TAU) * Math.sqrt(a);
}

/** Σ zʲ/(a(a+1)…(a+j)). */
function series(a: number, z: number): number {
  let term = 1 / a;
  let sum = term;
  for (let j = 1; term > sum * 1e-17; j++) {
    term *= z / (a + j);
    sum += term;
  }
  return sum;
}

/** 1/(z+1−a − 1(1−a)/(z+3−a − 2(2−a)/(z+5−a − …))), by Lentz's algorithm. */
function fraction(a: number, z: number): number {
  let b = z + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let j = 1; ; j++) {
    const numerator = -j * (j - a);
    b += 2;
    d = 1 / (numerator * d + b || TINY);
    c = b + numerator / c || TINY;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) return value;
  }
}

/** The x with P(X > x) = p, 0 < p < 1; 0 gives Infinity and 1 gives 0. */
export function chiSquaredTailQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? Number.POSITIVE_INFINITY : 0;
  // A tail near 1 is better known by the other one.
  if (p > 0.5) return tailRoot((x) => -chiSquaredTails(x, df).lower, p - 1, 0, Number.POSITIVE_INFINITY);
  return tailRoot((x) => chiSquaredTails(x, df).upper, p, 0, Number.POSITIVE_INFINITY);
}
