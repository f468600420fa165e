/** Trains what a store lacks of a sweep: survey → chunks → runner → store, and tells those who listen. */
import { messageOf } from "../errors.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import type { Missing, Store, Sweep } from "../store/contract.js";
import { lastEpoch, type Outcome, type TrajectorySpec } from "../trial.js";
import { ChunkQueue } from "./chunk-queue.js";
import type { Observer, Survey, SweepEvent, SweepResult } from "./events.js";
import { faultOf } from "./faults.js";
import { Listeners } from "./listeners.js";
import type { Runner } from "./runner.js";
import { missingGroups, surveyMissing } from "./survey.js";

export interface SweepOptions {
  /** Whether rows that failed are missing too. */
  readonly retryFailed: boolean;
  /** The most lanes that the runner is to have. */
  readonly lanes: number;
  /** Makes the runner; it is not called where nothing is missing. */
  readonly start: (lanes: number, lost: LaneLost) => Runner;
  readonly observers: readonly Observer[];
}

/** What a runner says where it lost a lane and `left` work on. */
type LaneLost = (reason: string, left: number) => void;

/** Trains all that the stored plan of `sweep` asks of its shard and `store` does not have, until it is there or a runner that drains has come to its end. */
export async function trainSweep(store: Store, sweep: Sweep, options: SweepOptions): Promise<SweepResult> {
  const run = new SweepRun(store, sweep, options);
  try {
    await run.train();
  } catch (error) {
    const thrown = faultOf(error);
    // An observer that throws now has thrown before: the first fault is the one to tell.
    await run.tell({ kind: "ended", ...run.result, fault: messageOf(thrown) }).catch(() => {});
    throw thrown;
  }
  await run.tell({ kind: "ended", ...run.result, fault: null });
  return run.result;
}

class SweepRun {
  readonly #store: Store;
  readonly #sweep: Sweep;
  readonly #options: SweepOptions;
  readonly #tally = { trained: 0, failed: 0, diverged: 0 };
  readonly #landed = { rows: 0, trajectories: 0, epochs: 0 };
  #missing: Survey = { rows: 0, trajectories: 0, epochs: 0 };
  #skipped = 0;
  #stopped = false;
  /** What ended the run early; the first of several. */
  #fault: { readonly error: unknown } | null = null;
  readonly #listeners: Listeners;

  constructor(store: Store, sweep: Sweep, options: SweepOptions) {
    this.#store = store;
    this.#sweep = sweep;
    this.#options = options;
    this.#listeners = new Listeners(options.observers);
  }

  get result(): SweepResult {
    return { tally: { ...this.#tally, stopped: this.#stopped }, skipped: this.#skipped };
  }

  async train(): Promise<void> {
    const { retryFailed, lanes, start } = this.#options;
    const lookup = (specs: readonly TrajectorySpec[]): Promise<Missing> =>
      this.#store.missing(this.#sweep.profile, specs, retryFailed);
    const planned = (): Iterable<TrajectorySpec[]> => trajectoriesOf(this.#sweep.plan, this.#sweep.shard);
    const { missing, planned: rows, failed } = await surveyMissing(planned(), lookup);
    this.#missing = missing;
    this.#skipped = rows - missing.rows - (retryFailed ? 0 : failed);
    await this.tell({ kind: "opened", sweep: this.#sweep, missing, skipped: this.#skipped });
    if (missing.rows === 0) return;
    const runner = start(Math.min(lanes, missing.trajectories), (reason, left) =>
      this.#listeners.note({ kind: "lane lost", reason, left }, (error) => this.#giveUp(runner, error)),
    );
    try {
      const stop = (signal: string): void =>
        this.#listeners.stop(runner, signal, (error) => this.#giveUp(runner, error));
      await this.tell({ kind: "started", runner, stop });
      await this.#drive(runner, new ChunkQueue(missingGroups(planned(), lookup), missing.epochs, runner.lanes));
      this.#stopped = runner.draining && this.#landed.trajectories < missing.trajectories;
    } finally {
      await runner.close();
    }
  }

  tell(event: SweepEvent): Promise<void> {
    return this.#listeners.tell(event);
  }

  /** What is finished still lands, as far as it can. */
  #giveUp(runner: Runner, error: unknown): void {
    this.#fault ??= { error };
    runner.cancel();
  }

  /** Keeps the lanes busy until nothing is left. */
  async #drive(runner: Runner, queue: ChunkQueue): Promise<void> {
    const feed = async (): Promise<void> => {
      try {
        for (let chunk = await queue.next(); chunk !== null && !runner.draining; chunk = await queue.next())
          await this.#chunk(runner, queue, chunk);
      } catch (error) {
        this.#giveUp(runner, error);
      }
    };
    // One more than lanes: a lane has its next chunk at hand while the last one is being recorded.
    await Promise.all(Array.from({ length: runner.lanes + 1 }, feed));
    await this.#listeners.quiet;
    if (this.#fault !== null) throw this.#fault.error;
  }

  /** Has a chunk trained and lands it; then tries each failed trajectory once more, alone, so that one that kills its lane takes no other with it. */
  async #chunk(runner: Runner, queue: ChunkQueue, chunk: readonly TrajectorySpec[]): Promise<void> {
    const outcomes = await runner.run(chunk);
    queue.learn(outcomes);
    await this.#land(outcomes.filter(({ state }) => state === "trained"));
    for (const outcome of outcomes) {
      if (outcome.state !== "failed" || runner.draining) continue;
      await this.tell({ kind: "second try", spec: outcome.spec, reason: outcome.reason });
      await this.#land(await runner.run([outcome.spec]));
    }
  }

  async #land(outcomes: readonly Outcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    const landed = await this.#store.record(this.#sweep, outcomes);
    for (const state of ["trained", "failed", "diverged"] as const) {
      this.#tally[state] += landed[state];
      this.#landed.rows += landed[state];
    }
    for (const outcome of outcomes) {
      if (outcome.state === "failed" || outcome.wanted) this.#landed.trajectories += 1;
      this.#landed.epochs += lastEpoch(outcome.spec);
    }
    const { rows, epochs } = this.#missing;
    // A row that had failed lands too where its trajectory is trained for a later one.
    this.#landed.rows = Math.min(this.#landed.rows, rows);
    // A group that was split trains its start more than once.
    this.#landed.epochs = Math.min(this.#landed.epochs, epochs);
    const progress = { landed: { ...this.#landed }, missing: this.#missing };
    await this.tell({ kind: "landed", outcomes, progress });
  }
}
