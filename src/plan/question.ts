/** What a sweep is asked, before anything of it is trained: what a verdict compares, and how large a difference does not matter. */
import { bad } from "../errors.js";
import type { QuestionAsked } from "./flags.js";
import { parseName, READ } from "./values.js";

/** What a verdict holds against retraining: how likely the forget set is, and the accuracy beside it. */
export const ENDPOINTS = ["forget", "accuracy"] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** How large a difference does not matter, for each endpoint; > 0. */
export type Margins = Readonly<Record<Endpoint, number>>;

/** The measures that `forget` may be: a probability, or its log-odds, which tell apart what is nearly 1. */
export const ESTIMANDS = ["forget_probability", "forget_margin"] as const;
export type Estimand = (typeof ESTIMANDS)[number];

export interface Question {
  readonly estimand: Estimand;
  readonly margins: Margins;
}

/** What is asked where nothing is said. */
export const USUAL_QUESTION: Question = {
  estimand: "forget_probability",
  margins: { forget: 0.05, accuracy: 0.01 },
};

/** What --estimand and --margin ask; of what they do not say, what `stored` asks. Throws usage where it is no question. */
export function questionOf(asked: QuestionAsked, stored: Question = USUAL_QUESTION): Question {
  const estimand = asked.estimand === null ? stored.estimand : estimandOf(asked.estimand);
  const isOther = estimand !== stored.estimand;
  const given = marginsOf(asked.margins);
  if (isOther && estimand === "forget_margin" && given.forget === undefined)
    throw bad(
      `--margin must say forget=NUMBER where --estimand is forget_margin, whose unit is log-odds, got ${marginsText(given)}: write for example forget=0.5`,
    );
  refuseWide("--margin ", given, estimand);
  // A margin of the other measure is in another unit.
  const { forget } = isOther ? USUAL_QUESTION.margins : stored.margins;
  return { estimand, margins: { ...stored.margins, forget, ...given } };
}

/** The same; null: nothing is said of it. */
export function questionSaid(asked: QuestionAsked): Question | null {
  return asked.estimand === null && asked.margins.length === 0 ? null : questionOf(asked);
}

export function isSameQuestion(a: Question, b: Question): boolean {
  return a.estimand === b.estimand && ENDPOINTS.every((endpoint) => a.margins[endpoint] === b.margins[endpoint]);
}

/** A question as --estimand and --margin ask it. */
export function questionText({ estimand, margins }: Question): string {
  return `--estimand ${estimand} --margin ${marginsText(margins)}`;
}

/** The estimand that --estimand names; null: the usual. */
export function estimandOf(given: string | null): Estimand {
  return parseName("--estimand", given ?? USUAL_QUESTION.estimand, ESTIMANDS);
}

/** The margins that the items of --margin give. */
export function marginsOf(items: readonly string[]): Partial<Margins> {
  return byEndpoint("margin", items);
}

/** What the items ENDPOINT=NUMBER of an option give, each endpoint's once; > 0. */
export function byEndpoint(option: string, given: readonly string[]): Partial<Margins> {
  const numbers: Partial<Record<Endpoint, number>> = {};
  for (const item of given) {
    const [, name, text] = /^([^=]+)=(.+)$/s.exec(item) ?? [];
    if (name === undefined) throw bad(`--${option} must be ENDPOINT=NUMBER such as forget=0.05, got ${item}`);
    const endpoint = parseName(`--${option} ENDPOINT=NUMBER`, name, ENDPOINTS);
    const number = READ.margin(`--${option} ${endpoint}`, text);
    if (numbers[endpoint] !== undefined)
      throw bad(`--${option} must give each endpoint one value, got two for ${endpoint}: keep one`);
    numbers[endpoint] = number;
  }
  return numbers;
}

/** Throws usage where a difference of a probability or of accuracy is given that no two values of it can have; `where` stands before the endpoint. */
export function refuseWide(where: string, given: Partial<Margins>, estimand: Estimand): void {
  const shares = ENDPOINTS.filter((endpoint) => endpoint !== "forget" || estimand === "forget_probability");
  const wide = shares.find((endpoint) => (given[endpoint] ?? 0) >= 1);
  if (wide === undefined) return;
  throw bad(
    `${where}${wide} must be below 1, the most that two values of it can differ by, got ${given[wide]}: 1 % is 0.01`,
  );
}

/** Numbers of endpoints as an option gives them. */
export function marginsText(margins: Partial<Margins>): string {
  const said = Object.entries(margins).map(([endpoint, margin]) => `${endpoint}=${margin}`);
  return said.length === 0 ? "none" : said.join(",");
}
