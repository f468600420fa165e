/** Chunks as pg-boss keeps them: what comes back from there is checked as strictly as what is typed. */
import { badPlace } from "../faults.js";
import type { Chunk } from "../queue.js";

/** A chunk, and the mark of its plan. */
export function chunkOf(data: unknown): { chunk: Chunk; plan: string } {
  const { plan, first, count, rows, trajectories, epochs, retryFailed, losses } = Object(data) as Record<
    string,
    unknown
  >;
  const numbers = [first, count, rows, trajectories, epochs, losses];
  if (!numbers.every(isCount) || count === 0 || typeof plan !== "string" || typeof retryFailed !== "boolean")
    throw badPlace(
      (place) =>
        `${place} has a chunk that gmm-sweep did not put up: gmm-sweep resume puts up what is missing once the schema gmm_sweep_queue is dropped`,
    );
  return { chunk: { first, count, rows, trajectories, epochs, retryFailed, losses } as Chunk, plan };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
