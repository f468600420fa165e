/** Presets as data: what the notebook does beside what it says, and its sound version. */
import { NOTEBOOK_ROWS, type TermWeights } from "./methods.js";

/** How methods are trained; a record of it travels with every plan. */
export interface PresetRecord {
  readonly name: string;
  /** Added to λ in the gradient of a training from fresh weights. */
  readonly freshLambda: number;
  /** Whether the methods of a trial have fresh weights of their own, or share them; a twin has its own in any case. */
  readonly initialWeights: "own" | "shared";
  /** Whether a trial goes on from the trained net of its own trial, or every trial from that of the last one. */
  readonly startTrial: "own" | "last";
  /** What stands in place of a method's penalty weights, by the method's name; a twin's are those of the method that it is trained as. */
  readonly penalties: Readonly<Record<string, TermWeights>>;
}

// To add a preset, add a record here.
export const PRESETS: readonly PresetRecord[] = [
  {
    name: "notebook",
    // The penalty of a fresh training is back-propagated twice, once on its own: gradients add up.
    freshLambda: 1,
    initialWeights: "own",
    // Same start, full batch, nothing random: the runs of all trials are one run.
    startTrial: "last",
    // x is left in this method's penalty.
    penalties: { retrain_scratch: NOTEBOOK_ROWS },
  },
  { name: "paired", freshLambda: 0, initialWeights: "shared", startTrial: "own", penalties: {} },
];

export const PRESET_NAMES: readonly string[] = PRESETS.map(({ name }) => name);
