/** Relearn steps: how soon plain training on D ∪ x makes an unlearned net as sure of x again as the original is. */

/** A kept epoch (from 1) of a relearning, and the forget probability after it. */
export interface RelearnedEpoch {
  readonly epoch: number;
  readonly forget: number;
}

/** The first of the kept epochs, ascending, at which the forget probability is `level` or more; null where none is. Chundawat et al. 2023 (arXiv 2201.05629) take the ratio of two such numbers. */
export function relearnSteps(curve: readonly RelearnedEpoch[], level: number): number | null {
  return curve.find(({ forget }) => forget >= level)?.epoch ?? null;
}
