/** What Stirling's formula leaves out of the gamma function: with it, densities keep their digits where factorials do not. */
import { log } from "../numerics/elementary.js";

export const LN_SQRT_TAU = 0.9189385332046727; // ln √(2π)

// B₂ⱼ/(2j(2j−1)) for j = 1 … 8, Abramowitz & Stegun 6.1.40.
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156, -3617 / 122_400];

/** ln Γ(z+1) − ((z+½)·ln z − z + ½·ln 2π) for z > 0: what Stirling's formula leaves out. */
export function stirlingRest(z: number): number {
  if (z < 16) return stirlingRest(z + 1) + stirlingStep(z);
  const perSquare = 1 / (z * z);
  return STIRLING.reduceRight((sum, coefficient) => sum * perSquare + coefficient, 0) / z;
}

/** (z+½)·ln(1+1/z) − 1: by artanh's series, all of whose terms are positive. */
function stirlingStep(z: number): number {
  if (z < 0.1) return (z + 0.5) * (Math.log1p(z) - log(z)) - 1;
  const s = 1 / (2 * z + 1); // ln(1+1/z) = 2·artanh s, and z+½ = 1/(2s)
  let [sum, power] = [0, 1];
  for (let j = 3; ; j += 2) {
    power *= s * s;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** a·ln(a/expected) + expected − a, without cancelling where a is near what is expected (Loader 2000); `difference` is a − expected, as exactly as the caller knows it. */
export function deviance(a: number, expected: number, difference: number): number {
  if (Math.abs(difference) >= 0.1 * (a + expected)) return a * log(a / expected) - difference;
  const v = difference / (a + expected);
  let sum = difference * v;
  let term = 2 * a * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}
