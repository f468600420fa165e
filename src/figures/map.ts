/** The differences of all recipes of a method, over λ and epochs. */
import { baseName } from "../plan/methods.js";
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import { unlearns } from "../verdict/roles.js";
import { isSameRecipe } from "../verdict/scores.js";
import type { Sight } from "../verdict/sights.js";
import { NO_METHOD, whyNone } from "./ground.js";
import { moreDraws, moreRecipes } from "./more.js";
import type { FigureNumbers } from "./numbers.js";

const MOST_CELLS = 12_000; // of a page of 3 MB: 101 λ × 100 epochs
const LIMIT_SHARE = 0.98; // of the differences are within the ends of the scale

/** Methods of one recipe are no map. Bands are those that hold for all recipes at once. */
export async function mapNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const { finding, question } = sight;
  const all = finding.simultaneous;
  if (all === null || all.rows.length === 0) return "nothing is held against retraining: the verdict says why";
  const counts = new Map<string, number>();
  for (const { recipe } of all.rows) counts.set(recipe.method, (counts.get(recipe.method) ?? 0) + 1);
  const methods = [...counts].filter(([name, count]) => unlearns(name) && count > 1).map(([name]) => name);
  if (methods.length === 0) return noMap(sight);
  const chosen = finding.verdict?.rows.find(({ what }) => what === "chosen")?.recipe ?? null;
  const first = chosen !== null && methods.includes(chosen.method) ? chosen.method : methods[0];
  const there = all.rows.filter(({ recipe }) => methods.includes(recipe.method));
  const every = Math.ceil(there.length / MOST_CELLS);
  const isChosen = (recipe: (typeof there)[number]["recipe"]): boolean =>
    chosen !== null && isSameRecipe(recipe, chosen);
  const kept = there.filter(({ recipe }, i) => i % every === 0 || isChosen(recipe));
  const cells = kept.flatMap(({ recipe, isEquivalent, ...of }) =>
    ENDPOINTS.map((endpoint) => {
      const { mean, error, low, high } = of[endpoint];
      const { method, lambda_reg: lambda, epochs } = recipe;
      const told = { difference: mean, error, low, high, equivalent: isEquivalent, chosen: isChosen(recipe) };
      return { method, measure: endpoint, lambda, epochs, ...told };
    }),
  );
  const limitOf = (endpoint: Endpoint): number => {
    const sizes = cells.filter(({ measure }) => measure === endpoint).map(({ difference }) => Math.abs(difference));
    return sizes.sort((a, b) => a - b)[Math.floor(LIMIT_SHARE * (sizes.length - 1))];
  };
  const equivalent = there.filter(({ isEquivalent }) => isEquivalent).length;
  return {
    series: { cells },
    shown: [{ what: "recipes", shown: kept.length, of: there.length }],
    choices: {
      measure: [...ENDPOINTS],
      method: [first, ...methods.filter((name) => name !== first)],
    },
    facts: {
      estimand: question.estimand,
      limit: limitOf("forget"),
      accuracy_limit: limitOf("accuracy"),
      equivalent,
      recipes: there.length,
      units: all.units,
      unit: finding.verdict?.unit ?? "draw",
      chosen_lambda: chosen?.lambda_reg ?? null,
      chosen_epochs: chosen?.epochs ?? null,
      bands: all.bands,
    },
  };
}

/** Why no method has several recipes that are held against retraining, and what trains some: of unlearn, where it is trained. */
function noMap(sight: Sight): string {
  if (sight.finding.asked === "narrowed")
    return "--methods, --lambda, --epochs or --draws leave one recipe of each method at the most: let them name more, or leave them out";
  const trained = sight.setting.samples.filter(({ key }) => unlearns(key.method));
  if (trained.length === 0) return whyNone(sight, NO_METHOD);
  const names = trained.map(({ key }) => key.method);
  const method = names.includes("unlearn") ? "unlearn" : baseName(names[0]);
  const recipes = { method, lambda: "0:10:0.5", epochs: "1:50" };
  const isOne = new Set(trained.map(({ recipe }) => recipe)).size === new Set(names).size;
  const one = "each method has one λ and one epoch count";
  if (sight.finding.verdict?.unit === "draw" || trained.some(({ isOneRun }) => !isOneRun))
    return `${one}: ${moreRecipes(sight, recipes, false)}`;
  const copies = "on one draw the trials of each recipe are copies of one run, which say nothing of chance";
  return isOne ? `${one}, and ${copies}: ${moreRecipes(sight, recipes, true)}` : `${copies}: ${moreDraws(sight)}`;
}
