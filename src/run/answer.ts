/** What is said between the run and its threads, and all of a thread that the run itself needs: what trains is loaded by threads. */
import { messageOf } from "../errors.js";
import type { Outcome } from "../trial.js";
import { type GivenOut, givenOut } from "./faults.js";

/** A flag between the run and its threads, in shared memory. */
export interface StopFlag {
  /** Set once: start no further trajectory. */
  readonly drain: Int32Array;
  /** Set once: give up even those that are running. */
  readonly cancel: Int32Array;
}

export function stopFlag(shared: SharedArrayBuffer): StopFlag {
  return { drain: new Int32Array(shared, 0, 1), cancel: new Int32Array(shared, 4, 1) };
}

export const STOP_FLAG_BYTES = 8;

/** What a thread answers: outcomes, or why there are none. */
export type Answer =
  | { readonly kind: "outcomes"; readonly outcomes: Outcome[] }
  | { readonly kind: "gave out"; readonly how: GivenOut }
  | { readonly kind: "bug"; readonly message: string; readonly stack: string };

/** What a thread answers where it has `train` for the outcomes of a chunk: it can post what was thrown, but throw nothing. */
export async function answerOf(train: () => Promise<Outcome[]>): Promise<Answer> {
  try {
    return { kind: "outcomes", outcomes: await train() };
  } catch (error) {
    const how = givenOut(error);
    return how === null ? bugOf(error) : { kind: "gave out", how };
  }
}

export function bugOf(error: unknown): Answer & { kind: "bug" } {
  return { kind: "bug", message: messageOf(error), stack: error instanceof Error ? (error.stack ?? "") : "" };
}
