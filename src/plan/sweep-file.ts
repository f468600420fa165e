/** A sweep file: the flags of `grid` as the keys of a YAML 1.2 mapping. Every fault in it is told with its line and column. */
import { readFileSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { bad, messageOf, SweepError } from "../errors.js";
import type { Flags } from "./flags.js";
import { GRID_READERS, type GridKey as Key, planOfGrid } from "./grid.js";
import { METHOD_NAMES, METHODS, type MethodRecord } from "./methods.js";
import type { SweepPlan } from "./plan.js";
import { parseName } from "./values.js";

export interface SweepFile {
  /** What the same grid's command line would give: each value is the text that stands in the file, never a number made of it. */
  readonly flags: Flags;
  /** Where each key stands, as FILE:LINE:COLUMN. */
  readonly places: Readonly<Record<string, string>>;
}

/** A value of a key as the flag's text, and where it stands in the source. */
interface Part {
  readonly text: string;
  readonly offset: number;
}

/** A Pair's key or value, or an item of a list. */
type Node = unknown;

/** A key, and what stands behind it. */
interface Entry<Name extends string> {
  readonly key: Name;
  readonly offset: number;
  readonly value: Node;
}

interface Fault {
  readonly offset: number;
  readonly sentence: string;
}

/** A file that is being read: `refuse` notes a fault, and reading goes on. */
interface Reading {
  readonly document: Document;
  refuse(offset: number, sentence: string): void;
  /** LINE:COLUMN, both from 1. */
  place(offset: number): string;
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
];
/** Those that also take a mapping of methods to values. */
const BY_METHOD: readonly Key[] = ["epochs", "lambda"];
const MAX_TYPOS = 2;

/** The grid of a sweep file. A flag that is `given` as well replaces the file's key wholly. Throws usage with every fault. */
export function gridPlanFromFile(path: string, given: Flags, own: readonly MethodRecord[]): SweepPlan {
  const file = readSweepFile(path);
  const overriding = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const name = basename(path, extname(path));
  const fault = "name" in file.flags || "name" in overriding ? null : refusal("name", name);
  if (fault !== null) throw bad(`${path}: ${fault}, which is the file's own: give the grid another with the key name`);
  try {
    return planOfGrid({ name, ...file.flags, ...overriding }, [...METHODS, ...own]);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    const places = Object.fromEntries(Object.entries(file.places).filter(([key]) => !(key in overriding)));
    throw new SweepError(error.fault, withPlaces(error.message, places), { cause: error });
  }
}

/** Reads a sweep file as flags. Throws usage with every fault that its keys have, one by one, a line for each. */
export function readSweepFile(path: string): SweepFile {
  const source = sourceOf(path);
  const lines = new LineCounter();
  // Keys that stand twice are ours to refuse: YAML's sentence does not name them.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const faults: Fault[] = [];
  const reading: Reading = {
    document,
    refuse: (offset, sentence) => void faults.push({ offset, sentence }),
    place: (offset) => {
      const { line, col } = lines.linePos(offset);
      return `${line}:${col}`;
    },
  };
  const refuseFaults = (): void => {
    const sorted = faults.toSorted((a, b) => a.offset - b.offset);
    const told = sorted.map(({ offset, sentence }) => `${path}:${reading.place(offset)}: ${sentence}`);
    if (told.length > 0) throw bad(told.join("\n"));
  };
  refuseSyntax(reading);
  refuseFaults();
  const entries = entriesOf(reading, document.contents);
  const flags: [Key, string | string[]][] = [];
  for (const { key, offset, value } of entries) {
    const parts = partsOf(reading, key, value, offset);
    if (!areTaken(reading, key, parts)) continue;
    const texts = parts.map(({ text }) => (key === "data" ? besideFile(path, text) : text));
    flags.push([key, texts.length === 1 ? texts[0] : texts]);
  }
  refuseFaults();
  const places = entries.map(({ key, offset }) => [key, `${path}:${reading.place(offset)}`]);
  return { flags: Object.fromEntries(flags), places: Object.fromEntries(places) };
}

/** A folder is meant from where the file lies, wherever the file is named from. */
function besideFile(path: string, folder: string): string {
  return isAbsolute(folder) ? folder : join(dirname(path), folder);
}

function sourceOf(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SweepError("usage", `FILE must be a sweep file, but ${path} cannot be read (${messageOf(error)})`, {
      cause: error,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SweepError("usage", `FILE must be a sweep file in UTF-8, but ${path} has other bytes`, {
      cause: error,
    });
  }
}

/** One fault a line: what follows the first one in a line is mostly a consequence of it. */
function refuseSyntax(reading: Reading): void {
  const { errors, warnings } = reading.document;
  const seen = new Set<string>();
  for (const error of [...errors, ...warnings]) {
    const line = reading.place(error.pos[0]).split(":")[0];
    if (!seen.has(line)) reading.refuse(error.pos[0], syntaxSentence(error));
    seen.add(line);
  }
}

function syntaxSentence({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "a sweep file must be one YAML document, got a second: make two files";
  return `a sweep file must be YAML, got a fault: ${message}`;
}

/** The keys of a sweep file and what stands behind them, each once. */
function entriesOf(reading: Reading, root: Node): Entry<Key>[] {
  if (!isMap(root)) {
    const found = root === null ? "an empty file" : kindOf(root);
    reading.refuse(offsetOf(root, 0), `a sweep file must be keys with values such as lambda: 0:10:0.25, got ${found}`);
    return [];
  }
  return entriesOnce(reading, root, "", parseKey).map((entry) => ({ ...entry, key: entry.key as Key }));
}

/** A mapping's entries under names that `check` takes; `owner` goes before a name in errors. */
function entriesOnce(reading: Reading, map: YAMLMap, owner: string, check: (name: string) => string): Entry<string>[] {
  const first = new Map<string, number>();
  return map.items.flatMap(({ key, value }: Pair) => {
    const offset = offsetOf(key, offsetOf(map, 0));
    const name = kindOf(key);
    const fault = sentenceOf(() => check(name));
    const before = first.get(name);
    if (fault !== null) reading.refuse(offset, fault);
    else if (before !== undefined)
      reading.refuse(offset, `${owner}${name} must be given once, got it at ${reading.place(before)} too: keep one`);
    else first.set(name, offset);
    return fault === null && before === undefined ? [{ key: name, offset, value }] : [];
  });
}

function parseKey(name: string): string {
  const fault = sentenceOf(() => parseName("a key", name, KEYS));
  if (fault === null) return name;
  const near = KEYS.find((key) => typos(name.toLowerCase().replaceAll("_", "-"), key) <= MAX_TYPOS);
  throw bad(near === undefined ? fault : `${fault}: did you mean ${near}`);
}

function parseMethod(owner: string, name: string): string {
  const fault = sentenceOf(() => parseName(`${owner} METHOD`, name, METHOD_NAMES));
  if (fault === null) return name;
  throw bad(name.includes(":") ? `${fault}: leave a blank after the colon` : fault);
}

/** The values of a key in reading order; none where they have not the shape that the key takes. */
function partsOf(reading: Reading, key: Key, value: Node, keyOffset: number): Part[] {
  const node = resolved(reading, value);
  if (isMap(node) && BY_METHOD.includes(key)) return partsByMethod(reading, key, node);
  if (isSeq(node) && key === "hidden") return pairsOf(reading, node, keyOffset);
  if (isSeq(node) && LISTS.includes(key)) return itemsOf(reading, key, node);
  return scalarParts(reading, key, value, keyOffset);
}

/** `{unlearn: 0:10, original: [0, 1]}` says what unlearn=0:10,original=0,original=1 does. */
function partsByMethod(reading: Reading, key: Key, map: YAMLMap): Part[] {
  const entries = entriesOnce(reading, map, `${key} `, (name) => parseMethod(key, name));
  if (map.items.length === 0) reading.refuse(offsetOf(map, 0), noValue(key, "an empty mapping"));
  return entries.flatMap(({ key: method, offset, value }) => {
    const node = resolved(reading, value);
    const parts = isSeq(node)
      ? itemsOf(reading, key, node)
      : scalarParts(reading, key, value, offset, "a value or a list");
    return parts.flatMap((part) => part.text.split(",").map((text) => ({ ...part, text: `${method}=${text}` })));
  });
}

/** `[64, 32]` is one pair of widths, `[[64, 32], [128, 64]]` and `["64,32", "128,64"]` are two. */
function pairsOf(reading: Reading, list: YAMLSeq, keyOffset: number): Part[] {
  if (list.items.length === 0) return itemsOf(reading, "hidden", list);
  const nodes = list.items.map((item) => resolved(reading, item));
  if (nodes.every((node) => isScalar(node) && !textOf(node).includes(","))) return pairOf(reading, list);
  return list.items.flatMap((item, i) => {
    const node = nodes[i];
    return isSeq(node) ? pairOf(reading, node) : scalarParts(reading, "hidden", item, keyOffset, "a pair in a list");
  });
}

/** The two widths as one text; each is checked by itself first, where it stands. */
function pairOf(reading: Reading, list: YAMLSeq): Part[] {
  const widths = itemsOf(reading, "hidden", list);
  if (widths.length < list.items.length || list.items.length === 0) return [];
  const faults = widths.filter(({ text, offset }) => {
    const fault = refusal("hidden", `${text},${text}`);
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
  const node = resolved(reading, value);
  const offset = offsetOf(value, around);
  const fault = scalarFault(key, node, expected);
  if (fault === null) return [{ text: textOf(node as Scalar), offset }];
  reading.refuse(offset, fault);
  return [];
}

/** Why a node is no text that the key's reader could take or refuse; null: it is one. */
function scalarFault(key: Key, node: Node, expected: string): string | null {
  if (node === null) return noValue(key, "nothing");
  if (!isScalar(node)) return `${key} must be ${expected}, got ${kindOf(node)}`;
  const text = textOf(node);
  if (node.value === null || text === "") return noValue(key, "nothing");
  if (typeof node.value === "boolean")
    return `${key} must be text or a number, got the boolean ${text}: put it in quotes if it is text`;
  if (LISTS.includes(key) && /\s/.test(text)) {
    const remedy = text.includes(",") ? `: write [${text.replace(/\s+/g, " ")}]` : "";
    return `${key} must have no blanks in a value, got ${text.replace(/\s+/g, " ")}${remedy}`;
  }
  return /[\r\n]/.test(text) ? `${key} must be one line, got ${text.trim().split(/[\r\n]+/).length} lines` : null;
}

/** Whether the key's reader takes every part, and all of them together; notes the faults of each part where it stands. */
function areTaken(reading: Reading, key: Key, parts: readonly Part[]): boolean {
  const faulty = parts.filter((part) => {
    const fault = refusal(key, part.text);
    if (fault !== null) reading.refuse(part.offset, fault);
    return fault !== null;
  });
  let rest = parts.filter((part) => !faulty.includes(part));
  for (let culprit = firstClash(key, rest); culprit !== null; culprit = firstClash(key, rest)) {
    const { part, fault } = culprit;
    reading.refuse(part.offset, fault);
    rest = rest.filter((other) => other !== part);
  }
  return parts.length > 0 && rest.length === parts.length;
}

/** The first part that those before it do not go with, found by halves: a list may be long, and a range in it longer. */
function firstClash(key: Key, parts: readonly Part[]): { part: Part; fault: string } | null {
  const faultOf = (count: number): string | null =>
    refusal(
      key,
      parts.slice(0, count).map(({ text }) => text),
    );
  let fault = parts.length < 2 ? null : faultOf(parts.length);
  if (fault === null) return null;
  let [taken, refused] = [1, parts.length];
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    const found = faultOf(middle);
    if (found === null) taken = middle;
    else [refused, fault] = [middle, found];
  }
  return { part: parts[refused - 1], fault };
}

/** What the flag's reader says against a value, with the key's name for the flag's; null: nothing. */
function refusal(key: Key, value: unknown): string | null {
  const fault = sentenceOf(() => GRID_READERS[key]({ [key]: value }));
  // A fault of the environment is none of the file's.
  if (fault !== null && !fault.startsWith(`--${key}`)) throw bad(fault);
  return fault === null ? null : fault.replaceAll(new RegExp(`--${key}(?![\\w-])`, "g"), key);
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

/** The sentence of the SweepError that `read` throws; null where it throws none. */
function sentenceOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof SweepError) return error.message;
    throw error;
  }
}

function resolved({ document }: Reading, node: Node): Node {
  return isAlias(node) ? node.resolve(document) : node;
}

/** The text of a scalar as it was written: a number that is read and printed again may be another text. */
function textOf(node: Scalar): string {
  return node.source ?? "";
}

function formsOf(key: Key): string {
  if (BY_METHOD.includes(key)) return "a value, a list or a mapping of methods to these";
  if (key === "hidden") return "two widths or a list of such pairs";
  return LISTS.includes(key) ? "a value or a list" : "one value";
}

function noValue(key: Key, got: string): string {
  return `${key} must have a value, got ${got}: give it one or leave it out`;
}

function kindOf(node: Node): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (isAlias(node)) return "an alias";
  if (node === undefined) return "an alias of no anchor";
  return isScalar(node) && textOf(node) !== "" ? textOf(node) : "nothing";
}

function offsetOf(node: Node, fallback: number): number {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
  return range?.[0] ?? fallback;
}

/** Levenshtein's distance: how many letters to add, drop or change. */
function typos(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
