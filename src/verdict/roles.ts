/** The methods that have a part in every comparison, whatever else is compared. */

/** What all others are held against. */
export const RETRAINED = "retrain_scratch";
/** What does nothing about x: most methods start from it, and it stands beside them. */
export const UNTOUCHED = "original";
/** A second retraining, which shows what chance alone does. */
export const TWIN = "retrain_twin";
/** Trains x again to see how fast it is learned: a probe of a recipe, and none itself. */
export const RELEARNED = "relearn";

/** Whether a method is retraining, its twin or doing nothing: what stands beside recipes, and is none. */
export function isBeside(method: string): boolean {
  return [RETRAINED, UNTOUCHED, TWIN].includes(method);
}

/** Whether a method is one that a verdict chooses from. */
export function unlearns(method: string): boolean {
  return !isBeside(method) && method !== RELEARNED;
}
