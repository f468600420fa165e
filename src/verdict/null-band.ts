/** What chance alone does to the Wasserstein distance: between two sets of retraining trials of the same size. */
import { stream } from "../data/streams.js";
import type { Interval } from "../stats/interval.js";
import { mean, quantile } from "../stats/moments.js";
import { wasserstein1 } from "../stats/wasserstein.js";
import type { Sample } from "./scores.js";

const RELABELLINGS = 500;

/** Holds 90 % of what 500 random divisions of both sets of retraining trials together give, on each draw: 5 % of equal distributions lie above it. */
export function nullBand(twin: readonly Sample[], retrained: readonly Sample[]): Interval {
  const { uniform } = stream("verdict", "null");
  const pools = twin.map(({ forget }, draw) => [...forget, ...retrained[draw].forget]);
  const distances = Array.from({ length: RELABELLINGS }, () =>
    mean(
      pools.map((pool, draw) => {
        const shuffled = shuffle(pool, uniform);
        const size = twin[draw].forget.length;
        return wasserstein1(shuffled.slice(0, size), shuffled.slice(size));
      }),
    ),
  );
  return { low: quantile(distances, 0.05), high: quantile(distances, 0.95) };
}

/** Fisher and Yates' shuffle, of a copy; `uniform` gives numbers from [0, 1). */
export function shuffle<Value>(values: readonly Value[], uniform: () => number): Value[] {
  const shuffled = [...values];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
  }
  return shuffled;
}
