/** Lists of numbers as a user writes them: `1,2,5`, `1:50`, `0:10:0.25`. */
import { bad } from "../errors.js";

const MAX_VALUES = 1_000_000;

/** A decimal number as a whole number of 10^−places. */
interface Decimal {
  readonly whole: bigint;
  readonly places: number;
}

/**
 * The values of one item: a number, or a range FROM:TO or FROM:TO:STEP with both ends in it. A range is counted in whole
 * decimals, so that 0:1:0.1 holds the double nearest to 0.3, the one that `0.3` is, and not 3 × 0.1. `parse` reads and
 * checks each value, and takes none below 0; `option` is what an error calls the item.
 */
export function numbersIn(option: string, item: string, parse: (option: string, text: string) => number): number[] {
  const [, low, high] = /^(\d[\d.]*?)(?:\.\.|-|–)(\d[\d.]*)$/.exec(item) ?? [];
  if (low !== undefined)
    throw bad(`${option} must be a number, FROM:TO or FROM:TO:STEP, got ${item}: write ${low}:${high}`);
  const parts = item.split(":");
  if (parts.length === 1) return [parse(option, item)];
  if (parts.length > 3 || parts.includes(""))
    throw bad(`${option} must be a number, FROM:TO or FROM:TO:STEP, got ${item}`);
  const [first, last, stepText = "1"] = parts;
  const read = (text: string): number => parse(`${option} ${item}`, text);
  for (const end of [first, last]) read(end);
  if (/^(-.*|\+?0*\.?0*)$/.test(stepText)) throw bad(`${option} must have a step above 0, got ${item}`);

  const [from, to, step] = inOneUnit([first, last, stepText], option, item);
  const written = parts.length === 3 ? `:${stepText}` : "";
  if (to.whole < from.whole)
    throw bad(`${option} must be a range that goes up, got ${item}: write ${last}:${first}${written}`);
  const count = (to.whole - from.whole) / step.whole + 1n;
  if (count > MAX_VALUES) throw bad(`${option} must be at most ${MAX_VALUES} values, got ${count} in ${item}`);
  const texts = Array.from({ length: Number(count) }, (_, i) =>
    decimalText({ whole: from.whole + BigInt(i) * step.whole, places: from.places }),
  );
  const values = texts.map(read);
  if ((to.whole - from.whole) % step.whole === 0n) return values;
  const instead = count === 1n ? first : `${first}:${texts[texts.length - 1]}${written}`;
  throw bad(`${option} must be a range whose steps meet its end, got ${item}: write ${instead}`);
}

/** Refuses a value that is there twice; `name` is what an error calls the list. */
export function withoutRepeats<Value extends string | number>(name: string, values: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  for (const value of values) {
    if (seen.has(value)) throw bad(`${name} must have each value once, got ${value} twice: leave one out`);
    seen.add(value);
  }
  return [...values];
}

/** Decimal texts as whole numbers of one common unit. */
function inOneUnit(texts: readonly string[], option: string, item: string): Decimal[] {
  const decimals = texts.map((text) => {
    const match = /^\+?(\d*)\.?(\d*)$/.exec(text);
    if (match === null) throw bad(`${option} must be a range of plain decimal numbers, got ${item}`);
    return { whole: BigInt(match[1] + match[2]), places: match[2].length };
  });
  const places = decimals.reduce((most, decimal) => Math.max(most, decimal.places), 0);
  return decimals.map((decimal) => ({ whole: decimal.whole * 10n ** BigInt(places - decimal.places), places }));
}

/** The shortest text of a decimal, so that the whole numbers among them read as whole numbers. */
function decimalText({ whole, places }: Decimal): string {
  const digits = whole.toString().padStart(places + 1, "0");
  const [before, after] = [digits.slice(0, digits.length - places), digits.slice(digits.length - places)];
  const fraction = after.replace(/0+$/, "");
  return fraction === "" ? before : `${before}.${fraction}`;
}

/** Ascending whole numbers as values and ranges. */
export function rangesOf(values: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === value) run[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(",");
}
