/** Words that figures share. */
import type { FigureNumbers, FigureValue } from "../../figures/numbers.js";

const PLACES = 3;

/** As a sentence says a number: three decimals, or as many digits where it is small. */
export function number(value: FigureValue | undefined): string {
  if (typeof value !== "number") return "none";
  return value !== 0 && Math.abs(value) < 0.001 ? value.toPrecision(2) : value.toFixed(PLACES);
}

export function whole(value: FigureValue | undefined): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : "none";
}

/** The measure of a question with its unit, as an axis has it. */
export function forgetUnit({ facts }: FigureNumbers): string {
  return facts["estimand"] === "forget_margin" ? "forget log-odds" : "forget probability";
}

/** What is drawn of a column of which one value is drawn at a time. */
export function choice({ choices }: FigureNumbers, column: string): string {
  return choices?.[column]?.[0] ?? "none";
}
