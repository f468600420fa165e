/** The verdict: which recipe, if any, makes an unlearned net look retrained; on how many draws, how sure, and whether doing nothing had done as well. */
import { stream } from "../data/streams.js";
import type { CellKey } from "../plan/cell.js";
import type { Endpoint, Margins } from "../plan/question.js";
import type { Interval } from "../stats/interval.js";
import { modelConfidenceSet } from "../stats/model-confidence-set.js";
import { type MaxT, maxT, signFlips } from "../stats/sign-flips.js";
import { oneSampleT } from "../stats/t-test.js";
import { ALPHA, type Judgement, judged } from "./answer.js";
import { byDraw, byTrial, type Differences, worstCase } from "./differences.js";
import { isSetAside, type Memorisation, memorisationOf, STRATA } from "./memorisation.js";
import { type NullBand, nullBand, wassersteinTo } from "./null-band.js";
import { RETRAINED, TWIN, UNTOUCHED } from "./roles.js";
import type { Sample, Setting } from "./scores.js";
import { type Candidate, lossesOf, type Selection, select } from "./selection.js";
import { ofMethod, type Recipe, type Table, tableOf, withTrials } from "./table.js";

const RESAMPLES = 500;
const FLIPS = 2000;
const LEAST_UNITS = 2;

/** A line of the verdict. */
interface VerdictRow {
  /** chosen: the best of all recipes that unlearn; method: the best of a method; null: retraining against retraining. */
  readonly what: "chosen" | "do nothing" | "method" | "null";
  readonly recipe: CellKey;
  /** How many recipes it was chosen from. */
  readonly rivals: number;
  /** In which share of the splits it was the one that was chosen; null where it had no rival. */
  readonly share: number | null;
  /** Null where nothing can be said, for the reason that `refused` gives. */
  readonly judgement: Judgement | null;
  readonly refused: string | null;
  /** Wasserstein-1 distance of its forget probabilities to retraining's, mean over draws; null of one run. */
  readonly wasserstein: number | null;
  /** Of all draws together. */
  readonly trials: number;
  readonly diverged: number;
  readonly failed: number;
  /** Whether its trials on a draw are one run, which counts once. */
  readonly isOneRun: boolean;
  readonly worstCase: Readonly<Record<Endpoint, Interval>> | null;
}

export interface Verdict {
  readonly setting: CellKey;
  readonly margins: Margins;
  /** What the differences are means over, and how many of them there are. */
  readonly unit: "draw" | "trial";
  readonly units: number;
  readonly draws: readonly string[];
  readonly leftOut: number;
  readonly rows: readonly VerdictRow[];
  /** How the chosen recipe was chosen; null where there was nothing to choose from. */
  readonly selection: Selection | null;
  /** The recipes that are not beaten, at 90 % confidence, and how many there are. */
  readonly notBeaten: readonly CellKey[];
  readonly recipes: number;
  /** One of each draw; empty where trials are too few to set some aside for it. */
  readonly memorisation: readonly Memorisation[];
  readonly strata: readonly StratumFinding[];
  /** Null where there is no second set of retraining trials. */
  readonly nullBand: NullBand | null;
}

/** The chosen recipe and doing nothing on the draws of one memorisation; null where those are fewer than two. */
interface StratumFinding {
  readonly stratum: Memorisation["stratum"];
  readonly draws: number;
  readonly chosen: Judgement | null;
  readonly untouched: Judgement | null;
}

/** Judges one setting; null where nothing can be held against retraining. */
export function verdictOn(setting: Setting, margins: Margins): Verdict | null {
  const table = tableOf(setting.samples);
  return table === null ? null : new Judge(table, margins).verdict(setting.key);
}

class Judge {
  readonly #table: Table;
  readonly #margins: Margins;
  readonly #unit: "draw" | "trial";
  readonly #memorisation: readonly Memorisation[];

  constructor(table: Table, margins: Margins) {
    this.#memorisation = table.untouched === null ? [] : memorisationOf(table.untouched, table.retrained);
    this.#table = this.#memorisation.length === 0 ? table : withTrials(table, (trial) => !isSetAside(trial));
    this.#margins = margins;
    this.#unit = table.draws.length > 1 ? "draw" : "trial";
  }

  verdict(setting: CellKey): Verdict {
    const { draws, leftOut, recipes, retrained, twin } = this.#table;
    const rivals = recipes.filter(({ key }) => ![RETRAINED, UNTOUCHED, TWIN].includes(key.method));
    const chosen = this.#best("chosen", rivals);
    const methods = [...new Set(rivals.map(({ key }) => key.method))];
    const rows = [
      chosen?.row ?? [],
      ofMethod(recipes, UNTOUCHED)
        .slice(0, 1)
        .map((recipe) => this.#row("do nothing", recipe)),
      methods.flatMap((method) => this.#best("method", ofMethod(rivals, method))?.row ?? []),
      ofMethod(recipes, TWIN)
        .slice(0, 1)
        .map((recipe) => this.#row("null", recipe)),
    ].flat();
    return {
      ...{ setting, margins: this.#margins, unit: this.#unit, draws, leftOut, rows },
      units: this.#unit === "draw" ? draws.length : retrained[0].trials.length,
      ...{ selection: chosen?.selection ?? null, notBeaten: this.#notBeaten(rivals), recipes: rivals.length },
      ...{ memorisation: this.#memorisation, strata: this.#strata(chosen?.selection ?? null) },
      nullBand: twin === null || retrained.some(({ trials }) => trials.length < 2) ? null : nullBand(twin, retrained),
    };
  }

  /** The recipe that comes nearest to retraining, with the differences that it has where it was not chosen by them. */
  #best(what: "chosen" | "method", rivals: readonly Recipe[]): { row: VerdictRow; selection: Selection | null } | null {
    const candidates = this.#candidates(rivals);
    if (candidates.length === 0)
      return rivals.length === 0 ? null : { row: this.#row(what, rivals[0]), selection: null };
    const only = rivals.find(({ text }) => text === candidates[0].recipe) as Recipe;
    if (candidates.length === 1 || candidates[0].forget.length < LEAST_UNITS)
      return { row: { ...this.#row(what, only), rivals: rivals.length }, selection: null };
    const selection = select(candidates, this.#margins);
    const recipe = rivals.find(({ text }) => text === selection.chosen) as Recipe;
    const share = selection.shares.find(({ recipe }) => recipe === selection.chosen)?.share ?? 0;
    const judgement = this.#judgement(selection);
    return { row: { ...this.#row(what, recipe), judgement, rivals: rivals.length, share }, selection };
  }

  #row(what: VerdictRow["what"], recipe: Recipe): VerdictRow {
    const { samples } = recipe;
    const sum = (of: (sample: Sample) => number): number => samples.reduce((total, sample) => total + of(sample), 0);
    const isOneRun = samples.some((sample) => sample.isOneRun);
    const differences = this.#differences(recipe);
    return {
      ...{ what, recipe: recipe.key, rivals: 1, share: null, isOneRun },
      judgement: typeof differences === "string" ? null : this.#judgement(differences),
      refused: typeof differences === "string" ? differences : null,
      wasserstein: isOneRun ? null : wassersteinTo(samples, this.#table.retrained),
      trials: sum(({ trials }) => trials.length),
      diverged: sum(({ diverged }) => diverged),
      failed: sum(({ failed }) => failed),
      worstCase: worstCase(samples, this.#table.retrained),
    };
  }

  /** What a recipe's differences are, or why they say nothing. */
  #differences({ samples }: Recipe): Differences | string {
    const { retrained } = this.#table;
    const found = this.#unit === "draw" ? byDraw(samples, retrained) : oneDraw(samples[0], retrained[0]);
    if (typeof found === "string") return found;
    return found.forget.length < LEAST_UNITS
      ? `it has ${found.forget.length} ${this.#unit}s, and two are the least`
      : found;
  }

  #judgement({ forget, accuracy }: Differences): Judgement {
    const of = { forget: oneSampleT(forget), accuracy: oneSampleT(accuracy) };
    return judged(of, this.#margins, forget.length);
  }

  /** The recipes that have a difference in every unit. */
  #candidates(rivals: readonly Recipe[]): Candidate[] {
    const units = this.#unit === "draw" ? this.#table.draws.length : this.#table.retrained[0].trials.length;
    return rivals.flatMap((recipe) => {
      const differences = this.#differences(recipe);
      if (typeof differences === "string" || differences.forget.length < units) return [];
      return [{ recipe: recipe.text, ...differences }];
    });
  }

  #notBeaten(rivals: readonly Recipe[]): CellKey[] {
    const candidates = this.#candidates(rivals);
    if (candidates.length === 0) return [];
    const units = candidates[0].forget.length;
    const { uniform } = stream("verdict", "resamples", units);
    const resamples = Array.from({ length: RESAMPLES }, () =>
      Array.from({ length: units }, () => Math.floor(uniform() * units)),
    );
    const losses = candidates.map((candidate) => lossesOf(candidate, this.#margins));
    const left = modelConfidenceSet(losses, resamples).filter(({ p }) => p > 2 * ALPHA);
    return left.flatMap(({ cell }) => rivals.find(({ text }) => text === candidates[cell].recipe)?.key ?? []);
  }

  #strata(selection: Selection | null): StratumFinding[] {
    if (this.#unit === "trial") return [];
    const untouched = ofMethod(this.#table.recipes, UNTOUCHED)[0];
    const nothing = untouched === undefined ? null : this.#differences(untouched);
    return STRATA.map((stratum) => {
      const places = this.#memorisation.flatMap((of, draw) => (of.stratum === stratum ? [draw] : []));
      const among = (of: Differences | string | null): Judgement | null => {
        if (of === null || typeof of === "string" || places.length < LEAST_UNITS) return null;
        return this.#judgement({
          forget: places.map((place) => of.forget[place]),
          accuracy: places.map((place) => of.accuracy[place]),
        });
      };
      return { stratum, draws: places.length, chosen: among(selection), untouched: among(nothing) };
    }).filter(({ draws }) => draws > 0);
  }

  /** Every recipe with bands that hold all at once. */
  all(): SimultaneousRow[] {
    const candidates = this.#candidates(this.#table.recipes.filter(({ key }) => key.method !== RETRAINED));
    if (candidates.length === 0) return [];
    const units = candidates[0].forget.length;
    const flips = signFlips(units, FLIPS, stream("verdict", "flips", units).uniform);
    const forget = maxT(
      candidates.map((candidate) => candidate.forget),
      flips,
      2 * ALPHA,
    );
    const accuracy = maxT(
      candidates.map((candidate) => candidate.accuracy),
      flips,
      2 * ALPHA,
    );
    return candidates.map(({ recipe }, i) => ({
      recipe: (this.#table.recipes.find(({ text }) => text === recipe) as Recipe).key,
      ...{ forget: forget[i], accuracy: accuracy[i] },
      isEquivalent: isInside(forget[i], this.#margins.forget) && isInside(accuracy[i], this.#margins.accuracy),
    }));
  }
}

/** A recipe among all, with bands that hold all at once with 90 % confidence, each endpoint for itself. */
export interface SimultaneousRow {
  readonly recipe: CellKey;
  readonly forget: MaxT;
  readonly accuracy: MaxT;
  readonly isEquivalent: boolean;
}

/** Every recipe of a setting at once, by max-T over sign flips: exact up to 12 units. */
export function simultaneous(setting: Setting, margins: Margins): SimultaneousRow[] {
  const table = tableOf(setting.samples);
  return table === null ? [] : new Judge(table, margins).all();
}

function isInside({ low, high }: Interval, margin: number): boolean {
  return -margin < low && high < margin;
}

function oneDraw(sample: Sample, retrained: Sample): Differences | string {
  if (sample.isOneRun) return "its trials are copies of one run, which say nothing of chance";
  return byTrial(sample, retrained);
}
