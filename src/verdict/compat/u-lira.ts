/** U-LiRA: how often a likelihood ratio tells an unlearned net from a retrained one by the log-odds of one forget row. */
import { log } from "../../numerics/elementary.js";
import { mean } from "../../stats/moments.js";

/** Log-odds. A sample of equal values has no spread of its own. */
const LEAST_STD = 1e-6;

/**
 * The attack's accuracy, from 0 to 1: the mean of the shares of `unlearned` and of `retrained` margins that it tells rightly.
 * It calls a net unlearned where pdf_u/(pdf_u + pdf_r) > 1/2, by normal densities fitted (maximum likelihood) to both
 * samples, without the value that it judges. Hayes et al. 2024 (arXiv 2403.01218). 1/2: no better than a coin. Two values
 * or more of each.
 */
export function uLira(unlearned: readonly number[], retrained: readonly number[]): number {
  const [u, r] = [fitOf(unlearned), fitOf(retrained)];
  const found = unlearned.filter((x) => logDensity(x, u.without(x)) > logDensity(x, r.all));
  const cleared = retrained.filter((x) => !(logDensity(x, u.all) > logDensity(x, r.without(x))));
  return (found.length / unlearned.length + cleared.length / retrained.length) / 2;
}

interface Normal {
  readonly center: number;
  readonly std: number;
}

interface Fit {
  readonly all: Normal;
  /** The fit to all values but one that is `x`. */
  readonly without: (x: number) => Normal;
}

function fitOf(values: readonly number[]): Fit {
  const n = values.length;
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const normal = (at: number, sum: number, count: number): Normal => ({
    center: at,
    std: Math.max(LEAST_STD, Math.sqrt(Math.max(0, sum) / count)),
  });
  return {
    all: normal(center, squares, n),
    without: (x) => normal(center + (center - x) / (n - 1), squares - ((x - center) ** 2 * n) / (n - 1), n - 1),
  };
}

/** But for a constant. */
function logDensity(x: number, { center, std }: Normal): number {
  return -log(std) - ((x - center) / std) ** 2 / 2;
}
