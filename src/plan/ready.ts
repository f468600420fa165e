/** Sweep files that come with the package, which are named from anywhere by their bare names. */
import { fileURLToPath } from "node:url";
import { bad, didYouMean } from "../errors.js";
import { isAbsent } from "../files/paths.js";

/** Each is data/NAME.yaml of the package. */
export const READY_NAMES: readonly string[] = ["lambda-epoch", "many-draws", "notebook"];

/** A sweep file that was named. */
export interface NamedFile {
  /** Where it lies. */
  readonly path: string;
  /** How a command line names it again, on another machine too where it came with the package. */
  readonly word: string;
  /** Whether it came with the package. */
  readonly isReady: boolean;
}

/** The sweep file that `word` names: a file here, else one that is ready. Throws usage where a bare name is of neither. */
export function namedFile(word: string): NamedFile {
  const isKnown = READY_NAMES.includes(word);
  // Elsewhere the bare name is the package's.
  if (!isBare(word) || !isAbsent(word)) return { path: word, word: isKnown ? `./${word}` : word, isReady: false };
  if (isKnown) return { path: readyPath(word), word, isReady: true };
  const near = didYouMean(word, READY_NAMES);
  throw bad(
    `FILE must be a sweep file, or one of those that come with gmm-sweep, ${READY_NAMES.join(", ")}, got ${word}, which is neither${near === "" ? ": name a file that is there" : near}`,
  );
}

/** Where the package has it, three folders above this file in the built tree. */
export function readyPath(name: string): string {
  return fileURLToPath(new URL(`../../../data/${name}.yaml`, import.meta.url));
}

/** What has neither an ending nor a folder is the name of no usual sweep file. */
function isBare(word: string): boolean {
  return /^[\w-]+$/.test(word);
}
