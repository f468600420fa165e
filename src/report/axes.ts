/** The axes of a plan as text. */
import { type Axes, closeValues } from "../plan/axes.js";
import { beside } from "./wrap.js";

const FIRST = 6; // values of a long axis
const LAST = 2;

export function axesText(axes: Axes, columns: number | null = null): string {
  const rows = namedAxes(axes);
  const width = rows.reduce((longest, [name]) => Math.max(longest, name.length), 0);
  const lines = rows.map(([name, values]) => beside(`${name.padEnd(width)}  `, valuesText(values), columns));
  const notes = rows.flatMap(([name, values]) =>
    closeValues(values).map(([a, b]) => `${name}: ${a} and ${b} are two values; leave one out if one is meant\n`),
  );
  return [...lines, ...notes, sizesNote(axes)].join("");
}

/** Draws of one seed that differ in size are no independent draws. */
function sizesNote({ draws, samples, features, forget_rows }: Axes): string {
  const isOneSize = [samples, features, forget_rows].every((sizes) => sizes.length === 1);
  if (isOneSize || draws.some((draw) => String(draw).startsWith("sha256:"))) return "";
  return "draws: those of one data seed share their random numbers over all sizes, and are not independent\n";
}

type Row = readonly [name: string, values: readonly (number | string)[]];

function namedAxes(axes: Axes): Row[] {
  const perMethod = (title: string, values: Axes["lambda"]): Row[] =>
    Object.entries(values).map(([method, own]) => [`${title} of ${method}`, own]);
  return [
    ["preset", axes.presets],
    ["draws", axes.draws],
    ["samples", axes.samples],
    ["features", axes.features],
    ["forget rows", axes.forget_rows],
    ["hidden", axes.hidden],
    ["learning rate", axes.learning_rates],
    ["methods", axes.methods],
    ...perMethod("λ", axes.lambda),
    ...perMethod("epochs", axes.epochs),
  ];
}

/** Widths have commas of their own. */
function valuesText(values: readonly (number | string)[]): string {
  const between = values.some((value) => String(value).includes(",")) ? "; " : ", ";
  if (values.length <= FIRST + LAST) return values.join(between);
  const ends = [values.slice(0, FIRST).join(between), values.slice(-LAST).join(between)];
  return `${ends.join(`${between}…${between}`)} (${values.length} values)`;
}
