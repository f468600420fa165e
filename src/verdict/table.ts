/** The draws that have everything, with the samples on them in one order: what can be compared without mixing draws. */
import type { CellKey } from "../plan/cell.js";
import { RETRAINED, TWIN, UNTOUCHED } from "./roles.js";
import type { Sample } from "./scores.js";

/** A recipe and its sample on each draw of a table. */
export interface Recipe {
  readonly key: CellKey;
  readonly text: string;
  readonly samples: readonly Sample[];
}

export interface Table {
  readonly draws: readonly string[];
  /** How many draws lack retraining, or recipes that the others have. */
  readonly leftOut: number;
  readonly recipes: readonly Recipe[];
  readonly retrained: readonly Sample[];
  /** Null where no recipe does nothing, or there is no second retraining. */
  readonly untouched: readonly Sample[] | null;
  readonly twin: readonly Sample[] | null;
}

/** The draws that have as many recipes as any, and the same as the first of them; null where none has been retrained. A cell without a finished trial is not there. */
export function tableOf(samples: readonly Sample[]): Table | null {
  const byDraw = new Map<string, Map<string, Sample>>();
  for (const sample of samples) {
    if (sample.trials.length === 0) continue;
    const of = byDraw.get(sample.key.draw) ?? new Map<string, Sample>();
    byDraw.set(sample.key.draw, of.set(sample.recipe, sample));
  }
  const retrained = [...byDraw].filter(([, of]) => [...of.values()].some(({ key }) => key.method === RETRAINED));
  const most = retrained.reduce((count, [, of]) => Math.max(count, of.size), 0);
  const first = retrained.find(([, of]) => of.size === most);
  if (first === undefined) return null;
  const texts = [...first[1].keys()];
  const alike = retrained.filter(([, of]) => of.size === most && texts.every((text) => of.has(text)));
  const recipes = texts.map((text): Recipe => {
    const of = alike.flatMap(([, samples]) => samples.get(text) ?? []);
    return { key: of[0].key, text, samples: of };
  });
  const samplesOf = (method: string): readonly Sample[] | null => ofMethod(recipes, method)[0]?.samples ?? null;
  return {
    ...{ draws: alike.map(([draw]) => draw), leftOut: byDraw.size - alike.length, recipes },
    ...{ retrained: samplesOf(RETRAINED) ?? [], untouched: samplesOf(UNTOUCHED), twin: samplesOf(TWIN) },
  };
}

/** The recipes of a method; of several the one of the least λ at the most epochs first. */
export function ofMethod(recipes: readonly Recipe[], method: string): Recipe[] {
  return recipes
    .filter(({ key }) => key.method === method)
    .sort((a, b) => a.key.lambda_reg - b.key.lambda_reg || b.key.epochs - a.key.epochs);
}

/** The table with the trials that `keep` takes. */
export function withTrials(table: Table, keep: (trial: number) => boolean): Table {
  const of = (samples: readonly Sample[]): readonly Sample[] => samples.map((sample) => trialsOf(sample, keep));
  return {
    ...table,
    recipes: table.recipes.map((recipe) => ({ ...recipe, samples: of(recipe.samples) })),
    retrained: of(table.retrained),
    untouched: table.untouched === null ? null : of(table.untouched),
    twin: table.twin === null ? null : of(table.twin),
  };
}

/** The trials of a sample that `keep` takes; those that are one run are not told apart by their numbers. */
export function trialsOf(sample: Sample, keep: (trial: number) => boolean): Sample {
  if (sample.isOneRun) return sample;
  const kept = sample.trials.flatMap((trial, i) => (keep(trial) ? [i] : []));
  const pick = <Value>(values: readonly Value[]): Value[] => kept.map((i) => values[i]);
  const { trials, forget, accuracy, margin, test } = sample;
  return {
    ...{ ...sample, trials: pick(trials), forget: pick(forget), accuracy: pick(accuracy) },
    ...{ margin: pick(margin), test: pick(test) },
  };
}
