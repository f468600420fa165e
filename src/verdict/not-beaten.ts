/** The recipes that no other beats, by their distance on each draw in margins: the model confidence set. */
import { stream } from "../data/streams.js";
import type { Margins } from "../plan/question.js";
import { confidenceSet } from "../stats/model-confidence-set.js";
import { ALPHA } from "./answer.js";
import type { Basis } from "./basis.js";
import { type RecipeKey, recipeKeyOf, type Sample } from "./scores.js";
import { type Candidate, lossesOf } from "./selection.js";
import { type Recipe, recipeOf, trialsOf } from "./table.js";

const RESAMPLES = 500;

export interface NotBeaten {
  readonly confidence: number;
  /** Of each draw so many trials are compared, the first ones; null: all that there are, since no recipe has more than another. */
  readonly trials: number | null;
  readonly recipes: readonly RecipeKey[];
}

/** Null on one draw, whose trials' distances are noise, and where there is no recipe. */
export function notBeatenOf(rivals: readonly Recipe[], basis: Basis, margins: Margins): NotBeaten | null {
  const { unit, units, whole } = basis;
  if (unit === "trial" || rivals.length === 0) return null;
  const trials = leastTrials(rivals.map(({ text }) => recipeOf(text, whole.recipes)));
  const candidates = basis.candidates(trials === null ? rivals : rivals.map((recipe) => firstTrials(recipe, trials)));
  const compared = candidates.filter(({ forget }) => !forget.some(Number.isNaN));
  if (compared.length === 0) return null;
  const { uniform } = stream("verdict", "resamples", units);
  const resamples = Array.from({ length: RESAMPLES }, () =>
    Array.from({ length: units }, () => Math.floor(uniform() * units)),
  );
  const losses = compared.map((candidate: Candidate) => lossesOf(candidate, margins));
  const places = confidenceSet(losses, resamples, 2 * ALPHA);
  const recipes = places.map((place) => recipeKeyOf(recipeOf(compared[place].recipe, rivals).key));
  return { confidence: 1 - 2 * ALPHA, trials, recipes };
}

/** The trials of the recipe that has the fewest on a draw, lost ones among them; null where all have as many: a distance is the larger the fewer trials it is of, whatever the recipe. */
function leastTrials(recipes: readonly Recipe[]): number | null {
  const counts = new Set(recipes.flatMap(({ samples }) => samples.filter(({ isOneRun }) => !isOneRun).map(recorded)));
  return counts.size < 2 ? null : Math.min(...counts);
}

function recorded({ trials, diverged, failed }: Sample): number {
  return trials.length + diverged + failed;
}

function firstTrials(recipe: Recipe, count: number): Recipe {
  return { ...recipe, samples: recipe.samples.map((sample) => trialsOf(sample, (trial) => trial <= count)) };
}
