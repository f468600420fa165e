/** How far a recipe's forget probabilities lie from retraining's as distributions, beside what chance alone gives. */
import type { Interval } from "../stats/interval.js";
import { mean } from "../stats/moments.js";
import { wasserstein1 } from "../stats/wasserstein.js";
import { inCommon, type Pair } from "./differences.js";
import { nullBand } from "./null-band.js";
import type { Sample } from "./scores.js";
import { trialsOf } from "./table.js";

const LEAST_TRIALS = 2; // of a draw, for a null band

/** The Wasserstein-1 distance to retraining, mean over draws, in the unit that is compared: of probabilities, or of log-odds. */
export interface Distance {
  readonly distance: number;
  /** What chance alone does to two sets of retraining trials of the same sizes on the same draws; null where there are none. */
  readonly nullBand: Interval | null;
}

/** Distances to retraining, each by the trials that both have. */
export class Distances {
  readonly #bands = new Map<string, Interval>();

  /** Null of one run, which is no distribution, and where a draw has no trial in common. `twin` is the second retraining on the same draws; null: there is none. */
  of(samples: readonly Sample[], retrained: readonly Sample[], twin: readonly Sample[] | null): Distance | null {
    const pairs = samples.map((sample, draw) => inCommon({ of: sample, retrained: retrained[draw] }));
    if (pairs.some(({ of }) => of.isOneRun || of.trials.length === 0)) return null;
    const distance = mean(pairs.map((pair) => wasserstein1(pair.of.forget, pair.retrained.forget)));
    return { distance, nullBand: twin === null ? null : this.#band(pairs, twin) };
  }

  /** Noise grows as trials get fewer: the band is of as many as there are in the pairs, of the same numbers. */
  #band(pairs: readonly Pair[], twin: readonly Sample[]): Interval | null {
    const twins = pairs.map(({ of }, draw) => {
      const there = new Set(of.trials);
      return trialsOf(twin[draw], (trial) => there.has(trial));
    });
    const isOfSize = ({ trials }: Sample, draw: number): boolean => trials.length === pairs[draw].of.trials.length;
    // Two single trials can be divided in one way alone: a band of that would be a point.
    if (!twins.every(isOfSize) || twins.some(({ trials }) => trials.length < LEAST_TRIALS)) return null;
    const text = JSON.stringify(twins.map(({ key, trials }) => [key.draw, trials]));
    const retrained = pairs.map((pair) => pair.retrained);
    const band = this.#bands.get(text) ?? nullBand(twins, retrained);
    this.#bands.set(text, band);
    return band;
  }
}
