/** The one error a user can cause or fix; everything else that is thrown is a bug and shows its stack. */
import { escaped, screenful } from "./printable.js";

/** Whose fault it is. */
export type Fault =
  | "usage" // an option, an argument or a file the user named: nothing was written
  | "check" // a trial failed, or what was compared differs
  | "environment"; // the machine gave out or lacks something: what has landed is kept, and no trial is blamed

export class SweepError extends Error {
  readonly fault: Fault;

  /** `message` is one sentence that says what is wrong, what was found, and what to do, or several, each on a line; what was found may be anything, and is shown as a screen can. */
  constructor(fault: Fault, message: string | readonly string[], options?: ErrorOptions) {
    super(screenful([message].flat().map(withoutPasswords).map(escaped).join("\n")), options);
    this.name = "SweepError";
    this.fault = fault;
  }
}

/** A text in which no URL of a database has its password, whatever it came from. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/(postgres(?:ql)?:\/\/[^\s:@/]*):[^\s]*@/gi, "$1@")
    .replace(/(postgres(?:ql)?:\/\/\S*?[?&]password=)[^\s&]*/gi, "$1…");
}

/** A fault of the command line or of a file it names, in one sentence, or several faults of one file. */
export function bad(sentences: string | readonly string[], options?: ErrorOptions): SweepError {
  return new SweepError("usage", sentences, options);
}

/** What an unknown thrown value says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const MOST_TYPOS = 2;
const LEAST_BEGINNING = 3; // letters that say which name is meant

/** The one of `names` that `given` is probably a slip of: a letter or two amiss, another case, a beginning; null where none is. */
export function nearName(given: string, names: readonly string[]): string | null {
  const [wanted, plain] = [plainName(given), names.map(plainName)];
  let [best, least] = [-1, MOST_TYPOS + 1];
  for (const [i, name] of plain.entries()) {
    const longest = Math.max(wanted.length, name.length);
    // A third of a word: what is amiss in more of it is another word.
    const most = longest === 1 ? 0 : Math.min(MOST_TYPOS, Math.max(1, Math.floor(longest / 3)));
    // A name of another length is not held against it letter by letter.
    const amiss = Math.abs(wanted.length - name.length) > most ? most + 1 : typos(wanted, name);
    if (amiss <= most && amiss < least) [best, least] = [i, amiss];
  }
  if (best !== -1) return names[best];
  const begun = wanted.length < LEAST_BEGINNING ? [] : names.filter((_, i) => plain[i].startsWith(wanted));
  return begun.length === 1 ? begun[0] : null;
}

/** How a sentence about a wrong name ends. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = nearName(given, names);
  return near === null ? "" : `: did you mean ${near}`;
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** How many letters to add, drop, change or exchange with their neighbours (Damerau 1964). */
export function typos(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, changed, exchanged ? before[j - 2] + 1 : changed);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
