/** The lines of a verdict: what the units say of one recipe. */
import type { Endpoint, Question } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { ALPHA, type Judgement } from "./answer.js";
import type { Basis } from "./basis.js";
import { worstCase } from "./differences.js";
import { type Distance, Distances } from "./distance.js";
import { type RecipeKey, recipeKeyOf, type Sample } from "./scores.js";
import { judgedAt, LEAST_UNITS } from "./selection.js";
import { type Recipe, trialsOf } from "./table.js";

/** A line of the verdict. */
export interface VerdictRow {
  /** chosen: the best of all recipes that unlearn; method: the best of another method; null: retraining against retraining. */
  readonly what: "chosen" | "do nothing" | "method" | "null";
  readonly recipe: RecipeKey;
  /** How many recipes it was chosen from; from several its numbers are those of the units that did not choose it. */
  readonly rivals: number;
  /** In which share of the splits it was the one that was chosen; null where it had no rival. */
  readonly share: number | null;
  /** Null where nothing can be said, for the reason that `refused` gives. */
  readonly judgement: Judgement | null;
  readonly refused: string | null;
  /** Of all units, how many decide it with at least 80 % probability where differences and spread are what they seem; null where it is decided or no number does. */
  readonly needed: number | null;
  /** Null of one run. */
  readonly wasserstein: Distance | null;
  /** Of the trials that it is judged by, on all draws together, those that are done. */
  readonly trials: number;
  /** Of all its trials. */
  readonly diverged: number;
  readonly failed: number;
  /** Whether its trials on a draw are one run, which counts once. */
  readonly isOneRun: boolean;
  /** The mean differences if every trial that diverged or failed had given 0 or 1; null where none did, and of log-odds, which have no bounds. */
  readonly worstCase: Readonly<Record<Endpoint, Interval>> | null;
}

export class Rows {
  readonly #basis: Basis;
  readonly #question: Question;
  /** The error a side of each answer. */
  readonly #alpha: number;
  readonly #distances = new Distances();

  constructor(basis: Basis, question: Question, alpha = ALPHA) {
    this.#basis = basis;
    this.#question = question;
    this.#alpha = alpha;
  }

  /** What the units at `places` say of a recipe. */
  rowOf(what: VerdictRow["what"], recipe: Recipe, places: readonly number[]): VerdictRow {
    const { whole, units, table } = this.#basis;
    const all = whole.recipes.find(({ text }) => text === recipe.text) ?? recipe;
    const sum = (of: (sample: Sample) => number): number => all.samples.reduce((total, one) => total + of(one), 0);
    const differences = this.#basis.differencesOf(recipe);
    const judgement =
      typeof differences === "string" ? null : judgedAt(differences, this.#question.margins, places, this.#alpha);
    const needed = judgement?.needed ?? null;
    const samples = this.#at(recipe.samples, places);
    const twin = table.twin === null ? null : this.#at(table.twin, places);
    return {
      ...{ what, recipe: recipeKeyOf(recipe.key), rivals: 1, share: null, judgement },
      refused: judgement !== null ? null : typeof differences === "string" ? differences : this.#tooFew(places.length),
      needed: needed === null ? null : Math.ceil((needed * units) / places.length),
      wasserstein: this.#distances.of(samples, this.#at(table.retrained, places), twin),
      trials: samples.reduce((total, { trials }) => total + trials.length, 0),
      diverged: sum(({ diverged }) => diverged),
      failed: sum(({ failed }) => failed),
      isOneRun: recipe.samples.some((sample) => sample.isOneRun),
      worstCase: this.#question.estimand === "forget_margin" ? null : worstCase(all.samples, whole.retrained),
    };
  }

  #tooFew(there: number): string {
    const { unit } = this.#basis;
    return there < LEAST_UNITS
      ? `${there === 1 ? `one ${unit} is` : `no ${unit} is`} left to judge it by, and two are the least: three ${unit}s would do`
      : "fewer than two of its trials have one of retraining's beside them";
  }

  /** Samples on the draws, or of the trials of retraining's, at `places`. */
  #at(samples: readonly Sample[], places: readonly number[]): readonly Sample[] {
    const { unit, units, table } = this.#basis;
    if (unit === "draw") return places.map((place) => samples[place]);
    if (places.length === units) return samples;
    const kept = new Set(places.map((place) => table.retrained[0].trials[place]));
    return samples.map((sample) => trialsOf(sample, (trial) => kept.has(trial)));
  }
}
