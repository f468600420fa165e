/** What a sweep that is trained tells those who listen: progress, log, best cell, signals. */
import type { Sweep } from "../store/contract.js";
import type { Outcome, TrajectorySpec } from "../trial.js";
import type { Runner } from "./runner.js";

/** How much of a plan a store lacks. */
export interface Survey {
  readonly rows: number;
  readonly trajectories: number;
  /** Epochs to train for it, starts that are finished but whose parameters are needed included. */
  readonly epochs: number;
}

/** How far a run is. */
export interface Progress {
  readonly landed: Survey;
  readonly missing: Survey;
}

/** What a run did, counted in trial rows. */
interface Tally {
  readonly trained: number;
  readonly failed: number;
  readonly diverged: number;
  /** True where it was told to stop before everything was there. */
  readonly stopped: boolean;
}

export interface SweepResult {
  readonly tally: Tally;
  /** Trial rows that were finished before. */
  readonly skipped: number;
}

export const NOTHING_DONE: SweepResult = {
  tally: { trained: 0, failed: 0, diverged: 0, stopped: false },
  skipped: 0,
};

/** What was done before and in the round after it, as one: what the first round found finished was finished before. */
export function together(before: SweepResult, after: SweepResult): SweepResult {
  const [a, b] = [before.tally, after.tally];
  const sum = (name: "trained" | "failed" | "diverged"): number => a[name] + b[name];
  return {
    tally: { trained: sum("trained"), failed: sum("failed"), diverged: sum("diverged"), stopped: b.stopped },
    skipped: before === NOTHING_DONE ? after.skipped : before.skipped,
  };
}

export type SweepEvent =
  /** Before anything is trained; `skipped` trial rows were finished before. */
  | { readonly kind: "opened"; readonly sweep: Sweep; readonly missing: Survey; readonly skipped: number }
  /**
   * A runner works from now on, and can be drained or cancelled. `stop` is for signals: the first drains it, the next
   * cancels it, and all hear "stopping". Does not come where nothing is missing.
   */
  | { readonly kind: "started"; readonly runner: Runner; readonly stop: (signal: string) => void }
  | { readonly kind: "landed"; readonly outcomes: readonly Outcome[]; readonly progress: Progress }
  | { readonly kind: "second try"; readonly spec: TrajectorySpec; readonly reason: string }
  /** A lane of the runner is gone; `left` work on. */
  | { readonly kind: "lane lost"; readonly reason: string; readonly left: number }
  | { readonly kind: "stopping"; readonly signal: string; readonly now: boolean }
  /** After a round of a sweep that is trained in rounds has ended: what its look, the `look`-th of at most `of`, decided. */
  | { readonly kind: "decided"; readonly look: number; readonly of: number; readonly sentence: string }
  /** The last event of a sweep or of a round of it, whatever happened; `fault` is the sentence of what ended the run early, null: nothing did. */
  | { readonly kind: "ended"; readonly tally: Tally; readonly skipped: number; readonly fault: string | null };

/** One that listens. It hears every event in order, and is waited for. */
export type Observer = (event: SweepEvent) => void | Promise<void>;
