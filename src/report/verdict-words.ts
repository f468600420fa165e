/** The words and numbers of a verdict, the same in its sentence, table and notes. */
import type { Endpoint, Question } from "../plan/question.js";
import { escaped } from "../printable.js";
import type { Interval } from "../stats/interval.js";
import type { VerdictRow } from "../verdict/rows.js";
import type { RecipeKey } from "../verdict/scores.js";
import type { Verdict } from "../verdict/verdict.js";

const DIGITS = 2; // of a standard error
const [LEAST_PLACES, MOST_PLACES] = [2, 4];
const USUAL_PLACES = 4;

/** How many decimals a number has whose standard error is `error`: two digits of that. */
export function placesFor(error: number): number {
  if (!(error > 0 && Number.isFinite(error))) return USUAL_PLACES;
  return Math.min(MOST_PLACES, Math.max(LEAST_PLACES, DIGITS - 1 - Math.floor(Math.log10(error))));
}

/** With so many decimals; what rounds to nothing is of no side. */
export function rounded(value: number, places: number): string {
  const text = value.toFixed(places);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** `rounded`, with a + before what lies above 0, and ∞ for Infinity. */
export function signed(value: number, places: number): string {
  const text = rounded(value, places).replace("Infinity", "∞");
  return value < 0 || Number.isNaN(value) || Number(text) === 0 ? text : `+${text}`;
}

/** An interval, as it stands in a sentence. */
export function range({ low, high }: Interval, places: number): string {
  return `${signed(low, places)} to ${signed(high, places)}`;
}

/** A share from 0 to 1 in percent: whole ones, but below 1 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}

/** So many of something, with the noun in its number. */
export function count(number: number, one: string, several = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : several}`;
}

export function recipeName({ method, lambda_reg, epochs }: RecipeKey): string {
  return `${escaped(method)} at λ ${lambda_reg} after ${count(epochs, "epoch")}`;
}

/** As a table has room for it. */
export function shortName({ method, lambda_reg, epochs }: Pick<RecipeKey, "method" | "lambda_reg" | "epochs">): string {
  return `${escaped(method)} λ ${lambda_reg} × ${epochs}`;
}

export function endpointName(endpoint: Endpoint, { estimand }: Question): string {
  if (endpoint === "accuracy") return "accuracy";
  return estimand === "forget_margin" ? "forget log-odds" : "forget probability";
}

/** The margins of a question, as they stand in a sentence. */
export function marginsText(question: Question, both: "and" | "or" = "and"): string {
  const { forget, accuracy } = question.margins;
  return `±${forget} in ${endpointName("forget", question)} ${both} ±${accuracy} in accuracy`;
}

/** Whether a row with rivals is what was chosen among them, and not the first of them, of which none was. */
export function isChosen({ judgement, share }: VerdictRow): boolean {
  return judgement !== null || share !== null;
}

/** What a row is called among the others. */
export function roleOf(row: VerdictRow): string | null {
  const { what, rivals } = row;
  if (what === "chosen" || what === "method") {
    const of = rivals.toLocaleString("en-US");
    if (rivals === 1) return null;
    if (!isChosen(row)) return what === "chosen" ? `one of ${of}, none chosen` : `one of its ${of}, none chosen`;
    return what === "chosen" ? `best of ${of}` : `its best of ${of}`;
  }
  return what === "null" ? "the null" : what;
}

/** Draws, or the trials of the only one. */
export function unitsText(number: number, { unit }: Verdict): string {
  return unit === "draw" ? count(number, "draw") : count(number, "trial");
}
