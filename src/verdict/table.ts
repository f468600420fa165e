/** The draws that have everything, with the samples on them in one order: what can be compared without mixing draws. */
import { type CellKey, drawOrder } from "../plan/cell.js";
import { RETRAINED, TWIN, UNTOUCHED, unlearns } from "./roles.js";
import type { Sample } from "./scores.js";

/** A recipe and its sample on each draw of a table. */
export interface Recipe {
  readonly key: CellKey;
  readonly text: string;
  readonly samples: readonly Sample[];
}

/** The recipe of this text, which is one of them. */
export function recipeOf(text: string, recipes: readonly Recipe[]): Recipe {
  const found = recipes.find((recipe) => recipe.text === text);
  if (found === undefined) throw new Error(`no recipe is ${text}`);
  return found;
}

export interface Table {
  readonly draws: readonly string[];
  readonly leftOut: LeftOut;
  readonly recipes: readonly Recipe[];
  readonly retrained: readonly Sample[];
  /** Null where no recipe does nothing, or there is no second retraining. */
  readonly untouched: readonly Sample[] | null;
  readonly twin: readonly Sample[] | null;
}

/** What is not compared. */
interface LeftOut {
  /** Draws that have not been retrained, or lack recipes that the others have. */
  readonly draws: number;
  /** Recipes that lack some of the draws that are compared. */
  readonly recipes: number;
  /** Of those the ones whose trials on such a draw have all diverged or failed. */
  readonly lost: number;
}

/**
 * Recipes that have the same draws, retraining among them: those draws that make the most cells of recipe and draw, the
 * more draws of equals. Null where none has been retrained.
 */
export function tableOf(samples: readonly Sample[]): Table | null {
  const retrainedOn = new Set(
    samples.filter(isThere).flatMap(({ key }) => (key.method === RETRAINED ? [key.draw] : [])),
  );
  const byRecipe = new Map<string, Map<string, Sample>>();
  for (const sample of samples) {
    if (!retrainedOn.has(sample.key.draw)) continue;
    const of = byRecipe.get(sample.recipe) ?? new Map<string, Sample>();
    byRecipe.set(sample.recipe, of.set(sample.key.draw, sample));
  }
  // A recipe that came to nothing on a draw is left out for that, not the draw: which recipes diverge is no chance.
  const drawsOf = (of: ReadonlyMap<string, Sample>): string[] =>
    [...of.values()].filter(methodOf(of) === RETRAINED ? isThere : isTrained).map(({ key }) => key.draw);
  const draws = mostCells([...byRecipe.values()].map((of) => ({ method: methodOf(of), draws: drawsOf(of) })));
  if (draws === null) return null;
  const isWhole = (of: ReadonlyMap<string, Sample>): boolean => draws.every((draw) => isAt(of, draw));
  const whole = [...byRecipe].filter(([, of]) => isWhole(of));
  const recipes = whole.map(([text, of]): Recipe => {
    const samples = draws.flatMap((draw) => of.get(draw) ?? []);
    return { key: samples[0].key, text, samples };
  });
  const lacking = [...byRecipe.values()].filter((of) => !isWhole(of));
  const isLost = (of: ReadonlyMap<string, Sample>): boolean => draws.some((draw) => of.has(draw) && !isAt(of, draw));
  const samplesOf = (method: string): readonly Sample[] | null => ofMethod(recipes, method)[0]?.samples ?? null;
  return {
    ...{ draws, recipes, retrained: samplesOf(RETRAINED) ?? [] },
    ...{ untouched: samplesOf(UNTOUCHED), twin: samplesOf(TWIN) },
    leftOut: {
      draws: new Set(samples.map(({ key }) => key.draw)).size - draws.length,
      recipes: lacking.length,
      lost: lacking.filter(isLost).length,
    },
  };
}

function isThere({ trials }: Sample): boolean {
  return trials.length > 0;
}

function isTrained({ trials, diverged, failed }: Sample): boolean {
  return trials.length + diverged + failed > 0;
}

function isAt(of: ReadonlyMap<string, Sample>, draw: string): boolean {
  const sample = of.get(draw);
  return sample !== undefined && isThere(sample);
}

function methodOf(of: ReadonlyMap<string, Sample>): string {
  for (const { key } of of.values()) return key.method;
  throw new Error("a recipe has no sample");
}

interface Spread {
  readonly method: string;
  readonly draws: readonly string[];
}

/** The draws, in their order, that make the most cells, some recipe that unlearns among them where there is one; null where no retraining has any. */
function mostCells(recipes: readonly Spread[]): string[] | null {
  const sets = new Map<string, { draws: Set<string>; count: number; unlearns: boolean }>();
  for (const { draws, method } of recipes) {
    const text = draws.toSorted().join("\n");
    const set = sets.get(text) ?? { draws: new Set(draws), count: 0, unlearns: false };
    sets.set(text, { ...set, count: set.count + 1, unlearns: set.unlearns || unlearns(method) });
  }
  const isAsked = [...sets.values()].some((set) => set.unlearns && set.draws.size > 0);
  const isWithin = (draws: ReadonlySet<string>, of: ReadonlySet<string>): boolean =>
    draws.size <= of.size && [...draws].every((draw) => of.has(draw));
  const retrained = recipes.filter(({ method }) => method === RETRAINED).map(({ draws }) => new Set(draws));
  let best = { draws: new Set<string>(), cells: 0 };
  for (const { draws, unlearns } of sets.values()) {
    if (isAsked && !unlearns) continue;
    if (!retrained.some((of) => isWithin(draws, of))) continue;
    let cells = 0;
    for (const other of sets.values()) if (isWithin(draws, other.draws)) cells += other.count * draws.size;
    if (cells > best.cells || (cells === best.cells && draws.size > best.draws.size)) best = { draws, cells };
  }
  return best.cells === 0 ? null : [...best.draws].sort(drawOrder);
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
  if (kept.length === sample.trials.length) return sample;
  const pick = <Value>(values: readonly Value[]): Value[] => kept.map((i) => values[i]);
  const { trials, forget, accuracy, margin, test } = sample;
  return {
    ...{ ...sample, trials: pick(trials), forget: pick(forget), accuracy: pick(accuracy) },
    ...{ margin: pick(margin), test: pick(test) },
  };
}
