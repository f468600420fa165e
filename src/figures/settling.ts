/** Where the penalty alone leads a forget row under a recipe of a sweep. */
import { objectiveOf } from "../plan/objective.js";
import type { SweepPlan } from "../plan/plan.js";
import type { RecipeKey } from "../verdict/scores.js";
import { type Settling, settlingUnder } from "./balance.js";

/** Null where it leads to no place of its own, and where the plan has no such method. */
export function settlingOf({ presets, methods }: SweepPlan, recipe: RecipeKey): Settling | null {
  const { method: name, preset: presetName, lambda_reg: lambda, samples: n, forget_rows: k } = recipe;
  const preset = presets.find((one) => one.name === presetName);
  const method = methods.find((one) => one.name === name);
  if (preset === undefined || method === undefined) return null;
  return settlingUnder(objectiveOf(preset, method, { n, k }), lambda);
}
