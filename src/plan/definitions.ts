/** Methods as users define them in YAML: which mappings define, each under a name of its own, and what of theirs starts from what. */
import { didYouMean } from "../errors.js";
import { type Defined, definedBy, FRESH } from "./definition.js";
import { METHODS, type MethodDefinition, type MethodRecord, parseDefinedName, recordsOf } from "./methods.js";
import { meant, namesOf } from "./naming.js";
import { entriesOnce, type Reading } from "./yaml.js";
import type { YAMLMap } from "./yaml-package.js";

/**
 * The records of the methods that mappings define, starts before what starts from them; `own` are those that another file
 * defines. Notes every fault; what it gives then is of no use.
 */
export function recordsIn(reading: Reading, maps: readonly YAMLMap[], own: readonly MethodRecord[]): MethodRecord[] {
  const names = new Set<string>();
  const entries = maps.flatMap((map) =>
    entriesOnce(reading, map, "the method ", (name) => parseDefinedName("a method", name)),
  );
  const defined = entries.flatMap((entry) => {
    const owner = ownerOf(entry.key, names, own);
    names.add(entry.key);
    if (owner === null) return definedBy(reading, entry);
    const sentence = `a method must have a name of its own, got ${entry.key}, which ${owner} too: take another`;
    reading.refuse(entry.offset, sentence);
    return [];
  });
  return withStartsFirst(reading, defined, [...names], own);
}

/** Who has a method of this name already, with its verb; null: nobody. */
function ownerOf(name: string, names: ReadonlySet<string>, own: readonly MethodRecord[]): string | null {
  if (METHODS.some((built) => built.name === name)) return "gmm-sweep has";
  if (name === FRESH) return "the key start has";
  if (names.has(name)) return "this file defines";
  return meant(name, own).length > 0 ? "--method-file defines" : null;
}

/** A definition that starts from a method of several records is a record for each of them. */
function withStartsFirst(
  reading: Reading,
  defined: readonly Defined[],
  names: readonly string[],
  own: readonly MethodRecord[],
): MethodRecord[] {
  const known = [...METHODS, ...own];
  const records: MethodRecord[] = [];
  let waiting = defined;
  for (let before = -1; waiting.length !== before; ) {
    before = waiting.length;
    waiting = waiting.filter(({ definition }) => {
      const { start } = definition;
      const starts = start === null ? [null] : meant(start, [...known, ...records]).map(({ name }) => name);
      for (const each of starts) for (const record of recordsOf({ ...definition, start: each })) records.push(record);
      return starts.length === 0;
    });
  }
  for (const { definition, startOffset } of waiting) {
    const fault = startFault(definition, waiting, names, known);
    if (fault !== null) reading.refuse(startOffset, fault);
  }
  return records;
}

/** Why a method that waits for its start has none; null: because its start has a fault of its own. */
function startFault(
  { name, start }: MethodDefinition,
  waiting: readonly Defined[],
  names: readonly string[],
  known: readonly MethodRecord[],
): string | null {
  if (start === null || !names.includes(start)) {
    const starts = [...new Set([FRESH, ...namesOf(known), ...names])];
    return `${name} start must be one of ${starts.join(", ")}, got ${start}${didYouMean(`${start}`, starts)}`;
  }
  if (waiting.every(({ definition }) => definition.name !== start)) return null;
  return `${name} start must be a method that does not wait for it in turn, got ${start}: let one of them start from fresh or original`;
}
