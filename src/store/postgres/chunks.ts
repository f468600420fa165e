/** Chunks as pg-boss keeps them: what comes back from there is checked as strictly as what is typed. */
import { shellWord } from "../../errors.js";
import { badPlace } from "../faults.js";
import type { Chunk } from "../queue.js";

/** A chunk, the mark of its plan, and the workers that have had it on lease, by their numbers. */
export function chunkOf(data: unknown): { chunk: Chunk; plan: string; holders: readonly number[] } {
  const { plan, holders, first, count, rows, trajectories, epochs, retryFailed, losses } = Object(data) as Record<
    string,
    unknown
  >;
  const numbers = [first, count, rows, trajectories, epochs, losses];
  const areHolders = Array.isArray(holders) && holders.every(isCount);
  if (
    !(numbers.every(isCount) && areHolders) ||
    count === 0 ||
    typeof plan !== "string" ||
    typeof retryFailed !== "boolean"
  )
    throw badPlace(
      (place) =>
        `${place} has a chunk that gmm-sweep did not put up: gmm-sweep resume ${shellWord(place)} puts up what is missing once the schema gmm_sweep_queue is dropped`,
    );
  return { chunk: { first, count, rows, trajectories, epochs, retryFailed, losses } as Chunk, plan, holders };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
