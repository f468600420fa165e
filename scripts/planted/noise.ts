/** What a planted difference is spread by: variables of mean 0 and variance 1. */
import type { Stream } from "../../src/data/streams.js";

export type Noise = (random: Stream) => number;

export const normal: Noise = (random) => random.normal();

/** Minus an exponential variable, skewness −2: as forget probabilities near 1 are spread. */
export const skewed: Noise = (random) => Math.log(1 - random.uniform()) + 1;

const SHAPE = 4;

/** Minus a gamma variable, skewness −1. */
export const halfSkewed: Noise = (random) => {
  let sum = 0;
  for (let i = 0; i < SHAPE; i++) sum += skewed(random);
  return sum / Math.sqrt(SHAPE);
};

const [OFTEN, FAR, NEAR] = [0.1, 3, 0.5];
const JUMP_SIGMA = Math.sqrt(OFTEN * (1 - OFTEN) * FAR ** 2 + NEAR ** 2);

/** One draw in ten lies far below the others, skewness −1.8: as where little is to be forgotten on most. */
export const jumps: Noise = (random) => {
  const jump = random.uniform() < OFTEN ? -FAR : 0;
  return (jump + OFTEN * FAR + NEAR * random.normal()) / JUMP_SIGMA;
};
