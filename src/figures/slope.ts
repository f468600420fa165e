/** Each draw's distance to retraining before unlearning and after it. */
import { quantile } from "../stats/moments.js";
import type { Sight } from "../verdict/sights.js";
import { chosenBy, chosenOf, groundOfDraws, type Line, lineOf, NO_METHOD, whyNone } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { type DrawDifference, drawDifferences } from "./units.js";

/**
 * The distance is |mean of the recipe − mean of retraining| of a draw, in the unit that the sweep was asked in; before is
 * that of doing nothing. The draws are those that judge the chosen recipe.
 */
export async function slopeNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const { basis, stratumAt } = ground;
  const [chosen, untouched, twin] = [chosenOf(ground), lineOf(ground, "do nothing"), lineOf(ground, "null")];
  if (chosen === null) return whyNone(sight, NO_METHOD);
  if (untouched === null) return "doing nothing was not trained, which the way begins at: add original to --methods";
  const byPlace = (line: Line): ReadonlyMap<number, DrawDifference> =>
    new Map(drawDifferences(line, basis.table.retrained).map((of) => [of.place, of]));
  const [before, after] = [byPlace(untouched), byPlace(chosen)];
  const draws = chosen.places.flatMap((place) => {
    const [from, to] = [before.get(place), after.get(place)];
    if (from === undefined || to === undefined) return [];
    const [begun, ended] = [Math.abs(from.difference), Math.abs(to.difference)];
    return [
      {
        ...{ draw: to.draw, before: begun, after: ended, change: changeOf(begun, ended), stratum: stratumAt(place) },
        ...{ before_error: from.chance?.error ?? null, after_error: to.chance?.error ?? null, trials: to.trials },
      },
    ];
  });
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  const noise = twin === null ? [] : [...byPlace(twin).values()].map(({ difference }) => Math.abs(difference));
  const count = (change: Change): number => draws.filter((of) => of.change === change).length;
  return {
    series: {
      draws,
      median: [{ before: median(draws.map((of) => of.before)), after: median(draws.map((of) => of.after)) }],
      chance: noise.length === 0 ? [] : [{ distance: median(noise), draws: noise.length }],
    },
    shown: [{ what: "draws", shown: draws.length, of: basis.units }],
    facts: {
      estimand: sight.question.estimand,
      chosen: chosen.name,
      chosen_by: chosenBy(chosen, basis.units),
      nearer: count("nearer"),
      farther: count("farther"),
      draws: draws.length,
    },
  };
}

/** as far: to the bit, as a recipe that changes nothing is. */
type Change = "nearer" | "farther" | "as far";

function changeOf(before: number, after: number): Change {
  if (after === before) return "as far";
  return after < before ? "nearer" : "farther";
}
