/** Where the penalty alone leads a forget row. */
import { objectiveOf } from "../plan/objective.js";
import type { SweepPlan } from "../plan/plan.js";
import type { RecipeKey } from "../verdict/scores.js";
import { balanced } from "./balance.js";

/** p·ln(p/(1−p)) = pull/λ. */
export interface Settling {
  /** 4 for a forget row of the method unlearn, whose penalty has retained rows twice; nearly so where these are few. */
  readonly pull: number;
  readonly p: number;
}

/**
 * The forget probability at which a fitted forget row comes to rest, whatever retraining gives it: there the gradient of
 * the penalty balances that of the cross-entropy. Null without λ, and where the method does not hold its forget rows to
 * their labels by the one and off them by the other.
 */
export function settlingOf({ presets, methods }: SweepPlan, recipe: RecipeKey): Settling | null {
  const { method: name, preset: presetName, lambda_reg: lambda, samples: n, forget_rows: k } = recipe;
  const preset = presets.find((one) => one.name === presetName);
  const method = methods.find((one) => one.name === name);
  if (preset === undefined || method === undefined || lambda <= 0) return null;
  const { crossEntropy, penalty, forgetLabels } = objectiveOf(preset, method, { n, k });
  if (forgetLabels === "flipped" || !(crossEntropy.forget > 0 && penalty.forget > 0)) return null;
  const pull = (2 * crossEntropy.forget) / penalty.forget;
  return { pull, p: balanced(pull / lambda) };
}
