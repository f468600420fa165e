/** The standard normal distribution function. */
import { exp } from "../numerics/elementary.js";
import { tailRoot } from "./tails.js";

/** Φ(x) within 1e-14 absolute and, in the left tail down to −37, 1e-12 relative: Φ(x) = erfc(−x/√2)/2. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const t = Math.abs(x) / Math.SQRT2;
  const tail = t < 2 ? 0.5 * (1 - erfSeries(t)) : 0.5 * erfcFraction(t);
  return x < 0 ? tail : 1 - tail;
}

/** erf t = 2/√π · e^(−t²) · Σ 2^j t^(2j+1) / (1·3·…·(2j+1)), Abramowitz & Stegun 7.1.6: all terms positive. */
function erfSeries(t: number): number {
  let term = t;
  let sum = t;
  for (let j = 1; term > sum * 1e-17; j++) {
    term *= (2 * t * t) / (2 * j + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * exp(-t * t) * sum;
}

/** erfc t = e^(−t²)/√π · 1/(t + ½/(t + 1/(t + 3⁄2/(t + …)))), Abramowitz & Stegun 7.1.14, from the far end. */
function erfcFraction(t: number): number {
  if (t > 40) return 0;
  const terms = 60; // 40 do for 1e-14 at t = 2; fewer are needed beyond
  let fraction = t;
  for (let j = terms; j >= 1; j--) fraction = t + j / 2 / fraction;
  return exp(-t * t) / (Math.sqrt(Math.PI) * fraction);
}

/** P(X > x) for a standard normal X: as exact in the right tail as Φ in the left. */
export function normalTail(x: number): number {
  return normalCdf(-x);
}

/** The x with P(X > x) = p, 0 < p < 1; 0 gives Infinity and 1 −Infinity. */
export function normalTailQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalTailQuantile(1 - p);
  return tailRoot(normalTail, p, 0, 40);
}
