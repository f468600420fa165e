/** Reads flags one by one: what a value must be, and the sentence where it is not. options.ts and request.ts say which flags there are. */
import { bad } from "../errors.js";
import { parseName, parseWhole } from "./values.js";

/** Flags as argv or a sweep file gives them: all text, several where a flag was repeated, absent where it was not given. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag's one text; null where it was not given. */
export function text(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw bad(`--${name} must be given once, got it ${value.length} times: keep one`);
  const string = String(value);
  if (string !== "") return string;
  throw bad(`--${name} must have a value, got none: write --${name} VALUE or leave it out`);
}

export function wholeNumber(flags: Flags, name: string, min: number, max: number, fallback: number): number {
  const given = text(flags, name);
  return given === null ? fallback : parseWhole(`--${name}`, given, min, max);
}

export function oneOf<Name extends string>(flags: Flags, name: string, names: readonly Name[], fallback: Name): Name {
  const given = text(flags, name) ?? fallback;
  return parseName(`--${name}`, given, names);
}

/** The comma-separated items of a flag that may be repeated. */
export function items(flags: Flags, name: string): string[] {
  const value = flags[name];
  if (value === undefined) return [];
  const list = (Array.isArray(value) ? value : [value]).flatMap((part) => String(part).split(","));
  if (list.includes(""))
    throw bad(
      `--${name} must be values separated by commas, got an empty one: remove the extra comma or leave --${name} out`,
    );
  return list;
}
