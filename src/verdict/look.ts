/** One look of several at the cells of a grid: which are worth more draws, and which cannot be the answer any more. */
import { stream } from "../data/streams.js";
import { ENDPOINTS, type Endpoint, type Margins } from "../plan/question.js";
import type { StoppingRule } from "../plan/stopping-rule.js";
import type { Interval } from "../stats/interval.js";
import { type MaxT, signFlips } from "../stats/sign-flips.js";
import { ALPHA, type Answer } from "./answer.js";
import { bandsOf } from "./bands.js";
import type { Candidate } from "./selection.js";

const FLIPS = 2000;
const LEAST_PATTERNS = 2; // of signs, of which each is as rare as its mirror image

/** Whether so many units have sign patterns enough for bands at error `alpha` a side to be finite. */
export function canHold(units: number, alpha: number): boolean {
  return 2 * alpha * 2 ** units >= LEAST_PATTERNS;
}

/** The error a side that each of so many looks may make, so that all together make ALPHA at most (Bonferroni). */
export function spentAt(looks: number): number {
  return ALPHA / looks;
}

/** A cell as a look sees it: both bands hold at once for all cells and all looks. */
export interface Seen {
  readonly recipe: string;
  readonly forget: MaxT;
  readonly accuracy: MaxT;
  /** The larger of |difference|/margin, and bounds on it. */
  readonly distance: number;
  readonly least: number;
  readonly most: number;
  readonly answer: Answer;
}

export interface Look {
  /** The nearest of those that are kept; of all, where none is. */
  readonly leader: Seen;
  /** Those that may be the nearest and, where that decides, are not shown to be different. */
  readonly kept: readonly Seen[];
  readonly dropped: readonly Seen[];
  readonly reached: boolean;
}

/**
 * One look at cells that have the same units, at error `alpha` a side. A cell is dropped where its band shows that another
 * is nearer to retraining, or until it is decided that it is different itself: as the bands of all looks hold at once (each with probability
 * 1 − 2·alpha for each endpoint), the nearest cell is dropped, and a cell called equivalent that is not, in at most ALPHA
 * a side and endpoint of all sweeps. Bands are `bandsOf`; where `stored` has those of a candidate, they are those.
 */
export function look(
  candidates: readonly Candidate[],
  { margins, alpha, until }: { readonly margins: Margins; readonly alpha: number; readonly until: StoppingRule },
  stored: Stored = () => null,
): Look {
  const units = candidates[0].forget.length;
  const flips = signFlips(units, FLIPS, stream("verdict", "looks", units).uniform);
  const [forget, accuracy] = ENDPOINTS.map((endpoint) =>
    bandsOf(
      candidates.map((candidate) => candidate[endpoint]),
      flips,
      2 * alpha,
    ),
  );
  const seen = candidates.map(({ recipe }, i) => {
    const [f, a] = stored(recipe) ?? [];
    return seenAs(recipe, { forget: as(forget[i], f), accuracy: as(accuracy[i], a) }, margins);
  });
  const nearestAtMost = seen.reduce((least, { most }) => Math.min(least, most), Number.POSITIVE_INFINITY);
  // Of a half-width it is no answer that the nearest is different.
  const isKept = ({ least, answer }: Seen): boolean =>
    least <= nearestAtMost && (until.kind === "half-width" || answer !== "different");
  const kept = seen.filter(isKept);
  const equivalent = kept.filter(({ answer }) => answer === "equivalent");
  const leader = nearest([equivalent, kept, seen].find(({ length }) => length > 0) ?? seen);
  return {
    leader,
    kept,
    dropped: seen.filter((one) => !isKept(one)),
    reached: kept.length === 0 || isReached(until, kept, leader),
  };
}

/** The bands that a stored look has of a recipe; null where it has none. */
export type Stored = (recipe: string) => readonly [forget: StoredBand, accuracy: StoredBand] | null;
type StoredBand = Interval & { readonly mean: number };

/** What was stored, by whatever version, if it is of the same differences. */
function as(found: MaxT, stored: StoredBand | undefined): MaxT {
  return stored?.mean === found.mean ? { ...found, low: stored.low, high: stored.high } : found;
}

function seenAs(recipe: string, bands: Readonly<Record<Endpoint, MaxT>>, margins: Margins): Seen {
  const larger = (of: (band: MaxT) => number): number =>
    Math.max(...ENDPOINTS.map((endpoint) => of(bands[endpoint]) / margins[endpoint]));
  const [least, most] = [larger(leastSize), larger(mostSize)];
  const answer = most < 1 ? "equivalent" : least > 1 ? "different" : "too few";
  return { recipe, ...bands, distance: larger(({ mean }) => Math.abs(mean)), least, most, answer };
}

/** The least |value| in an interval. */
function leastSize({ low, high }: Interval): number {
  return Math.max(low, -high, 0);
}

function mostSize({ low, high }: Interval): number {
  return Math.max(-low, high);
}

function nearest(seen: readonly Seen[]): Seen {
  return seen.reduce((best, one) => (one.distance < best.distance ? one : best));
}

function isReached(until: StoppingRule, kept: readonly Seen[], leader: Seen): boolean {
  if (until.kind === "decided") return kept.some(({ answer }) => answer === "equivalent");
  return ENDPOINTS.every((endpoint) => {
    const most = until.most[endpoint];
    return most === undefined || (leader[endpoint].high - leader[endpoint].low) / 2 <= most;
  });
}
