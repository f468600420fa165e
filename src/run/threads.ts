/** The pool of worker threads: hands each a chunk, and tells what became of it even where the thread died. */
import { Piscina } from "piscina";
import type { EngineChoice } from "../engine/engines.js";
import { messageOf } from "../errors.js";
import type { Outcome, TrajectorySpec } from "../trial.js";
import { STOP_FLAG_BYTES, type StopFlag, stopFlag } from "./chunk.js";

/** The thread's entry, beside this file in the built tree. */
export const TRIAL_WORKER = new URL("../../workers/trial.js", import.meta.url);

/** What a thread is born with. */
export interface ThreadData {
  readonly engine: EngineChoice;
  readonly stop: SharedArrayBuffer;
}

export interface PoolOptions {
  readonly workers: number;
  readonly engine: EngineChoice;
  /** A module like workers/trial.ts. */
  readonly entry: URL;
}

export class TrialPool {
  readonly workers: number;
  readonly #threads: Piscina<readonly TrajectorySpec[], Outcome[]>;
  readonly #flag: StopFlag;
  readonly #waiting = new Set<(error: unknown) => void>();
  #unstartable: unknown = null;

  constructor({ workers, engine, entry }: PoolOptions) {
    const stop = new SharedArrayBuffer(STOP_FLAG_BYTES);
    const workerData: ThreadData = { engine, stop };
    this.workers = workers;
    this.#flag = stopFlag(stop);
    // Piscina's own default, half to 1.5 × the cores and threads that come and go, suits no work that never waits.
    this.#threads = new Piscina({
      filename: entry.href,
      minThreads: workers,
      maxThreads: workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // Piscina first tries require on the entry: Node 20 aborts the whole process if a thread is ended while it requires an ES module.
      execArgv: ["--no-experimental-require-module"],
      workerData,
    });
    // A thread that cannot even start is not replaced, and Piscina leaves what waits for one waiting for ever.
    this.#threads.on("error", (error: unknown) => {
      this.#unstartable = error;
      for (const giveUp of this.#waiting) giveUp(error);
    });
  }

  /** The outcomes of a chunk, in order; fewer than asked after `drain`. A thread that dies fails all of its chunk, and is replaced. */
  async run(specs: readonly TrajectorySpec[]): Promise<Outcome[]> {
    try {
      return await this.#handOut(specs);
    } catch (error) {
      const reason = `its thread died: ${messageOf(error)}`;
      return this.draining ? [] : specs.map((spec) => ({ state: "failed", spec, reason }));
    }
  }

  #handOut(specs: readonly TrajectorySpec[]): Promise<Outcome[]> {
    if (this.#unstartable !== null) return Promise.reject(this.#unstartable);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const done = (): boolean => this.#waiting.delete(reject);
      this.#threads.run(specs).then(resolve, reject).finally(done);
    });
  }

  /** Lets the trajectories that are running come to their end, and starts no other. */
  drain(): void {
    Atomics.store(this.#flag.drain, 0, 1);
  }

  /** Gives up what is running, between two epochs. */
  cancel(): void {
    this.drain();
    Atomics.store(this.#flag.cancel, 0, 1);
  }

  get draining(): boolean {
    return Atomics.load(this.#flag.drain, 0) !== 0;
  }

  /** Ends all threads; what still runs comes to nothing. */
  close(): Promise<void> {
    this.cancel();
    return this.#threads.destroy();
  }
}
