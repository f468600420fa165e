/** What the looks of a sweep that is trained in rounds have decided, in words. */
import { goalText } from "../plan/goal.js";
import { ENDPOINTS, type Question } from "../plan/question.js";
import { type Course, isOver, type RecipeSeen } from "../verdict/course.js";
import type { Step } from "../verdict/rounds.js";
import { count, endpointName, placesFor, range, shortName } from "./verdict-words.js";

/** What the last look of a course saw, and what comes of it. */
export function lookSentence(course: Course, question: Question): string {
  const { looks, steps } = course;
  const { recipes, ...step } = looks[looks.length - 1];
  const [nearest, ...others] = recipes;
  const said = {
    equivalent: "is equivalent",
    different: "is different, and so are all that come near it",
    "too few": "may or may not be equivalent",
  }[nearest.answer];
  const left = others.filter(({ kept }) => kept).length;
  const rest = nearest.kept && others.length > 0 ? `; ${left === 0 ? "no other" : count(left, "other")} can be it` : "";
  const name = shortName({ ...nearest, lambda_reg: nearest.lambda });
  return `look ${looks.length} of at most ${steps.length}, at ${stepText(step)}: of ${count(recipes.length, "recipe")} ${name} is the nearest to retraining and ${said} (${bandsText(nearest, question)})${rest}; ${nextText(course)}`;
}

/** How far a course is, in a few words. */
export function courseText(course: Course): string {
  const { goal, steps, looks } = course;
  const last = looks.at(-1);
  const state = isOver(course)
    ? last?.reached === true
      ? "reached"
      : "not reached with all that was asked for"
    : `in round ${looks.length + 1} of at most ${steps.length}, ${stepText(steps[looks.length])}`;
  return `until ${goalText(goal)}: ${state}`;
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

function nextText(course: Course): string {
  const { goal, steps, looks } = course;
  if (!isOver(course)) return `next ${stepText(steps[looks.length])}`;
  if (looks[looks.length - 1].reached) return goal.kind === "decided" ? "decided" : "its bands are as narrow as asked";
  return "not decided, and all that was asked for is trained";
}
