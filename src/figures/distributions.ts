/** The forget probabilities of each method's trials as distributions, beside retraining's, draw by draw. */
import { ascending, extent } from "../stats/moments.js";
import type { Sample } from "../verdict/scores.js";
import { placesOf } from "../verdict/selection.js";
import type { Sight } from "../verdict/sights.js";
import { type Ground, groundOf } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { CONFIDENCE } from "./units.js";

const MOST_DRAWS = 12;
const MOST_STEPS = 200;
const ROOM = 0.03; // of the range of a draw's values, at both of its ends
/** What the line of retraining is called. */
export const RETRAINED = "retraining";

/**
 * Empirical distribution functions: at each value the share of trials that are no larger. Draws are never pooled; of many
 * a dozen are kept, evenly over their order by memorisation. The band holds retraining's true function as a whole with
 * 90 % confidence (Dvoretzky, Kiefer & Wolfowitz 1956, with Massart's constant 1990): ±√(ln(2/.1)/(2n)). It goes
 * as far as all lines of a draw do.
 */
export async function distributionsNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines, stratumAt } = ground;
  const { draws, retrained } = basis.whole;
  const kept = someOf(placesOf(draws.length), (place) => basis.memorisation[place]?.estimate ?? place);
  const all = kept.map((place) => {
    const of = linesAt(ground, place);
    const ends = endsOf(of, sight.question.estimand === "forget_probability");
    return { about: { draw: draws[place], stratum: basis.unit === "draw" ? stratumAt(place) : null }, place, of, ends };
  });
  const steps = all.flatMap(({ about, of }) =>
    of.flatMap(({ line, what, sample: { forget, isOneRun } }) =>
      stepsOf(forget).map((step) => ({
        ...{ ...about, line, what, ...step, trials: forget.length, is_one_run: isOneRun },
        error: isOneRun ? null : Math.sqrt((step.share * (1 - step.share)) / forget.length),
      })),
    ),
  );
  const band = all.flatMap(({ about: { draw }, place, ends }) => {
    const { forget, isOneRun } = retrained[place];
    if (isOneRun) return [];
    const half = Math.sqrt(Math.log(2 / (1 - CONFIDENCE)) / (2 * forget.length));
    const [, ...steps] = stepsOf(forget);
    const ended = [{ value: ends[0], share: 0 }, ...steps, { value: ends[1], share: 1 }];
    return ended.map(({ value, share }) => ({
      ...{ draw, value, low: Math.max(0, share - half), high: Math.min(1, share + half) },
    }));
  });
  const [, most] = extent(all.flatMap(({ of }) => of.map(({ sample }) => sample.forget.length)));
  return {
    series: { steps, band },
    shown: [
      { what: "draws", shown: kept.length, of: draws.length },
      { what: "trials of a line", shown: Math.min(most, MOST_STEPS), of: most },
    ],
    choices: { draw: kept.map((place) => draws[place]) },
    facts: {
      ...{ estimand: sight.question.estimand, lines: lines.length },
      most_memorised: basis.memorisation.length > 1 ? draws[kept[0]] : null,
    },
  };
}

interface LineAt {
  readonly line: string;
  readonly what: string;
  readonly sample: Sample;
}

/** Retraining and the lines of the verdict on a draw, with all their trials. */
function linesAt({ basis: { whole }, lines }: Ground, place: number): LineAt[] {
  return [
    { line: RETRAINED, what: RETRAINED, sample: whole.retrained[place] },
    ...lines.map(({ what, name, recipe }) => {
      const all = whole.recipes.find(({ text }) => text === recipe.text) ?? recipe;
      return { line: name, what, sample: all.samples[place] };
    }),
  ];
}

/** From where to where the band of a draw goes: a probability's stays within 0 and 1. */
function endsOf(lines: readonly LineAt[], isProbability: boolean): readonly [number, number] {
  const values = ascending(lines.flatMap(({ sample }) => sample.forget));
  const [low, high] = [values[0], values[values.length - 1]];
  const room = high > low ? ROOM * (high - low) : ROOM;
  return isProbability ? [Math.max(0, low - room), Math.min(1, high + room)] : [low - room, high + room];
}

interface Step {
  readonly value: number;
  readonly share: number;
  /** Whether it is a trial's, and not where the line begins. */
  readonly is_trial: boolean;
}

/** The shares at the values of a sample, or at some of its quantiles where it is large. */
function stepsOf(values: readonly number[]): Step[] {
  const sorted = ascending(values);
  const count = Math.min(sorted.length, MOST_STEPS);
  const steps = Array.from({ length: count }, (_, i) => {
    const rank = Math.round(((i + 1) * sorted.length) / count);
    return { value: sorted[rank - 1], share: rank / sorted.length, is_trial: true };
  });
  return [{ value: sorted[0], share: 0, is_trial: false }, ...steps];
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
