/** The figures that there are, in the order of the page. */
import { pValues, zip } from "./chance.js";
import { curves } from "./curves.js";
import { distributions } from "./distributions.js";
import { draws } from "./draws.js";
import type { Figure } from "./figure.js";
import { map } from "./map.js";
import { memorisation } from "./memorisation.js";
import { nextHour } from "./next-hour.js";
import { slope } from "./slope.js";
import { tradeOff } from "./trade-off.js";

export const FIGURES: readonly Figure[] = [
  ...[slope, memorisation, map, tradeOff, draws, distributions, curves],
  ...[zip, pValues, nextHour],
];
