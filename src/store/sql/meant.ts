/** Which name is probably meant where a select names what is not there: the same in every store. */
import { didYouMean } from "../../errors.js";

/** What can be asked: the columns of each view, and what else is called by a name. */
export interface Names {
  /** In the order in which they are documented. */
  readonly views: ReadonlyMap<string, readonly string[]>;
  readonly tables: readonly string[];
}

const MOST_NAMED = 3;

/** How a sentence ends that says that there is no such table or column: of columns those count that the views of `sql` have. */
export function meantIn(sql: string, what: "table" | "column", name: string, { views, tables }: Names): string {
  const asked = [...views].filter(([view]) => new RegExp(`\\b${view}\\b`, "i").test(sql));
  const columns = [...new Set((asked.length === 0 ? [...views] : asked).flatMap(([, names]) => names))];
  const names = what === "table" ? [...views.keys()] : columns;
  const [first, ...others] = names.filter((known) => isPartOf(name, known)).slice(0, MOST_NAMED);
  if (first === undefined) return didYouMean(name, what === "table" ? [...names, ...tables] : names);
  const last = others.pop();
  return `: did you mean ${[first, ...others].join(", ")}${last === undefined ? "" : ` or ${last}`}`;
}

/** Whether the words of a name begin those of another one, in their order: trials is part of trial_results, forget_prob of forget_probability. */
function isPartOf(given: string, known: string): boolean {
  const [wanted, words] = [wordsOf(given), wordsOf(known)];
  let from = 0;
  return wanted.every((word) => {
    const at = words.findIndex((other, i) => i >= from && other.startsWith(word));
    from = at + 1;
    return at >= 0;
  });
}

const LEAST_LETTERS = 3; // of a word without its plural's s

function wordsOf(name: string): string[] {
  const words = name.toLowerCase().split("_");
  return words.map((word) => (word.length > LEAST_LETTERS ? word.replace(/s$/, "") : word));
}
