/** How users speak of methods: a built-in one and one of their own by its name, which means all of its records, or one record by its whole name. */
import { bad } from "../errors.js";
import { baseName, type MethodRecord } from "./methods.js";
import { type PerMethod, withStarts } from "./plan.js";
import { withoutRepeats } from "./ranges.js";
import { parseName, READ } from "./values.js";

/** Values as they were given, by the name that they speak of. */
export type Spoken = ReadonlyMap<string, readonly number[]>;

/** The names that users call methods by, each once. */
export function namesOf(known: readonly MethodRecord[]): string[] {
  return [...new Set(known.map(({ name }) => baseName(name)))];
}

/** The records that a name means. */
export function meant(name: string, known: readonly MethodRecord[]): MethodRecord[] {
  return known.filter((record) => record.name === name || baseName(record.name) === name);
}

/** The methods of --methods, in the order of `known`, whatever order they were named in: a sweep is the same sweep. */
export function methodList(names: readonly string[], known: readonly MethodRecord[]): string[] {
  const wanted = new Set<string>();
  for (const name of names) {
    for (const record of meant(parseMethod("--methods", name, known), known)) {
      if (wanted.has(record.name)) throw bad(`--methods must name each method once, got ${name} twice: leave one out`);
      wanted.add(record.name);
    }
  }
  return known.flatMap(({ name }) => (wanted.has(name) ? [name] : []));
}

/** Methods with the twins of those among them that have one, which is what --with-null asks for. Throws usage where none has. */
export function withTwins(methods: readonly string[], known: readonly MethodRecord[]): string[] {
  const twins = known.filter(({ twinOf }) => twinOf !== undefined);
  const wanted = new Set([
    ...methods,
    ...twins.flatMap(({ name, twinOf = "" }) => (methods.includes(twinOf) ? name : [])),
  ]);
  if (twins.every(({ name }) => !wanted.has(name)))
    throw bad(
      `--with-null must be given where ${twins.map(({ twinOf }) => twinOf).join(" or ")} is trained, which it trains once more, got ${methods.join(", ")}: train it too, or leave --with-null out`,
    );
  return known.flatMap(({ name }) => (wanted.has(name) ? [name] : []));
}

/** A method's name; `option` is what an error calls it. */
export function parseMethod(option: string, name: string, known: readonly MethodRecord[]): string {
  return known.some((record) => record.name === name) ? name : parseName(option, name, namesOf(known));
}

/** What the items of --epochs or --lambda say: `5` speaks of unlearn, `original=200` of the method it names. */
export function spokenValues(
  name: "epochs" | "lambda",
  items: readonly string[],
  parse: (option: string, text: string) => readonly number[],
  known: readonly MethodRecord[],
): Spoken {
  const spoken = new Map<string, number[]>();
  for (const item of items) {
    const [method, given] = item.includes("=") ? splitItem(item, known) : ["unlearn", item];
    parseMethod(`--${name} METHOD=VALUE`, method, known);
    if (given === "")
      throw bad(`--${name} METHOD=VALUE must have a value, got ${item}: write ${item}5 or leave it out`);
    const values = spoken.get(method) ?? [];
    spoken.set(method, values);
    for (const value of parse(item.includes("=") ? `--${name} ${method}` : `--${name}`, given)) values.push(value);
  }
  return spoken;
}

/** METHOD=VALUE in two; the whole name of a method of one's own has equal signs of its own. */
function splitItem(item: string, known: readonly MethodRecord[]): [method: string, value: string] {
  const whole = known.find(({ name }) => name.includes("=") && item.startsWith(`${name}=`));
  const end = whole === undefined ? item.indexOf("=") : whole.name.length;
  return [item.slice(0, end), item.slice(end + 1)];
}

export function refuseRepeats(option: string, spoken: Spoken): void {
  for (const [method, values] of spoken) withoutRepeats(`${option} ${method}`, values);
}

/** The values of each method of `methods` and of those they start from, ascending: those spoken of it, else its own. */
export function perMethod(
  name: "epochs" | "lambda",
  spoken: Spoken,
  methods: readonly string[],
  known: readonly MethodRecord[],
): PerMethod {
  const needed = new Set(withStarts(methods, known));
  const records = known.filter((record) => needed.has(record.name));
  for (const [method, values] of spoken)
    if (meant(method, records).length === 0)
      throw bad(
        `--${name} must be of methods that are trained or started from, ${namesOf(records).join(", ")}, got ${method}=${values[0]}: leave it out, or train ${method} too`,
      );
  return Object.fromEntries(
    records.map((record) => {
      // What is said of one record stands in place of what is said of all of its name; a twin is trained as what it is a twin of.
      const own = spoken.get(record.name) ?? spoken.get(baseName(record.name));
      const given = own ?? (record.twinOf === undefined ? undefined : spoken.get(record.twinOf));
      return [record.name, given === undefined ? [record[name]] : given.toSorted((a, b) => a - b)];
    }),
  );
}

/** What --epochs and --lambda say, item by item. */
interface ItemsAsked {
  readonly epochs: readonly string[];
  readonly lambda: readonly string[];
}

/** The one epoch count and the one λ of each method of `methods` and of those they start from. Throws usage where the items give two of one. */
export function oneEach(
  { epochs, lambda }: ItemsAsked,
  methods: readonly string[],
  known: readonly MethodRecord[],
): { epochs: PerMethod; lambda: PerMethod } {
  const values = (name: "epochs" | "lambda", items: readonly string[]): PerMethod => {
    const spoken = spokenValues(name, items, (option, given) => [READ[name](option, given)], known);
    for (const [method, given] of spoken)
      if (given.length > 1) throw bad(`--${name} must give each method one value, got two for ${method}: keep one`);
    return perMethod(name, spoken, methods, known);
  };
  return { epochs: values("epochs", epochs), lambda: values("lambda", lambda) };
}
