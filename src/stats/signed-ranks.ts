/** Wilcoxon's signed-rank test and the sign test, for pairs. */
import { binomialTails } from "./binomial.js";
import { normalTail } from "./normal.js";
import { ranksOf, twiceTheSmaller } from "./ranks.js";

/** Up to so many differences the null distribution is enumerated: beyond, normal. */
const EXACT_UP_TO = 200;

export interface RankTest {
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  /** Whether the null distribution was enumerated, ties included. */
  readonly exact: boolean;
}

/**
 * Wilcoxon 1945: whether `differences` lie symmetrically about 0. Differences of 0 are left out; of the rest the sizes
 * are ranked, ties at their midrank, and the statistic is the rank sum of the positive ones. Exact up to 200
 * differences, else normal with the variance of the ranks that are there. No differences but 0: p = 1.
 */
export function wilcoxonSignedRanks(differences: readonly number[]): RankTest {
  const left = differences.filter((difference) => difference !== 0);
  const { doubled } = ranksOf(left.map(Math.abs));
  const statistic = doubled.reduce((sum, rank, i) => sum + (left[i] > 0 ? rank : 0), 0);
  if (left.length === 0) return { statistic: 0, p: 1, exact: true };
  if (left.length > EXACT_UP_TO) return { statistic: statistic / 2, p: normalP(doubled, statistic), exact: false };
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const share = sharesOfSums(doubled, total);
  let lower = 0;
  for (let s = 0; s <= statistic; s++) lower += share[s];
  let upper = 0;
  for (let s = total; s >= statistic; s--) upper += share[s];
  return { statistic: statistic / 2, p: twiceTheSmaller(lower, upper), exact: true };
}

function normalP(doubled: readonly number[], statistic: number): number {
  const expected = doubled.reduce((sum, rank) => sum + rank, 0) / 2;
  const deviation = Math.sqrt(doubled.reduce((sum, rank) => sum + rank * rank, 0)) / 2;
  return Math.min(1, 2 * normalTail(Math.abs(statistic - expected) / deviation));
}

/** The share of all sign patterns whose positive ranks add up to s, for s = 0 … total: one pass a rank, all terms positive. */
function sharesOfSums(ranks: readonly number[], total: number): Float64Array {
  const share = new Float64Array(total + 1);
  share[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let s = reached; s >= 0; s--) share[s] = (share[s] + (s >= rank ? share[s - rank] : 0)) / 2;
  }
  return share;
}

/** Whether positive and negative differences are as frequent; those of 0 are left out. The statistic is the number of positive ones, its null distribution Binomial(n, ½). */
export function signTest(differences: readonly number[]): RankTest {
  const n = differences.filter((difference) => difference !== 0).length;
  const positive = differences.filter((difference) => difference > 0).length;
  const atMost = binomialTails(positive, n, 0.5).lower;
  const atLeast = binomialTails(positive - 1, n, 0.5).upper;
  return { statistic: positive, p: twiceTheSmaller(atMost, atLeast), exact: true };
}
