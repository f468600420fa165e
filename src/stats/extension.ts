/** What a balanced pilot promises of the sweep that it is extended to: how wide the interval of the mean over groups will be, and how likely it shows equivalence. */
import { chiSquaredTailQuantile, chiSquaredTails } from "./chi-squared.js";
import { normalCdf, normalTailQuantile } from "./normal.js";
import { tTailQuantile } from "./student-t.js";

/** y_ij = μ + g_i + e_ij, groups of `size` values each; what is known of it are two mean squares. */
export interface Pilot {
  /** Two or more. */
  readonly groups: number;
  readonly size: number;
  /** The variance of the groups' means, with groups − 1 degrees of freedom. */
  readonly between: number;
  /** The variance of the values around them, with groups·(size − 1); 0 where groups are of one value, and stay so. */
  readonly within: number;
}

/** What the mean is taken over in the end. */
export interface Extended {
  /** Two or more. */
  readonly groups: number;
  readonly size: number;
  /** How many of the pilot's groups are among these, and how many of its values among those of each. */
  readonly keptGroups: number;
  readonly kept: number;
}

/** The half-width of the interval of the mean of balanced groups with known variances, at level `alpha` a side: t·√(σ²_group/a + σ²_trial/(a·n)). */
export function halfWidth(
  { group, trial }: { readonly group: number; readonly trial: number },
  { groups, size }: Pick<Extended, "groups" | "size">,
  alpha: number,
): number {
  return tTailQuantile(alpha, groups - 1) * Math.sqrt((group + trial / size) / groups);
}

/** Two variances that the pilot may have come from. */
interface Variances {
  readonly group: number;
  readonly trial: number;
}

const BETWEEN_NODES = 100;
const WITHIN_NODES = 3; // it is known far better
const SPREAD_NODES = 5;
const PRECISION = 3e-4; // of a promise, relative

/**
 * The variances are not known, but for a pilot's mean squares: they are given the fiducial distribution of these, (a−1)s²/χ²
 * and a(n−1)s²/χ², which for sweeps of the pilot's size a group is that of exact prediction by F (Hahn & Meeker 1991,
 * §4.8), and else that of generalised confidence (Weerahandi 1993). Given them, the pilot's own means stay in the
 * extended sweep, and its sum of squares is what they bring along and a multiple of χ², matched in mean and variance.
 */
export class Extension {
  readonly #pilot: Pilot;
  readonly #alpha: number;
  readonly #nodes: readonly Variances[];

  /** Intervals are those at level `alpha` a side. */
  constructor(pilot: Pilot, alpha: number) {
    this.#pilot = pilot;
    this.#alpha = alpha;
    const { groups, size, between, within } = pilot;
    const trials = fiducial(within, groups * (size - 1), WITHIN_NODES);
    this.#nodes = fiducial(between, groups - 1, BETWEEN_NODES).flatMap((means) =>
      trials.map((trial) => ({ group: Math.max(0, means - trial / size), trial })),
    );
  }

  /** The probability that the half-width of the extended sweep is at most `most`. */
  chanceWithin(extended: Extended, most: number): number {
    const { groups } = extended;
    const root = most / tTailQuantile(this.#alpha, groups - 1);
    const squares = root * root * groups * (groups - 1);
    return this.#mean((variances) => {
      const { brought, scale, df } = this.#squares(variances, extended);
      if (df === 0) return brought <= squares ? 1 : 0;
      return chiSquaredTails((squares - brought) / scale, df).lower;
    });
  }

  /** The half-width that is met with the probability `assurance`. */
  promised(extended: Extended, assurance: number): number {
    if (this.#pilot.between === 0 && this.#pilot.within === 0) return 0;
    const isMet = (most: number): boolean => this.chanceWithin(extended, most) >= assurance;
    let high = tTailQuantile(this.#alpha, extended.groups - 1) * Math.sqrt(this.#pilot.between / extended.groups);
    if (high === 0) high = Number.MIN_VALUE / Number.EPSILON;
    while (!isMet(high)) high *= 2;
    let low = high / 2;
    while (isMet(low) && low > Number.MIN_VALUE) [low, high] = [low / 2, low];
    while (high - low > PRECISION * high) {
      const middle = (low + high) / 2;
      if (isMet(middle)) high = middle;
      else low = middle;
    }
    return high;
  }

  /** The probability that the extended sweep is equivalent within ±margin, its interval inside, where the true mean is `truth`. */
  power(extended: Extended, margin: number, truth: number): number {
    const { groups } = extended;
    const t = tTailQuantile(this.#alpha, groups - 1);
    return this.#mean((variances) => {
      const error = Math.sqrt((variances.group + variances.trial / extended.size) / groups);
      const { brought, scale, df } = this.#squares(variances, extended);
      let sum = 0;
      for (const z of SPREADS) {
        const squares = brought + scale * nearChiSquared(z, df);
        const room = margin - t * Math.sqrt(squares / (groups - 1) / groups);
        if (room > 0) sum += inside(room, truth, error);
      }
      return sum / SPREADS.length;
    });
  }

  /**
   * Of given variances, the sum of squares of the extended sweep's means: `brought` + scale·χ². A mean m of the pilot,
   * with variance v, becomes one of variance w that shares the covariance c with it: c/v·(m − μ) and what is new, of
   * variance w − c²/v.
   */
  #squares({ group, trial }: Variances, { groups, size, keptGroups, kept }: Extended): Squares {
    const { size: before, between } = this.#pilot;
    const [v, w] = [group + trial / before, group + trial / size];
    const shared = v === 0 ? 0 : (group + (trial * kept) / (before * size)) / v;
    const fresh = Math.max(0, w - shared * shared * v);
    const brought = shared * shared * (keptGroups - 1) * between;
    const mean = (keptGroups - 1) * fresh + (groups - keptGroups) * w;
    const variance = 2 * (keptGroups - 1) * fresh * fresh + 4 * fresh * brought + 2 * (groups - keptGroups) * w * w;
    // Where nothing is new, rounding leaves something tiny.
    if (mean <= 1e-12 * brought || mean === 0) return { brought, scale: 0, df: 0 };
    return { brought, scale: variance / (2 * mean), df: (2 * mean * mean) / variance };
  }

  #mean(of: (variances: Variances) => number): number {
    return this.#nodes.reduce((sum, variances) => sum + of(variances), 0) / this.#nodes.length;
  }
}

interface Squares {
  readonly brought: number;
  readonly scale: number;
  readonly df: number;
}

/** Equally likely values of df·square/χ²: a true variance by what is known of it. */
function fiducial(square: number, df: number, count: number): number[] {
  return square === 0 ? [0] : middles(count).map((p) => (df * square) / chiSquaredTailQuantile(p, df));
}

function middles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.5) / count);
}

const SPREADS: readonly number[] = middles(SPREAD_NODES).map(normalTailQuantile);

/** The quantile of χ² that is z of a normal variable's (Wilson & Hilferty 1931). */
function nearChiSquared(z: number, df: number): number {
  if (df === 0) return 0;
  const v = 2 / (9 * df);
  return df * Math.max(0, 1 - v + z * Math.sqrt(v)) ** 3;
}

/** P(|x| ≤ room) of a normal x with mean `truth` and standard deviation `error`. */
function inside(room: number, truth: number, error: number): number {
  if (error === 0) return Math.abs(truth) < room ? 1 : 0;
  return normalCdf((room - truth) / error) - normalCdf((-room - truth) / error);
}
