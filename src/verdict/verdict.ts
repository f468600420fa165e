/** The verdict: which recipe, if any, makes an unlearned net look retrained; on how many draws, how sure, and whether doing nothing had done as well. */
import { stream } from "../data/streams.js";
import type { CellKey } from "../plan/cell.js";
import type { Endpoint, Margins, Question } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { confidenceSet } from "../stats/model-confidence-set.js";
import { ALPHA, type Answer, type Judgement } from "./answer.js";
import { byDraw, byTrial, type Differences, worstCase } from "./differences.js";
import { isSetAside, type Memorisation, memorisationOf, STRATA, type Stratum } from "./memorisation.js";
import { nullBand, wassersteinTo } from "./null-band.js";
import { RETRAINED, TWIN, UNTOUCHED } from "./roles.js";
import { inLogOdds, type Sample, type Setting } from "./scores.js";
import { type Candidate, judgedAt, LEAST_UNITS, lossesOf, type Selection, select } from "./selection.js";
import { ofMethod, type Recipe, type Table, tableOf, trialsOf, unlearns, withTrials } from "./table.js";

const RESAMPLES = 500;
const LEAST_TRIALS = 2; // of a draw, for a null band

/** A recipe: a cell, whichever draw it is on. */
export type RecipeKey = Omit<CellKey, "draw">;

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
  /** Of all units, how many would decide it if the differences and their spread stayed as they are; null where it is decided or no number would do. */
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

/** The Wasserstein-1 distance to retraining, mean over draws. */
interface Distance {
  readonly distance: number;
  /** What chance alone does to two sets of retraining trials of the same sizes on the same draws; null where there are none. */
  readonly nullBand: Interval | null;
}

/** What a setting is: all that its recipes have in common. */
export type SettingKey = Omit<CellKey, "draw" | "method" | "lambda_reg" | "epochs" | "start">;

export interface Verdict {
  readonly question: Question;
  /** What the differences are means over. */
  readonly unit: "draw" | "trial";
  /** Draws, or trials of the only draw. */
  readonly units: number;
  readonly draws: readonly string[];
  readonly leftOut: Table["leftOut"];
  /** How many recipes could be chosen. */
  readonly recipes: number;
  readonly rows: readonly VerdictRow[];
  /** Null where there was nothing to choose from. */
  readonly choice: Choice | null;
  /** Null on one draw, whose trials' distances are noise, and where there is no recipe. */
  readonly notBeaten: NotBeaten | null;
  /** One of each draw; empty where trials are too few to set some aside for it. */
  readonly memorisation: readonly Memorisation[];
  readonly strata: readonly StratumFinding[];
  /** On how many draws there is nothing to forget that could be told; null where that is not known. */
  readonly cannotTell: number | null;
}

/** How the chosen recipe was chosen. */
interface Choice {
  /** How many units chose it, and how many judge it. */
  readonly chosenBy: number;
  readonly judgedBy: number;
  readonly splits: number;
  readonly exhaustive: boolean;
  /** How often other splits chose each recipe. */
  readonly shares: readonly { readonly recipe: RecipeKey; readonly share: number }[];
  readonly answers: Readonly<Record<Answer, number>> | null;
  /** What all units together would choose. */
  readonly overall: RecipeKey;
}

/** The recipes that no other beats, by their distance on each draw in margins: the model confidence set. */
interface NotBeaten {
  readonly confidence: number;
  readonly recipes: readonly RecipeKey[];
}

/** The chosen recipe and doing nothing on the draws of one memorisation; null where those are fewer than two. */
export interface StratumFinding {
  readonly stratum: Stratum;
  readonly draws: number;
  readonly chosen: Judgement | null;
  readonly untouched: Judgement | null;
}

/** Judges one setting; null where nothing can be held against retraining. */
export function verdictOn(setting: Setting, question: Question): Verdict | null {
  const table = tableFor(setting, question);
  return table === null ? null : new Judge(table, question).verdict();
}

/** What a setting can be judged by, in the unit of the question. */
export function tableFor(setting: Setting, question: Question): Table | null {
  return tableOf(inUnitOf(setting, question).samples);
}

export function inUnitOf(setting: Setting, { estimand }: Question): Setting {
  return estimand === "forget_margin" ? inLogOdds(setting) : setting;
}

export function settingOf({ key }: Setting): SettingKey {
  const { draw: _draw, method: _method, lambda_reg: _lambda, epochs: _epochs, start: _start, ...setting } = key;
  return setting;
}

export class Judge {
  readonly #whole: Table;
  /** Without the trials that are set aside for memorisation. */
  readonly #table: Table;
  readonly #question: Question;
  readonly #margins: Margins;
  readonly #unit: "draw" | "trial";
  readonly #units: number;
  readonly #memorisation: readonly Memorisation[];
  readonly #bands = new Map<string, Interval>();

  constructor(table: Table, question: Question) {
    this.#memorisation = table.untouched === null ? [] : memorisationOf(table.untouched, table.retrained);
    this.#whole = table;
    this.#table = this.#memorisation.length === 0 ? table : withTrials(table, (trial) => !isSetAside(trial));
    this.#question = question;
    this.#margins = question.margins;
    this.#unit = table.draws.length > 1 ? "draw" : "trial";
    this.#units = this.#unit === "draw" ? table.draws.length : this.#table.retrained[0].trials.length;
  }

  verdict(): Verdict {
    const { draws, leftOut, recipes } = this.#table;
    const rivals = recipes.filter(({ key }) => unlearns(key.method));
    const best = this.#best("chosen", rivals);
    const nothing = ofMethod(recipes, UNTOUCHED).slice(0, 1);
    const others = [...new Set(rivals.map(({ key }) => key.method))].filter((method) => method !== best?.method);
    const rows = [
      best?.row ?? [],
      nothing.map((recipe) => this.#row("do nothing", recipe)),
      others.flatMap((method) => this.#best("method", ofMethod(rivals, method))?.row ?? []),
      ofMethod(recipes, TWIN)
        .slice(0, 1)
        .map((recipe) => this.#row("null", recipe)),
    ].flat();
    const isNothing = ({ stratum }: Memorisation): boolean => stratum === "nothing";
    return {
      ...{ question: this.#question, unit: this.#unit, units: this.#units, draws, leftOut },
      ...{ recipes: rivals.length, rows, choice: best?.selection ? choiceOf(best.selection, rivals) : null },
      notBeaten: this.#notBeaten(rivals),
      memorisation: this.#memorisation,
      strata: this.#strata(best ?? null, nothing[0] ?? null),
      cannotTell: this.#memorisation.length === 0 ? null : this.#memorisation.filter(isNothing).length,
    };
  }

  /** The recipe of these that comes nearest to retraining, with what the units say that did not choose it. */
  #best(what: "chosen" | "method", rivals: readonly Recipe[]): Best | null {
    if (rivals.length === 0) return null;
    const candidates = this.candidates(rivals);
    if (rivals.length === 1 || candidates.length === 0 || this.#units < LEAST_UNITS) {
      const row = { ...this.#row(what, rivals[0]), rivals: rivals.length };
      const refused =
        rivals.length === 1
          ? row.refused
          : `${this.#units === 1 ? "one" : "no"} ${this.#unit} leaves nothing to choose by`;
      const alone =
        rivals.length === 1
          ? row
          : { ...row, judgement: null, needed: null, wasserstein: null, refused: row.refused ?? refused };
      return { row: alone, method: rivals[0].key.method, recipe: rivals[0], selection: null };
    }
    const selection = select(candidates, this.#margins);
    const recipe = recipeOf(selection.chosen, rivals);
    const share = selection.shares.find(({ recipe }) => recipe === selection.chosen)?.share ?? 0;
    const row = { ...this.#row(what, recipe, selection.judgedBy), rivals: rivals.length, share };
    return { row, method: recipe.key.method, recipe, selection };
  }

  /** What the units at `places` say of a recipe: all of them where nothing was chosen. */
  #row(what: VerdictRow["what"], recipe: Recipe, places: readonly number[] = this.#places()): VerdictRow {
    const whole = this.#whole.recipes.find(({ text }) => text === recipe.text) ?? recipe;
    const sum = (of: (sample: Sample) => number): number => whole.samples.reduce((total, one) => total + of(one), 0);
    const isOneRun = recipe.samples.some((sample) => sample.isOneRun);
    const differences = this.#differences(recipe);
    const judgement = typeof differences === "string" ? null : judgedAt(differences, this.#margins, places);
    const needed = judgement?.needed ?? null;
    const { samples, retrained } = this.#at(recipe.samples, places);
    return {
      ...{ what, recipe: keyOf(recipe), rivals: 1, share: null, isOneRun, judgement },
      refused: judgement !== null ? null : typeof differences === "string" ? differences : this.#tooFew(places.length),
      needed: needed === null ? null : Math.ceil((needed * this.#units) / places.length),
      wasserstein:
        isOneRun || samples.some(({ trials }) => trials.length === 0)
          ? null
          : this.#distance(samples, retrained, places),
      trials: samples.reduce((total, { trials }) => total + trials.length, 0),
      diverged: sum(({ diverged }) => diverged),
      failed: sum(({ failed }) => failed),
      worstCase: this.#question.estimand === "forget_margin" ? null : worstCase(whole.samples, this.#whole.retrained),
    };
  }

  #tooFew(there: number): string {
    return there < LEAST_UNITS
      ? `${there === 1 ? `one ${this.#unit} is` : `no ${this.#unit} is`} left to judge it by, and two are the least: three ${this.#unit}s would do`
      : `fewer than two of its trials have one of retraining's beside them`;
  }

  #places(): number[] {
    return Array.from({ length: this.#units }, (_, place) => place);
  }

  /** A recipe's samples and retraining's, on the draws, or of the trials, at `places`. */
  #at(
    samples: readonly Sample[],
    places: readonly number[],
  ): { samples: readonly Sample[]; retrained: readonly Sample[] } {
    const { retrained } = this.#table;
    if (this.#unit === "draw")
      return { samples: places.map((place) => samples[place]), retrained: places.map((place) => retrained[place]) };
    const kept = new Set(places.map((place) => retrained[0].trials[place]));
    const at = (sample: Sample): Sample =>
      places.length === this.#units ? sample : trialsOf(sample, (trial) => kept.has(trial));
    return { samples: samples.map(at), retrained: retrained.map(at) };
  }

  #distance(samples: readonly Sample[], retrained: readonly Sample[], places: readonly number[]): Distance {
    const { twin } = this.#table;
    const distance = wassersteinTo(samples, retrained);
    if (twin === null) return { distance, nullBand: null };
    const twins = this.#at(twin, places).samples;
    const isOfSize = ({ trials }: Sample, place: number): boolean => trials.length === twins[place].trials.length;
    // Two single trials can be divided in one way alone: a band of that would be a point.
    if (!samples.every(isOfSize) || samples.some(({ trials }) => trials.length < LEAST_TRIALS))
      return { distance, nullBand: null };
    const text = places.join(",");
    const band = this.#bands.get(text) ?? nullBand(twins, retrained);
    this.#bands.set(text, band);
    return { distance, nullBand: band };
  }

  /** What a recipe's differences are, or why they say nothing. */
  #differences({ samples }: Recipe): Differences | string {
    const { retrained } = this.#table;
    if (this.#unit === "draw") return byDraw(samples, retrained);
    if (samples[0].isOneRun) return "its trials are copies of one run, which say nothing of chance";
    return byTrial(samples[0], retrained[0]);
  }

  /** The recipes that have differences. */
  candidates(rivals: readonly Recipe[]): Candidate[] {
    return rivals.flatMap((recipe) => {
      const differences = this.#differences(recipe);
      return typeof differences === "string" ? [] : [{ recipe: recipe.text, ...differences }];
    });
  }

  #notBeaten(rivals: readonly Recipe[]): NotBeaten | null {
    const candidates = this.#unit === "trial" ? [] : this.candidates(rivals);
    if (candidates.length === 0) return null;
    const { uniform } = stream("verdict", "resamples", this.#units);
    const resamples = Array.from({ length: RESAMPLES }, () =>
      Array.from({ length: this.#units }, () => Math.floor(uniform() * this.#units)),
    );
    const losses = candidates.map((candidate) => lossesOf(candidate, this.#margins));
    const places = confidenceSet(losses, resamples, 2 * ALPHA);
    return {
      confidence: 1 - 2 * ALPHA,
      recipes: places.map((place) => keyOf(recipeOf(candidates[place].recipe, rivals))),
    };
  }

  #strata(best: Best | null, nothing: Recipe | null): StratumFinding[] {
    if (this.#unit === "trial") return [];
    const among = (recipe: Recipe | null, places: readonly number[]): Judgement | null => {
      const differences = recipe === null ? null : this.#differences(recipe);
      return differences === null || typeof differences === "string"
        ? null
        : judgedAt(differences, this.#margins, places);
    };
    const judging = new Set(best?.selection?.judgedBy ?? this.#places());
    return STRATA.map((stratum) => {
      const places = this.#memorisation.flatMap((of, draw) => (of.stratum === stratum ? [draw] : []));
      const chosen = best === null || best.row.judgement === null ? null : best.recipe;
      return {
        ...{ stratum, draws: places.length },
        chosen: among(
          chosen,
          places.filter((place) => judging.has(place)),
        ),
        untouched: among(nothing, places),
      };
    }).filter(({ draws }) => draws > 0);
  }

  get units(): number {
    return this.#units;
  }

  get recipes(): readonly Recipe[] {
    return this.#table.recipes.filter(({ key }) => key.method !== RETRAINED);
  }
}

interface Best {
  readonly row: VerdictRow;
  readonly method: string;
  readonly recipe: Recipe;
  readonly selection: Selection | null;
}

function choiceOf(selection: Selection, rivals: readonly Recipe[]): Choice {
  const { chosenBy, judgedBy, splits, exhaustive, shares, answers, overall } = selection;
  return {
    ...{ chosenBy: chosenBy.length, judgedBy: judgedBy.length, splits, exhaustive, answers },
    shares: shares.map(({ recipe, share }) => ({ recipe: keyOf(recipeOf(recipe, rivals)), share })),
    overall: keyOf(recipeOf(overall, rivals)),
  };
}

function recipeOf(text: string, recipes: readonly Recipe[]): Recipe {
  const found = recipes.find((recipe) => recipe.text === text);
  if (found === undefined) throw new Error(`no recipe is ${text}`);
  return found;
}

export function keyOf({ key: { draw: _, ...recipe } }: Recipe): RecipeKey {
  return recipe;
}
