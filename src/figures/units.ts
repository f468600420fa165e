/** What a recipe misses on each draw, from the trials of that draw. */
import type { Interval } from "../stats/interval.js";
import { oneSampleT, tInterval } from "../stats/t-test.js";
import { byTrial } from "../verdict/differences.js";
import type { Sample } from "../verdict/scores.js";
import type { Line } from "./ground.js";

/** The confidence of the intervals that figures draw, as the verdict's. */
export const CONFIDENCE = 0.9;
const LEAST_TRIALS = 2;

export interface DrawDifference extends Interval {
  readonly draw: string;
  readonly place: number;
  readonly difference: number;
  readonly error: number;
  /** Two-sided, of no difference. */
  readonly p: number;
  readonly trials: number;
}

/** The difference to retraining on each draw that judges a line, with its 90 % interval over the trials; draws with fewer than two trials are left out. A recipe of one run is held against each trial of retraining's. */
export function drawDifferences({ recipe, places }: Line, retrained: readonly Sample[]): DrawDifference[] {
  return places.flatMap((place) => {
    const differences = trialDifferences(recipe.samples[place], retrained[place]);
    if (differences.length < LEAST_TRIALS) return [];
    const found = oneSampleT(differences);
    const { low, high } = tInterval(found, CONFIDENCE);
    const { draw } = retrained[place].key;
    return [
      {
        draw,
        place,
        difference: found.estimate,
        error: found.error,
        p: found.p,
        low,
        high,
        trials: differences.length,
      },
    ];
  });
}

function trialDifferences(sample: Sample, retrained: Sample): number[] {
  if (sample.isOneRun) return retrained.forget.map((value) => sample.forget[0] - value).filter(Number.isFinite);
  return byTrial(sample, retrained).forget.filter((difference) => !Number.isNaN(difference));
}
