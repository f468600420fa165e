/** Named random streams: a stream is a function of its name alone, never of worker, order, λ, grid or count. */
import seedrandom from "seedrandom";
import { log } from "../numerics/elementary.js";

/** A source of numbers: uniform on [0, 1), and standard normal. */
export interface Stream {
  uniform(): number;
  normal(): number;
}

/**
 * The stream called `gs1|part|part|…`. The prefix and the separators keep seedrandom's trap away: it takes '1', '11'
 * and '1111' for one seed. Its default generator (ARC4) is the only one of its that is safe with string seeds.
 */
export function stream(...parts: readonly (string | number)[]): Stream {
  const uniform = seedrandom(["gs1", ...parts].join("|"));
  return { uniform, normal: normalsFrom(uniform, log) };
}

/**
 * Standard normal numbers from uniform ones: Marsaglia's polar method (Marsaglia & Bray 1964). It takes log and sqrt only,
 * so that with our own log the bits are the same everywhere.
 */
export function normalsFrom(uniform: () => number, log: (x: number) => number): () => number {
  let spare: number | null = null;
  return function normal(): number {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}
