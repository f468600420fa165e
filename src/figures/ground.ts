/** What the figures of draws stand on: the lines of a verdict, with the trials that each is judged by. */
import { type Basis, basisOf } from "../verdict/basis.js";
import type { Stratum } from "../verdict/memorisation.js";
import type { VerdictRow } from "../verdict/rows.js";
import { isSameRecipe, recipeKeyOf } from "../verdict/scores.js";
import { placesOf, sidesOf } from "../verdict/selection.js";
import type { Sight } from "../verdict/sights.js";
import type { Recipe } from "../verdict/table.js";
import { moreDraws } from "./more.js";

/** A line of the verdict. */
export interface Line {
  readonly what: VerdictRow["what"];
  /** What the figure calls it: the method with its λ and epochs. */
  readonly name: string;
  readonly recipe: Recipe;
  /** Of the units those that judge it: of a recipe with rivals those that did not choose it. */
  readonly places: readonly number[];
  /** How many recipes it was chosen from. */
  readonly rivals: number;
  /** What these say of it, as the verdict has it. */
  readonly judgement: VerdictRow["judgement"];
}

export interface Ground {
  readonly basis: Basis;
  readonly lines: readonly Line[];
  /** How much there was to forget on the draw at a place; null where that is not known. */
  readonly stratumAt: (place: number) => Stratum | null;
}

/** A sentence where nothing can be held against retraining. The same of each sight for all of its figures: of thousands of recipes it takes seconds. */
export function groundOf(sight: Sight): Ground | string {
  const ground = GROUNDS.get(sight) ?? groundIn(sight);
  GROUNDS.set(sight, ground);
  return ground;
}

const GROUNDS = new WeakMap<Sight, Ground | string>();

function groundIn({ setting, question, finding }: Sight): Ground | string {
  const basis = basisOf(setting, question);
  if (basis === null || finding.verdict === null) return "nothing can be held against retraining: the verdict says why";
  const { rows, rounds } = finding.verdict;
  const lines = rows.flatMap(({ what, recipe: key, rivals, judgement }) => {
    const recipe = basis.table.recipes.find((one) => isSameRecipe(recipeKeyOf(one.key), key));
    if (recipe === undefined) return [];
    const isChosen = rivals > 1 && rounds === null;
    const places = isChosen ? sidesOf(basis.units).judgedBy : placesOf(basis.units);
    return [{ what, name: nameOf(recipe), recipe, places, rivals, judgement }];
  });
  return { basis, lines, stratumAt: (place) => basis.memorisation[place]?.stratum ?? null };
}

function nameOf({ key: { method, lambda_reg, epochs } }: Recipe): string {
  return `${method} λ ${lambda_reg} × ${epochs}`;
}

/** The ground of a figure whose marks are draws; a sentence where there is one draw. */
export function groundOfDraws(sight: Sight): Ground | string {
  const ground = groundOf(sight);
  if (typeof ground === "string" || ground.basis.unit === "draw") return ground;
  const { draws } = sight;
  return draws === null
    ? `there is one draw, and this figure is of draws: ${moreDraws(sight)}`
    : `--draws ${draws} leaves one draw, and this figure is of draws: name more of them, or leave it out`;
}

/** The line that others stand beside: the chosen recipe; null where no method that unlearns is there. */
export function chosenOf({ lines }: Ground): Line | null {
  return lines.find(({ what }) => what === "chosen") ?? null;
}

/** Which units chose a recipe: in rounds those that judge it. */
export function chosenBy({ rivals, places }: Line, units: number): "others" | "these" | "none" {
  if (rivals === 1) return "none";
  return places.length < units ? "others" : "these";
}

/** Why a figure of the chosen recipe has none. */
export const NO_METHOD = "no method that unlearns has been trained: add one to --methods";

/** Why what a figure is of is not there: it was not trained, as `untrained` says, or not enough of it was. */
export function whyNone({ finding }: Sight, untrained: string): string {
  return (finding.verdict?.leftOut.recipes ?? 0) === 0
    ? untrained
    : "what was trained cannot be held against retraining on every draw: the verdict says what to do";
}

export function lineOf({ lines }: Ground, what: VerdictRow["what"]): Line | null {
  return lines.find((line) => line.what === what) ?? null;
}
