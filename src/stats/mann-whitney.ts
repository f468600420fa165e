/** The Mann–Whitney test of two independent samples, and the AUC that is its statistic. */
import { normalTail } from "./normal.js";
import { ranksOf, twiceTheSmaller } from "./ranks.js";

/** So many steps of the enumeration are taken at most; beyond, the p-value is normal. */
const EXACT_WORK = 2e7;

export interface MannWhitney {
  /** U of `a`: pairs in which it is the larger, ties counted by half. */
  readonly u: number;
  /** P(a > b) + P(a = b)/2, the area under the ROC curve of telling `a` from `b`. */
  readonly auc: number;
  /** Two-sided. */
  readonly p: number;
  /** Whether the null distribution was enumerated, ties included. */
  readonly exact: boolean;
}

/**
 * Mann & Whitney 1947. For samples that share no random stream: never for pairs. Exact given the ties, where that takes
 * no more than some 20 million steps (about 45 against 45 values); else normal, with the tie correction and without a
 * correction for continuity. Neither sample is empty.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const [m, n] = [a.length, b.length];
  const { doubled, ties } = ranksOf([...a, ...b]);
  const rankSum = doubled.slice(0, m).reduce((sum, rank) => sum + rank, 0); // doubled
  const u = (rankSum - m * (m + 1)) / 2;
  const largest = doubled.toSorted((p, q) => q - p).slice(0, Math.min(m, n));
  const exact = (m + n) * Math.min(m, n) * largest.reduce((sum, rank) => sum + rank, 0) <= EXACT_WORK;
  return { u, auc: u / (m * n), p: exact ? exactP(doubled, m, rankSum) : normalP(u, m, n, ties), exact };
}

function normalP(u: number, m: number, n: number, ties: readonly number[]): number {
  const all = m + n;
  const tied = ties.reduce((sum, t) => sum + t ** 3 - t, 0) / (all * (all - 1));
  const deviation = Math.sqrt(((m * n) / 12) * (all + 1 - tied));
  return deviation === 0 ? 1 : Math.min(1, 2 * normalTail(Math.abs(u - (m * n) / 2) / deviation));
}

/** Over all ways to choose the ranks of `a`: the share with a rank sum as far out as `rankSum`. */
function exactP(ranks: readonly number[], m: number, rankSum: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // The smaller sample is the cheaper to choose; its sum stands for that of the other.
  const [size, wanted] = 2 * m <= ranks.length ? [m, rankSum] : [ranks.length - m, total - rankSum];
  const shares = sharesOfSubsetSums(ranks, size);
  let lower = 0;
  for (let s = 0; s <= Math.min(wanted, shares.length - 1); s++) lower += shares[s];
  let upper = 0;
  for (let s = shares.length - 1; s >= wanted; s--) upper += shares[s];
  return twiceTheSmaller(lower, upper);
}

/** Among all subsets of `size` ranks: the share whose sum is s. A rank in turn is in the subset with the probability that what is chosen so far leaves it. */
function sharesOfSubsetSums(ranks: readonly number[], size: number): Float64Array {
  const largest = ranks.toSorted((p, q) => q - p).slice(0, size);
  const width = largest.reduce((sum, rank) => sum + rank, 0) + 1;
  const share = Array.from({ length: size + 1 }, () => new Float64Array(width));
  share[0][0] = 1;
  ranks.forEach((rank, seen) => {
    const left = ranks.length - seen;
    for (let j = Math.min(size, seen + 1); j >= 0; j--) {
      const out = (left - (size - j)) / left; // of those with j chosen, this rank stays out
      const into = j > 0 ? (size - j + 1) / left : 0; // of those with j − 1 chosen, it comes in
      const here = share[j];
      const before = j > 0 ? share[j - 1] : here;
      for (let s = width - 1; s >= 0; s--) here[s] = here[s] * out + (s >= rank ? before[s - rank] * into : 0);
    }
  });
  return share[size];
}
