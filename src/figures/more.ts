/** What to do where a sweep has too little for a figure, in words that work when they are typed. */
import { gridLine, hasOwnMethods, type Instead, type Recipes, recipeItem } from "../plan/as-grid.js";
import { fixedOf } from "../plan/extending.js";
import { type Sight, sweepNamed } from "../verdict/sights.js";

const SEVERAL = "1:20"; // draws

/** What lets a sweep have what these options of `resume` ask for: the beginning of a sentence. */
export function grownBy(sight: Sight, options: string): string {
  if (sight.sweep.shard.count > 1) return `the command of every shard, with ${options} too,`;
  if ((sight.finding.verdict?.rounds ?? null) !== null)
    return `its command with ${options} and a --name of its own, since a sweep in rounds stays as it was asked,`;
  return `gmm-sweep resume ${sweepNamed(sight)} ${options}`;
}

/** What brings a sweep of one draw others: a run keeps its one, and imported draws have no seeds. */
export function moreDraws(sight: Sight): string {
  const { plan } = sight.sweep;
  const isImported = fixedOf(plan) === "imported";
  if (plan.name === null)
    return `${ofGrid(sight, { dataSeeds: SEVERAL, recipes: null })} trains ${isImported ? "the same on the draw of a folder, and given again with another folder on one more" : "the same on several"}, as a sweep of its own`;
  if (isImported) return "gmm-sweep grid --data with other folders, under the sweep's --name, adds some";
  return `${grownBy(sight, `--data-seeds ${SEVERAL}`)} adds some`;
}

/** What trains a map of a method, of this draw or of several, which only the command that opened a sweep can ask for: a run has one recipe of each, and no grid grows it. */
export function moreRecipes(sight: Sight, recipes: Recipes, isOverDraws: boolean): string {
  const dataSeeds = isOverDraws ? SEVERAL : null;
  if (sight.sweep.plan.name === null)
    return `${ofGrid(sight, { recipes, dataSeeds })} trains a map, as a sweep of its own`;
  const { method, lambda, epochs } = recipes;
  const draws = isOverDraws ? ` --data-seeds ${SEVERAL}` : "";
  return `its command, which gmm-sweep status ${sweepNamed(sight)} shows, with --lambda ${recipeItem(method, lambda)} --epochs ${recipeItem(method, epochs)}${draws} trains a map`;
}

/** The grid that is a run's experiment, and more of it. */
function ofGrid(sight: Sight, instead: Instead): string {
  const { place, isOnly, sweep } = sight;
  const file = hasOwnMethods(sweep.plan)
    ? `, FILE being that of its own command, which gmm-sweep status ${sweepNamed(sight)} shows,`
    : "";
  return `${gridLine(sweep.plan, instead, { place, id: sweep.id, isOnly })}${file}`;
}
