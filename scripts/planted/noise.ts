/** What a planted difference is spread by: variables of mean 0 and variance 1. */
import type { Stream } from "../../src/data/streams.js";

export type Noise = (random: Stream) => number;

export const normal: Noise = (random) => random.normal();

/** Minus an exponential variable, skewness −2: as forget probabilities near 1 are spread. */
export const skewed: Noise = (random) => Math.log(1 - random.uniform()) + 1;
