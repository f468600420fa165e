/** Fisher's F distribution. */
import { betaTails } from "./beta.js";
import { type Tails, tailRoot } from "./tails.js";

/** P(F ≤ f) and P(F > f) with df1, df2 > 0 degrees of freedom; each within 1e-12 relative. P(F ≤ f) = I_x(df1/2, df2/2), x = df1·f/(df1·f + df2). */
export function fTails(f: number, df1: number, df2: number): Tails {
  if (Number.isNaN(f) || !(df1 > 0) || !(df2 > 0)) return { lower: Number.NaN, upper: Number.NaN };
  if (f <= 0) return { lower: 0, upper: 1 };
  const ratio = (df1 / df2) * f;
  return betaTails(1 / (1 + 1 / ratio), 1 / (1 + ratio), df1 / 2, df2 / 2);
}

/** The f with P(F > f) = p, 0 < p < 1; 0 gives Infinity and 1 gives 0. */
export function fTailQuantile(p: number, df1: number, df2: number): number {
  if (!(p >= 0 && p <= 1) || !(df1 > 0) || !(df2 > 0)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? Number.POSITIVE_INFINITY : 0;
  return tailRoot((f) => fTails(f, df1, df2).upper, p, 0, Number.POSITIVE_INFINITY);
}

/** The f with P(F ≤ f) = p: 1/F has the degrees of freedom the other way round. */
export function fQuantile(p: number, df1: number, df2: number): number {
  return 1 / fTailQuantile(p, df2, df1);
}
