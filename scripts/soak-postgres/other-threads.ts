/** A preload for the command line: its threads are thread.ts, told by SOAK_THREAD what they do beside training. */
import { Piscina } from "piscina";

/** What a thread does beside training. */
export interface Habits {
  /** How long it waits in each training, as if that took so long. */
  readonly waitMs: number;
  /** The trajectory, by its key, at which it kills its process; null: none. */
  readonly poison: string | null;
}

const THREAD = new URL("thread.js", import.meta.url).href;

const { run } = Piscina.prototype;
Piscina.prototype.run = function (task, options) {
  return run.call(this, task, { ...options, filename: THREAD });
};
