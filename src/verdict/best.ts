/** The recipe that comes nearest to retraining, with what the units say of it that did not choose it. */
import type { Margins } from "../plan/question.js";
import type { Answer } from "./answer.js";
import type { Basis } from "./basis.js";
import type { Rows, VerdictRow } from "./rows.js";
import { type RecipeKey, recipeKeyOf } from "./scores.js";
import { LEAST_UNITS, placesOf, type Selection, select } from "./selection.js";
import { type Recipe, recipeOf } from "./table.js";

export interface Best {
  readonly row: VerdictRow;
  readonly recipe: Recipe;
  /** Null where nothing was chosen: it had no rival, or there was nothing to choose by. */
  readonly selection: Selection | null;
}

/** Of one or more rivals. */
export function bestOf(
  what: "chosen" | "method",
  rivals: readonly Recipe[],
  { basis, rows, margins }: { readonly basis: Basis; readonly rows: Rows; readonly margins: Margins },
): Best {
  const [first] = rivals;
  const ofAll = (): VerdictRow => ({ ...rows.rowOf(what, first, placesOf(basis.units)), rivals: rivals.length });
  if (rivals.length === 1) return { row: ofAll(), recipe: first, selection: null };
  const candidates = basis.candidates(rivals);
  if (candidates.length === 0 || basis.units < LEAST_UNITS) {
    const row = ofAll();
    const refused = row.refused ?? `${basis.units === 1 ? "one" : "no"} ${basis.unit} leaves nothing to choose by`;
    const unsaid = { ...row, judgement: null, needed: null, wasserstein: null, refused };
    return { row: unsaid, recipe: first, selection: null };
  }
  const selection = select(candidates, margins);
  const recipe = recipeOf(selection.chosen, rivals);
  const share = selection.shares.find(({ recipe }) => recipe === selection.chosen)?.share ?? 0;
  const chosen = { ...rows.rowOf(what, recipe, selection.judgedBy), rivals: rivals.length, share };
  return { row: chosen, recipe, selection };
}

/** How the chosen recipe was chosen. */
export interface Choice {
  /** How many units chose it, and how many judge it. */
  readonly chosenBy: number;
  readonly judgedBy: number;
  readonly splits: number;
  readonly exhaustive: boolean;
  /** How often other splits chose each recipe. */
  readonly shares: readonly { readonly recipe: RecipeKey; readonly share: number }[];
  readonly answers: Readonly<Record<Answer, number>> | null;
  /** What all units together would choose. */
  readonly overall: RecipeKey;
  /** The mean difference of doing nothing in the forget measure on the units that judge the recipe, beside which its own stands; null where it says nothing there. */
  readonly untouched: number | null;
}

export function choiceOf(selection: Selection, rivals: readonly Recipe[], untouched: VerdictRow | null): Choice {
  const { chosenBy, judgedBy, splits, exhaustive, shares, answers, overall } = selection;
  const named = (text: string): RecipeKey => recipeKeyOf(recipeOf(text, rivals).key);
  return {
    ...{ chosenBy: chosenBy.length, judgedBy: judgedBy.length, splits, exhaustive, answers },
    shares: shares.map(({ recipe, share }) => ({ recipe: named(recipe), share })),
    overall: named(overall),
    untouched: untouched?.judgement?.forget.estimate ?? null,
  };
}
