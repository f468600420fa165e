/** What trains chunks. `test/runner-contract.ts` holds each one to it. */
import type { Outcome, TrajectorySpec } from "../trial.js";

/**
 * A runner trains chunks in lanes: threads of this process, or machines elsewhere. `run` gives the outcomes of a chunk in
 * order; fewer after `drain` or `cancel`. A trajectory that could not be trained is an outcome, and costs no other
 * one of another chunk. Where the machine gives out — memory, threads, descriptors, data that changed — no trajectory is
 * to blame: `run` throws a SweepError of fault environment. A runner that loses a lane works on with those left, hands
 * what the lane was asked for to another, and says so to `lost`; the last one gone, `run` throws.
 */
export interface Runner {
  /** How many chunks it trains at once. */
  readonly lanes: number;
  run(chunk: readonly TrajectorySpec[]): Promise<Outcome[]>;
  /** Lets the trajectories that are running come to their end, and starts no other. */
  drain(): void;
  /** Gives up what is running, between two epochs. */
  cancel(): void;
  readonly draining: boolean;
  /** Ends all lanes; what still runs comes to nothing. */
  close(): Promise<void>;
}

/** What is said of a lane that is gone, where `left` work on. */
export function laneLostText(reason: string, left: number): string {
  return `a thread could not go on, ${left} ${left === 1 ? "does" : "do"}: ${reason}`;
}
