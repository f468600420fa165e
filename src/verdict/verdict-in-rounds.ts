/** The verdict on a sweep that is trained in rounds: by the last look, whose bands hold for all recipes and all looks at once. */

import { ENDPOINTS, isSameQuestion, type Question } from "../plan/question.js";
import { stoppingRuleText } from "../plan/stopping-rule.js";
import type { Difference, Judgement } from "./answer.js";
import { type Seen, spentAt } from "./look.js";
import { cannotTell } from "./memorisation.js";
import { TWIN, UNTOUCHED } from "./roles.js";
import { countRecipes, lookAfter, lookedAt } from "./round-look.js";
import type { Rounds } from "./rounds.js";
import { Rows, type VerdictRow } from "./rows.js";
import type { Setting } from "./scores.js";
import { placesOf } from "./selection.js";
import { strataOf } from "./strata.js";
import { ofMethod, type Recipe, recipeOf } from "./table.js";
import type { Verdict } from "./verdict.js";

/** Judges what the last look of `rounds` saw of a setting, which were `asked` perhaps another question; null where that was nothing. */
export function verdictInRounds(
  setting: Setting,
  { question, asked, rounds }: { readonly question: Question; readonly asked: Question; readonly rounds: Rounds },
): Verdict | null {
  const { until, looks, steps } = rounds;
  const taken = looks.at(-1);
  if (taken === undefined) return null;
  const seen = lookAfter(lookedAt(setting, rounds), rounds, question, taken);
  if (seen === null) return null;
  const { basis, recipes: rivals, look } = seen;
  const { table, unit, units, memorisation } = basis;
  const recipes = countRecipes(setting, rounds, 1);
  const alpha = spentAt(steps.length);
  const rows = new Rows(basis, question, alpha);
  const whole = (what: VerdictRow["what"], recipe: Recipe): VerdictRow => rows.rowOf(what, recipe, placesOf(units));
  const nearest = (what: "chosen" | "method", one: Seen, among: number): VerdictRow => ({
    ...whole(what, recipeOf(one.recipe, rivals)),
    ...{ judgement: judgementOf(one, units), refused: null, needed: null, rivals: among },
  });
  const methodOf = ({ recipe }: Seen): string => recipeOf(recipe, rivals).key.method;
  const all = [look.leader, ...look.kept, ...look.dropped];
  const others = new Set(all.map(methodOf).filter((method) => method !== methodOf(look.leader)));
  const untouched = ofMethod(table.recipes, UNTOUCHED).slice(0, 1);
  return {
    ...{ question, unit, units, draws: table.draws, leftOut: table.leftOut, recipes: rivals.length },
    rows: [
      nearest("chosen", look.leader, rivals.length),
      ...untouched.map((recipe) => whole("do nothing", recipe)),
      ...[...others].map((method) => {
        const of = all.filter((one) => methodOf(one) === method);
        return nearest("method", of.reduce(nearer), of.length);
      }),
      ...ofMethod(table.recipes, TWIN)
        .slice(0, 1)
        .map((recipe) => whole("null", recipe)),
    ],
    choice: null,
    rounds: {
      ...{
        until: stoppingRuleText(until),
        look: looks.length,
        of: steps.length,
        reached: taken.reached,
        trials: taken.trials,
      },
      ...{ recipes, kept: look.kept.length },
      // By another question those that were dropped may have been nearer.
      unseen: isSameQuestion(question, asked) ? 0 : recipes - countRecipes(setting, rounds, looks.length),
    },
    notBeaten: null,
    memorisation,
    // What is the nearest on all draws was chosen by those of each stratum.
    strata: strataOf(basis, { best: null, untouched: untouched[0] ?? null, margins: question.margins, alpha }),
    cannotTell: memorisation.length === 0 ? null : memorisation.filter(cannotTell).length,
  };
}

function nearer(a: Seen, b: Seen): Seen {
  return b.distance < a.distance ? b : a;
}

function judgementOf(seen: Seen, units: number): Judgement {
  const [forget, accuracy] = ENDPOINTS.map((endpoint): Difference => {
    const { mean, error, low, high } = seen[endpoint];
    const smallestMargin = Math.max(Math.abs(low), Math.abs(high));
    return { estimate: mean, error, df: units - 1, interval: { low, high }, smallestMargin, skewness: null };
  });
  return { forget, accuracy, answer: seen.answer, units, needed: null, skewed: null };
}
