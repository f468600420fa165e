/**
 * Which cells come nearest to retraining: those whose forget probability is most like retrain_scratch's. This folder
 * turns what a store answers, and what a run tells, into findings; it opens no store and knows no text.
 */
import { CELL_NAMES, type CellKey } from "../plan/cell.js";
import type { CellMean } from "../store/contract.js";

/** The method that all others are held against; it and the method that they start from are not held against it. */
const YARDSTICK = "retrain_scratch";
const NOT_JUDGED = [YARDSTICK, "original"];

/** A cell but for its draw: draws are what means are taken over, and nothing else is. */
export type Recipe = Omit<CellKey, "draw">;

/** A recipe, held against retraining on each draw that has both. */
export interface NearestCell extends Recipe {
  readonly draws: number;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly forget_probability_mean: number;
  readonly retrain_mean: number;
  /** |mean forget probability − retraining's mean on the same draw|, mean over draws. */
  readonly distance: number;
}

const RECIPE = CELL_NAMES.filter((name) => name !== "draw");
/** All that a cell shares with the retraining that it is held against. */
const SETTING = CELL_NAMES.filter((name) => !["method", "lambda_reg", "epochs", "start"].includes(name));

/**
 * Every recipe that can be held against retraining, the nearest first. Retraining is that of the same draw, sizes, net
 * and preset; where a sweep has it at several λ or epochs, that of the least λ at the most epochs.
 */
export function nearestCells(means: readonly CellMean[]): NearestCell[] {
  return ranked(
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

/** The one definition of nearest. */
export function ranked(cells: readonly Judged[]): NearestCell[] {
  const finished = cells.filter(({ done }) => done > 0);
  const retrained = yardsticks(finished);
  const sums = new Map<string, Sums>();
  for (const cell of finished) {
    const yardstick = retrained.get(cell.setting);
    if (yardstick === undefined || NOT_JUDGED.includes(cell.key.method)) continue;
    const sum = sums.get(cell.recipe) ?? {
      ...{ key: cell.key, draws: 0, trials: 0 },
      ...{ accuracy: 0, probability: 0, retrained: 0, distance: 0 },
    };
    sums.set(cell.recipe, sum);
    sum.draws += 1;
    sum.trials += cell.done;
    sum.accuracy += cell.train_accuracy;
    sum.probability += cell.forget_probability;
    sum.retrained += yardstick.forget_probability;
    sum.distance += Math.abs(cell.forget_probability - yardstick.forget_probability);
  }
  return [...sums.values()].map(foundOf).sort((a, b) => a.distance - b.distance || byKey(a, b));
}

/** Over the draws of a recipe. */
interface Sums {
  readonly key: CellKey;
  draws: number;
  trials: number;
  accuracy: number;
  probability: number;
  retrained: number;
  distance: number;
}

/** What cells are held against, by setting. */
function yardsticks(cells: readonly Judged[]): Map<string, Judged> {
  const retrained = cells.filter(({ key }) => key.method === YARDSTICK);
  retrained.sort(({ key: a }, { key: b }) => b.lambda_reg - a.lambda_reg || a.epochs - b.epochs);
  return new Map(retrained.map((cell) => [cell.setting, cell])); // the last of a setting counts
}

function foundOf({ key, draws, trials, accuracy, probability, retrained, distance }: Sums): NearestCell {
  const recipe = Object.fromEntries(RECIPE.map((name) => [name, key[name]])) as unknown as Recipe;
  return {
    ...recipe,
    draws,
    trials,
    train_accuracy_mean: accuracy / draws,
    forget_probability_mean: probability / draws,
    retrain_mean: retrained / draws,
    distance: distance / draws,
  };
}

/** Which of two that are as near stands first. */
function byKey(a: Recipe, b: Recipe): number {
  for (const name of ["preset", "method", "lambda_reg", "epochs", ...RECIPE] as const) {
    const [left, right] = [a[name], b[name]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
