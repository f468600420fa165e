/**
 * Which cells come nearest to retraining: those whose forget probability is most like retrain_scratch's. This folder
 * turns what a store answers, and what a run tells, into findings; it opens no store and knows no text.
 */
import { CELL_NAMES, type CellKey } from "../plan/cell.js";
import type { CellMean } from "../store/contract.js";
import { RETRAINED, TWIN, UNTOUCHED } from "./roles.js";

/** A cell but for its draw: draws are what means are taken over, and nothing else is. */
export type Recipe = Omit<CellKey, "draw">;

/** A recipe, held against retraining on each draw that it is compared on. */
export interface NearestCell extends Recipe {
  readonly draws: number;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly forget_probability_mean: number;
  readonly retrain_mean: number;
  /** |mean forget probability − retraining's mean on the same draw|, mean over draws. */
  readonly distance: number;
}

/** A recipe with, of each of its draws, its cell and the retraining that this is held against. */
export interface Held {
  readonly cell: NearestCell;
  readonly pairs: readonly Pair[];
}

export interface Pair {
  readonly cell: Judged;
  readonly yardstick: Judged;
}

/** Recipes that are there on the same draws: a mean over other draws is no better and no worse. */
export interface Comparison {
  readonly draws: readonly string[];
  /** The nearest first. */
  readonly nearest: readonly Held[];
  readonly originals: readonly Held[];
  /** Retraining held against itself. */
  readonly retrained: readonly Held[];
  /** How many recipes lack some of these draws, and of those before. */
  readonly left: number;
}

const RECIPE = CELL_NAMES.filter((name) => name !== "draw");
/** All that a cell shares with the retraining that it is held against. */
const SETTING = CELL_NAMES.filter((name) => !["method", "lambda_reg", "epochs", "start"].includes(name));

/**
 * Every recipe that can be held against retraining, the nearest first, with those on the same draws. Retraining is that
 * of the same draw, sizes, net and preset; where a sweep has it at several λ or epochs, that of the least λ at the most
 * epochs.
 */
export function nearestCells(means: readonly CellMean[]): Generator<Comparison> {
  return comparisons(
    means.map((key) => {
      const { done, train_accuracy, forget_probability } = key;
      return { key, ...comparedBy(key), done, train_accuracy, forget_probability };
    }),
  );
}

/** What a cell is compared by, as texts. */
export function comparedBy(key: CellKey): { readonly recipe: string; readonly setting: string } {
  return { recipe: keyText(key, RECIPE), setting: keyText(key, SETTING) };
}

/** A cell, what it is compared by, and the means over those of its rows that did not diverge. */
export interface Judged {
  readonly key: CellKey;
  readonly recipe: string;
  readonly setting: string;
  readonly done: number;
  readonly train_accuracy: number;
  readonly forget_probability: number;
}

/** The named columns of a key as one text. */
export function keyText(key: CellKey, names: readonly (keyof CellKey)[]): string {
  return JSON.stringify(names.map((name) => key[name]));
}

/** The one definition of nearest: the draws with the most to compare first, then those of the recipes that lack one of them. */
export function* comparisons(cells: readonly Judged[]): Generator<Comparison> {
  // Retraining once more is nothing that anybody would take in its place.
  const recipes = recipesOf(cells.filter(({ key, done }) => done > 0 && key.method !== TWIN));
  const retrained = recipes.filter(({ method }) => method === RETRAINED);
  let left = recipes.filter(({ method }) => method !== RETRAINED);
  while (left.length > 0) {
    const draws = sharedDraws(left);
    const has = ({ pairs }: RecipePairs): boolean => draws.every((draw) => pairs.has(draw));
    const held = left.filter(has).map((recipe) => heldOn(draws, recipe));
    left = left.filter((recipe) => !has(recipe));
    yield {
      draws,
      nearest: held.filter(({ cell }) => cell.method !== UNTOUCHED).sort(nearer),
      originals: held.filter(({ cell }) => cell.method === UNTOUCHED).sort(nearer),
      retrained: retrained.filter(has).map((recipe) => heldOn(draws, recipe)),
      left: left.length,
    };
  }
}

/** The cells of a recipe by their draws. */
interface RecipePairs {
  readonly method: string;
  readonly pairs: Map<string, Pair>;
}

function recipesOf(cells: readonly Judged[]): RecipePairs[] {
  const retrained = yardsticks(cells);
  const recipes = new Map<string, RecipePairs>();
  for (const cell of cells) {
    const yardstick = retrained.get(cell.setting);
    const { method, draw } = cell.key;
    if (yardstick === undefined || (method === RETRAINED && cell !== yardstick)) continue;
    const recipe = recipes.get(cell.recipe) ?? { method, pairs: new Map<string, Pair>() };
    recipes.set(cell.recipe, recipe);
    recipe.pairs.set(draw, { cell, yardstick });
  }
  return [...recipes.values()];
}

/** What cells are held against, by setting. */
function yardsticks(cells: readonly Judged[]): Map<string, Judged> {
  const retrained = cells.filter(({ key }) => key.method === RETRAINED);
  retrained.sort(({ key: a }, { key: b }) => b.lambda_reg - a.lambda_reg || a.epochs - b.epochs);
  return new Map(retrained.map((cell) => [cell.setting, cell])); // the last of a setting counts
}

const CANDIDATES = 32; // of a sweep whose cells lack draws here and there, each recipe may have draws of its own

/** The draws on which the most means can be compared: recipes that have them all × draws. */
function sharedDraws(recipes: readonly RecipePairs[]): string[] {
  const sets = new Map<string, { readonly pairs: RecipePairs["pairs"]; recipes: number }>();
  for (const { pairs } of recipes) {
    const text = JSON.stringify([...pairs.keys()].sort());
    const set = sets.get(text) ?? { pairs, recipes: 0 };
    sets.set(text, set);
    set.recipes += 1;
  }
  const all = [...sets.values()].sort((a, b) => b.recipes - a.recipes || b.pairs.size - a.pairs.size);
  const candidates = all.slice(0, CANDIDATES).map(({ pairs }) => [...pairs.keys()]);
  candidates.push(candidates[0].filter((draw) => all.every(({ pairs }) => pairs.has(draw))));
  const having = (draws: readonly string[]): number =>
    all.reduce((sum, set) => (draws.every((draw) => set.pairs.has(draw)) ? sum + set.recipes : sum), 0);
  const scored = candidates.map((draws) => ({ draws, recipes: having(draws) }));
  const means = ({ draws, recipes }: (typeof scored)[number]): number => draws.length * recipes;
  // As many means of more recipes compare more.
  scored.sort((a, b) => means(b) - means(a) || b.recipes - a.recipes);
  return scored[0].draws;
}

function heldOn(draws: readonly string[], recipe: RecipePairs): Held {
  const pairs = draws.map((draw) => recipe.pairs.get(draw) as Pair);
  const mean = (value: (pair: Pair) => number): number =>
    pairs.reduce((sum, pair) => sum + value(pair), 0) / draws.length;
  const [{ cell: first }] = pairs;
  return {
    cell: {
      ...(Object.fromEntries(RECIPE.map((name) => [name, first.key[name]])) as unknown as Recipe),
      draws: draws.length,
      trials: pairs.reduce((sum, { cell }) => sum + cell.done, 0),
      train_accuracy_mean: mean(({ cell }) => cell.train_accuracy),
      forget_probability_mean: mean(({ cell }) => cell.forget_probability),
      retrain_mean: mean(({ yardstick }) => yardstick.forget_probability),
      distance: mean(distanceOn),
    },
    pairs,
  };
}

/** How far a cell is from retraining on its draw. */
export function distanceOn({ cell, yardstick }: Pair): number {
  return Math.abs(cell.forget_probability - yardstick.forget_probability);
}

function nearer({ cell: a }: Held, { cell: b }: Held): number {
  return a.distance - b.distance || byKey(a, b);
}

/** Which of two that are as near stands first. */
function byKey(a: Recipe, b: Recipe): number {
  for (const name of ["preset", "method", "lambda_reg", "epochs", ...RECIPE] as const) {
    const [left, right] = [a[name], b[name]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
