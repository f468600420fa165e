/** What the looks of a sweep that is trained in rounds have decided, in words. */

import { ENDPOINTS, type Question } from "../plan/question.js";
import { stoppingRuleText } from "../plan/stopping-rule.js";
import type { Step } from "../verdict/round-plan.js";
import { isOver, type RecipeSeen, type Rounds } from "../verdict/rounds.js";
import { count, endpointName, placesFor, range, shortName } from "./verdict-words.js";

/** What the last look saw, and what comes of it. */
export function lookSentence(rounds: Rounds, question: Question): string {
  const { looks, steps } = rounds;
  const { recipes, lost, ...step } = looks[looks.length - 1];
  const [nearest, ...others] = recipes;
  const said = {
    equivalent: "is equivalent",
    different: recipes.some(({ kept, answer }) => kept && answer !== "different")
      ? "is different"
      : "is different, and so are all that come near it",
    "too few": "may or may not be equivalent",
  }[nearest.answer];
  const left = others.filter(({ kept }) => kept).length;
  const rest = nearest.kept && others.length > 0 ? `; ${left === 0 ? "no other" : count(left, "other")} can be it` : "";
  const without = lost === 0 ? "" : `, ${lost} of them lost to trials that diverged or failed,`;
  const name = shortName({ ...nearest, lambda_reg: nearest.lambda });
  return `look ${looks.length} of at most ${steps.length}, at ${stepText(step)}: of ${count(recipes.length + lost, "recipe")}${without} ${name} is the nearest to retraining and ${said} (${bandsText(nearest, question)})${rest}; ${nextText(rounds)}`;
}

/** How far they are, in a few words. */
export function roundsSoFarText(rounds: Rounds): string {
  const { until, steps, looks } = rounds;
  const last = looks.at(-1);
  const state = isOver(rounds)
    ? last?.reached === true
      ? "reached"
      : "not reached with all that was asked for"
    : `in round ${looks.length + 1} of at most ${steps.length}, ${stepText(steps[looks.length])}`;
  return `until ${stoppingRuleText(until)}: ${state}`;
}

function stepText({ draws, trials }: Step): string {
  return `${count(draws, "draw")} of ${count(trials, "trial")}`;
}

function bandsText(seen: RecipeSeen, question: Question): string {
  return ENDPOINTS.map((endpoint) => {
    const { low, high } = seen[endpoint];
    return `${endpointName(endpoint, question)} ${range({ low, high }, placesFor((high - low) / 2))}`;
  }).join(", ");
}

function nextText(rounds: Rounds): string {
  const { until, steps, looks } = rounds;
  if (!isOver(rounds)) return `next ${stepText(steps[looks.length])}`;
  if (looks[looks.length - 1].reached) return until.kind === "decided" ? "decided" : "its bands are as narrow as asked";
  return `${until.kind === "decided" ? "not decided" : "its bands are wider than asked"}, and all that was asked for is trained`;
}
