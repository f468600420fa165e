/** The measures of the field for the recipes of a setting, from their samples. */
import type { CellKey } from "../../plan/cell.js";
import { baseName, type MethodRecord } from "../../plan/methods.js";
import { objectiveOf } from "../../plan/objective.js";
import { PRESETS } from "../../plan/presets.js";
import { mean } from "../../stats/moments.js";
import { RETRAINED, TWIN } from "../roles.js";
import { isSameRecipe, type RecipeKey, type Sample, type Setting } from "../scores.js";
import { type Recipe, type Table, tableOf } from "../table.js";
import { type Beside, relearnedKey, trialKey } from "./beside.js";
import { type MeasureFinding, measuresOf } from "./measures.js";
import type { Work } from "./run-time-efficiency.js";
import type { Cost, Side, Sides } from "./sides.js";

/** A recipe with its measures. */
export interface CompatFinding {
  readonly recipe: CellKey;
  readonly draws: readonly string[];
  /** Of all draws together. */
  readonly trials: number;
  readonly measures: readonly MeasureFinding[];
}

/**
 * Every measure of each of `recipes`, from all trials on the draws that have all recipes; a recipe
 * that is not in the setting, or is retraining itself, is left out.
 */
export function compatOf(setting: Setting, recipes: readonly RecipeKey[], beside: Beside): CompatFinding[] {
  const table = tableOf(setting.samples);
  if (table === null) return [];
  return recipes.flatMap((key) => {
    const recipe = table.recipes.find((one) => isSameRecipe(one.key, key));
    if (recipe === undefined || key.method === RETRAINED) return [];
    const trials = recipe.samples.reduce((sum, sample) => sum + sample.trials.length, 0);
    const sides = recipe.samples.map((_, draw) => sidesOn(draw, recipe, table, beside));
    return [{ recipe: recipe.key, draws: table.draws, trials, measures: measuresOf(sides) }];
  });
}

function sidesOn(draw: number, recipe: Recipe, table: Table, beside: Beside): Sides {
  const [sample, retrained] = [recipe.samples[draw], table.retrained[draw]];
  return {
    unlearned: sideOf(sample, beside),
    retrained: sideOf(retrained, beside),
    isPaired: presetOf(sample.key).initialWeights === "shared" && sample.key.method !== TWIN,
    isOneRun: sample.isOneRun,
    original: table.untouched === null ? null : mean(table.untouched[draw].forget),
    cost: costOf(sample, retrained, table, beside.methods),
  };
}

function sideOf({ key, trials, forget, accuracy, margin, test }: Sample, { margins, relearned }: Beside): Side {
  const rows = trials.map((trial, i) => (key.forget_rows === 1 ? [margin[i]] : margins.get(trialKey(key, trial))));
  const known = rows.filter(isKnown);
  const tested = test.filter((accuracy) => accuracy !== null);
  return {
    ...{ trials, forget, accuracy },
    test: tested.length < trials.length ? null : tested,
    margins: known.length < trials.length ? null : known,
    relearning: trials.map((trial) => relearned.get(relearnedKey(key, trial)) ?? null),
  };
}

function isKnown(rows: readonly (number | null)[] | undefined): rows is readonly number[] {
  return rows?.every((margin) => margin !== null && !Number.isNaN(margin)) ?? false;
}

function presetOf({ preset }: CellKey): (typeof PRESETS)[number] {
  const found = PRESETS.find(({ name }) => name === preset);
  if (found === undefined) throw new Error(`no preset is called ${preset}`);
  return found;
}

function costOf(sample: Sample, retrained: Sample, { recipes }: Table, methods: readonly MethodRecord[]): Cost {
  const { draw, method } = sample.key;
  const longest = new Map<string, CellKey>();
  for (const { key } of recipes) {
    const training = JSON.stringify([key.method, key.lambda_reg, key.start]);
    if (baseName(key.method) === baseName(method) && key.epochs > (longest.get(training)?.epochs ?? 0))
      longest.set(training, { ...key, draw });
  }
  return {
    unlearning: workOf(sample.key, methods),
    tuning: [...longest.values()].map((key) => workOf(key, methods)),
    retraining: workOf(retrained.key, methods),
  };
}

/** A row counts in an epoch where it weighs in either term of the objective. */
function workOf(key: CellKey, methods: readonly MethodRecord[]): Work {
  const method = methods.find(({ name }) => name === key.method);
  if (method === undefined) throw new Error(`no method of the plan is called ${key.method}`);
  const preset = presetOf(key);
  const [n, k] = [key.samples, key.forget_rows];
  const { crossEntropy, penalty } = objectiveOf(preset, method, { n, k });
  const hasPenalty = key.lambda_reg + (key.start === "" ? preset.freshLambda : 0) !== 0;
  const counts = (of: "retained" | "forget"): boolean => crossEntropy[of] !== 0 || (hasPenalty && penalty[of] !== 0);
  return { epochs: key.epochs, rows: (counts("retained") ? n : 0) + (counts("forget") ? k : 0) };
}
