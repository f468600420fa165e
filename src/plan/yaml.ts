/** Reading YAML 1.2 so that every fault is told with its line and column, and none hides another. */
import { bad, messageOf, SweepError } from "../errors.js";
import { absentText, bytesOf, isAbsent } from "../files/paths.js";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  yaml,
} from "./yaml-package.js";

/** A Pair's key or value, or an item of a list. */
export type Node = unknown;

/** A key, and what stands behind it. */
export interface Entry<Name extends string> {
  readonly key: Name;
  readonly offset: number;
  readonly value: Node;
}

/** A file that is being read: `refuse` notes a fault, and reading goes on. */
export interface Reading {
  readonly path: string;
  /** What the file is, as an error says it: a sweep file. */
  readonly what: string;
  readonly document: Document;
  refuse(offset: number, sentence: string): void;
  /** LINE:COLUMN, both from 1. */
  place(offset: number): string;
  /** Throws usage with every fault noted so far, a line for each; the ten-thousandth throws them at once. */
  refuseFaults(): void;
}

const MOST_FAULTS = 10_000; // to find more takes long, and a screen shows some twenty

/** Opens a file that the argument or option `option` names. Throws usage where it is not one YAML document. */
export function openYaml(path: string, option: string, what: string): Reading {
  return readYaml(path, sourceOf(path, option, what), what);
}

/** Reads a text that is called `path`. Throws usage where it is not one YAML document. */
export function readYaml(path: string, source: string, what: string): Reading {
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const faults: { readonly offset: number; readonly sentence: string }[] = [];
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const reading: Reading = {
    path,
    what,
    // Keys that stand twice are ours to refuse: YAML's sentence does not name them.
    document: parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false }),
    refuse: (offset, sentence) => {
      faults.push({ offset, sentence });
      if (faults.length === MOST_FAULTS) reading.refuseFaults();
    },
    place,
    refuseFaults: () => {
      const sorted = faults.toSorted((a, b) => a.offset - b.offset);
      const told = sorted.map(({ offset, sentence }) => `${path}:${place(offset)}: ${sentence}`);
      if (told.length > 0) throw bad(told);
    },
  };
  refuseSyntax(reading);
  reading.refuseFaults();
  return reading;
}

const YAML_ENDINGS = [".yaml", ".yml"];
const MOST_BYTES = 1 << 26;

function sourceOf(path: string, option: string, what: string): string {
  if (isAbsent(path)) throw bad(`${option} must be ${what}, but ${absentText(path, YAML_ENDINGS)}`);
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(path, MOST_BYTES);
  } catch (error) {
    throw bad(`${option} must be ${what}, but ${path} cannot be read (${messageOf(error)})`, { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw bad(`${option} must be ${what} in UTF-8, but ${path} has other bytes`, { cause: error });
  }
}

/** One fault a line: what follows the first one in a line is mostly a consequence of it. */
function refuseSyntax(reading: Reading): void {
  const { errors, warnings } = reading.document;
  const seen = new Set<string>();
  for (const error of [...errors, ...warnings]) {
    const line = reading.place(error.pos[0]).split(":")[0];
    if (!seen.has(line)) reading.refuse(error.pos[0], syntaxSentence(error, reading.what));
    seen.add(line);
  }
}

function syntaxSentence({ code, message }: YAMLError, what: string): string {
  if (code === "MULTIPLE_DOCS") return `${what} must be one YAML document, got a second: make two files`;
  return `${what} must be YAML, got a fault: ${message}`;
}

/** A mapping's entries under names that `check` takes; `owner` goes before a name in errors. */
export function entriesOnce(
  reading: Reading,
  map: YAMLMap,
  owner: string,
  check: (name: string) => string,
): Entry<string>[] {
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

/** The sentence of the SweepError that `read` throws; null where it throws none. */
export function sentenceOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof SweepError) return error.message;
    throw error;
  }
}

/** What a scalar is read as: its name and what it may be, in errors, where it stands if it stands nowhere itself, and what else a text may be refused for. */
interface ScalarRead {
  readonly what: string;
  readonly expected: string;
  readonly around: number;
  readonly against: (what: string, text: string) => string | null;
}

/** The text of a scalar; null where it is none, or refused, which is noted. */
export function scalarText(
  reading: Reading,
  value: Node,
  { what, expected, around, against }: ScalarRead,
): string | null {
  const node = resolved(reading, value);
  const fault = scalarFault(what, node, expected) ?? against(what, textOf(node as Scalar));
  if (fault === null) return textOf(node as Scalar);
  reading.refuse(offsetOf(value, around), fault);
  return null;
}

/** Why a node is no one-line text that a value may be; null: it is one. `expected` is what the value may be, under the name `key`. */
function scalarFault(key: string, node: Node, expected: string): string | null {
  if (node === null) return noValue(key, "nothing");
  if (!isScalar(node)) return `${key} must be ${expected}, got ${kindOf(node)}`;
  const text = textOf(node);
  if (node.value === null || text === "") return noValue(key, "nothing");
  if (typeof node.value === "boolean")
    return `${key} must be text or a number, got the boolean ${text}: put it in quotes if it is text`;
  return null;
}

export function linesFault(key: string, text: string): string | null {
  return /[\r\n]/.test(text) ? `${key} must be one line, got ${text.trim().split(/[\r\n]+/).length} lines` : null;
}

export function noValue(key: string, got: string): string {
  return `${key} must have a value, got ${got}: give it one or leave it out`;
}

export function resolved({ document }: Reading, node: Node): Node {
  return yaml().isAlias(node) ? node.resolve(document) : node;
}

/** The text of a scalar as it was written: a number that is read and printed again may be another text. */
export function textOf(node: Scalar): string {
  return node.source ?? "";
}

export function kindOf(node: Node): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (yaml().isAlias(node)) return "an alias";
  if (node === undefined) return "an alias of no anchor";
  return isScalar(node) && textOf(node) !== "" ? textOf(node) : "nothing";
}

export function offsetOf(node: Node, fallback: number): number {
  const range = isScalar(node) || isMap(node) || isSeq(node) || yaml().isAlias(node) ? node.range : undefined;
  return range?.[0] ?? fallback;
}
