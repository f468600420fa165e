/** What to run next: how much of a difference to retraining is the draws' and how much the trials', in a pilot, and how many of both reach a goal at the least cost. */
import type { CellKey } from "../plan/cell.js";
import type { Question } from "../plan/question.js";
import type { Room } from "../run/room.js";
import { tableFor } from "./basis.js";
import { type Measured, type PerEndpoint, perEndpoint, pilotOf, type Spread } from "./pilot.js";
import { type Aims, type Choice, type Goal, type Pair, Planner } from "./planner.js";
import { isBeside, RETRAINED, UNTOUCHED } from "./roles.js";
import { isSameRecipe, type RecipeKey, type Setting } from "./scores.js";
import { ofMethod, type Recipe, type Table } from "./table.js";
import { type Verdict, verdictOn } from "./verdict.js";

/** Which recipe is planned for; null: any. */
export interface Target {
  readonly method: readonly string[] | null;
  readonly lambda: number | null;
  readonly epochs: number | null;
}

export interface DesignAsked extends Aims {
  readonly target: Target;
}

export interface DesignCell extends PerEndpoint<Spread> {
  /** planned: what is planned for. most variable: of those that are not beaten. */
  readonly what: "planned" | "do nothing" | "most variable";
  readonly recipe: CellKey;
  /** The half-widths promised of it for `Design.best`; null where there is none. */
  readonly atBest: PerEndpoint<number> | null;
}

export interface Design {
  readonly setting: CellKey;
  readonly goal: Goal;
  readonly question: Question;
  readonly unit: "draw" | "trial";
  /** Of the pilot: draws that have everything, those that do not, and trials of each that were compared. */
  readonly draws: number;
  readonly leftOut: number;
  readonly trials: number;
  readonly cells: readonly DesignCell[];
  readonly choices: readonly Choice[];
  /** The cheapest that reaches the goal; null where none within the room does. */
  readonly best: Choice | null;
}

/** The plan of one setting, or why there is none. */
export function designOf(setting: Setting, asked: DesignAsked, room: Room): Design | string {
  const begun = begin(setting, asked, room);
  if (typeof begun === "string") return begun;
  const { planner, pilot, table, verdict, planned, hasRivals } = begun;
  const cheapest = planner.cheapest();
  const best = cheapest === null ? null : planner.choice(cheapest);
  const cells = besides(verdict, table, planned).flatMap(({ what, recipe }): DesignCell[] => {
    const own = pilotOf(recipe, table, hasRivals && what !== "do nothing");
    if (typeof own === "string") return [];
    const atBest = best === null ? null : planner.promisedOf(own, best);
    return [{ what, recipe: recipe.key, ...told(own, recipe, verdict), atBest }];
  });
  return {
    ...{ setting: setting.key, goal: asked.goal, question: asked.question, unit: verdict.unit },
    ...{ draws: table.draws.length, leftOut: table.leftOut.draws, trials: pilot.trials },
    ...{ cells, choices: planner.choices(best), best },
  };
}

/** The cheapest pair that reaches the goal: the heart of `designOf`, which simulations ask for alone. Null where none does. */
export function cheapestPair(setting: Setting, asked: DesignAsked, room: Room): Pair | null | string {
  const begun = begin(setting, asked, room);
  return typeof begun === "string" ? begun : begun.planner.cheapest();
}

interface Begun extends Chosen {
  readonly pilot: Measured;
  readonly planner: Planner;
}

function begin(setting: Setting, asked: DesignAsked, room: Room): Begun | string {
  const chosen = chosenIn(setting, asked);
  if (typeof chosen === "string") return chosen;
  const { table, verdict, planned } = chosen;
  const pilot = pilotOf(planned, table, chosen.hasRivals);
  if (typeof pilot === "string") return pilot;
  const estimated = told(pilot, planned, verdict);
  // Draws that cannot be extended are those of the setting, whatever others there are.
  const draws = room.draws === room.mostDraws ? table.draws.length + table.leftOut.draws : room.draws;
  const planner = new Planner(pilot, asked, {
    ...{ ...room, draws },
    // What is found on one draw says nothing of how draws differ.
    mostDraws: pilot.isOneDraw ? draws : Math.max(draws, room.mostDraws),
    compared: table.draws.length,
    setsAside: table.untouched !== null,
    estimated: perEndpoint((endpoint) => estimated[endpoint].difference),
  });
  return { ...chosen, pilot, planner };
}

/** The spread with the difference that the verdict has: of what was chosen, one that it was not chosen by. */
function told({ spread }: Measured, recipe: Recipe, { rows }: Verdict): PerEndpoint<Spread> {
  const judgement = rows.find((row) => isSameRecipe(row.recipe, recipe.key))?.judgement ?? null;
  return perEndpoint((endpoint) => {
    const { difference } = spread[endpoint];
    return { ...spread[endpoint], difference: judgement?.[endpoint].estimate ?? difference };
  });
}

interface Chosen {
  /** Whether it was chosen from several. */
  readonly hasRivals: boolean;
  readonly table: Table;
  readonly verdict: Verdict;
  readonly planned: Recipe;
}

/** What the verdict chooses of the recipes that are meant, and doing nothing where nothing else is there. */
function chosenIn(setting: Setting, { target, question }: DesignAsked): Chosen | string {
  const isMeant = ({ method, lambda_reg, epochs }: RecipeKey): boolean =>
    (target.method?.includes(method) ?? true) &&
    (target.lambda === null || lambda_reg === target.lambda) &&
    (target.epochs === null || epochs === target.epochs);
  const isUnasked = ({ method }: RecipeKey): boolean => isBeside(method) && !(target.method?.includes(method) ?? false);
  const samples = setting.samples.filter(({ key }) => isMeant(key) || isUnasked(key));
  const meant = { ...setting, samples };
  const [verdict, table] = [verdictOn(meant, question), tableFor(meant, question)];
  if (verdict === null || table === null)
    return `there is no ${RETRAINED} to hold anything against: train it beside the others with --methods`;
  const row = verdict.rows.find(({ what }) => what === "chosen") ?? verdict.rows.find(({ recipe }) => isMeant(recipe));
  const planned = table.recipes.find(({ key }) => row !== undefined && isSameRecipe(key, row.recipe));
  if (row !== undefined && planned !== undefined) return { table, verdict, planned, hasRivals: row.rivals > 1 };
  return "nothing that is held against retraining is of the --method, --lambda and --epochs that are asked for: gmm-sweep status lists what there is";
}

interface Listed {
  readonly what: DesignCell["what"];
  readonly recipe: Recipe;
}

/** What is planned for, doing nothing, and of the recipes that could still be best the one that spreads most, each once. */
function besides(verdict: Verdict, table: Table, planned: Recipe): Listed[] {
  const listed: Listed[] = [{ what: "planned", recipe: planned }];
  const add = (what: DesignCell["what"], recipe: Recipe | undefined): void => {
    if (recipe !== undefined && listed.every((one) => one.recipe !== recipe)) listed.push({ what, recipe });
  };
  add("do nothing", ofMethod(table.recipes, UNTOUCHED)[0]);
  const inPlay = table.recipes.filter(({ key }) =>
    (verdict.notBeaten?.recipes ?? []).some((other) => isSameRecipe(key, other)),
  );
  const spreads = inPlay.flatMap((recipe) => {
    const pilot = pilotOf(recipe, table, true);
    return typeof pilot === "string" ? [] : [{ recipe, between: pilot.forget.between }];
  });
  add("most variable", spreads.toSorted((a, b) => b.between - a.between)[0]?.recipe);
  return listed;
}
