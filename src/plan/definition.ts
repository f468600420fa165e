/** One method as a user defines it in YAML: where it starts, what each row weighs, λ, epochs and parameters. */
import { bad } from "../errors.js";
import { expressionFault, namesIn } from "./expression.js";
import { type MethodDefinition, parseDefinedName, type TermWeights } from "./methods.js";
import { numbersIn, withoutRepeats } from "./ranges.js";
import { LIMITS, parseName, parseReal, READ } from "./values.js";
import {
  type Entry,
  entriesOnce,
  kindOf,
  linesFault,
  type Node,
  noValue,
  offsetOf,
  type Reading,
  resolved,
  scalarText,
  sentenceOf,
  textOf,
} from "./yaml.js";
import { isMap, isScalar, isSeq, type Scalar } from "./yaml-package.js";

const KEYS = ["start", "cross-entropy", "penalty", "forget-labels", "lambda", "epochs", "parameters"] as const;
type Key = (typeof KEYS)[number];

/** Keys that every definition has, each with what it may be. */
const NEEDED: readonly (readonly [key: Key, instead: string])[] = [
  ["start", "start: original, or start: fresh for fresh weights"],
  ["cross-entropy", "cross-entropy: { retained: 1/n, forget: -1/k }"],
  ["lambda", "lambda: 0"],
  ["epochs", "epochs: 5"],
];

const ROWS = ["retained", "forget"] as const;

/** What a start is called that is no method. */
export const FRESH = "fresh";

/** What weights may name beside parameters: the rows of D and those of F. */
const SIZES: readonly string[] = ["n", "k"];

/** A definition as it stands in a file; its start is a name that may mean several records. */
export interface Defined {
  readonly definition: MethodDefinition;
  readonly startOffset: number;
}

/** The keys of a definition. */
interface Body {
  readonly reading: Reading;
  readonly name: string;
  readonly entries: ReadonlyMap<string, Entry<string>>;
}

/** A definition; none where it has a fault. */
export function definedBy(reading: Reading, { key: name, offset, value }: Entry<string>): Defined[] {
  const map = resolved(reading, value);
  if (!isMap(map)) {
    reading.refuse(offsetOf(value, offset), `${name} must be a mapping of ${KEYS.join(", ")}, got ${kindOf(map)}`);
    return [];
  }
  let faults = 0;
  const counting: Reading = {
    ...reading,
    refuse: (at, sentence) => {
      faults += 1;
      reading.refuse(at, sentence);
    },
  };
  const found = entriesOnce(counting, map, `${name} `, (key) => parseName(`a key of ${name}`, key, KEYS));
  const body: Body = { reading: counting, name, entries: new Map(found.map((entry) => [entry.key, entry])) };
  for (const [key, instead] of NEEDED)
    if (!body.entries.has(key)) counting.refuse(offset, `${name} must have the key ${key}, got none: write ${instead}`);
  const definition = definitionOf(body);
  const start = body.entries.get("start");
  return faults > 0 || start === undefined ? [] : [{ definition, startOffset: offsetOf(start.value, start.offset) }];
}

/** What stands in a body; a key with a fault, or that is not there, reads as its fallback. */
function definitionOf(body: Body): MethodDefinition {
  const parameters = parametersOf(body);
  const names = Object.keys(parameters);
  const crossEntropy = weightsOf(body, "cross-entropy", names);
  const penalty = weightsOf(body, "penalty", names);
  refuseUnused(body, names, [crossEntropy, penalty]);
  const start = scalarOf(body, "start", (_option, text) => text, FRESH);
  return {
    name: body.name,
    start: start === FRESH ? null : start,
    crossEntropy,
    penalty,
    forgetLabels: scalarOf(body, "forget-labels", parseLabels, "kept"),
    lambda: scalarOf(body, "lambda", READ.lambda, 0),
    epochs: scalarOf(body, "epochs", READ.epochs, 1),
    parameters,
  };
}

function parseLabels(option: string, given: string): "kept" | "flipped" {
  return parseName(option, given, ["kept", "flipped"]);
}

/** The value of a key that has one. */
function scalarOf<Value>(
  { reading, name, entries }: Body,
  key: Key,
  parse: (option: string, text: string) => Value,
  fallback: Value,
): Value {
  const entry = entries.get(key);
  return (entry && readScalar(reading, `${name} ${key}`, entry, parse)) ?? fallback;
}

/** What `parse` makes of a scalar; null where it is none, or has a fault, which is noted. */
function readScalar<Value>(
  reading: Reading,
  what: string,
  { value, offset }: Pick<Entry<string>, "value" | "offset">,
  parse: (option: string, text: string) => Value,
): Value | null {
  const text = oneLine(reading, what, value, offset);
  if (text === null) return null;
  let read: Value | null = null;
  const fault = sentenceOf(() => {
    read = parse(what, text);
  });
  if (fault !== null) reading.refuse(offsetOf(value, offset), fault);
  return read;
}

/** The text of a scalar of one line; null where it is none, which is noted. */
function oneLine(reading: Reading, what: string, value: Node, around: number): string | null {
  return scalarText(reading, value, { what, expected: "one value", around, against: linesFault });
}

/** The two weights of a term; a fault in one is told at the character where it stands. */
function weightsOf({ reading, name, entries }: Body, key: Key, parameters: readonly string[]): TermWeights {
  const entry = entries.get(key);
  const none = { retained: "0", forget: "0" };
  if (entry === undefined) return none;
  const map = resolved(reading, entry.value);
  if (!isMap(map)) {
    const sentence = `${name} ${key} must be a mapping such as { retained: 1/n, forget: 0 }, got ${kindOf(map)}`;
    reading.refuse(offsetOf(entry.value, entry.offset), sentence);
    return none;
  }
  const found = entriesOnce(reading, map, `${name} ${key} `, (row) => parseName(`a key of ${name} ${key}`, row, ROWS));
  const texts = ROWS.map((row) => {
    const weight = found.find((each) => each.key === row);
    if (weight !== undefined) return [row, weightText(reading, `${name} ${key} ${row}`, weight, parameters)];
    if (map.items.length === found.length)
      reading.refuse(
        offsetOf(map, entry.offset),
        `${name} ${key} must have a weight ${row}, got none: write ${row}: 0 if it is to have none`,
      );
    return [row, "0"];
  });
  return Object.fromEntries(texts) as TermWeights;
}

function weightText(
  reading: Reading,
  what: string,
  { value, offset }: Entry<string>,
  parameters: readonly string[],
): string {
  const text = oneLine(reading, what, value, offset);
  if (text === null) return "0";
  const fault = expressionFault(text, [...SIZES, ...parameters]);
  if (fault !== null) {
    const node = resolved(reading, value) as Scalar;
    const quote = node.type === "PLAIN" || node !== value ? 0 : 1;
    const within = node === value ? quote + fault.offset : 0;
    reading.refuse(offsetOf(value, offset) + within, `${what} ${fault.sentence}`);
  }
  return text;
}

/** The parameters' values: each a value, a list, or a range. */
function parametersOf({ reading, name, entries }: Body): Record<string, number[]> {
  const entry = entries.get("parameters");
  if (entry === undefined) return {};
  const map = resolved(reading, entry.value);
  if (!isMap(map)) {
    const sentence = `${name} parameters must be a mapping such as { beta: [0.1, 0.5] }, got ${kindOf(map)}`;
    reading.refuse(offsetOf(entry.value, entry.offset), sentence);
    return {};
  }
  const found = entriesOnce(reading, map, `${name} parameters `, (parameter) => parseParameter(name, parameter));
  const parameters = Object.fromEntries(found.map((each) => [each.key, parameterValues(reading, name, each)]));
  const records = found.reduce((count, { key }) => count * parameters[key].length, 1);
  if (records > LIMITS.methods)
    reading.refuse(
      entry.offset,
      `${name} parameters must make at most ${LIMITS.methods} methods, got ${records}: give them fewer values`,
    );
  return parameters;
}

function parseParameter(name: string, parameter: string): string {
  const option = `a parameter of ${name}`;
  if (SIZES.includes(parameter))
    throw bad(
      `${option} must not be called n or k, which count the rows of D and F, got ${parameter}: take another name`,
    );
  return parseDefinedName(option, parameter);
}

/** The values of a parameter, each once; a fault in one is noted where it stands. */
function parameterValues(reading: Reading, name: string, { key, offset, value }: Entry<string>): number[] {
  const what = `${name} parameters ${key}`;
  const node = resolved(reading, value);
  const items: readonly Node[] = isSeq(node) ? node.items : [value];
  if (items.length === 0) reading.refuse(offsetOf(value, offset), noValue(what, "an empty list"));
  const values: number[] = [];
  const seen = new Set<number>();
  for (const item of items) {
    const read = readScalar(reading, what, { value: item, offset: offsetOf(value, offset) }, (option, text) => {
      const found = text.split(",").flatMap((each) => numbersIn(option, each, parseParameterValue));
      const twice = withoutRepeats(option, found).find((number) => seen.has(number));
      if (twice !== undefined) throw bad(`${option} must have each value once, got ${twice} twice: leave one out`);
      return found;
    });
    for (const number of read ?? []) {
      seen.add(number);
      values.push(number);
    }
  }
  return values.sort((a, b) => a - b);
}

function parseParameterValue(option: string, given: string): number {
  return parseReal(option, given, -Number.MAX_VALUE, "a number");
}

/** A parameter that no weight names would make several methods of one. */
function refuseUnused(
  { reading, name, entries }: Body,
  parameters: readonly string[],
  terms: readonly TermWeights[],
): void {
  const used = new Set(terms.flatMap(({ retained, forget }) => [...namesIn(retained), ...namesIn(forget)]));
  const map = resolved(reading, entries.get("parameters")?.value);
  if (!isMap(map)) return;
  for (const { key } of map.items)
    if (isScalar(key) && parameters.includes(textOf(key)) && !used.has(textOf(key)))
      reading.refuse(
        offsetOf(key, 0),
        `${name} parameters ${textOf(key)} must be named in a weight, got weights without it: use it or leave it out`,
      );
}
