/** KLoM, the divergence of margins: how far the log-odds of one row are spread otherwise than by retraining. */
import { log } from "../../numerics/elementary.js";

// Of the reference implementation of Georgiev, Rinberg et al. 2024 (arXiv 2410.23232).
const BINS = 20;
const CLIP = 100;
const FLOOR = 1e-5;

/**
 * KL(p ‖ q) = Σ pᵢ ln(pᵢ/qᵢ) in nats, p and q the shares of `unlearned` and `retrained` margins, clipped to ±100, in 20 bins
 * of equal width over the joint range; qᵢ ≥ 1e-5 where pᵢ > 0, and q then sums to 1 again. Georgiev, Rinberg et al. 2024 (arXiv
 * 2410.23232), as their code has it: a bin holds its left end and not its right one, so that the largest value of all
 * stands in no bin. Any sizes from 1; null where a sample has no value but the largest, so that its p has nothing to share.
 */
export function klom(unlearned: readonly number[], retrained: readonly number[]): number | null {
  return divergence(unlearned, retrained, BINS);
}

/** KLoM with the largest value in the last bin, where it belongs; defined for all samples that are not empty. */
export function klomCorrected(unlearned: readonly number[], retrained: readonly number[]): number | null {
  return divergence(unlearned, retrained, BINS - 1);
}

/** `last`: the bin, from 0, of what lies at the right end; BINS is none. */
function divergence(unlearned: readonly number[], retrained: readonly number[], last: number): number | null {
  const [u, r] = [unlearned.map(clipped), retrained.map(clipped)];
  const edges = edgesOf([...u, ...r]);
  const [p, counts] = [sharesIn(u, edges, last), sharesIn(r, edges, last)];
  if (p === null) return null;
  const q = normalised(p.map((share, i) => (share > 0 ? Math.max(counts?.[i] ?? 0, FLOOR) : (counts?.[i] ?? 0))));
  return normalised(p).reduce((sum, share, i) => (share > 0 ? sum + share * log(share / q[i]) : sum), 0);
}

/** With sum 1, p as q: so that equal ones differ by 0 and not by rounding. */
function normalised(shares: readonly number[]): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

function clipped(margin: number): number {
  return Math.min(CLIP, Math.max(-CLIP, margin));
}

/** 21 edges over the range of `values`; where that is a point, over the unit above it. */
function edgesOf(values: readonly number[]): number[] {
  const low = values.reduce((least, value) => Math.min(least, value));
  const most = values.reduce((most, value) => Math.max(most, value));
  const high = most > low ? most : low + 1;
  const step = (high - low) / BINS;
  return Array.from({ length: BINS + 1 }, (_, i) => (i === BINS ? high : i * step + low));
}

/** The share of `values` in each bin; null where none is in any. */
function sharesIn(values: readonly number[], edges: readonly number[], last: number): number[] | null {
  const counts = Array<number>(BINS).fill(0);
  let total = 0;
  for (const value of values) {
    const right = edges.findIndex((edge) => edge > value);
    const bin = right === -1 ? last : right - 1;
    if (bin >= BINS) continue;
    counts[bin] += 1;
    total += 1;
  }
  return total === 0 ? null : counts.map((count) => count / total);
}
