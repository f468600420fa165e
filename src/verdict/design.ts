/** What to run next: how much of a difference to retraining is the draws' and how much the trials', in a pilot, and how many of both reach a goal at the least cost. */
import { CELL_NAMES, type CellKey } from "../plan/cell.js";
import { ENDPOINTS, type Endpoint, type Margins, type Question } from "../plan/question.js";
import { type Extended, Extension, halfWidth, type Pilot } from "../stats/extension.js";
import type { Interval } from "../stats/interval.js";
import { ascending, mean, variance } from "../stats/moments.js";
import { oneWay, varianceInterval } from "../stats/variance-components.js";
import { ALPHA } from "./answer.js";
import { tableFor } from "./basis.js";
import { byTrial, type Differences } from "./differences.js";
import { judgedAmong } from "./memorisation.js";
import { RETRAINED, TWIN, UNTOUCHED } from "./roles.js";
import type { RecipeKey, Setting } from "./scores.js";
import { ofMethod, type Recipe, type Table } from "./table.js";
import { type Verdict, verdictOn } from "./verdict.js";

/** The confidence of the intervals of variances, and of those whose half-widths are promised. */
const CONFIDENCE = 1 - 2 * ALPHA;
/** In which share of sweeps that are planned like this a promised half-width is met. */
const ASSURANCE = 0.9;
const LEAST_TRIALS = 2;

/** What the extended sweep is to reach: half-widths of the 90 % intervals, or how likely its answer is "equivalent" where nothing differs. */
export type Goal =
  | { readonly kind: "half-width"; readonly most: Partial<Margins> }
  | { readonly kind: "power"; readonly power: number };

/** Which recipe is planned for; null: any. */
export interface Target {
  readonly method: readonly string[] | null;
  readonly lambda: number | null;
  readonly epochs: number | null;
}

export interface DesignAsked {
  readonly goal: Goal;
  readonly question: Question;
  readonly target: Target;
}

/** How the sweep may be extended; each of these counts is one that it has by its plan already. */
export interface Room {
  readonly draws: number;
  readonly trials: number;
  readonly mostDraws: number;
  readonly mostTrials: number;
  /** Epochs that are still to be trained for so many draws of so many trials. */
  readonly epochs: (draws: number, trials: number) => number;
}

type PerEndpoint<Value> = Readonly<Record<Endpoint, Value>>;

export interface Component {
  /** The unbiased estimate, which may be negative. */
  readonly variance: number;
  /** With 90 % confidence. */
  readonly interval: Interval;
}

/** How a difference to retraining spreads in the pilot. */
interface Spread {
  readonly difference: number;
  /** Of the draws' true differences; null on one draw. */
  readonly draw: Component | null;
  /** Of a trial's difference to the retraining that it is paired with. */
  readonly trial: Component;
}

export interface DesignCell extends PerEndpoint<Spread> {
  /** planned: what is planned for. most variable: of those that are not beaten. */
  readonly what: "planned" | "do nothing" | "most variable";
  readonly recipe: CellKey;
  /** The half-widths promised of it for `Design.best`; null where there is none. */
  readonly atBest: PerEndpoint<number> | null;
}

/** So many draws, of so many trials each. */
interface Pair {
  readonly draws: number;
  readonly trials: number;
}

/** What a pair brings. */
export interface Choice extends Pair {
  /** What the verdict judges by: it sets trials aside to tell memorisation, and chooses among recipes by half of the draws, or of the trials of one draw. */
  readonly judged: Pair;
  /** The half-widths if the variances were as estimated. */
  readonly expected: PerEndpoint<number>;
  /** The half-widths that 90 % of sweeps planned like this meet. */
  readonly promised: PerEndpoint<number>;
  /** How likely the answer is "equivalent", at least, if nothing differed and if all were as estimated. */
  readonly power: { readonly ifEqual: number; readonly asEstimated: number };
  readonly epochs: number;
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
  const planner = new Planner(pilot, asked, {
    ...room,
    // What is found on one draw says nothing of how draws differ.
    mostDraws: pilot.isOneDraw ? room.draws : room.mostDraws,
    compared: table.draws.length,
    setsAside: table.untouched !== null,
    estimated: perEndpoint((endpoint) => estimated[endpoint].difference),
  });
  return { ...chosen, pilot, planner };
}

/** The spread with the difference that the verdict has: of what was chosen, one that it was not chosen by. */
function told({ spread }: Measured, recipe: Recipe, { rows }: Verdict): PerEndpoint<Spread> {
  const judgement = rows.find((row) => isSame(row.recipe, recipe.key))?.judgement ?? null;
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
  const isBeside = ({ method }: RecipeKey): boolean =>
    [RETRAINED, UNTOUCHED, TWIN].includes(method) && !(target.method?.includes(method) ?? false);
  const samples = setting.samples.filter(({ key }) => isMeant(key) || isBeside(key));
  const meant = { ...setting, samples };
  const [verdict, table] = [verdictOn(meant, question), tableFor(meant, question)];
  if (verdict === null || table === null)
    return `there is no ${RETRAINED} to hold anything against: train it beside the others with --methods`;
  const row = verdict.rows.find(({ what }) => what === "chosen") ?? verdict.rows.find(({ recipe }) => isMeant(recipe));
  const planned = table.recipes.find(({ key }) => row !== undefined && isSame(key, row.recipe));
  if (row !== undefined && planned !== undefined) return { table, verdict, planned, hasRivals: row.rivals > 1 };
  return "nothing that is held against retraining is of the --method, --lambda and --epochs that are asked for: gmm-sweep status lists what there is";
}

function isSame(a: RecipeKey, b: RecipeKey): boolean {
  return CELL_NAMES.every((name) => name === "draw" || a[name] === b[name]);
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
    (verdict.notBeaten?.recipes ?? []).some((other) => isSame(key, other)),
  );
  const spreads = inPlay.flatMap((recipe) => {
    const pilot = pilotOf(recipe, table, true);
    return typeof pilot === "string" ? [] : [{ recipe, between: pilot.forget.between }];
  });
  add("most variable", spreads.toSorted((a, b) => b.between - a.between)[0]?.recipe);
  return listed;
}

/** A recipe's differences to retraining, balanced. */
interface Measured extends PerEndpoint<Pilot> {
  readonly spread: PerEndpoint<Spread>;
  /** Of each draw. */
  readonly trials: number;
  readonly isOneDraw: boolean;
  readonly hasRivals: boolean;
}

/** What the pilot says of a recipe, or why it says nothing. */
function pilotOf({ samples }: Recipe, { retrained, draws }: Table, hasRivals: boolean): Measured | string {
  if ([...samples, ...retrained].some(({ isOneRun }) => isOneRun))
    return `its trials of ${samples[0].key.method} are copies of one run, which say nothing of chance: plan on a sweep of --preset paired`;
  const pairs = samples.map((sample, draw) => paired(byTrial(sample, retrained[draw])));
  const trials = pairs.reduce((least, { forget }) => Math.min(least, forget.length), Number.POSITIVE_INFINITY);
  if (trials < LEAST_TRIALS)
    return `its draw ${draws[pairs.findIndex(({ forget }) => forget.length === trials)]} has ${trials} ${trials === 1 ? "trial" : "trials"} of both ${samples[0].key.method} and ${RETRAINED}, and two are the least: add some with --trials`;
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => pairs.map((of) => of[endpoint].slice(0, trials)));
  return {
    ...{ forget: meansOf(forget), accuracy: meansOf(accuracy), trials, isOneDraw: draws.length === 1, hasRivals },
    spread: { forget: spreadOf(forget), accuracy: spreadOf(accuracy) },
  };
}

/** The trials that both have. */
function paired(of: Differences): Differences {
  const there = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));
  return { forget: there(of.forget), accuracy: there(of.accuracy) };
}

function meansOf(groups: readonly (readonly number[])[]): Pilot {
  const [first] = groups;
  // On one draw its trials are all there is to replicate.
  if (groups.length === 1) return { groups: first.length, size: 1, between: variance(first), within: 0 };
  const within = mean(groups.map(variance));
  return { groups: groups.length, size: first.length, between: variance(groups.map(mean)), within };
}

function spreadOf(groups: readonly (readonly number[])[]): Spread {
  const difference = mean(groups.map(mean));
  if (groups.length > 1) {
    const { group, trial } = oneWay(groups, CONFIDENCE);
    return { difference, draw: group, trial };
  }
  const [values] = groups;
  const found = variance(values);
  return {
    difference,
    draw: null,
    trial: { variance: found, interval: varianceInterval(found, values.length - 1, CONFIDENCE) },
  };
}

/** Trials that are tried, as multiples of those that are there. */
const MORE_TRIALS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100];
/** Where nothing reaches the goal, what is shown goes up to so many times what is there. */
const FAR = 8;

interface PlannerRoom extends Room {
  /** Draws of the pilot that have everything. */
  readonly compared: number;
  /** Whether a verdict sets trials aside, to tell memorisation by. */
  readonly setsAside: boolean;
  /** The differences. */
  readonly estimated: PerEndpoint<number>;
}

/** Looks among extended sweeps for the cheapest that reaches a goal. */
class Planner {
  readonly #pilot: Measured;
  readonly #extensions: PerEndpoint<Extension>;
  readonly #asked: DesignAsked;
  readonly #room: PlannerRoom;

  constructor(pilot: Measured, asked: DesignAsked, room: PlannerRoom) {
    this.#pilot = pilot;
    this.#extensions = extensionsOf(pilot);
    this.#asked = asked;
    this.#room = room;
  }

  cheapest(): Pair | null {
    const { draws: fewest, trials: fewestTrials, mostDraws, mostTrials, epochs } = this.#room;
    if (mostDraws === fewest) {
      const trials = leastThat((count) => this.#reaches(fewest, count), fewestTrials, mostTrials);
      return trials === null ? null : { draws: fewest, trials };
    }
    let best: (Pair & { readonly epochs: number }) | null = null;
    for (const trials of this.#trialsTried()) {
      if (best !== null && epochs(fewest, trials) >= best.epochs) break;
      const draws = leastThat((count) => this.#reaches(count, trials), fewest, mostDraws);
      if (draws === null) continue;
      const cost = epochs(draws, trials);
      if (best === null || cost < best.epochs) best = { draws, trials, epochs: cost };
    }
    return best;
  }

  /** Some pairs around the best, or on the way to where it might be; ascending. */
  choices(best: Choice | null): Choice[] {
    const { draws, trials, mostDraws, mostTrials } = this.#room;
    const to = best ?? { draws: FAR * draws, trials: FAR * trials };
    const rows = steps(draws, to.draws, mostDraws);
    const columns = rows.length === 1 ? steps(trials, to.trials, mostTrials) : [trials, to.trials, 2 * trials];
    return rows.flatMap((row) =>
      ascending([...new Set(columns)].filter((column) => column <= mostTrials)).map((column) =>
        this.choice({ draws: row, trials: column }),
      ),
    );
  }

  promisedOf(pilot: Measured, at: Choice): PerEndpoint<number> {
    const extended = this.#extended(pilot, at);
    const extensions = extensionsOf(pilot);
    return perEndpoint((endpoint) => extensions[endpoint].promised(extended, ASSURANCE));
  }

  #trialsTried(): number[] {
    const { trials, mostTrials } = this.#room;
    const counts = new Set(MORE_TRIALS.map((times) => Math.ceil(times * trials)));
    return [...counts].filter((count) => count <= mostTrials);
  }

  #reaches(draws: number, trials: number): boolean {
    const { goal } = this.#asked;
    const extended = this.#extended(this.#pilot, { draws, trials });
    if (goal.kind === "power") return this.#power(extended, NO_DIFFERENCE) >= goal.power;
    return ENDPOINTS.every((endpoint) => {
      const most = goal.most[endpoint];
      return most === undefined || this.#extensions[endpoint].chanceWithin(extended, most) >= ASSURANCE;
    });
  }

  /** Both endpoints must be equivalent; what each of them misses is at most what both miss together. */
  #power(extended: Extended, truth: PerEndpoint<number>): number {
    const missed = ENDPOINTS.reduce(
      (sum, endpoint) =>
        sum + 1 - this.#extensions[endpoint].power(extended, this.#asked.question.margins[endpoint], truth[endpoint]),
      0,
    );
    return Math.max(0, 1 - missed);
  }

  /** What of a pair the verdict judges a recipe by, and what of that is the pilot's. */
  #extended({ trials, isOneDraw, hasRivals }: Measured, at: Pair): Extended {
    const { compared, setsAside } = this.#room;
    // Of several recipes the verdict chooses by every other unit, and judges by those between.
    const half = (units: number): number => (hasRivals ? Math.ceil(units / 2) : units);
    const among = (count: number): number => (setsAside ? judgedAmong(count, at.trials) : count);
    if (isOneDraw) return { groups: half(among(at.trials)), size: 1, keptGroups: half(among(trials)), kept: 1 };
    return { groups: half(at.draws), size: among(at.trials), keptGroups: half(compared), kept: among(trials) };
  }

  choice({ draws, trials }: Pair): Choice {
    const { spread, isOneDraw } = this.#pilot;
    const extended = this.#extended(this.#pilot, { draws, trials });
    return {
      ...{ draws, trials, epochs: this.#room.epochs(draws, trials) },
      judged: isOneDraw ? { draws: 1, trials: extended.groups } : { draws: extended.groups, trials: extended.size },
      expected: perEndpoint((endpoint) => {
        const { draw, trial } = spread[endpoint];
        const components = { group: Math.max(0, draw?.variance ?? 0), trial: trial.variance };
        return halfWidth(components, extended, ALPHA);
      }),
      promised: perEndpoint((endpoint) => this.#extensions[endpoint].promised(extended, ASSURANCE)),
      power: {
        ifEqual: this.#power(extended, NO_DIFFERENCE),
        asEstimated: this.#power(extended, this.#room.estimated),
      },
    };
  }
}

const NO_DIFFERENCE: PerEndpoint<number> = { forget: 0, accuracy: 0 };

function extensionsOf(pilot: Measured): PerEndpoint<Extension> {
  return perEndpoint((endpoint) => new Extension(pilot[endpoint], ALPHA));
}

function perEndpoint<Value>(of: (endpoint: Endpoint) => Value): PerEndpoint<Value> {
  return { forget: of("forget"), accuracy: of("accuracy") };
}

/** What is there, the aim, half way to it and half as far beyond, or as many again where it is near. */
function steps(from: number, aim: number, most: number): number[] {
  const way = Math.max(aim - from, from);
  const counts = [from, from + way / 2, aim, from + 1.5 * way].map((count) => Math.min(most, Math.round(count)));
  return ascending([...new Set(counts)]);
}

/** The least count from `from` to `most` that is enough, where more is never worse; null where not even the most is. */
function leastThat(isEnough: (count: number) => boolean, from: number, most: number): number | null {
  let low = from - 1;
  let high = from;
  while (!isEnough(high)) {
    if (high >= most) return null;
    [low, high] = [high, Math.min(most, 2 * high)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
