/** What the notebook published, by the name of the method: a run's table stands beside it. */

/** Mean and population std over 100 trials. */
export interface Published {
  readonly trainAccuracy: readonly [mean: number, std: number];
  readonly forgetProbability: readonly [mean: number, std: number];
}

export const PUBLISHED: ReadonlyMap<string, Published> = new Map([
  ["original", { trainAccuracy: [0.93339, 0.0017], forgetProbability: [0.96756, 0.03002] }],
  ["retrain_scratch", { trainAccuracy: [0.93341, 0.00177], forgetProbability: [0.78481, 0.19006] }],
  ["unlearn", { trainAccuracy: [0.9244, 0], forgetProbability: [0.78052, 6e-8] }],
  ["retrain_original", { trainAccuracy: [0.9452, 0], forgetProbability: [1, 0] }],
]);
