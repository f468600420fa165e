/** What a verdict rests on: which recipes are held against retraining, in which unit, and by which trials. */
import type { Question } from "../plan/question.js";
import { byDraw, byTrial, type Differences, inCommon } from "./differences.js";
import { isSetAside, type Memorisation, memorisationOf } from "./memorisation.js";
import { RETRAINED } from "./roles.js";
import { inLogOdds, type Sample, type Setting } from "./scores.js";
import type { Candidate } from "./selection.js";
import { type Recipe, type Table, tableOf, withTrials } from "./table.js";

/** What differences are means over: a draw, or a trial of the only draw. */
export type Unit = "draw" | "trial";

/** What a setting can be judged by, in the unit of the question. */
export function tableFor(setting: Setting, question: Question): Table | null {
  return tableOf(inUnitOf(setting, question).samples);
}

export function inUnitOf(setting: Setting, { estimand }: Question): Setting {
  return estimand === "forget_margin" ? inLogOdds(setting) : setting;
}

/** The basis of a verdict on a setting; null where nothing can be held against retraining. */
export function basisOf(setting: Setting, question: Question): Basis | null {
  const table = tableFor(setting, question);
  return table === null ? null : new Basis(table, memorisationIn(setting, table));
}

/** From the probabilities of a setting, whatever its differences are of. */
function memorisationIn({ samples }: Setting, { untouched, retrained }: Table): Memorisation[] {
  if (untouched === null) return [];
  const textOf = ({ recipe, key }: Sample): string => `${key.draw} ${recipe}`;
  const byText = new Map(samples.map((sample) => [textOf(sample), sample]));
  const asProbabilities = (of: readonly Sample[]): Sample[] => of.flatMap((one) => byText.get(textOf(one)) ?? []);
  return memorisationOf(asProbabilities(untouched), asProbabilities(retrained));
}

export class Basis {
  /** With all trials. */
  readonly whole: Table;
  /** Without the trials that are set aside for memorisation, and recipes that have none beside retraining's on a draw. */
  readonly table: Table;
  /** One of each draw; empty where trials are too few to set some aside for it. */
  readonly memorisation: readonly Memorisation[];
  readonly unit: Unit;
  readonly units: number;

  constructor(table: Table, memorisation: readonly Memorisation[]) {
    this.whole = table;
    this.memorisation = memorisation;
    this.unit = table.draws.length > 1 ? "draw" : "trial";
    const judging = memorisation.length === 0 ? table : withTrials(table, (trial) => !isSetAside(trial));
    this.table = this.unit === "draw" ? withoutLost(judging) : judging;
    this.units = this.unit === "draw" ? table.draws.length : this.table.retrained[0].trials.length;
  }

  /** All but retraining itself. */
  get recipes(): readonly Recipe[] {
    return this.table.recipes.filter(({ key }) => key.method !== RETRAINED);
  }

  /** What a recipe's differences are, or why they say nothing. */
  differencesOf({ samples }: Recipe): Differences | string {
    const { retrained } = this.table;
    if (this.unit === "draw") return byDraw(samples, retrained);
    if (samples[0].isOneRun) return "its trials are copies of one run, which say nothing of chance";
    return byTrial(samples[0], retrained[0]);
  }

  /** Those of the recipes that have differences. */
  candidates(recipes: readonly Recipe[]): Candidate[] {
    return recipes.flatMap((recipe) => {
      const differences = this.differencesOf(recipe);
      return typeof differences === "string" ? [] : [{ recipe: recipe.text, ...differences }];
    });
  }
}

/** A draw on which no trial of a recipe is left to be held against retraining's would make its mean one over other draws than the others'. */
function withoutLost(table: Table): Table {
  const { recipes, retrained, leftOut } = table;
  const isWhole = ({ samples }: Recipe): boolean =>
    samples.every((sample, draw) => inCommon({ of: sample, retrained: retrained[draw] }).of.trials.length > 0);
  const whole = recipes.filter(isWhole);
  const lost = recipes.length - whole.length;
  return {
    ...{ ...table, recipes: whole },
    leftOut: { ...leftOut, recipes: leftOut.recipes + lost, lost: leftOut.lost + lost },
  };
}
