/** Ranks with ties, and what tests of ranks count with. */
import { ascending } from "./moments.js";

/** Twice the midrank of each value among all of them (a whole number), and the sizes of the groups of equal values in ascending order. */
export interface Ranks {
  readonly doubled: readonly number[];
  readonly ties: readonly number[];
}

export function ranksOf(values: readonly number[]): Ranks {
  const sorted = ascending(values);
  const rankOf = new Map<number, number>();
  const ties: number[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to] === sorted[from]) to += 1;
    rankOf.set(sorted[from] + 0, from + 1 + to); // + 0: −0 is 0
    ties.push(to - from);
    from = to;
  }
  return { doubled: values.map((value) => rankOf.get(value + 0) ?? Number.NaN), ties };
}

/** Two-sided: twice the smaller of the two tails, at most 1. */
export function twiceTheSmaller(lower: number, upper: number): number {
  return Math.min(1, 2 * Math.min(lower, upper));
}
