/** Every recipe at once: bands that hold all together, and p-values that know how many there are. */
import { stream } from "../data/streams.js";
import { ENDPOINTS, type Endpoint, type Question } from "../plan/question.js";
import { errorOfProportion } from "../stats/monte-carlo-error.js";
import { type MaxT, signFlips } from "../stats/sign-flips.js";
import { tTailQuantile } from "../stats/student-t.js";
import { ALPHA } from "./answer.js";
import { bandsOf } from "./bands.js";
import { basisOf } from "./basis.js";
import { type RecipeKey, recipeKeyOf, type Setting } from "./scores.js";
import type { Candidate } from "./selection.js";

const FLIPS = 2000;
/** Of fewer units flipped residuals are too short (of 5 draws, bands of 300 recipes hold in 74 to 85 % of data sets); not so at the error of one look of several, whose first has draws enough. */
const LEAST_FLIPPED = 8;

/** A recipe's difference among all, with the Monte-Carlo error of its p; 0 where all sign patterns were tried. */
interface SimultaneousDifference extends MaxT {
  readonly pError: number;
}

/** A recipe among all. */
export interface SimultaneousRow extends Readonly<Record<Endpoint, SimultaneousDifference>> {
  readonly recipe: RecipeKey;
  readonly isEquivalent: boolean;
}

export interface Simultaneous {
  readonly units: number;
  /** Of each endpoint's bands, all together. */
  readonly confidence: number;
  /** max-T: of sign flips. Bonferroni: of t, where units are too few for that. */
  readonly bands: "max-T" | "Bonferroni";
  /** Whether all sign patterns were tried, so that the p-values are exact. */
  readonly exact: boolean;
  readonly patterns: number;
  /** The largest Monte-Carlo error of a p-value. */
  readonly pError: number;
  /** How many recipes are equivalent. */
  readonly equivalent: number;
  readonly rows: readonly SimultaneousRow[];
  /** Recipes that lack a unit, such as a trial of the only draw. */
  readonly leftOut: number;
}

/**
 * Every recipe of a setting at once, doing nothing and the second retraining among them; null where nothing can be held
 * against retraining. `alpha` is the error a side, less of one look of several.
 */
export function simultaneous(setting: Setting, question: Question, alpha = ALPHA): Simultaneous | null {
  const basis = basisOf(setting, question);
  if (basis === null) return null;
  const { units, recipes } = basis;
  const all = basis.candidates(recipes);
  const whole = units < 2 ? [] : all.filter(({ forget }) => !forget.some(Number.isNaN));
  const flips = signFlips(units, FLIPS, stream("verdict", "flips", units).uniform);
  const bands = units < LEAST_FLIPPED && alpha === ALPHA ? "Bonferroni" : "max-T";
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => {
    const values = whole.map((candidate: Candidate) => candidate[endpoint]);
    const found = whole.length === 0 ? [] : bandsOf(values, flips, 2 * alpha);
    return found.map((of): SimultaneousDifference => {
      const pError = flips.exact ? 0 : errorOfProportion(of.p, flips.signs.length);
      return { ...of, ...(bands === "max-T" ? {} : bonferroni(of, units, whole.length)), pError };
    });
  });
  const keys = new Map(recipes.map((recipe) => [recipe.text, recipeKeyOf(recipe.key)]));
  const { margins } = question;
  const rows = whole.flatMap(({ recipe }, i) => {
    const key = keys.get(recipe);
    if (key === undefined) return [];
    const isEquivalent = isInside(forget[i], margins.forget) && isInside(accuracy[i], margins.accuracy);
    return [{ recipe: key, forget: forget[i], accuracy: accuracy[i], isEquivalent }];
  });
  return {
    ...{ units, confidence: 1 - 2 * ALPHA, bands, exact: flips.exact, patterns: flips.signs.length, rows },
    pError: [...forget, ...accuracy].reduce((most, { pError }) => Math.max(most, pError), 0),
    equivalent: rows.filter(({ isEquivalent }) => isEquivalent).length,
    leftOut: recipes.length - whole.length,
  };
}

function bonferroni({ mean, error }: MaxT, units: number, count: number): { low: number; high: number } {
  const half = error === 0 ? 0 : error * tTailQuantile(ALPHA / count, units - 1);
  return { low: mean - half, high: mean + half };
}

function isInside({ low, high }: MaxT, margin: number): boolean {
  return -margin < low && high < margin;
}
