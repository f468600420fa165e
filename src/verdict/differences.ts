/** A recipe's differences to retraining, one for each unit: over draws the draw, on one draw the trial. */

import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { mean } from "../stats/moments.js";
import type { Sample } from "./scores.js";

export type Differences = Readonly<Record<Endpoint, readonly number[]>>;

/** The difference of the means on each draw: with as many trials in each, the t test of these is that of the mixed model. */
export function byDraw(of: readonly Sample[], retrained: readonly Sample[]): Differences {
  const [forget, accuracy] = ENDPOINTS.map((endpoint) =>
    of.map((sample, draw) => mean(sample[endpoint]) - mean(retrained[draw][endpoint])),
  );
  return { forget, accuracy };
}

/** The difference in each trial of retraining's, NaN where the other lacks it: where trials share random streams these are pairs; where they do not, any pairing is as good. */
export function byTrial(of: Sample, retrained: Sample): Differences {
  const places = new Map(of.trials.map((trial, i) => [trial, i]));
  const [forget, accuracy] = ENDPOINTS.map((endpoint) =>
    retrained.trials.map((trial, i) => (of[endpoint][places.get(trial) ?? -1] ?? Number.NaN) - retrained[endpoint][i]),
  );
  return { forget, accuracy };
}

/** The differences of the means, over draws, if every trial that diverged or failed had given 0 or 1, whichever is worse; null where none did. */
export function worstCase(
  of: readonly Sample[],
  retrained: readonly Sample[],
): Readonly<Record<Endpoint, Interval>> | null {
  if ([...of, ...retrained].every(({ diverged, failed }) => diverged + failed === 0)) return null;
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => {
    const bounds = of.map((sample, draw) => {
      const [mine, theirs] = [bound(sample, endpoint), bound(retrained[draw], endpoint)];
      return { low: mine.low - theirs.high, high: mine.high - theirs.low };
    });
    return { low: mean(bounds.map(({ low }) => low)), high: mean(bounds.map(({ high }) => high)) };
  });
  return { forget, accuracy };
}

/** The mean of a sample with those trials at 0, and at 1. */
function bound(sample: Sample, endpoint: Endpoint): Interval {
  const lost = sample.diverged + sample.failed;
  const sum = sample[endpoint].reduce((total, value) => total + value, 0);
  const count = sample[endpoint].length + lost;
  return { low: sum / count, high: (sum + lost) / count };
}
