/** Waits for a place that another holds, or that is away for a moment. */
import { setTimeout as delay } from "node:timers/promises";
import type { Opening } from "./contract.js";
import type { Told } from "./faults.js";

/** What there may be to wait for. */
export interface Wait {
  /** Whether it is worth to ask again after this was thrown. */
  readonly isHeld: (error: unknown) => boolean;
  /** What is said, once, of a wait of so long. */
  readonly sentence: (place: string, atMost: string) => string;
}

export const NOTICED_AFTER_MS = 1000; // a checkpoint or a backup may hold a file for a moment
const ASK_AGAIN_MS = 200;

/** Runs `body` until nobody holds the place, as long as is to be waited; `body` hears how long it may stand still. */
export async function patiently<Result>(
  place: string,
  { lockWaitMs, tell, stop }: Opening,
  { isHeld, sentence }: Wait,
  told: Told,
  body: (waitMs: number) => Result | Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      return await body(tries === 0 ? Math.min(lockWaitMs, NOTICED_AFTER_MS) : 0);
    } catch (error) {
      if (!isHeld(error) || stop.aborted || performance.now() - began >= lockWaitMs) throw told(place, error);
      if (tries === 0) tell(sentence(place, duration(lockWaitMs)));
    }
    // Not in the database, which would hold up signals and threads.
    await delay(ASK_AGAIN_MS);
  }
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
