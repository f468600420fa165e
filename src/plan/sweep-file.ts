/** A sweep file: the flags of `grid` as the keys of a YAML 1.2 mapping. Every fault in it is told with its line and column. */
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { bad, SweepError } from "../errors.js";
import { expanded } from "../files/paths.js";
import { recordsIn } from "./definitions.js";
import type { Flags } from "./flags.js";
import { GRID_READERS, type GridAsked, gridFrom, type GridKey as Key } from "./grid.js";
import { METHODS, type MethodRecord } from "./methods.js";
import { namesOf, parseMethod } from "./naming.js";
import { ENDPOINTS } from "./question.js";
import { parseName } from "./values.js";
import {
  type Entry,
  entriesOnce,
  kindOf,
  linesFault,
  type Node,
  noValue,
  offsetOf,
  openYaml,
  type Reading,
  readYaml,
  resolved,
  scalarText,
  sentenceOf,
  textOf,
} from "./yaml.js";
import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from "./yaml-package.js";

export interface SweepFile {
  /** What the same grid's command line would give: each value is the text that stands in the file, never a number made of it. */
  readonly flags: Flags;
  /** Where each key stands, as FILE:LINE:COLUMN. */
  readonly places: Readonly<Record<string, string>>;
  /** The methods that may be named: those built in, those of --method-file, and those that the file defines. */
  readonly known: readonly MethodRecord[];
}

/** A value of a key as the flag's text, and where it stands in the source. */
interface Part {
  readonly text: string;
  readonly offset: number;
}

/** A sweep file that is being read, and the methods that it may name. */
interface File {
  readonly reading: Reading;
  readonly known: readonly MethodRecord[];
}

const KEYS = Object.keys(GRID_READERS) as Key[];
const LISTS: readonly Key[] = [
  "preset",
  "data-seeds",
  "samples",
  "features",
  "forget-rows",
  "hidden",
  "learning-rate",
  "methods",
  "epochs",
  "lambda",
  "margin",
];
/** Those that also take a mapping of methods to values, or of endpoints. */
const BY_NAME: readonly Key[] = ["epochs", "lambda", "margin"];

/** What a sweep file asks for; `own` are the methods of --method-file. A flag that is `given` as well replaces the file's key wholly. Throws usage with every fault. */
export function gridFromFile(path: string, given: Flags, own: readonly MethodRecord[]): GridAsked {
  const file = readSweepFile(path, own);
  const overriding = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const name = basename(path, extname(path));
  const fault = "name" in file.flags || "name" in overriding ? null : refusal("name", name, METHODS);
  if (fault !== null) throw bad(`${path}: ${fault}, which is the file's own: give the grid another with the key name`);
  return told(file, overriding, () => gridFrom({ name, ...file.flags, ...overriding }, file.known));
}

/** What `read` gives; what it refuses is told by the places of the file's keys, but those that are overridden. */
function told(file: SweepFile, overriding: Flags, read: () => GridAsked): GridAsked {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    const places = Object.fromEntries(Object.entries(file.places).filter(([key]) => !(key in overriding)));
    throw new SweepError(error.fault, withPlaces(error.message, places), { cause: error });
  }
}

/** What the text of a sweep file asks for that lies nowhere and is called `label`; `flags` are what asks for the same on a command line, null where its methods are defined in it. */
export function gridFromText(source: string, label: string): GridAsked & { readonly flags: Flags | null } {
  const file = sweepFileOf(readYaml(label, source, "a sweep file"), []);
  const asked = told(file, {}, () => gridFrom(file.flags, file.known));
  return { ...asked, flags: file.known.length > METHODS.length ? null : file.flags };
}

/** Reads a sweep file as flags. Throws usage with every fault that its keys have, one by one, a line for each. */
export function readSweepFile(path: string, own: readonly MethodRecord[] = []): SweepFile {
  return sweepFileOf(openYaml(path, "FILE", "a sweep file"), own);
}

function sweepFileOf(reading: Reading, own: readonly MethodRecord[]): SweepFile {
  const { path } = reading;
  const entries = entriesOf(reading, reading.document.contents);
  const defined = recordsIn(reading, definitionsIn(reading, entries), own);
  // Without the names that a fault took away, every value of theirs would be one more.
  reading.refuseFaults();
  const file: File = { reading, known: [...METHODS, ...own, ...defined] };
  const flags: [Key, string | string[]][] = [];
  for (const { key, offset, value } of entries) {
    const parts = partsOf(file, key, value, offset);
    if (!areTaken(file, key, parts)) continue;
    const texts = parts.map(({ text }) => (key === "data" ? besideFile(path, text) : text));
    flags.push([key, texts.length === 1 ? texts[0] : texts]);
  }
  reading.refuseFaults();
  const places = entries.map(({ key, offset }) => [key, `${path}:${reading.place(offset)}`]);
  return { flags: Object.fromEntries(flags), places: Object.fromEntries(places), known: file.known };
}

/** A folder is meant from where the file lies, wherever the file is named from. */
function besideFile(path: string, folder: string): string {
  const named = expanded("data", folder);
  return isAbsolute(named) ? named : join(dirname(path), named);
}

/** The keys of a sweep file and what stands behind them, each once. */
function entriesOf(reading: Reading, root: Node): Entry<Key>[] {
  if (!isMap(root)) {
    const found = root === null ? "an empty file" : kindOf(root);
    reading.refuse(offsetOf(root, 0), `a sweep file must be keys with values such as lambda: 0:10:0.25, got ${found}`);
    return [];
  }
  const parse = (name: string): Key => parseName("a key", name, KEYS);
  return entriesOnce(reading, root, "", parse).map((entry) => ({ ...entry, key: entry.key as Key }));
}

/** The mappings under `methods`, each of which defines methods. */
function definitionsIn(reading: Reading, entries: readonly Entry<Key>[]): YAMLMap[] {
  const methods = resolved(reading, entries.find(({ key }) => key === "methods")?.value ?? null);
  const nodes = isSeq(methods) ? methods.items.map((item) => resolved(reading, item)) : [methods];
  return nodes.filter((node) => isMap(node));
}

/** The values of a key in reading order; none where they have not the shape that the key takes. */
function partsOf(file: File, key: Key, value: Node, keyOffset: number): Part[] {
  const { reading } = file;
  const node = resolved(reading, value);
  if (isMap(node) && BY_NAME.includes(key)) return partsByName(file, key, node);
  if (key === "methods") return methodParts(file, value, keyOffset);
  if (isSeq(node) && key === "hidden") return pairsOf(file, node, keyOffset);
  if (isSeq(node) && LISTS.includes(key)) return itemsOf(reading, key, node);
  if (key === "with-null" && isScalar(node) && typeof node.value === "boolean")
    return [{ text: String(node.value), offset: offsetOf(value, keyOffset) }];
  return scalarParts(reading, key, value, keyOffset);
}

/** `{unlearn: 0:10, original: [0, 1]}` says what unlearn=0:10,original=0,original=1 does. */
function partsByName({ reading, known }: File, key: Key, map: YAMLMap): Part[] {
  const entries = entriesOnce(reading, map, `${key} `, (name) =>
    key === "margin" ? parseName(`${key} ENDPOINT`, name, ENDPOINTS) : parseMethodKey(key, name, known),
  );
  if (map.items.length === 0) reading.refuse(offsetOf(map, 0), noValue(key, "an empty mapping"));
  return entries.flatMap(({ key: owner, offset, value }) => {
    const node = resolved(reading, value);
    const parts = isSeq(node)
      ? itemsOf(reading, key, node)
      : scalarParts(reading, key, value, offset, "a value or a list");
    return parts.flatMap((part) => part.text.split(",").map((text) => ({ ...part, text: `${owner}=${text}` })));
  });
}

function parseMethodKey(owner: string, name: string, known: readonly MethodRecord[]): string {
  const fault = sentenceOf(() => parseMethod(`${owner} METHOD`, name, known));
  if (fault === null) return name;
  const isCrowded = namesOf(known).some((method) => name.startsWith(`${method}:`));
  throw bad(isCrowded ? `${fault}: leave a blank after the colon` : fault);
}

/** The methods of a list by their names, and by those that its mappings define. */
function methodParts({ reading }: File, value: Node, keyOffset: number): Part[] {
  const node = resolved(reading, value);
  if (!isSeq(node) && !isMap(node)) return scalarParts(reading, "methods", value, keyOffset);
  const items: readonly Node[] = isSeq(node) ? node.items : [value];
  if (items.length === 0) return itemsOf(reading, "methods", node as YAMLSeq);
  return items.flatMap((item) => {
    const map = resolved(reading, item);
    if (!isMap(map))
      return scalarParts(reading, "methods", item, offsetOf(node, 0), "a name or a definition in a list");
    if (map.items.length === 0) reading.refuse(offsetOf(item, keyOffset), noValue("methods", "an empty mapping"));
    return map.items.map(({ key }) => ({ text: kindOf(key), offset: offsetOf(key, 0) }));
  });
}

/** `[64, 32]` is one pair of widths, `[[64, 32], [128, 64]]` and `["64,32", "128,64"]` are two. */
function pairsOf(file: File, list: YAMLSeq, keyOffset: number): Part[] {
  const { reading } = file;
  if (list.items.length === 0) return itemsOf(reading, "hidden", list);
  const nodes = list.items.map((item) => resolved(reading, item));
  if (nodes.every((node) => isScalar(node) && !textOf(node).includes(","))) return pairOf(file, list);
  return list.items.flatMap((item, i) => {
    const node = nodes[i];
    return isSeq(node) ? pairOf(file, node) : scalarParts(reading, "hidden", item, keyOffset, "a pair in a list");
  });
}

/** The two widths as one text; each is checked by itself first, where it stands. */
function pairOf({ reading, known }: File, list: YAMLSeq): Part[] {
  const widths = itemsOf(reading, "hidden", list);
  if (widths.length < list.items.length || list.items.length === 0) return [];
  const faults = widths.filter(({ text, offset }) => {
    const fault = refusal("hidden", `${text},${text}`, known);
    if (fault !== null) reading.refuse(offset, fault);
    return fault !== null;
  });
  return faults.length > 0 ? [] : [{ text: widths.map(({ text }) => text).join(","), offset: offsetOf(list, 0) }];
}

function itemsOf(reading: Reading, key: Key, list: YAMLSeq): Part[] {
  const offset = offsetOf(list, 0);
  if (list.items.length === 0) reading.refuse(offset, noValue(key, "an empty list"));
  return list.items.flatMap((item) => scalarParts(reading, key, item, offset, "a value in a list"));
}

/** The one text of a scalar; `expected` is what the key takes there. */
function scalarParts(reading: Reading, key: Key, value: Node, around: number, expected = formsOf(key)): Part[] {
  const text = scalarText(reading, value, { what: key, expected, around, against: textFault });
  return text === null ? [] : [{ text, offset: offsetOf(value, around) }];
}

function textFault(key: string, text: string): string | null {
  if (!LISTS.includes(key as Key) || !/\s/.test(text)) return linesFault(key, text);
  const remedy = text.includes(",") ? `: write [${text.replace(/\s+/g, " ")}]` : "";
  return `${key} must have no blanks in a value, got ${text.replace(/\s+/g, " ")}${remedy}`;
}

/** Whether the key's reader takes every part, and all of them together; notes the faults of each part where it stands. */
function areTaken({ reading, known }: File, key: Key, parts: readonly Part[]): boolean {
  // By each value the part that has it: a value in two parts is a fault of the second, and the only one that two can make.
  const owners = new Map<string, Part>();
  let faults = 0;
  for (const part of parts) {
    const values: string[] = [];
    const own = refusal(key, part.text, known, values);
    const twice = own === null ? values.find((value) => owners.has(value)) : undefined;
    const owner = twice === undefined ? undefined : owners.get(twice);
    const fault = owner === undefined ? own : refusal(key, [owner.text, part.text], known);
    if (fault === null) for (const value of values) owners.set(value, part);
    else reading.refuse(part.offset, fault);
    faults += fault === null ? 0 : 1;
  }
  return parts.length > 0 && faults === 0;
}

/** What the flag's reader says against a value, with the key's name for the flag's; null: nothing, and `values` gets what it reads from a list. */
function refusal(key: Key, value: unknown, known: readonly MethodRecord[], values: string[] = []): string | null {
  const fault = sentenceOf(() => {
    const read: unknown = GRID_READERS[key]({ [key]: value }, known);
    if (LISTS.includes(key)) for (const each of valuesOf(read)) values.push(each);
  });
  // A fault of the environment is none of the file's.
  if (fault !== null && !fault.startsWith(`--${key}`)) throw bad(fault);
  return fault === null ? null : fault.replaceAll(new RegExp(`--${key}(?![\\w-])`, "g"), key);
}

/** What a key's reader reads, as texts that are equal where no two of a list may be. */
function* valuesOf(read: unknown): Generator<string> {
  if (read instanceof Map) {
    for (const [method, values] of read) for (const value of values) yield `${method}=${value}`;
  } else if (Array.isArray(read)) {
    for (const value of read) yield String(value);
    // Of margins each endpoint has one.
  } else if (typeof read === "object" && read !== null) yield* Object.keys(read);
}

/** A sentence about flags as one about the file's keys, where the key that it begins with stands. */
function withPlaces(sentence: string, places: Readonly<Record<string, string>>): string {
  const subject = /^--([\w-]+)/.exec(sentence)?.[1] ?? "";
  const told = sentence.replaceAll(/--([\w-]+)/g, (flag: string, key: string) => {
    if (!(key in places)) return flag;
    return subject in places ? key : `${key} (${places[key]})`;
  });
  return subject in places ? `${places[subject]}: ${told}` : told;
}

function formsOf(key: Key): string {
  if (key === "margin") return "forget=NUMBER and accuracy=NUMBER, or a mapping of these two";
  if (BY_NAME.includes(key)) return "a value, a list or a mapping of methods to these";
  if (key === "hidden") return "two widths or a list of such pairs";
  return LISTS.includes(key) ? "a value or a list" : "one value";
}
