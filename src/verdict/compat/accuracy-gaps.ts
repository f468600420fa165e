/** Gaps to retraining in unlearning, remaining and test accuracy. */
import { mean } from "../../stats/moments.js";

/** Mean accuracy of the unlearned trials less that of the retrained ones, in shares (−1 to 1): RA on D, TA on a fresh sample. Jia et al. 2023 (arXiv 2304.04934). Neither is empty. */
export function accuracyGap(unlearned: readonly number[], retrained: readonly number[]): number {
  return mean(unlearned) - mean(retrained);
}

/** UA is the share of forget rows that are told wrongly, 1 − FA: its gap is that of FA with the other sign. */
export function unlearningGap(unlearned: readonly number[], retrained: readonly number[]): number {
  return accuracyGap(retrained, unlearned);
}

/** The share of forget rows whose label has a probability above 1/2: a margin above 0. One row or more. */
export function forgetAccuracy(margins: readonly number[]): number {
  return margins.filter((margin) => margin > 0).length / margins.length;
}
