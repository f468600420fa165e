/** Whether a recipe does nothing to forget. */
import { objectiveOf } from "../plan/objective.js";
import type { SweepPlan } from "../plan/plan.js";
import type { RecipeKey } from "./scores.js";

/** Whether it trains its start on, without a penalty and with the forget rows drawn to their own labels: what looks like unlearning is more of the same training. */
export function trainsOn({ presets, methods }: SweepPlan, recipe: RecipeKey): boolean {
  const { lambda_reg: lambda, samples: n, forget_rows: k } = recipe;
  const preset = presets.find(({ name }) => name === recipe.preset);
  const method = methods.find(({ name }) => name === recipe.method);
  if (preset === undefined || method === undefined || method.start === null || lambda > 0) return false;
  const { crossEntropy, forgetLabels } = objectiveOf(preset, method, { n, k });
  return forgetLabels === "kept" && crossEntropy.forget > 0;
}
