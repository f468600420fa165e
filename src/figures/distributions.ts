/** The forget probabilities of each method's trials as distributions, beside retraining's, draw by draw. */
import { ascending } from "../stats/moments.js";
import type { Sample } from "../verdict/scores.js";
import { placesOf } from "../verdict/selection.js";
import type { Sight } from "../verdict/sights.js";
import { groundOf } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { CONFIDENCE } from "./units.js";

const MOST_DRAWS = 12;
const MOST_STEPS = 100;
const RETRAINED = "retraining";

/**
 * Empirical distribution functions: at each value the share of trials that are no larger. Draws are never pooled; of many
 * a dozen are kept, evenly over their order by memorisation. The band holds retraining's true function as a whole with
 * 90 % confidence (Dvoretzky, Kiefer & Wolfowitz 1956, with Massart's constant 1990): ±√(ln(2/.1)/(2n)).
 */
export async function distributionsNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines } = ground;
  const { draws, retrained } = basis.whole;
  const kept = someOf(placesOf(draws.length), (place) => basis.memorisation[place]?.estimate ?? place);
  const samplesAt = (place: number): [string, string, Sample][] => [
    [RETRAINED, RETRAINED, retrained[place]],
    ...lines.map(({ what, name, recipe }): [string, string, Sample] => {
      const whole = basis.whole.recipes.find(({ text }) => text === recipe.text) ?? recipe;
      return [name, what, whole.samples[place]];
    }),
  ];
  const steps = kept.flatMap((place) =>
    samplesAt(place).flatMap(([line, what, sample]) =>
      stepsOf(sample.forget).map((step) => ({ draw: draws[place], line, what, ...step, trials: sample.forget.length })),
    ),
  );
  const band = kept.flatMap((place) => {
    const { forget } = retrained[place];
    const half = Math.sqrt(Math.log(2 / (1 - CONFIDENCE)) / (2 * forget.length));
    return stepsOf(forget).map(({ value, share }) => ({
      ...{ draw: draws[place], value, low: Math.max(0, share - half), high: Math.min(1, share + half) },
    }));
  });
  return {
    series: { steps, band },
    shown: [{ what: "draws", shown: kept.length, of: draws.length }],
    choices: { draw: kept.map((place) => draws[place]) },
    facts: { estimand: sight.question.estimand, lines: lines.length, trials: retrained[kept[0]].forget.length },
  };
}

/** The shares at the values of a sample, or at some of its quantiles where it is large. */
function stepsOf(values: readonly number[]): { value: number; share: number }[] {
  const sorted = ascending(values);
  const every = Math.max(1, Math.ceil(sorted.length / MOST_STEPS));
  return sorted.flatMap((value, i) =>
    (i + 1) % every === 0 || i === sorted.length - 1 ? [{ value, share: (i + 1) / sorted.length }] : [],
  );
}

/** All places, or a dozen evenly over their order by `of`, both ends among them, the one with the most first. */
function someOf(places: readonly number[], of: (place: number) => number): number[] {
  const ordered = places.toSorted((a, b) => of(b) - of(a));
  if (ordered.length <= MOST_DRAWS) return ordered;
  return Array.from(
    { length: MOST_DRAWS },
    (_, i) => ordered[Math.round((i * (ordered.length - 1)) / (MOST_DRAWS - 1))],
  );
}
