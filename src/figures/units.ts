/** What a recipe misses on each draw, from the trials of that draw. */
import type { Interval } from "../stats/interval.js";
import { mean } from "../stats/moments.js";
import { oneSampleT, tInterval } from "../stats/t-test.js";
import { byTrial } from "../verdict/differences.js";
import type { Sample } from "../verdict/scores.js";
import type { Line } from "./ground.js";

/** The confidence of the intervals that figures draw, as the verdict's. */
export const CONFIDENCE = 0.9;
const LEAST_TRIALS = 2;

export interface DrawDifference {
  readonly draw: string;
  readonly place: number;
  readonly difference: number;
  /** Of retraining's that are compared. */
  readonly trials: number;
  /** Null of one run, whose copies say nothing of chance, and of a single trial. */
  readonly chance: Chance | null;
}

/** What the trials of a draw say of its difference; the interval holds it with 90 % confidence. */
export interface Chance extends Interval {
  readonly error: number;
  /** Two-sided, of no difference. */
  readonly p: number;
}

/** The difference to retraining on each draw that judges a line; a draw on which no trial has one of retraining's beside it is left out. */
export function drawDifferences({ recipe, places }: Line, retrained: readonly Sample[]): DrawDifference[] {
  return places.flatMap((place) => {
    const [sample, other] = [recipe.samples[place], retrained[place]];
    const differences = trialDifferences(sample, other);
    if (differences.length === 0) return [];
    const isChance = !sample.isOneRun && !other.isOneRun && differences.length >= LEAST_TRIALS;
    return [
      {
        ...{ draw: other.key.draw, place, difference: mean(differences), trials: differences.length },
        chance: isChance ? chanceIn(differences) : null,
      },
    ];
  });
}

function chanceIn(differences: readonly number[]): Chance {
  const found = oneSampleT(differences);
  return { error: found.error, p: found.p, ...tInterval(found, CONFIDENCE) };
}

function trialDifferences(sample: Sample, retrained: Sample): number[] {
  if (sample.isOneRun) return retrained.forget.map((value) => sample.forget[0] - value);
  if (retrained.isOneRun) return sample.forget.map((value) => value - retrained.forget[0]);
  return byTrial(sample, retrained).forget.filter((difference) => !Number.isNaN(difference));
}
