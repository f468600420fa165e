/** What there was to forget on each draw, and what unlearning misses there. */
import { extent, mean, quantile } from "../stats/moments.js";
import type { Sight } from "../verdict/sights.js";
import type { Settling } from "./balance.js";
import { chosenOf, groundOfDraws, NO_METHOD, whyNone } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { settlingOf } from "./settling.js";
import { drawDifferences } from "./units.js";

/** Memorisation is the mean forget probability of the original less that of retraining, by trials that nothing else uses. */
export async function memorisationNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const { basis } = ground;
  const chosen = chosenOf(ground);
  if (chosen === null) return whyNone(sight, NO_METHOD);
  const { untouched } = basis.whole;
  if (basis.memorisation.length === 0 || untouched === null)
    return "what there was to forget is not known: it takes original among --methods, and 8 trials a draw at least, some of which nothing else uses";
  const draws = drawDifferences(chosen, basis.table.retrained).flatMap(
    ({ place, draw, difference, trials, chance }) => {
      const { estimate, error, interval, stratum, trials: own } = basis.memorisation[place];
      if (!Number.isFinite(interval.low)) return [];
      const memorised = { memorisation: estimate, memorisation_error: error, memorisation_trials: own };
      const misses = { misses: difference, error: chance?.error ?? null, trials };
      return [{ draw, ...memorised, low: interval.low, high: interval.high, stratum, ...misses }];
    },
  );
  const { estimand, margins } = sight.question;
  const settles = estimand === "forget_probability" ? settlingOf(sight.sweep.plan, chosen.recipe.key) : null;
  const originals = draws.map(({ draw }) => mean(untouched[basis.whole.draws.indexOf(draw)].forget));
  const settled = settles === null ? [] : settledLine(settles, draws, originals);
  const heights = [...[...draws, ...settled].map(({ misses }) => misses), margins.forget, -margins.forget];
  const [lowest, highest] = extent(heights);
  return {
    series: { draws, settled },
    shown: [{ what: "draws", shown: draws.length, of: basis.units }],
    facts: {
      ...{ estimand, chosen: chosen.name, lambda: chosen.recipe.key.lambda_reg },
      ...{ settles: settles?.p ?? null, pull: settles?.pull ?? null },
      original: settles === null ? null : quantile(originals, 0.5),
      nothing: draws.filter(({ stratum }) => stratum === "nothing").length,
      margin: margins.forget,
      // The band may go far beyond: it is cut there.
      ...{ lowest, highest },
    },
  };
}

const [LOW, HIGH] = [0.1, 0.9];
const PIECES = 50; // of the line, so that its band may be cut at the picture's border

/**
 * What unlearning would miss if it left every forget row at the p to which the penalty leads: p − retrained, which is
 * p − original + memorisation. The line is that of the draws' median original, and low to high hold eight in ten of them.
 */
function settledLine(
  { p }: Settling,
  draws: readonly { readonly memorisation: number }[],
  originals: readonly number[],
): { memorisation: number; misses: number; low: number; high: number }[] {
  const [least, usual, most] = [LOW, 0.5, HIGH].map((share) => quantile(originals, share));
  // As far as where the median original would be brought to retraining.
  const [nearest, farthest] = extent(draws.map(({ memorisation }) => memorisation));
  const [from, to] = [Math.min(0, nearest), Math.max(farthest, usual - p)];
  const along = Array.from({ length: PIECES + 1 }, (_, i) => from + ((to - from) * i) / PIECES);
  return along.map((memorisation) => ({
    memorisation,
    ...{ misses: p - usual + memorisation, low: p - most + memorisation, high: p - least + memorisation },
  }));
}
