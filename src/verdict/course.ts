/** A sweep that is trained in rounds: what was asked of it, what its looks decided, and what its next round trains. */
import type { CellKey } from "../plan/cell.js";
import type { Goal } from "../plan/goal.js";
import { askedText } from "../plan/growth.js";
import { canonicalText, drawsOf, type SweepPlan } from "../plan/plan.js";
import type { Endpoint, Question } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { drawKey } from "../trial.js";
import { canHold, type Look, look, type Seen, spentAt } from "./adaptive.js";
import type { Answer } from "./answer.js";
import { type Basis, basisOf } from "./basis.js";
import { type CellChoice, onlyDraws, roundPlan, type Step, stepsOf } from "./rounds.js";
import type { Setting } from "./scores.js";
import type { Candidate } from "./selection.js";
import { type Recipe, trialsOf, unlearns } from "./table.js";

export interface Course {
  readonly goal: Goal;
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
  /** Whether it can still be the nearest, and is not shown to be different: the next round trains it. */
  readonly kept: boolean;
}

interface Band extends Interval {
  readonly mean: number;
}

/** A course before its first look. Throws usage where the plan cannot be trained in rounds. */
export function courseOf(goal: Goal, plan: SweepPlan): Course {
  return { goal, plan, steps: stepsOf(plan), looks: [] };
}

/** Whether nothing is left to decide, or nothing to train for it. */
export function isOver({ steps, looks }: Course): boolean {
  return looks.length === steps.length || (looks.at(-1)?.reached ?? false);
}

/** What the sweep asks for in the round that it is in; in its last one where it is over. */
export function currentPlan(course: Course): SweepPlan {
  const { plan, steps, looks } = course;
  const round = isOver(course) ? looks.length : looks.length + 1;
  return roundPlan(plan, steps[round - 1], keptFor(course, round));
}

/** The recipes that a round (from 1) trains; null: all. */
function keptFor({ looks }: Course, round: number): CellChoice[] | null {
  if (round === 1) return null;
  const kept = looks[round - 2].recipes.filter((recipe) => recipe.kept);
  const choices = kept.map(({ method, lambda, epochs }): CellChoice => ({ method, lambda, epochs }));
  return [...new Map(choices.map((choice) => [JSON.stringify(choice), choice])).values()];
}

/** Whether two courses are one but for how far they are. */
export function isSameCourse(a: Course, b: Course): boolean {
  const textOf = ({ goal, plan }: Course): string => canonicalText([goal, askedText(plan), plan.trials]);
  return textOf(a) === textOf(b);
}

/** What the look after round `round` sees of a setting: the draws, trials and recipes of that round, whatever else there is by now. */
export function settingAt(setting: Setting, course: Course, round: number): Setting {
  const { draws, trials } = course.steps[round - 1];
  const there = new Set(drawsOf(onlyDraws(course.plan)).slice(0, draws).map(drawKey));
  const kept = keptFor(course, round);
  const isTrained = ({ method, lambda_reg, epochs }: CellKey): boolean =>
    kept === null ||
    !unlearns(method) ||
    kept.some((one) => one.method === method && one.lambda === lambda_reg && one.epochs === epochs);
  const samples = setting.samples
    .filter(({ key }) => there.has(key.draw) && isTrained(key))
    .map((sample) => trialsOf(sample, (trial) => trial <= trials));
  return { ...setting, samples };
}

/** What the last look saw of a setting; all of it where there was none. */
export function lookedAt(setting: Setting, course: Course | null): Setting {
  const number = course?.looks.length ?? 0;
  return course === null || number === 0 ? setting : settingAt(setting, course, number);
}

/** Takes the look after the round that is trained; null where draws, retraining or all recipes are lacking. */
export function nextLook(setting: Setting, course: Course, question: Question): LookTaken | null {
  const round = course.looks.length + 1;
  const seen = lookAfter(settingAt(setting, course, round), course, question);
  if (seen === null) return null;
  const { kept, dropped, leader, reached } = seen.look;
  const told = (of: Seen, isKept: boolean): RecipeSeen => recipeSeen(of, seen.recipes, isKept);
  const all = [...kept.map((one) => told(one, true)), ...dropped.map((one) => told(one, false))];
  const first = told(leader, kept.includes(leader));
  const isFirst = ({ method, lambda, epochs, start }: RecipeSeen): boolean =>
    method === first.method && lambda === first.lambda && epochs === first.epochs && start === first.start;
  const recipes = [first, ...all.filter((one) => !isFirst(one))];
  return { ...course.steps[round - 1], recipes, lost: seen.recipes.length - recipes.length, reached };
}

/** A look, and the recipes that it is at. */
interface LookAfter {
  readonly look: Look;
  readonly basis: Basis;
  readonly recipes: readonly Recipe[];
}

/** The look at a setting that has what a round trained; null where it says nothing. */
export function lookAfter(setting: Setting, { steps, goal }: Course, question: Question): LookAfter | null {
  const basis = basisOf(setting, question);
  if (basis === null) return null;
  const recipes = basis.recipes.filter(({ key }) => unlearns(key.method));
  const candidates = basis.candidates(recipes).filter(isWhole);
  const alpha = spentAt(steps.length);
  if (candidates.length === 0 || !canHold(basis.units, alpha)) return null;
  return { look: look(candidates, { margins: question.margins, alpha, goal }), basis, recipes };
}

/** Whether it has a difference in every unit, as bands of many recipes need it. */
function isWhole({ forget }: Candidate): boolean {
  return !forget.some(Number.isNaN);
}

function recipeSeen({ recipe, forget, accuracy, answer }: Seen, recipes: readonly Recipe[], kept: boolean): RecipeSeen {
  const found = recipes.find(({ text }) => text === recipe);
  if (found === undefined) throw new Error(`no recipe is ${recipe}`);
  const { method, lambda_reg: lambda, epochs, start } = found.key;
  return { method, lambda, epochs, start, answer, kept, forget: bandOf(forget), accuracy: bandOf(accuracy) };
}

function bandOf({ mean, low, high }: Band): Band {
  return { mean, low, high };
}
