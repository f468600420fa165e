/** Tug of war: how near forget, retain and test accuracy are to retraining's, in one number. */

/** Mean accuracies over trials, each a share. */
export interface Accuracies {
  /** On the forget rows, on D, and on a fresh sample. */
  readonly forget: number;
  readonly retained: number;
  readonly test: number;
}

/** (1 − |ΔFA|)·(1 − |ΔRA|)·(1 − |ΔTA|), from 0 to 1, where 1 is retraining's own. Zhao et al. 2024 (arXiv 2406.01257). */
export function tugOfWar(unlearned: Accuracies, retrained: Accuracies): number {
  const near = (of: keyof Accuracies): number => 1 - Math.abs(unlearned[of] - retrained[of]);
  return near("forget") * near("retained") * near("test");
}
