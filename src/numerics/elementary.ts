/** exp and log of our own: Math.exp and Math.log differ between JavaScript engines and versions, and bits are promised. */

// ln 2 in two parts, the first with 32 trailing zero bits, so that k·LN2_HIGH is exact for every |k| ≤ 1100.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_INVERSE = Math.LOG2E;
const SQRT_HALF = Math.SQRT1_2;

// 1/j! for j = 13 … 0: the remainder of the Taylor series on |r| ≤ ln2/2 is below 5e-18.
const EXP_TAYLOR = Float64Array.from({ length: 14 }, (_, i) => 1 / factorial(13 - i));

// 2/(2j+1) for j = 11 … 1: artanh's series, below 1e-18 on |s| ≤ 0.172.
const LOG_SERIES = Float64Array.from({ length: 11 }, (_, i) => 2 / (2 * (11 - i) + 1));

const bits = new DataView(new ArrayBuffer(8));

/** eˣ within 2 ulp; subnormal results are rounded twice; NaN gives NaN, above 709.79 Infinity, below −745.2 zero. */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < -745.2) return 0;
  const k = Math.round(x * LN2_INVERSE);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = EXP_TAYLOR[0];
  for (let j = 1; j < 14; j++) sum = sum * r + EXP_TAYLOR[j];
  // Two factors, because 2^k alone leaves the range of a double at either end.
  const half = k >> 1;
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/** ln x within 2 ulp; 0 gives −Infinity, a negative number NaN. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x < 2.2250738585072014e-308) return log(x * 2 ** 54) - 54 * LN2_HIGH - 54 * LN2_LOW;
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let k = (high >>> 20) - 1022;
  bits.setUint32(0, (high & 0x000fffff) | (1022 << 20));
  let m = bits.getFloat64(0); // [½, 1)
  if (m < SQRT_HALF) {
    m *= 2;
    k -= 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  let series = LOG_SERIES[0];
  for (let j = 1; j < 11; j++) series = series * s2 + LOG_SERIES[j];
  // ln(1+f) = 2s + s·(s²·series), written as f − s·(f − s²·series) so that the rounding of 2s does not count twice.
  return k * LN2_HIGH + (f - (s * (f - s2 * series) - k * LN2_LOW));
}

/** 2^k for −1022 ≤ k ≤ 1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

function factorial(j: number): number {
  return j < 2 ? 1 : j * factorial(j - 1);
}
