/** Which names of views, tables and columns a wrong one may stand for. */
import { didYouMean } from "../errors.js";

const LEAST_PART = 4; // letters that tell something
const MOST_NAMED = 4;

/** How a sentence about a wrong name ends: with the one that is near it or, where none is, the few that have it in them, as trial_results has the trial of trials. */
export function meantNames(given: string, all: readonly string[]): string {
  // Another view may have it, as epoch_results has epoch.
  const names = all.filter((name) => name !== given);
  const near = didYouMean(given, names);
  const part = given.toLowerCase().replace(/s$/, "");
  if (near !== "" || part.length < LEAST_PART) return near;
  const [begun, within] = [names.filter((name) => name.startsWith(part)), names.filter((name) => name.includes(part))];
  const found = begun.length > 0 ? begun : within;
  if (found.length === 0 || found.length > MOST_NAMED) return "";
  const [last, ...others] = found.toReversed();
  return `: did you mean ${others.length === 0 ? last : `${others.reverse().join(", ")} or ${last}`}`;
}
