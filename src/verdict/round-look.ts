/** The look after a round: what it sees of a setting, and what it decides of the recipes there. */
import type { CellKey } from "../plan/cell.js";
import { drawsOf } from "../plan/plan.js";
import type { Question } from "../plan/question.js";
import { drawKey } from "../trial.js";
import { type Basis, basisOf } from "./basis.js";
import { canHold, type Look, look, type Seen, type Stored, spentAt } from "./look.js";
import { unlearns } from "./roles.js";
import { type CellChoice, choiceText, onlyDraws } from "./round-plan.js";
import { type Band, type LookTaken, type RecipeSeen, type Rounds, recipesIn } from "./rounds.js";
import type { Setting } from "./scores.js";
import type { Candidate } from "./selection.js";
import { type Recipe, recipeOf, trialsOf } from "./table.js";

/** What the look after round `round` sees of a setting: the draws, trials and recipes of that round, whatever else there is by now. */
export function settingAt(setting: Setting, rounds: Rounds, round: number): Setting {
  const { draws, trials } = rounds.steps[round - 1];
  const there = new Set(drawsOf(onlyDraws(rounds.plan)).slice(0, draws).map(drawKey));
  const trained = new Set(recipesIn(rounds, round).map(choiceText));
  const isTrained = (key: CellKey): boolean => !unlearns(key.method) || trained.has(choiceText(choiceOf(key)));
  const samples = setting.samples
    .filter(({ key }) => there.has(key.draw) && isTrained(key))
    .map((sample) => trialsOf(sample, (trial) => trial <= trials));
  return { ...setting, samples };
}

/** How many of the recipes that a round trained a setting has. */
export function countRecipes({ samples }: Setting, rounds: Rounds, round: number): number {
  const there = new Set(samples.map(({ key }) => choiceText(choiceOf(key))));
  return recipesIn(rounds, round).filter((one) => there.has(choiceText(one))).length;
}

function choiceOf({ method, lambda_reg, epochs }: CellKey): CellChoice {
  return { method, lambda: lambda_reg, epochs };
}

/** What the last look saw of a setting; all of it where there was none. */
export function lookedAt(setting: Setting, rounds: Rounds | null): Setting {
  const number = rounds?.looks.length ?? 0;
  return rounds === null || number === 0 ? setting : settingAt(setting, rounds, number);
}

/** Takes the look after the round that is trained; null where draws, retraining or all recipes are lacking. */
export function nextLook(setting: Setting, rounds: Rounds, question: Question): LookTaken | null {
  const round = rounds.looks.length + 1;
  const seen = lookAfter(settingAt(setting, rounds, round), rounds, question);
  if (seen === null) return null;
  const { kept, dropped, leader, reached } = seen.look;
  const inOrder = [leader, ...[...kept, ...dropped].filter((one) => one !== leader)];
  const recipes = inOrder.map((one) => recipeSeen(one, recipeOf(one.recipe, seen.recipes), kept.includes(one)));
  return { ...rounds.steps[round - 1], recipes, lost: recipesIn(rounds, round).length - recipes.length, reached };
}

/** A look, and the recipes that it is at. */
interface LookAfter {
  readonly look: Look;
  readonly basis: Basis;
  readonly recipes: readonly Recipe[];
}

/** The look at a setting that has what a round trained, with the bands of `taken` where that was stored; null where it says nothing. */
export function lookAfter(
  setting: Setting,
  { steps, until }: Rounds,
  question: Question,
  taken: LookTaken | null = null,
): LookAfter | null {
  const basis = basisOf(setting, question);
  if (basis === null) return null;
  const recipes = basis.recipes.filter(({ key }) => unlearns(key.method));
  const candidates = basis.candidates(recipes).filter(isWhole);
  const alpha = spentAt(steps.length);
  if (candidates.length === 0 || !canHold(basis.units, alpha)) return null;
  const stored: Stored = (text) => {
    const { key } = recipeOf(text, recipes);
    const one = taken?.recipes.find((of) => isOf(of, key));
    return one === undefined ? null : [one.forget, one.accuracy];
  };
  return { look: look(candidates, { margins: question.margins, alpha, until }, stored), basis, recipes };
}

function isOf({ method, lambda, epochs, start }: RecipeSeen, key: CellKey): boolean {
  return method === key.method && lambda === key.lambda_reg && epochs === key.epochs && start === key.start;
}

/** Whether it has a difference in every unit, as bands of many recipes need it. */
function isWhole({ forget }: Candidate): boolean {
  return !forget.some(Number.isNaN);
}

function recipeSeen({ forget, accuracy, answer }: Seen, { key }: Recipe, kept: boolean): RecipeSeen {
  const { method, lambda_reg: lambda, epochs, start } = key;
  return { method, lambda, epochs, start, answer, kept, forget: bandOf(forget), accuracy: bandOf(accuracy) };
}

function bandOf({ mean, low, high }: Band): Band {
  return { mean, low, high };
}
