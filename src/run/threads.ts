/** The runner of this machine: each lane is a worker thread. */
import { Piscina } from "piscina";
import type { EngineChoice } from "../engine/engines.js";
import { messageOf, SweepError } from "../errors.js";
import type { Outcome, TrajectorySpec } from "../trial.js";
import { threadsWithRoom } from "./address-space.js";
import { type Answer, bugOf, STOP_FLAG_BYTES, type StopFlag, stopFlag } from "./answer.js";
import { type GivenOut, givenOut, noLaneLeft } from "./faults.js";
import type { Runner } from "./runner.js";

/** The thread's entry, beside this file in the built tree. */
export const TRIAL_WORKER = new URL("../../workers/trial.js", import.meta.url);

/** What a thread is born with. */
export interface ThreadData {
  readonly engine: EngineChoice;
  /** What its engine must compute as; null: as it does. */
  readonly profile: string | null;
  readonly stop: SharedArrayBuffer;
}

export interface ThreadOptions {
  readonly workers: number;
  readonly engine: EngineChoice;
  /**
   * The numerics profile that results are stored under; null where nothing is stored. A thread that could not load the
   * kernel that this process has, for want of files or memory, would take another one that loads, with other bits.
   */
  readonly profile: string | null;
  /** A module like workers/trial.ts. */
  readonly entry: URL;
  /** Hears of each thread that cannot be had any more, and how many are left. */
  readonly lost: (reason: string, left: number) => void;
}

export class ThreadRunner implements Runner {
  readonly lanes: number;
  readonly #flag: StopFlag;
  readonly #lost: ThreadOptions["lost"];
  /** Those that are not lost. */
  readonly #threads: Set<Thread>;
  readonly #idle: Thread[];
  readonly #waiting: ((thread: Thread | null) => void)[] = [];
  /** Those that there is no address space for, until they are told. */
  #withoutRoom: number;
  /** The last start that was tried again. */
  #restart: Promise<unknown> = Promise.resolve();
  /** Why no thread is left; null: some are. */
  #end: SweepError | null = null;

  constructor({ workers, engine, profile, entry, lost }: ThreadOptions) {
    const stop = new SharedArrayBuffer(STOP_FLAG_BYTES);
    this.lanes = Math.min(workers, threadsWithRoom());
    this.#withoutRoom = workers - this.lanes;
    if (this.lanes === 0) throw noLaneLeft("there is no address space for one (ulimit -v)", "raise that limit");
    this.#flag = stopFlag(stop);
    this.#lost = lost;
    this.#idle = Array.from({ length: this.lanes }, () => new Thread(entry, { engine, profile, stop }));
    this.#threads = new Set(this.#idle);
  }

  /** A thread that dies fails all of its chunk, and is replaced. */
  async run(chunk: readonly TrajectorySpec[]): Promise<Outcome[]> {
    if (this.#withoutRoom > 0) {
      const reason = `there is address space (ulimit -v) for ${this.lanes} ${this.lanes === 1 ? "thread" : "threads"} of ${this.lanes + this.#withoutRoom}`;
      this.#withoutRoom = 0;
      this.#lost(reason, this.lanes);
    }
    for (;;) {
      const thread = await this.#take();
      if (thread === null) return this.#atEnd();
      const answer = await this.#trainOn(thread, chunk);
      if (answer.kind !== "gave out" || answer.how.kind !== "lane") this.#giveBack(thread);
      else this.#lose(thread, answer.how);
      if (answer.kind === "outcomes") return answer.outcomes;
      if (answer.kind === "bug") throw Object.assign(new Error(answer.message), { stack: answer.stack });
      if (this.draining) return [];
      if (answer.kind === "died") return chunk.map((spec) => ({ state: "failed", spec, reason: answer.reason }));
      if (answer.how.kind === "run") throw new SweepError("environment", answer.how.sentence);
    }
  }

  /** Threads that start together may take from each other what they need for that moment only: one that could not is started once more, alone. */
  async #trainOn(thread: Thread, chunk: readonly TrajectorySpec[]): Promise<ThreadAnswer> {
    const answer = await thread.train(chunk);
    if (answer.kind !== "gave out" || answer.how.kind !== "lane" || thread.proven) return answer;
    const again = this.#restart.then(async () => {
      await Promise.all([...this.#threads].map(({ settled }) => settled));
      return thread.restart();
    });
    this.#restart = again;
    const restarted = await again;
    return restarted.kind === "outcomes" ? thread.train(chunk) : restarted;
  }

  /** An idle thread, as soon as there is one; null where none is left. */
  #take(): Promise<Thread | null> {
    const idle = this.#end === null ? this.#idle.pop() : null;
    if (idle !== undefined) return Promise.resolve(idle);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(thread);
    else next(thread);
  }

  #lose(thread: Thread, { reason, remedy }: GivenOut & { kind: "lane" }): void {
    this.#threads.delete(thread);
    void thread.close();
    this.#lost(reason, this.#threads.size);
    if (this.#threads.size > 0) return;
    this.#end = noLaneLeft(reason, remedy);
    for (const next of this.#waiting.splice(0)) next(null);
  }

  #atEnd(): Outcome[] {
    if (this.draining || this.#end === null) return [];
    throw this.#end;
  }

  drain(): void {
    Atomics.store(this.#flag.drain, 0, 1);
  }

  cancel(): void {
    this.drain();
    Atomics.store(this.#flag.cancel, 0, 1);
  }

  get draining(): boolean {
    return Atomics.load(this.#flag.drain, 0) !== 0;
  }

  async close(): Promise<void> {
    this.cancel();
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }
}

type Pool = Piscina<readonly TrajectorySpec[], Answer>;

/** What became of a chunk on a thread. */
type ThreadAnswer = Answer | { readonly kind: "died"; readonly reason: string };

/**
 * A pool of one thread, which is started by its first chunk and again by the next one after it died. One pool of all
 * threads would not say which of them could not be started, nor hand what that one was to do to another.
 */
class Thread {
  readonly #entry: URL;
  readonly #data: ThreadData;
  #pool: Pool;
  /** Whether the thread that is there, or was last, has loaded its entry. */
  #started = false;
  #closed = false;
  #giveUp: (error: unknown) => void = () => {};
  #settle: () => void = () => {};
  /** Whether a chunk has come back from it. */
  proven = false;
  /** Resolves once it does not start: it has, or could not. */
  settled: Promise<void> = Promise.resolve();

  constructor(entry: URL, data: ThreadData) {
    this.#entry = entry;
    this.#data = data;
    this.#pool = this.#open();
  }

  async train(chunk: readonly TrajectorySpec[]): Promise<ThreadAnswer> {
    if (this.#pool.threads.length === 0) {
      this.#started = false;
      this.settled = new Promise((resolve) => (this.#settle = resolve));
    }
    const answer = await this.#answer(chunk);
    this.#settle();
    this.proven ||= answer.kind === "outcomes";
    return answer;
  }

  async #answer(chunk: readonly TrajectorySpec[]): Promise<ThreadAnswer> {
    try {
      return await new Promise((resolve, reject) => {
        this.#giveUp = reject;
        this.#handOut(chunk).then(resolve, reject);
      });
    } catch (error) {
      const how = givenOut(error);
      if (how !== null) return { kind: "gave out", how };
      const reason = `its thread died: ${messageOf(error)}`;
      return this.#started || this.#closed ? { kind: "died", reason } : bugOf(error);
    }
  }

  #handOut(chunk: readonly TrajectorySpec[]): Promise<Answer> {
    try {
      return this.#pool.run(chunk);
    } catch (error) {
      // Node throws where it gets no thread. Piscina keeps the chunk, and would reject a promise that nobody has seen.
      this.#pool = this.#open();
      throw error;
    }
  }

  /** Starts it anew, with nothing to train: a pool whose thread could not start still holds what that one was to do. */
  async restart(): Promise<ThreadAnswer> {
    await this.#pool.destroy();
    if (this.#closed) return { kind: "died", reason: "it was closed" };
    this.#pool = this.#open();
    return this.train([]);
  }

  #open(): Pool {
    const pool: Pool = new Piscina({
      filename: this.#entry.href,
      // None before the first chunk: one that is started in an event's handler takes the process with it where it cannot be.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // Piscina first tries require on the entry: Node 20 aborts the whole process if a thread is ended while it requires an ES module.
      execArgv: ["--no-experimental-require-module"],
      workerData: this.#data,
    });
    pool.on("workerCreate", () => {
      this.#started = true;
      this.#settle();
    });
    // A thread that dies before it has loaded its entry is not replaced, and Piscina leaves what waits for it waiting for ever.
    pool.on("error", (error: unknown) => this.#giveUp(error));
    pool.on("workerDestroy", () => {
      const giveUp = this.#giveUp;
      // After Piscina's own word of it, if there is one.
      if (!this.#started) setImmediate(() => giveUp(new Error("a thread ended before it began")));
    });
    return pool;
  }

  /** What it trains comes to nothing. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#pool.destroy();
  }
}
