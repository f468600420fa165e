/** The rounds that a sweep is trained in: where it is, and what it asks for there. */
import { askedText } from "../plan/growth.js";
import { canonicalText, type SweepPlan } from "../plan/plan.js";
import type { Endpoint } from "../plan/question.js";
import type { StoppingRule } from "../plan/stopping-rule.js";
import type { Interval } from "../stats/interval.js";
import type { Answer } from "./answer.js";
import { type CellChoice, choiceText, recipesOf, roundPlan, type Step, stepsOf } from "./round-plan.js";

/** What a sweep was asked, and what its looks have decided so far. */
export interface Rounds {
  readonly until: StoppingRule;
  /** All that it may come to ask for. */
  readonly plan: SweepPlan;
  readonly steps: readonly Step[];
  /** Those that were taken, each after the round of its step. */
  readonly looks: readonly LookTaken[];
}

export interface LookTaken extends Step {
  /** The nearest to retraining first; those that its round trained, but for the `lost`. */
  readonly recipes: readonly RecipeSeen[];
  /** How many could not be looked at, since trials of them diverged or failed. */
  readonly lost: number;
  readonly reached: boolean;
}

/** What a look saw of a recipe: its differences with bands that hold at once for all recipes and all looks. */
export interface RecipeSeen extends CellChoice, Readonly<Record<Endpoint, Band>> {
  /** What it started from, as a cell has it. */
  readonly start: string;
  readonly answer: Answer;
  /** Whether it can still be the nearest and, where that decides, is not shown to be different: the next round trains it. */
  readonly kept: boolean;
}

export interface Band extends Interval {
  readonly mean: number;
}

/** The rounds of a plan, before the first look. Throws usage where it cannot be trained in rounds. */
export function roundsOf(until: StoppingRule, plan: SweepPlan): Rounds {
  return { until, plan, steps: stepsOf(plan), looks: [] };
}

/** Whether nothing is left to decide, or nothing to train for it. */
export function isOver({ steps, looks }: Rounds): boolean {
  return looks.length === steps.length || (looks.at(-1)?.reached ?? false);
}

/** What the sweep asks for in the round that it is in; in its last one where it is over. */
export function currentPlan(rounds: Rounds): SweepPlan {
  const { plan, steps, looks } = rounds;
  const round = isOver(rounds) ? looks.length : looks.length + 1;
  return roundPlan(plan, steps[round - 1], keptFor(rounds, round));
}

/** The recipes that a round (from 1) trains; null: all. */
function keptFor({ looks }: Rounds, round: number): CellChoice[] | null {
  if (round === 1) return null;
  const kept = looks[round - 2].recipes.filter((recipe) => recipe.kept);
  const choices = kept.map(({ method, lambda, epochs }): CellChoice => ({ method, lambda, epochs }));
  return [...new Map(choices.map((choice) => [choiceText(choice), choice])).values()];
}

/** The recipes that a round (from 1) trains. */
export function recipesIn(rounds: Rounds, round: number): CellChoice[] {
  return keptFor(rounds, round) ?? recipesOf(rounds.plan);
}

/** Whether the same is asked, however far it is. */
export function areSameRounds(a: Rounds, b: Rounds): boolean {
  const textOf = ({ until, plan }: Rounds): string => canonicalText([until, askedText(plan), plan.trials]);
  return textOf(a) === textOf(b);
}
