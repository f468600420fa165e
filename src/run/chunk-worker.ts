/** Trains chunks that a queue hands out: claim → what is missing of it → runner → store. */
import { setTimeout as delay } from "node:timers/promises";
import { planMark, TrajectoryFinder } from "../plan/places.js";
import { groupByStart } from "../plan/trajectories.js";
import type { Landed, Results, Sweep } from "../store/contract.js";
import type { Chunk, Lease, Member, Queue, Work } from "../store/queue.js";
import { lastEpoch, type Outcome, type TrajectorySpec, trajectoryKey } from "../trial.js";
import { halves, sizeOf } from "./chunks.js";
import type { Runner } from "./runner.js";
import { SharedLock } from "./shared-lock.js";

const POLL_MS = 500; // a claim takes milliseconds, a chunk seconds
/** After so many lost leases a chunk is suspected to kill its worker: it is halved, and trained with no other beside it. */
const SUSPECTED = 2;
/** After so many a trajectory that is alone in its chunk is put aside. */
const CONVICTED = 3;
const SPEED_MS = 60_000; // of late

export interface ChunkWorkerOptions {
  readonly store: Pick<Results, "missing">;
  readonly queue: Queue;
  readonly member: Member;
  readonly lanes: number;
  /** The sweeps whose chunks it takes: of the first that has one. */
  readonly sweeps: () => Promise<readonly Sweep[]>;
  /** A sweep as the store has it now; null: its chunks are not for this worker any more. */
  readonly sweepNow: (sweep: Sweep) => Promise<Sweep | null>;
  readonly runnerFor: (sweep: Sweep) => Runner;
  /** Whether it is to end; asked when nothing has waited, and no lane was at work, for `idleMs`. */
  readonly isOver: (idleMs: number) => boolean | Promise<boolean>;
  readonly hear: (event: WorkEvent) => void | Promise<void>;
}

export type WorkEvent =
  | { readonly kind: "landed"; readonly outcomes: readonly Outcome[]; readonly landed: Landed }
  | { readonly kind: "second try"; readonly spec: TrajectorySpec; readonly reason: string }
  /** A trajectory was put aside: so many workers that trained it alone did not survive. */
  | { readonly kind: "put aside"; readonly trajectory: string; readonly losses: number };

export class ChunkWorker {
  readonly #options: ChunkWorkerOptions;
  readonly #runners = new Set<Runner>();
  /** By the number of the sweep, of the plan that was asked last. */
  readonly #finders = new Map<number, { readonly plan: string; readonly finder: TrajectoryFinder }>();
  /** Held by all who train, and by one alone who trains what is suspected. */
  readonly #alone = new SharedLock();
  readonly #stop = new AbortController();
  readonly #done = { chunks: 0, rows: 0, epochs: 0 };
  #recent: { readonly at: number; readonly epochs: number }[] = [];
  readonly #began = performance.now();
  #turn: Promise<unknown> = Promise.resolve();
  /** How many lanes have a lease, and since when none has. */
  #atWork = 0;
  #idleSince = performance.now();
  #fault: { readonly error: unknown } | null = null;

  constructor(options: ChunkWorkerOptions) {
    this.#options = options;
  }

  /** Works until it is over or told to stop. Throws what ended it early; what is finished has landed by then, as far as it can. */
  async work(): Promise<void> {
    const lane = async (): Promise<void> => {
      try {
        for (let lease = await this.#next(); lease !== null; lease = await this.#next()) {
          await this.#train(lease);
          this.#atWork -= 1;
          this.#idleSince = performance.now();
        }
      } catch (error) {
        this.giveUp(error);
      }
    };
    await Promise.all(Array.from({ length: this.#options.lanes }, lane));
    if (this.#fault !== null) throw this.#fault.error;
  }

  /** Lets the trajectories that are running come to their end, and gives back the rest of their chunks. */
  drain(): void {
    this.#stop.abort();
    for (const runner of this.#runners) runner.drain();
  }

  /** Gives up what is running, and gives back its chunks. */
  cancel(): void {
    this.drain();
    for (const runner of this.#runners) runner.cancel();
  }

  /** The same, for the first reason that it is given, which `work` throws. */
  giveUp(error: unknown): void {
    this.#fault ??= { error };
    this.cancel();
  }

  get draining(): boolean {
    return this.#stop.signal.aborted;
  }

  /** What it has done so far. A chunk that was given back or halved is not done. */
  get done(): Omit<Work, "speed"> {
    return { ...this.#done };
  }

  /** The next lease; null where there is none any more. Lanes take turns. */
  #next(): Promise<Lease | null> {
    const next = this.#turn.then(() => this.#claim());
    this.#turn = next.catch(() => {}); // whoever awaits it is told
    return next;
  }

  async #claim(): Promise<Lease | null> {
    while (!this.draining) {
      const waiting = await this.#options.queue.waiting();
      for (const sweep of await this.#options.sweeps()) {
        if (!waiting.has(sweep.id)) continue;
        const lease = await this.#options.queue.claim(sweep);
        if (lease === null) continue;
        this.#atWork += 1;
        return lease;
      }
      // A lane that is at work may find more to do for the others.
      if (this.#atWork === 0 && (await this.#options.isOver(performance.now() - this.#idleSince))) return null;
      await delay(POLL_MS, null, { signal: this.#stop.signal }).catch(() => {}); // told to stop
    }
    return null;
  }

  async #train(lease: Lease): Promise<void> {
    const sweep = await this.#sweepOf(lease);
    if (sweep === null) return this.#settle(lease, [], [givenBack(lease)]);
    // Of an earlier plan: whoever asked for the present one puts up all that it lacks.
    if (planMark(sweep.plan) !== lease.plan) return this.#settle(lease, [], []);
    const specs = this.#specsOf(lease, sweep);
    const train = (): Promise<void> => this.#trainSpecs(lease, specs);
    if (lease.losses < SUSPECTED) return this.#alone.shared(train);
    // Who was given up for dead may have landed all of it since.
    if ((await this.#missing(lease, specs)).length === 0) return this.#settle(lease, [], []);
    if (specs.length > 1) return this.#settle(lease, [], halves(lease.chunk));
    if (lease.losses >= CONVICTED) return this.#putAside(lease, specs);
    await this.#alone.exclusive(train);
  }

  async #missing({ sweep, chunk }: Lease, specs: readonly TrajectorySpec[]): Promise<readonly TrajectorySpec[]> {
    return (await this.#options.store.missing(sweep.profile, specs, chunk.retryFailed)).specs;
  }

  /** The sweep of a chunk; where it has grown since it was asked for, as it is now: the chunk may be of a plan that is not known yet. */
  async #sweepOf({ sweep, plan }: Lease): Promise<Sweep | null> {
    return planMark(sweep.plan) === plan ? sweep : this.#options.sweepNow(sweep);
  }

  #specsOf({ chunk, plan }: Lease, sweep: Sweep): TrajectorySpec[] {
    const known = this.#finders.get(sweep.id);
    const finder = known?.plan === plan ? known.finder : new TrajectoryFinder(sweep.plan, sweep.shard);
    this.#finders.set(sweep.id, { plan, finder });
    return finder.find(chunk.first, chunk.count);
  }

  async #trainSpecs(lease: Lease, specs: readonly TrajectorySpec[]): Promise<void> {
    const missing = await this.#missing(lease, specs);
    let outcomes: Outcome[];
    try {
      outcomes = await this.#outcomesOf(lease.sweep, groupByStart(missing).flat());
    } catch (error) {
      // Nobody but this machine is to blame: another one trains it.
      await this.#settle(lease, [], [givenBack(lease)]).catch(() => {}); // the lease runs out
      throw error;
    }
    const finished = new Set(outcomes.map(({ spec }) => trajectoryKey(spec)));
    const left = missing.filter((spec) => !finished.has(trajectoryKey(spec)));
    await this.#settle(lease, outcomes, left.length === 0 ? [] : [{ ...givenBack(lease), ...sizeOf(left) }]);
  }

  /** What became of trajectories; one that failed is tried once more, alone. Fewer where it is told to stop. */
  async #outcomesOf(sweep: Sweep, specs: readonly TrajectorySpec[]): Promise<Outcome[]> {
    if (specs.length === 0) return [];
    const runner = this.#options.runnerFor(sweep);
    this.#runners.add(runner);
    if (this.draining) runner.drain();
    const outcomes = await runner.run(specs);
    const settled = outcomes.filter(({ state }) => state === "trained");
    for (const outcome of outcomes) {
      if (outcome.state !== "failed" || this.draining) continue;
      await this.#options.hear({ kind: "second try", spec: outcome.spec, reason: outcome.reason });
      for (const again of await runner.run([outcome.spec])) settled.push(again);
    }
    return settled;
  }

  async #settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<void> {
    const landed = await this.#options.queue.settle(lease, outcomes, rest);
    const epochs = outcomes.reduce((sum, { spec }) => sum + lastEpoch(spec), 0);
    this.#done.chunks += rest.length === 0 ? 1 : 0;
    this.#done.rows += landed.trained + landed.diverged + landed.failed;
    this.#done.epochs += epochs;
    const now = performance.now();
    this.#recent = [...this.#recent.filter(({ at }) => at > now - SPEED_MS), { at: now, epochs }];
    this.#options.member.tell({ ...this.#done, speed: this.#speed(now) });
    await this.#options.hear({ kind: "landed", outcomes, landed });
  }

  async #putAside(lease: Lease, [spec]: readonly TrajectorySpec[]): Promise<void> {
    const { losses } = lease;
    const trajectory = trajectoryKey(spec);
    await this.#options.queue.putAside(lease, trajectory);
    await this.#options.hear({ kind: "put aside", trajectory, losses });
  }

  /** Epochs a second, of late. */
  #speed(now: number): number {
    const ms = Math.min(SPEED_MS, now - this.#began);
    return (1000 * this.#recent.reduce((sum, { epochs }) => sum + epochs, 0)) / Math.max(1, ms);
  }
}

/** A chunk that is given back loses no lease. */
function givenBack({ chunk, losses }: Lease): Chunk {
  return { ...chunk, losses };
}
