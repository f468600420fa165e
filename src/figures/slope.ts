/** Each draw's distance to retraining before unlearning and after it. */
import { quantile } from "../stats/moments.js";
import type { Sight } from "../verdict/sights.js";
import { chosenOf, groundOfDraws, lineOf } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";

/**
 * The distance is |mean of the recipe − mean of retraining| of a draw, in the unit that the sweep was asked in; before is
 * that of doing nothing. The draws are those that judge the chosen recipe.
 */
export async function slopeNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const { basis, stratumAt } = ground;
  const [chosen, untouched, twin] = [chosenOf(ground), lineOf(ground, "do nothing"), lineOf(ground, "null")];
  if (chosen === null) return "no method that unlearns has been trained: add one to --methods";
  if (untouched === null) return "doing nothing was not trained, which the way begins at: add original to --methods";
  const distances = (of: typeof chosen): number[] => {
    const differences = basis.differencesOf(of.recipe);
    return typeof differences === "string" ? [] : differences.forget.map(Math.abs);
  };
  const [before, after] = [distances(untouched), distances(chosen)];
  const draws = chosen.places
    .filter((place) => Number.isFinite(before[place]) && Number.isFinite(after[place]))
    .map((place) => ({
      draw: basis.table.draws[place],
      before: before[place],
      after: after[place],
      change: after[place] < before[place] ? "nearer" : "farther",
      stratum: stratumAt(place),
      trials: chosen.recipe.samples[place].trials.length,
    }));
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  const noise = twin === null ? [] : distances(twin).filter(Number.isFinite);
  return {
    series: {
      draws,
      median: [{ before: median(draws.map((of) => of.before)), after: median(draws.map((of) => of.after)) }],
      chance: noise.length === 0 ? [] : [{ distance: median(noise) }],
    },
    shown: [{ what: "draws", shown: draws.length, of: basis.units }],
    facts: {
      estimand: sight.question.estimand,
      chosen: chosen.name,
      others_chose: chosen.places.length < basis.units,
      nearer: draws.filter(({ change }) => change === "nearer").length,
      draws: draws.length,
    },
  };
}
