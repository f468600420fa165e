/** Run-time efficiency: what a method costs beside retraining, in gradients of single rows, which no machine makes faster or slower. */

/** Epochs, and the rows whose gradient each of them takes. */
export interface Work {
  readonly epochs: number;
  readonly rows: number;
}

/** Σ epochs·rows of the trainings ÷ epochs·rows of retraining; below 1 is cheaper. Jia et al. 2023 (arXiv 2304.04934) have seconds. Retraining takes an epoch and a row or more. */
export function runTimeEfficiency(trainings: readonly Work[], retraining: Work): number {
  return trainings.reduce((sum, one) => sum + gradients(one), 0) / gradients(retraining);
}

function gradients({ epochs, rows }: Work): number {
  return epochs * rows;
}
