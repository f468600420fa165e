/** The verdict: which recipe, if any, makes an unlearned net look retrained; on how many draws, how sure, and whether doing nothing had done as well. */
import type { Question } from "../plan/question.js";
import { ALPHA } from "./answer.js";
import { type Basis, basisOf, type Unit } from "./basis.js";
import { type Best, bestOf, type Choice, choiceOf } from "./best.js";
import { cannotTell, type Memorisation } from "./memorisation.js";
import { type NotBeaten, notBeatenOf } from "./not-beaten.js";
import { TWIN, UNTOUCHED, unlearns } from "./roles.js";
import { Rows, type VerdictRow } from "./rows.js";
import type { Setting } from "./scores.js";
import { placesOf, type Selection } from "./selection.js";
import { type StratumFinding, strataOf } from "./strata.js";
import { ofMethod, type Recipe, type Table } from "./table.js";

export interface Verdict {
  readonly question: Question;
  /** What the differences are means over. */
  readonly unit: Unit;
  /** Draws, or trials of the only draw. */
  readonly units: number;
  readonly draws: readonly string[];
  readonly leftOut: Table["leftOut"];
  /** How many recipes could be chosen. */
  readonly recipes: number;
  readonly rows: readonly VerdictRow[];
  /** Null where there was nothing to choose from. */
  readonly choice: Choice | null;
  /** How it was trained in rounds; null: it was not. In rounds the chosen recipe and the best of each method are the nearest of the last look, by its bands. */
  readonly rounds: LastLook | null;
  /** Null on one draw, whose trials' distances are noise, where there is no recipe, and in rounds. */
  readonly notBeaten: NotBeaten | null;
  /** One of each draw; empty where trials are too few to set some aside for it. */
  readonly memorisation: readonly Memorisation[];
  readonly strata: readonly StratumFinding[];
  /** On how many draws memorisation cannot be told from none, or is none; null where it is not known. */
  readonly cannotTell: number | null;
}

/** The last look of a sweep that is trained in rounds. */
interface LastLook {
  /** As --until says it. */
  readonly until: string;
  /** From 1, of at most `of`. */
  readonly look: number;
  readonly of: number;
  readonly reached: boolean;
  /** Trials of each draw. */
  readonly trials: number;
  /** Of the recipes that are asked about those that the first round trained. */
  readonly recipes: number;
  /** Recipes that can still be the nearest. */
  readonly kept: number;
  /** How many of them were dropped by another question than this one, and may be nearer. */
  readonly unseen: number;
}

/** Judges one setting; null where nothing can be held against retraining. */
export function verdictOn(setting: Setting, question: Question): Verdict | null {
  const basis = basisOf(setting, question);
  return basis === null ? null : verdictFrom(basis, question);
}

function verdictFrom(basis: Basis, question: Question): Verdict {
  const { table, unit, units, memorisation } = basis;
  const { margins } = question;
  const rows = new Rows(basis, question);
  const whole = (what: VerdictRow["what"], recipes: readonly Recipe[]): VerdictRow[] =>
    recipes.slice(0, 1).map((recipe) => rows.rowOf(what, recipe, placesOf(units)));
  const bestAmong = (what: "chosen" | "method", rivals: readonly Recipe[]): Best[] =>
    rivals.length === 0 ? [] : [bestOf(what, rivals, { basis, rows, margins })];
  const rivals = table.recipes.filter(({ key }) => unlearns(key.method));
  const [best = null] = bestAmong("chosen", rivals);
  const others = [...new Set(rivals.map(({ key }) => key.method))].filter((name) => name !== best?.recipe.key.method);
  const untouched = ofMethod(table.recipes, UNTOUCHED);
  const beside = ({ judgedBy }: Selection): VerdictRow | null =>
    untouched.length === 0 ? null : rows.rowOf("do nothing", untouched[0], judgedBy);
  return {
    ...{ question, unit, units, draws: table.draws, leftOut: table.leftOut, recipes: rivals.length },
    rows: [
      ...(best === null ? [] : [best.row]),
      ...whole("do nothing", untouched),
      ...others.flatMap((name) => bestAmong("method", ofMethod(rivals, name))).map(({ row }) => row),
      ...whole("null", ofMethod(table.recipes, TWIN)),
    ],
    choice: best === null || best.selection === null ? null : choiceOf(best.selection, rivals, beside(best.selection)),
    rounds: null,
    notBeaten: notBeatenOf(rivals, basis, margins),
    memorisation,
    strata: strataOf(basis, { best, untouched: untouched[0] ?? null, margins, alpha: ALPHA }),
    cannotTell: memorisation.length === 0 ? null : memorisation.filter(cannotTell).length,
  };
}
