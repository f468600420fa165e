/** What a verdict weighs: the trials of each recipe on each draw, as samples. */
import { CELL_NAMES, type CellKey } from "../plan/cell.js";
import type { CellSample } from "../store/contract.js";

/** A recipe on one draw: the trials that did not diverge, in the order of their numbers. */
export interface Sample {
  /** The cell's key. */
  readonly key: CellKey;
  /** Its recipe, a cell but for its draw, as one text. */
  readonly recipe: string;
  readonly trials: readonly number[];
  readonly forget: readonly number[];
  readonly accuracy: readonly number[];
  /** Mean log-odds of the forget rows, and accuracy on a fresh sample; null where a trial has none. */
  readonly margin: readonly (number | null)[];
  readonly test: readonly (number | null)[];
  readonly diverged: number;
  readonly failed: number;
  /** Whether its trials are one run, stored for each: then it stands here once. */
  readonly isOneRun: boolean;
}

/** A recipe: a cell, whichever draw it is on. */
export type RecipeKey = Omit<CellKey, "draw">;

const RECIPE_NAMES = CELL_NAMES.filter((name) => name !== "draw");

export function recipeKeyOf({ draw: _, ...recipe }: CellKey): RecipeKey {
  return recipe;
}

export function isSameRecipe(a: RecipeKey, b: RecipeKey): boolean {
  return RECIPE_NAMES.every((name) => a[name] === b[name]);
}

/** What a setting is: all that its recipes have in common. */
export type SettingKey = Omit<CellKey, "draw" | "method" | "lambda_reg" | "epochs" | "start">;

export function settingKeyOf(key: CellKey): SettingKey {
  const { draw: _draw, method: _method, lambda_reg: _lambda, epochs: _epochs, start: _start, ...setting } = key;
  return setting;
}

/** What may be compared: everything but the draw and what a method is. Sizes are never pooled. */
const SETTING_NAMES = CELL_NAMES.filter((name) => !["draw", "method", "lambda_reg", "epochs", "start"].includes(name));

/** The samples of one setting. */
export interface Setting {
  readonly key: CellKey;
  readonly samples: readonly Sample[];
}

/** Every setting of the cells, in the order in which they come. */
export async function settingsIn(cells: AsyncIterable<CellSample>): Promise<Setting[]> {
  const settings = new Map<string, Sample[]>();
  for await (const cell of cells) {
    const text = textOf(cell.key, SETTING_NAMES);
    const samples = settings.get(text) ?? [];
    if (samples.length === 0) settings.set(text, samples);
    samples.push(sampleOf(cell));
  }
  return [...settings.values()].map((samples) => ({ key: samples[0].key, samples }));
}

function sampleOf({ key, trials, diverged, failed, copies, ...measures }: CellSample): Sample {
  return {
    ...{ key, recipe: textOf(key, RECIPE_NAMES), trials, diverged, failed, isOneRun: copies > 0 },
    forget: measures.forget_probability,
    accuracy: measures.train_accuracy,
    margin: measures.forget_margin,
    test: measures.test_accuracy,
  };
}

/** The setting with log-odds where the forget probabilities were. A trial without any diverged. */
export function inLogOdds({ key, samples }: Setting): Setting {
  return {
    key,
    samples: samples.map((sample) => {
      const { trials, accuracy, margin, test } = sample;
      const kept = margin.flatMap((value, i) => (value !== null && Number.isFinite(value) ? [i] : []));
      const pick = <Value>(values: readonly Value[]): Value[] => kept.map((i) => values[i]);
      return {
        ...{ ...sample, trials: pick(trials), accuracy: pick(accuracy), margin: pick(margin), test: pick(test) },
        forget: pick(margin) as number[],
        diverged: sample.diverged + trials.length - kept.length,
      };
    }),
  };
}

function textOf(key: CellKey, names: readonly (keyof CellKey)[]): string {
  return JSON.stringify(names.map((name) => key[name]));
}
