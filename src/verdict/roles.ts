/** The methods that have a part in every comparison, whatever else is compared. */

/** What all others are held against. */
export const RETRAINED = "retrain_scratch";
/** What does nothing about x: most methods start from it, and it stands beside them. */
export const UNTOUCHED = "original";
/** A second retraining, which shows what chance alone does. */
export const TWIN = "retrain_twin";
/** Trains x again to see how fast it is learned: a probe of a recipe, and none itself. */
export const RELEARNED = "relearn";
