/** Sign-flip tests: within pairs, and over draws for many cells at once (max-T). */

/** Up to so many units all sign patterns are enumerated. */
const ENUMERATED_UP_TO = 12;

/** Signs of units that are flipped as a whole: `patterns` × `units` of ±1, and whether these are all that there are. */
export interface Flips {
  readonly signs: readonly Int8Array[];
  readonly exact: boolean;
}

/** All sign patterns of up to 12 units; else `count` − 1 random ones and the pattern that flips nothing. `random` gives numbers from [0, 1). */
export function signFlips(units: number, count: number, random: () => number): Flips {
  if (units <= ENUMERATED_UP_TO) {
    const signs = Array.from({ length: 2 ** units }, (_, pattern) =>
      Int8Array.from({ length: units }, (_, unit) => ((pattern >> unit) & 1 ? -1 : 1)),
    );
    return { signs, exact: true };
  }
  const drawn = Array.from({ length: count - 1 }, () =>
    Int8Array.from({ length: units }, () => (random() < 0.5 ? 1 : -1)),
  );
  return { signs: [new Int8Array(units).fill(1), ...drawn], exact: false };
}

export interface SwapTest {
  /** The mean difference. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  readonly exact: boolean;
}

/** Whether the two of a pair are exchangeable: the share of sign patterns under which |mean difference| is as large. Exact where `flips` is; else its p has a Monte-Carlo error √(p(1−p)/count). */
export function swapTest(differences: readonly number[], flips: Flips): SwapTest {
  const n = differences.length;
  const size = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  const atLeast = flips.signs.filter((signs) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += signs[i] * differences[i];
    return reaches(Math.abs(sum), size);
  });
  const statistic = differences.reduce((sum, difference) => sum + difference, 0) / n;
  return { statistic, p: atLeast.length / flips.signs.length, exact: flips.exact };
}

/** Whether `value` ≥ `limit` but for rounding: equal sums of other orders must count as equal. */
function reaches(value: number, limit: number): boolean {
  return value >= limit * (1 - 1e-12);
}

/** What max-T finds of one cell. */
export interface MaxT {
  readonly mean: number;
  readonly error: number;
  readonly t: number;
  /** Adjusted for all cells, two-sided. */
  readonly p: number;
  /** The simultaneous band. */
  readonly low: number;
  readonly high: number;
}

/**
 * Many cells against 0 at once (Westfall & Young 1993; Nichols & Holmes 2002): `values[cell][draw]`, a value for each
 * draw in every cell, two draws or more. p = the share of sign patterns under which the largest |t| of all cells is as
 * large as the cell's; assumes that differences are symmetric about 0. The band is mean ± c·error, c the (1 − alpha)
 * quantile of the largest |t| of the flipped residuals: where draws are so few that no pattern is as rare as alpha, it
 * is infinite. A cell whose values are all equal has error 0: its t is 0 at 0, else infinite.
 */
export function maxT(values: readonly (readonly number[])[], flips: Flips, alpha: number): MaxT[] {
  const cells = values.map(centered);
  const { values: largest, residuals: largestResidual } = largestOf(flips, cells);
  largestResidual.sort();
  const critical = criticalValue(largestResidual, alpha);
  largest.sort();
  return cells.map(({ mean, error, t }) => ({
    ...{ mean, error, t },
    p: (largest.length - firstReaching(largest, Math.abs(t))) / largest.length,
    low: error === 0 ? mean : mean - critical * error,
    high: error === 0 ? mean : mean + critical * error,
  }));
}

interface Centered {
  readonly values: Float64Array;
  readonly residuals: Float64Array;
  readonly mean: number;
  readonly error: number;
  readonly t: number;
}

function centered(given: readonly number[]): Centered {
  const n = given.length;
  const values = Float64Array.from(given);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const isConstant = given.every((value) => value === given[0]);
  // The rounding of the mean alone would be a residual of infinite |t|, and so the bands of all cells.
  const residuals = isConstant ? new Float64Array(n) : values.map((value) => value - mean);
  const error = isConstant ? 0 : Math.sqrt(residuals.reduce((sum, rest) => sum + rest * rest, 0) / (n * (n - 1)));
  return { values, residuals, mean, error, t: tOf(mean, error) };
}

function tOf(mean: number, error: number): number {
  return error === 0 ? (mean === 0 ? 0 : Math.sign(mean) * Number.POSITIVE_INFINITY) : mean / error;
}

interface Largest {
  readonly values: Float64Array;
  readonly residuals: Float64Array;
}

/** max over cells of |t|, for each pattern of signs, of the values and of their residuals: two sums at a time take hardly longer than one. */
function largestOf({ signs }: Flips, cells: readonly Centered[]): Largest {
  const largest = { values: new Float64Array(signs.length), residuals: new Float64Array(signs.length) };
  for (const { values, residuals } of cells) {
    const n = values.length;
    const [squares, rests] = [squaresOf(values), squaresOf(residuals)];
    for (let pattern = 0; pattern < signs.length; pattern++) {
      const flipped = signs[pattern];
      let [sum, rest] = [0, 0];
      for (let i = 0; i < n; i++) {
        const sign = flipped[i];
        sum += sign * values[i];
        rest += sign * residuals[i];
      }
      largest.values[pattern] = Math.max(largest.values[pattern], sizeOf(sum, squares, n));
      largest.residuals[pattern] = Math.max(largest.residuals[pattern], sizeOf(rest, rests, n));
    }
  }
  return largest;
}

function squaresOf(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return squares;
}

/** |t| of n flipped values by their sum; the sum of squares does not change when signs do. */
function sizeOf(sum: number, squares: number, n: number): number {
  const rest = squares - (sum * sum) / n;
  // All values equal but for the sign: what is left of the squares is rounding.
  const error = rest <= squares * 1e-14 ? 0 : Math.sqrt(rest / (n * (n - 1)));
  return Math.abs(tOf(sum / n, error));
}

/** The smallest c that no more than alpha of the sorted values exceed or reach; infinite where alpha is less than one of them. */
function criticalValue(sorted: Float64Array, alpha: number): number {
  const beyond = Math.floor(alpha * sorted.length);
  return beyond === 0 ? Number.POSITIVE_INFINITY : sorted[sorted.length - beyond];
}

/** The first place in `sorted` whose value reaches `limit`. */
function firstReaching(sorted: Float64Array, limit: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (reaches(sorted[middle], limit)) to = middle;
    else from = middle + 1;
  }
  return from;
}
