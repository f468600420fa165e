/** JSON read field by field: each reader gives the value of a field as its type, or throws usage with a sentence about it. */
import { bad } from "../errors.js";
import { parseName } from "./values.js";

/** Reads the value of a field; `field` is what an error calls it. */
export type Reader<Value> = (field: string, given: unknown) => Value;

type Fields = Readonly<Record<string, unknown>>;

export function isObject(given: unknown): given is Fields {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

/** An object with exactly these fields. */
export function fieldsOf<Readers extends Readonly<Record<string, Reader<unknown>>>>(
  place: string,
  given: unknown,
  readers: Readers,
): { [Name in keyof Readers]: ReturnType<Readers[Name]> } {
  const names = Object.keys(readers);
  if (!isObject(given)) throw bad(`${place} must be an object of ${names.join(", ")}, got ${shown(given)}`);
  const other = Object.keys(given).find((name) => !names.includes(name));
  if (other !== undefined) throw bad(`${place} must have no field but ${names.join(", ")}, got ${shown(other)}`);
  const at = place === "plan" ? "" : `${place}.`;
  const entries = names.map((name) => [name, field(given, name, readers[name], at)]);
  return Object.fromEntries(entries) as { [Name in keyof Readers]: ReturnType<Readers[Name]> };
}

export function field<Value>(given: Fields, name: string, reader: Reader<Value>, at = ""): Value {
  if (Object.hasOwn(given, name)) return reader(`${at}${name}`, given[name]);
  throw bad(`${at}${name} must be there, got nothing`);
}

export function mapping<Value>(reader: Reader<Value>): Reader<Record<string, Value>> {
  return (place, given) => {
    if (!isObject(given)) throw bad(`${place} must be an object, got ${shown(given)}`);
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, reader(`${place}.${name}`, value)]));
  };
}

export function list<Value>(reader: Reader<Value>): Reader<Value[]> {
  return (place, given) => {
    if (!Array.isArray(given) || given.length === 0)
      throw bad(`${place} must be a list of at least one, got ${shown(given)}`);
    return given.map((value, i) => reader(`${place}[${i}]`, value));
  };
}

/** A list of numbers, each larger than the one before. */
export function ascending(parse: (option: string, text: string) => number): Reader<number[]> {
  return (place, given) => {
    const values = list(number(parse))(place, given);
    const down = values.findIndex((value, i) => i > 0 && value <= values[i - 1]);
    if (down < 0) return values;
    throw bad(`${place} must ascend, got ${values[down]} after ${values[down - 1]}`);
  };
}

/** A JSON number that a flag's reader takes. */
export function number(parse: (option: string, text: string) => number): Reader<number> {
  return (place, given) => {
    if (typeof given === "number") return parse(place, String(given));
    throw bad(`${place} must be a number, got ${shown(given)}`);
  };
}

export function oneOf<const Names extends readonly string[]>(names: Names): Reader<Names[number]> {
  return (place, given) => parseName(place, stringOf(place, given), names);
}

export function stringOf(place: string, given: unknown): string {
  if (typeof given === "string") return given;
  throw bad(`${place} must be a text, got ${shown(given)}`);
}

const MOST_SHOWN = 60;

/** A value as an error shows it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
