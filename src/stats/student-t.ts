/** Student's t distribution. */
import { betaTails } from "./beta.js";
import { type Tails, tailRoot } from "./tails.js";

/** P(T ≤ t) and P(T > t) with `df` > 0 degrees of freedom, whole or not; each within 1e-12 relative where t² is a double. P(T > t) = I_{df/(df+t²)}(df/2, ½)/2 for t ≥ 0. */
export function tTails(t: number, df: number): Tails {
  if (Number.isNaN(t) || !(df > 0)) return { lower: Number.NaN, upper: Number.NaN };
  const outer = outerTail(Math.abs(t), df);
  return t < 0 ? { lower: outer, upper: 1 - outer } : { lower: 1 - outer, upper: outer };
}

/** P(|T| > |t|): the two-sided p-value. */
export function tTwoSided(t: number, df: number): number {
  return Number.isNaN(t) || !(df > 0) ? Number.NaN : 2 * outerTail(Math.abs(t), df);
}

function outerTail(t: number, df: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  // Not t²/(df+t²): t² leaves the range of a double long before the tail does.
  const ratio = t / Math.sqrt(df);
  const x = 1 / (1 + ratio * ratio);
  const y = ratio <= 1 ? (ratio * ratio) / (1 + ratio * ratio) : 1 / (1 + 1 / (ratio * ratio));
  return betaTails(x, y, df / 2, 0.5).lower / 2;
}

/** The t with P(T > t) = p, 0 < p < 1; 0 gives Infinity and 1 −Infinity. */
export function tTailQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (p === 0.5) return 0;
  if (p > 0.5) return -tTailQuantile(1 - p, df);
  const key = `${p} ${df}`;
  let t = quantiles.get(key);
  if (t === undefined) {
    t = tailRoot((t) => outerTail(t, df), p, 0, Number.POSITIVE_INFINITY);
    if (quantiles.size < MOST_QUANTILES) quantiles.set(key, t);
  }
  return t;
}

/** What was asked for before: a verdict asks for the same few again and again, and each is a search. */
const quantiles = new Map<string, number>();
const MOST_QUANTILES = 1000;
