/** The area under the ROC curve of telling unlearned from retrained nets by a score. */
import { ranksOf } from "../../stats/ranks.js";

/** P(u > r) + P(u = r)/2, from 0 to 1: Mann & Whitney's U ÷ (N_u·N_r) (1947), from ranks; 1/2 where neither tends to be larger. Neither is empty. */
export function auc(unlearned: readonly number[], retrained: readonly number[]): number {
  const [m, n] = [unlearned.length, retrained.length];
  const { doubled } = ranksOf([...unlearned, ...retrained]);
  const rankSum = doubled.slice(0, m).reduce((sum, rank) => sum + rank, 0);
  return (rankSum - m * (m + 1)) / (2 * m * n);
}
