/** A verdict by how much there was to forget: the chosen recipe and doing nothing on the draws of each memorisation. */
import type { Margins } from "../plan/question.js";
import { ALPHA, type Judgement } from "./answer.js";
import type { Basis } from "./basis.js";
import type { Best } from "./best.js";
import { STRATA, type Stratum } from "./memorisation.js";
import { judgedAt, placesOf } from "./selection.js";
import type { Recipe } from "./table.js";

/** The chosen recipe, by draws that did not choose it, and doing nothing; null where those draws are fewer than two. */
export interface StratumFinding {
  readonly stratum: Stratum;
  readonly draws: number;
  readonly chosen: Judgement | null;
  readonly untouched: Judgement | null;
}

/** Of the strata that have a draw; none on one draw. */
export function strataOf(
  basis: Basis,
  best: Best | null,
  untouched: Recipe | null,
  margins: Margins,
  alpha = ALPHA,
): StratumFinding[] {
  const { unit, units, memorisation } = basis;
  if (unit === "trial") return [];
  const among = (recipe: Recipe | null, places: readonly number[]): Judgement | null => {
    const differences = recipe === null ? null : basis.differencesOf(recipe);
    return differences === null || typeof differences === "string"
      ? null
      : judgedAt(differences, margins, places, alpha);
  };
  const chosen = best === null || best.row.judgement === null ? null : best.recipe;
  const judging = new Set(best?.selection?.judgedBy ?? placesOf(units));
  return STRATA.map((stratum) => {
    const places = memorisation.flatMap((of, draw) => (of.stratum === stratum ? [draw] : []));
    const left = places.filter((place) => judging.has(place));
    return { stratum, draws: places.length, chosen: among(chosen, left), untouched: among(untouched, places) };
  }).filter(({ draws }) => draws > 0);
}
