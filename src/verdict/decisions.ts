/** The rounds of a sweep, as the decisions that a store keeps of it: the first says what is asked, each later one what a look decided. */
import { bad, messageOf, SweepError } from "../errors.js";
import { itemsIn } from "../plan/flags.js";
import { fieldsOf, list, number, oneOf, type Reader, shown, stringOf } from "../plan/json.js";
import { canonicalText } from "../plan/plan.js";
import { type Estimand, USUAL_QUESTION } from "../plan/question.js";
import { stoppingRuleOf, stoppingRuleText } from "../plan/stopping-rule.js";
import { parsePlan } from "../plan/stored.js";
import { LIMITS, parseReal, parseWhole, READ } from "../plan/values.js";
import { clipped, escaped } from "../printable.js";
import type { Decision, Results, Sweep } from "../store/contract.js";
import { ANSWERS } from "./answer.js";
import { choiceText } from "./round-plan.js";
import { isOver, type LookTaken, type Rounds, recipesIn, roundsOf } from "./rounds.js";

/** The decision to begin. */
export function beginning({ until, plan }: Rounds): Decision {
  return { round: 1, text: canonicalText({ until: stoppingRuleText(until), plan }) };
}

/** What the last look decided. */
export function lastDecision({ looks }: Rounds): Decision {
  return { round: looks.length + 1, text: canonicalText(looks[looks.length - 1]) };
}

/** What a sweep was asked and has decided; null: all of it is trained at once. */
export async function roundsIn(results: Results, sweep: Sweep): Promise<Rounds | null> {
  const { estimand } = sweep.question ?? USUAL_QUESTION;
  return roundsFrom(await results.decisions(sweep), estimand);
}

/** The rounds that the decisions of a sweep say, in their order, which is asked for `estimand`; null: there are none, and all of it is trained at once. Throws usage where they say no rounds. */
export function roundsFrom(decisions: readonly Decision[], estimand: Estimand): Rounds | null {
  if (decisions.length === 0) return null;
  try {
    const [first, ...later] = decisions.map(({ round, text }, i) => {
      if (round === i + 1) return text;
      throw bad(`decision ${i + 1} must be of round ${i + 1}, got one of round ${round}`);
    });
    return later.reduce(withLook, readBeginning(first, estimand));
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(
      `the decisions of a sweep must be those of one grid --until, but ${error.message.replace(/^--/, "")}: take a copy of the file from before another program changed it, or from before sweeps of different --until were merged`,
      { cause: error },
    );
  }
}

function readBeginning(text: string, estimand: Estimand): Rounds {
  const { until, plan } = fieldsOf("what is asked", parsed(text), {
    until: stringOf,
    plan: (_place, given) => parsePlan(canonicalText(given)),
  });
  return roundsOf(stoppingRuleOf(itemsIn("until", until), estimand), plan);
}

function withLook(rounds: Rounds, text: string): Rounds {
  const look = readLook(`look ${rounds.looks.length + 1}`, parsed(text));
  const step = isOver(rounds) ? undefined : rounds.steps[rounds.looks.length];
  if (step?.draws === look.draws && step.trials === look.trials) {
    refuseOtherRecipes(rounds, look);
    return { ...rounds, looks: [...rounds.looks, look] };
  }
  throw bad(
    `look ${rounds.looks.length + 1} must be ${step === undefined ? "none" : `at ${step.draws} draws of ${step.trials} trials`}, got one at ${look.draws} of ${look.trials}`,
  );
}

/** Throws usage where a look is at other recipes than its round trained, or leaves none to go on with. */
function refuseOtherRecipes(rounds: Rounds, { recipes, lost, reached }: LookTaken): void {
  const round = rounds.looks.length + 1;
  const left = new Set(recipesIn(rounds, round).map(choiceText));
  const trained = left.size;
  const other = recipes.find((recipe) => !left.delete(choiceText(recipe)));
  if (other !== undefined)
    throw bad(
      `look ${round} must be at each recipe of its round once, got ${escaped(clipped(other.method))} at λ ${other.lambda} after ${other.epochs} epochs`,
    );
  if (lost > left.size)
    throw bad(
      `look ${round} must be at the ${trained} recipes of its round but for those lost, got ${recipes.length} and ${lost} lost`,
    );
  if (!reached && !recipes.some(({ kept }) => kept))
    throw bad(`look ${round} must keep some recipe or have reached what is asked, got neither`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`a decision must be JSON (${messageOf(error)})`, { cause: error });
  }
}

const real = number((option, text) => parseReal(option, text, Number.NEGATIVE_INFINITY, "a number"));

const flag: Reader<boolean> = (place, given) => {
  if (typeof given === "boolean") return given;
  throw bad(`${place} must be true or false, got ${shown(given)}`);
};

const readBand: Reader<LookTaken["recipes"][number]["forget"]> = (place, given) =>
  fieldsOf(place, given, {
    mean: real,
    low: orEndless(Number.NEGATIVE_INFINITY),
    high: orEndless(Number.POSITIVE_INFINITY),
  });

/** JSON has null where a band has no end. */
function orEndless(end: number): Reader<number> {
  return (place, given) => (given === null ? end : real(place, given));
}

const readLook: Reader<LookTaken> = (place, given) =>
  fieldsOf(place, given, {
    draws: number((option, text) => parseWhole(option, text, 1, LIMITS.settings)),
    trials: number(READ.trials),
    lost: number((option, text) => parseWhole(option, text, 0, Number.MAX_SAFE_INTEGER)),
    reached: flag,
    recipes: list((at, recipe) =>
      fieldsOf(at, recipe, {
        method: stringOf,
        lambda: number(READ.lambda),
        epochs: number(READ.epochs),
        start: stringOf,
        answer: oneOf(ANSWERS),
        kept: flag,
        forget: readBand,
        accuracy: readBand,
      }),
    ),
  });
