/** A recipe's differences to retraining, one for each unit: over draws the draw, on one draw the trial. */
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { mean } from "../stats/moments.js";
import type { Sample } from "./scores.js";
import { trialsOf } from "./table.js";

export type Differences = Readonly<Record<Endpoint, readonly number[]>>;

/** Two samples of one draw. */
export interface Pair {
  readonly of: Sample;
  readonly retrained: Sample;
}

/** The trials that both have by their numbers: where these share random streams they are pairs, and a trial whose mate is lost would bring in its own. One run that stands for many has no number. */
export function inCommon({ of, retrained }: Pair): Pair {
  if (of.isOneRun || retrained.isOneRun || areSame(of.trials, retrained.trials)) return { of, retrained };
  const [mine, theirs] = [new Set(of.trials), new Set(retrained.trials)];
  return {
    of: trialsOf(of, (trial) => theirs.has(trial)),
    retrained: trialsOf(retrained, (trial) => mine.has(trial)),
  };
}

/** Of most pairs nothing is left out: to see that is quicker than to copy them. */
function areSame(mine: readonly number[], theirs: readonly number[]): boolean {
  return mine.length === theirs.length && mine.every((trial, i) => trial === theirs[i]);
}

/** The difference of the means of the trials that both have, on each draw; NaN where they have none in common. With as many trials on each, the t test of these is that of the mixed model. */
export function byDraw(of: readonly Sample[], retrained: readonly Sample[]): Differences {
  const pairs = of.map((sample, draw) => inCommon({ of: sample, retrained: retrained[draw] }));
  const [forget, accuracy] = ENDPOINTS.map((endpoint) =>
    pairs.map((pair) => mean(pair.of[endpoint]) - mean(pair.retrained[endpoint])),
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
