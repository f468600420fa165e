/** Choosing a recipe without believing the numbers it was chosen by: chosen on one half of the units, judged on the other. */
import { stream } from "../data/streams.js";
import { ENDPOINTS, type Margins } from "../plan/question.js";
import { ALPHA, type Answer, type Judgement, judged, sampled } from "./answer.js";
import type { Differences } from "./differences.js";
import { shuffle } from "./null-band.js";

/** A recipe's differences to retraining, one for each unit: a draw, or a trial of the only draw. NaN where it has none. */
export interface Candidate extends Differences {
  readonly recipe: string;
}

/** What was chosen, by which units, and which are left to judge it by. */
export interface Chosen {
  readonly chosen: string;
  /** Places of units. */
  readonly chosenBy: readonly number[];
  readonly judgedBy: readonly number[];
}

export interface Selection extends Chosen {
  /** What all units together would choose: nothing is claimed of it, since no unit is left to judge it by. */
  readonly overall: string;
  /** How many other halves were tried. */
  readonly splits: number;
  /** Whether these are all halves that there are. */
  readonly exhaustive: boolean;
  /** In which share of them each recipe was chosen, the most often chosen first. */
  readonly shares: readonly { readonly recipe: string; readonly share: number }[];
  /** In which share of them what was chosen got each answer from the other half; null where that is a single unit. */
  readonly answers: Readonly<Record<Answer, number>> | null;
}

const SPLITS = 200;
/** Fewer units on a side have no spread. */
export const LEAST_UNITS = 2;

/**
 * Chooses among one or more candidates, which have the same units, two or more.
 *
 * The claim is on the recipe that every other unit chooses, and comes from the units between: it then is a claim on a
 * recipe that no number of its own has chosen, and keeps its level however many recipes there are. Units that come later
 * change no side. Means over what many splits choose do not: recipes on either side of retraining cancel (of recipes at
 * ±margin all are called equivalent), and what a unit helped to choose is not independent of the others (of 200 equal
 * recipes at the margin 18 % are, over 200 draws).
 */
export function choose(candidates: readonly Candidate[], margins: Margins): Chosen {
  const { chosenBy, judgedBy } = sidesOf(candidates[0].forget.length);
  return { chosen: nearest(candidates, margins, chosenBy).recipe, chosenBy, judgedBy };
}

/** Which of so many units choose among recipes, and which judge what was chosen. */
export function sidesOf(units: number): Pick<Chosen, "chosenBy" | "judgedBy"> {
  const [chosenBy, judgedBy] = [1, 0].map((parity) => placesOf(units).filter((place) => place % 2 === parity));
  return { chosenBy, judgedBy };
}

/** The choice, and how much it and its answer hang on these halves: other splits tell that, and nothing more. */
export function select(candidates: readonly Candidate[], margins: Margins): Selection {
  const places = placesOf(candidates[0].forget.length);
  const { halves, exhaustive } = halvesOf(places.length);
  const times = new Map<string, number>();
  const answered: Answer[] = [];
  for (const half of halves) {
    const best = nearest(candidates, margins, half);
    times.set(best.recipe, (times.get(best.recipe) ?? 0) + 1);
    const isChosenBy = new Set(half);
    const others = places.filter((place) => !isChosenBy.has(place));
    const judgement = judgedAt(best, margins, others);
    if (judgement !== null) answered.push(judgement.answer);
  }
  return {
    ...choose(candidates, margins),
    ...{ overall: nearest(candidates, margins, places).recipe, splits: halves.length, exhaustive },
    shares: [...times].map(([recipe, count]) => ({ recipe, share: count / halves.length })).sort(byShare),
    answers: sharesOf(answered),
  };
}

/** The places of so many units, from 0. */
export function placesOf(units: number): number[] {
  return Array.from({ length: units }, (_, place) => place);
}

function sharesOf(answers: readonly Answer[]): Selection["answers"] {
  if (answers.length === 0) return null;
  const shareOf = (answer: Answer): number => answers.filter((one) => one === answer).length / answers.length;
  return { equivalent: shareOf("equivalent"), different: shareOf("different"), "too few": shareOf("too few") };
}

/** What the units at `places` say of a recipe; null where fewer than two have a difference. */
export function judgedAt(
  of: Differences,
  margins: Margins,
  places: readonly number[],
  alpha = ALPHA,
): Judgement | null {
  const there = places.filter((place) => !Number.isNaN(of.forget[place]));
  if (there.length < LEAST_UNITS) return null;
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => sampled(there.map((place) => of[endpoint][place])));
  return judged({ forget, accuracy }, margins, there.length, alpha);
}

/** The least of the larger of |mean difference|/margin, over the units at `places`; of equals the first. */
function nearest(candidates: readonly Candidate[], margins: Margins, places: readonly number[]): Candidate {
  let [best, least] = [candidates[0], Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const distance = distanceOf(candidate, margins, places);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** NaN, which is nearer than no other, where it has no difference at any of the places. */
function distanceOf({ forget, accuracy }: Candidate, margins: Margins, places: readonly number[]): number {
  let [f, a, count] = [0, 0, 0];
  for (const place of places) {
    if (Number.isNaN(forget[place])) continue;
    f += forget[place];
    a += accuracy[place];
    count += 1;
  }
  return Math.max(Math.abs(f) / margins.forget, Math.abs(a) / margins.accuracy) / count;
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
  const places = placesOf(units);
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
