/** What Stirling's formula leaves out of the gamma function: with it, densities keep their digits where factorials do not. */
import { log } from "../numerics/elementary.js";

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
