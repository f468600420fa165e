/** The model confidence set: the cells that are not beaten (Hansen, Lunde & Nason 2011). */

/** Cells by their place, in the order in which they were taken out, the one that is left last, each with its p-value: the set at confidence 1 − alpha is those with p > alpha. */
export interface Elimination {
  readonly cell: number;
  readonly p: number;
}

/**
 * Compares cells by their mean loss over draws: `losses[cell][draw]`, smaller is better. `resamples` are bootstrap
 * samples of draws (places, as many as there are draws, drawn with replacement). The statistic is T_max: the largest
 * standardised distance of a cell's mean loss from the mean of those that are left; the worst one goes until one is
 * left. A p-value is the largest so far; ties of the statistic take out the first of them. One draw of equal losses
 * has no spread: its cells' p is 1.
 */
export function modelConfidenceSet(
  losses: readonly (readonly number[])[],
  resamples: readonly (readonly number[])[],
): Elimination[] {
  return [...eliminations(losses, resamples)];
}

/** The places of the cells in the set at confidence 1 − alpha: what is left once a p-value is above alpha, since none that follows is smaller. */
export function confidenceSet(
  losses: readonly (readonly number[])[],
  resamples: readonly (readonly number[])[],
  alpha: number,
): number[] {
  const left = new Set(losses.keys());
  for (const { cell, p } of eliminations(losses, resamples)) {
    if (p > alpha) break;
    left.delete(cell);
  }
  return [...left];
}

function* eliminations(
  losses: readonly (readonly number[])[],
  resamples: readonly (readonly number[])[],
): Generator<Elimination> {
  const draws = losses[0]?.length ?? 0;
  const mean = losses.map((of) => of.reduce((sum, loss) => sum + loss, 0) / draws);
  // errors[cell][b]: how far the resampled mean is from the mean.
  const errors = losses.map((of, cell) =>
    Float64Array.from(resamples, (places) => places.reduce((sum, at) => sum + of[at], 0) / draws - mean[cell]),
  );
  const left = new Set(losses.keys());
  const sumOfErrors = new Float64Array(resamples.length);
  for (const of of errors) for (const [b, error] of of.entries()) sumOfErrors[b] += error;
  let p = 0;
  while (left.size > 1) {
    const { worst, share } = step([...left], mean, errors, sumOfErrors);
    p = Math.max(p, share);
    yield { cell: worst, p };
    left.delete(worst);
    for (const [b, error] of errors[worst].entries()) sumOfErrors[b] -= error;
  }
  for (const cell of left) yield { cell, p: 1 };
}

/** The cell that is farthest above the mean of those left, and how often resampling alone puts one as far. */
function step(
  left: readonly number[],
  mean: readonly number[],
  errors: readonly Float64Array[],
  sumOfErrors: Float64Array,
): { worst: number; share: number } {
  const center = left.reduce((sum, cell) => sum + mean[cell], 0) / left.length;
  const centers = sumOfErrors.map((sum) => sum / left.length);
  const largest = new Float64Array(sumOfErrors.length).fill(Number.NEGATIVE_INFINITY);
  let [worst, distance] = [left[0], Number.NEGATIVE_INFINITY];
  // Cells times resamples, once for each cell that goes: what a verdict on thousands of cells takes its time for.
  for (const cell of left) {
    const of = errors[cell];
    let squares = 0;
    for (let b = 0; b < of.length; b++) {
      const error = of[b] - centers[b];
      squares += error * error;
    }
    const deviation = Math.sqrt(squares / of.length);
    if (deviation === 0) {
      for (let b = 0; b < of.length; b++) if (largest[b] < 0) largest[b] = 0;
    } else {
      for (let b = 0; b < of.length; b++) {
        const standardized = (of[b] - centers[b]) / deviation;
        if (standardized > largest[b]) largest[b] = standardized;
      }
    }
    const t = deviation === 0 ? 0 : (mean[cell] - center) / deviation;
    if (t > distance) [worst, distance] = [cell, t];
  }
  let beyond = 0;
  for (const value of largest) if (distance <= value) beyond += 1;
  return { worst, share: beyond / largest.length };
}
