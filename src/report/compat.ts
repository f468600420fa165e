/** The measures of the field, as text. */
import type { CompatFinding } from "../verdict/compat/compat.js";
import type { MeasureFinding } from "../verdict/compat/measures.js";
import { tableWithin } from "./table.js";
import { rounded } from "./verdict-words.js";
import { wrapped } from "./wrap.js";

const DIGITS = 3;
/** What is smaller is written with an exponent. */
const LEAST_PLAIN = 1e-3;
/** An error below it is rounding. */
const LEAST_ERROR = 1e-9;

/** A row a measure, a column a recipe; beneath it why some have no value, and where the trap and the source of each stand. `width` are the columns of the terminal. */
export function compatText(findings: readonly CompatFinding[], width: number): string {
  if (findings.length === 0) return "no recipe here can be held against retrain_scratch\n";
  const reasons = reasonsIn(findings);
  const header = ["measure", ...findings.map(({ recipe }) => recipeName(recipe))];
  const rows = findings[0].measures.map(({ title }, i) => [
    title,
    ...findings.map(({ measures }) => valueText(measures[i], reasons)),
  ]);
  const notes = [...reasons.map((reason, i) => `${mark(i)} ${reason}`), ...howText(findings), WHERE_TRAPS];
  const lines = notes.flatMap((note) => wrapped(note, width - INDENT).map((line, i) => (i === 0 ? line : `  ${line}`)));
  return `${tableWithin(width, header, rows)}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** Of every line of a note but its first. */
const INDENT = 2;

const WHERE_TRAPS =
  "none of these is the verdict, and each has a trap: data/docs/measures.md has it with formula and source, as --json does";

function recipeName({ method, lambda_reg, epochs }: CompatFinding["recipe"]): string {
  return `${method} λ ${lambda_reg} × ${epochs}`;
}

/** Why measures have no value, or none on some draws, each once. */
function reasonsIn(findings: readonly CompatFinding[]): string[] {
  return [...new Set(findings.flatMap(({ measures }) => measures.flatMap(({ reason }) => reason ?? [])))];
}

function mark(place: number): string {
  return `[${place + 1}]`;
}

function valueText({ value, reason, standardError, bounds }: MeasureFinding, reasons: readonly string[]): string {
  const why = reason === null ? "" : ` ${mark(reasons.indexOf(reason))}`;
  if (value === null) return `-${why}`;
  const limits = bounds === null ? "" : ` (${short(bounds.low)} to ${short(bounds.high)})`;
  return `${standardError === null ? short(value) : withError(value, standardError)}${limits}${why}`;
}

/** Both to the error's second digit. */
function withError(value: number, error: number): string {
  if (error < LEAST_ERROR) return `${short(value)} ± 0`;
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return `${rounded(value, decimals)} ± ${error.toFixed(decimals)}`;
}

function short(value: number): string {
  return value !== 0 && Math.abs(value) < LEAST_PLAIN ? value.toExponential(1) : `${Number(value.toPrecision(DIGITS))}`;
}

function howText(findings: readonly CompatFinding[]): string[] {
  const { draws } = findings[0];
  const over =
    draws.length > 1
      ? `each is the mean over ${draws.length} draws; ±: its standard error over draws`
      : "±: the standard error over trials, by the jackknife; (… to …): 95 % bounds";
  const isSplit = findings.some(({ measures }) => measures.some((measure) => measure.isSplit));
  const split =
    "the p-values hold odd-numbered trials against even-numbered ones of retraining: trials of one number share initial weights";
  return [over, ...(isSplit ? [split] : [])];
}
