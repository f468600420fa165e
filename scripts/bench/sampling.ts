/** Samples of contestants that take turns, so that what else the machine does meets all of them alike; and medians. */

/** Work done, in a unit of the contestant's own, and the time it took. */
export interface Slice {
  readonly work: number;
  readonly ms: number;
}

/** Works for about so long. */
export type Contestant = (ms: number) => Slice | Promise<Slice>;

export const SAMPLES = 5; // an odd number: the median is one of them
const SLICE_MS = 100; // short beside what disturbs a machine, long beside a clock's tick

/** SAMPLES samples, each of every contestant's work per ms over at least `seconds` of its own. */
export async function sampleRates(contestants: readonly Contestant[], seconds: number): Promise<number[][]> {
  const samples: number[][] = [];
  for (let i = 0; i < SAMPLES; i++) samples.push(await oneSample(contestants, seconds));
  return samples;
}

export async function oneSample(contestants: readonly Contestant[], seconds: number): Promise<number[]> {
  const enoughMs = 1000 * seconds;
  const totals = contestants.map(() => ({ work: 0, ms: 0 }));
  while (totals.some(({ ms }) => ms < enoughMs)) {
    for (const [i, total] of totals.entries()) {
      if (total.ms >= enoughMs) continue;
      const { work, ms } = await contestants[i](Math.min(SLICE_MS, enoughMs));
      total.work += work;
      total.ms += ms;
    }
  }
  return totals.map(({ work, ms }) => work / ms);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A contestant out of a function that does `count` units of work: it learns how many fill a slice. */
export function repeated(work: (count: number) => void, perCount: number): Contestant {
  let perMs = 0;
  return (ms) => {
    const count = Math.max(1, Math.round(perMs * ms));
    const began = performance.now();
    work(count);
    const elapsed = performance.now() - began;
    perMs = count / elapsed;
    return { work: count * perCount, ms: elapsed };
  };
}
