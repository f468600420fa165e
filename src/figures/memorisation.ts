/** What there was to forget on each draw, and what unlearning misses there. */
import type { Sight } from "../verdict/sights.js";
import { chosenOf, groundOfDraws } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { drawDifferences } from "./units.js";

/**
 * Memorisation is the mean forget probability of the original less that of retraining, by trials that nothing else uses.
 * The penalty brings a fitted forget row to the p with p·ln(p/(1−p)) = 4/λ, whatever retraining gives it: of a draw whose
 * original is sure of its row, unlearning then misses by p − 1 + memorisation.
 */
export async function memorisationNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const { basis } = ground;
  const chosen = chosenOf(ground);
  if (chosen === null) return "no method that unlearns has been trained: add one to --methods";
  if (basis.memorisation.length === 0)
    return "what there was to forget is not known: it takes original among --methods, and 8 trials a draw at least, some of which nothing else uses";
  const draws = drawDifferences(chosen, basis.table.retrained).flatMap(({ place, draw, difference, error, ...of }) => {
    const { estimate, error: own, interval, stratum } = basis.memorisation[place];
    if (!Number.isFinite(interval.low)) return [];
    const memorised = { memorisation: estimate, memorisation_error: own, low: interval.low, high: interval.high };
    return [{ draw, ...memorised, stratum, misses: difference, error, trials: of.trials }];
  });
  const { lambda_reg: lambda } = chosen.recipe.key;
  const isProbability = sight.question.estimand === "forget_probability";
  const settles = isProbability && lambda > 0 ? settledAt(lambda) : null;
  const furthest = draws.reduce((most, { memorisation }) => Math.max(most, memorisation), 0);
  return {
    series: {
      draws,
      settled:
        settles === null
          ? []
          : [Math.max(0, 1 - settles - 0.3), Math.max(furthest, 1 - settles)].map((memorisation) => ({
              memorisation,
              misses: settles - 1 + memorisation,
            })),
    },
    shown: [{ what: "draws", shown: draws.length, of: basis.units }],
    facts: {
      estimand: sight.question.estimand,
      chosen: chosen.name,
      lambda,
      settles,
      nothing: draws.filter(({ stratum }) => stratum === "nothing").length,
      margin: sight.question.margins.forget,
    },
  };
}

const HALVINGS = 60; // of an interval below 1: the last are beyond a double's digits

/** The p in (½, 1) with p·ln(p/(1−p)) = 4/λ: where the penalty balances the cross-entropy of a fitted forget row. λ > 0. */
export function settledAt(lambda: number): number {
  let [low, high] = [0.5, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const p = (low + high) / 2;
    if (p * Math.log(p / (1 - p)) < 4 / lambda) low = p;
    else high = p;
  }
  return (low + high) / 2;
}
