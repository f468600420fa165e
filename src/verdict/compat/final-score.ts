/** The final score of the NeurIPS 2023 unlearning challenge. */

/** Mean accuracies over trials, each a share above 0. */
interface Kept {
  readonly retained: number;
  readonly test: number;
}

/** F · (RA_u/RA_r) · (TA_u/TA_r), without a unit: F for retraining's own accuracy. Triantafillou et al. 2024 (arXiv 2406.09073), google-deepmind/unlearning_evaluation. */
export function finalScore(forgetQuality: number, unlearned: Kept, retrained: Kept): number {
  return (forgetQuality * unlearned.retained * unlearned.test) / (retrained.retained * retrained.test);
}
