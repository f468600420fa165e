/** Choosing a recipe without believing the numbers it was chosen by: chosen on one half of the units, reported on the other. */
import { stream } from "../data/streams.js";
import type { Margins } from "../plan/question.js";
import { shuffle } from "./null-band.js";

/** A recipe's differences to retraining, one for each unit: a draw, or a trial of the only draw. */
export interface Candidate {
  readonly recipe: string;
  readonly forget: readonly number[];
  readonly accuracy: readonly number[];
}

export interface Selection {
  /** What all units together choose. */
  readonly chosen: string;
  /** In which share of the splits each recipe was chosen, the most often chosen first. */
  readonly shares: readonly { readonly recipe: string; readonly share: number }[];
  /** For each unit the mean, over the splits that did not choose by it, of the chosen recipe's difference there. */
  readonly forget: readonly number[];
  readonly accuracy: readonly number[];
  readonly splits: number;
  /** Whether these are all halves that there are. */
  readonly exhaustive: boolean;
}

const SPLITS = 200;

/** The least of the larger of |mean difference|/margin, over the units at `places`; of equals the first. */
function nearest(candidates: readonly Candidate[], margins: Margins, places: readonly number[]): Candidate {
  let [best, least] = [candidates[0], Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const distance = distanceOf(candidate, margins, places);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function distanceOf({ forget, accuracy }: Candidate, margins: Margins, places: readonly number[]): number {
  let [f, a] = [0, 0];
  for (const place of places) {
    f += forget[place];
    a += accuracy[place];
  }
  return Math.max(Math.abs(f) / margins.forget, Math.abs(a) / margins.accuracy) / places.length;
}

/** Chooses among one or more candidates, which have the same units, two or more. */
export function select(candidates: readonly Candidate[], margins: Margins): Selection {
  const units = candidates[0].forget.length;
  const all = Array.from({ length: units }, (_, place) => place);
  const { halves, exhaustive } = halvesOf(units);
  const sums = all.map(() => ({ forget: 0, accuracy: 0, times: 0 }));
  const times = new Map<string, number>();
  for (const half of halves) {
    const isChosenBy = new Set(half);
    const best = nearest(candidates, margins, half);
    times.set(best.recipe, (times.get(best.recipe) ?? 0) + 1);
    for (const place of all.filter((place) => !isChosenBy.has(place))) {
      sums[place].forget += best.forget[place];
      sums[place].accuracy += best.accuracy[place];
      sums[place].times += 1;
    }
  }
  return {
    chosen: nearest(candidates, margins, all).recipe,
    shares: [...times].map(([recipe, count]) => ({ recipe, share: count / halves.length })).sort(byShare),
    forget: sums.map(({ forget, times }) => forget / times),
    accuracy: sums.map(({ accuracy, times }) => accuracy / times),
    splits: halves.length,
    exhaustive,
  };
}

function byShare(a: { readonly share: number }, b: { readonly share: number }): number {
  return b.share - a.share;
}

interface Halves {
  readonly halves: readonly (readonly number[])[];
  readonly exhaustive: boolean;
}

/** All sets of half of the units (the smaller half of an odd number), where these are no more than 200; else 200 drawn so that every unit is left out equally often, but for one. */
function halvesOf(units: number): Halves {
  const size = Math.floor(units / 2);
  if (chooseCount(units, size) <= SPLITS) return { halves: [...subsets(units, size, 0)], exhaustive: true };
  const { uniform } = stream("verdict", "halves", units);
  const places = Array.from({ length: units }, (_, place) => place);
  const halves = Array.from({ length: SPLITS / 2 }, () => {
    const shuffled = shuffle(places, uniform);
    return [shuffled.slice(0, size), shuffled.slice(units - size)];
  });
  return { halves: halves.flat(), exhaustive: false };
}

function chooseCount(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= k && count <= SPLITS; i++) count = (count * (n - k + i)) / i;
  return count;
}

function* subsets(units: number, size: number, from: number): Generator<number[]> {
  if (size === 0) yield [];
  else
    for (let place = from; place <= units - size; place++)
      for (const rest of subsets(units, size - 1, place + 1)) yield [place, ...rest];
}

/** The distance of a candidate from retraining at one unit, in margins: what the confidence set compares. */
export function lossesOf({ forget, accuracy }: Candidate, margins: Margins): number[] {
  return forget.map((value, i) => Math.max(Math.abs(value) / margins.forget, Math.abs(accuracy[i]) / margins.accuracy));
}
