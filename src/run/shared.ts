/** Trains a sweep together with other machines: what it lacks is cut into chunks and put up, and this process works on them until all are done. */
import { messageOf } from "../errors.js";
import { foldersOf, withFolders } from "../plan/plan.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import type { Landed, Missing, RowState, Sweep } from "../store/contract.js";
import type { Member, Queue, SharedStore, WorkerNote } from "../store/queue.js";
import type { TrajectorySpec } from "../trial.js";
import { ChunkWorker } from "./chunk-worker.js";
import { cutChunks } from "./chunks.js";
import type { Survey, SweepEvent, SweepResult } from "./events.js";
import { faultOf } from "./faults.js";
import { Listeners } from "./listeners.js";
import type { Runner } from "./runner.js";
import { surveyMissing } from "./survey.js";
import type { SweepOptions } from "./sweep.js";

export interface Sharing {
  readonly worker: WorkerNote;
  /** How long a chunk should take. */
  readonly chunkMs: number;
  /** How long an epoch of a trajectory takes here. */
  readonly msPerEpoch: (spec: TrajectorySpec) => number;
}

const LOOK_MS = 2_000; // how often is looked how far all machines are
const SHARES = 32; // of a sweep, at least, so that machines that join have something to do

/** Puts up what `store` lacks of a sweep as it is now; false where nothing is missing, or chunks of its plan are up already. */
export async function submitMissing(
  store: SharedStore,
  queue: Queue,
  asked: Sweep,
  { chunkMs, msPerEpoch, retryFailed }: Omit<Sharing, "worker"> & { readonly retryFailed: boolean },
): Promise<boolean> {
  // Another command may have let it grow since, and chunks of an earlier plan would be refused for ever.
  const sweep = (await sweepNow(store, asked)) ?? asked;
  const { plan, shard, profile } = sweep;
  const lookup = (specs: readonly TrajectorySpec[]): Promise<Missing> => store.missing(profile, specs, retryFailed);
  const { missing } = await surveyMissing(trajectoriesOf(plan, shard), lookup);
  if (missing.rows === 0) return false;
  // By its first trajectory: how long all of it takes need only be known well enough for a share of it.
  const [[first]] = trajectoriesOf(plan, shard);
  const share = (missing.epochs * msPerEpoch(first)) / SHARES;
  const cutting = { plan, shard, lookup, retryFailed, msPerEpoch, chunkMs: Math.min(chunkMs, share) };
  return queue.submit(sweep, await cutChunks(cutting));
}

/** A sweep as the store has it now, whose imported data lie where they do here; null: it has none such. */
async function sweepNow(store: SharedStore, { id, plan }: Sweep): Promise<Sweep | null> {
  const now = (await store.sweeps()).find((sweep) => sweep.id === id);
  return now === undefined ? null : { ...now, plan: withFolders(now.plan, foldersOf(plan)) };
}

/** Trains all that is missing of `sweep`, with whoever else takes its chunks, until it is there or it is told to stop. */
export async function trainShared(
  store: SharedStore,
  sweep: Sweep,
  options: SweepOptions,
  sharing: Sharing,
): Promise<SweepResult> {
  const run = new SharedRun(store, sweep, options, sharing);
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

const LANDED = ["trained", "diverged", "failed"] as const;

type Counts = Readonly<Record<RowState, number>>;

function landedSince(before: Counts, now: Counts): Landed {
  const more = (state: RowState): number => Math.max(0, now[state] - before[state]);
  return { trained: more("done"), diverged: more("diverged"), failed: more("failed") };
}

class SharedRun {
  readonly #store: SharedStore;
  readonly #sweep: Sweep;
  readonly #options: SweepOptions;
  readonly #sharing: Sharing;
  readonly #listeners: Listeners;
  /** What this machine landed. */
  readonly #own = { trained: 0, diverged: 0, failed: 0 };
  /** What all of them did, once it is known. */
  #all: Landed | null = null;
  #missing: Survey = { rows: 0, trajectories: 0, epochs: 0 };
  #skipped = 0;
  #stopped = false;

  constructor(store: SharedStore, sweep: Sweep, options: SweepOptions, sharing: Sharing) {
    this.#store = store;
    this.#sweep = sweep;
    this.#options = options;
    this.#sharing = sharing;
    this.#listeners = new Listeners(options.observers);
  }

  tell(event: SweepEvent): Promise<void> {
    return this.#listeners.tell(event);
  }

  /** What all machines did of the sweep meanwhile or, where the database is asked no more, what this one did. */
  get result(): SweepResult {
    return { tally: { ...(this.#all ?? this.#own), stopped: this.#stopped }, skipped: this.#skipped };
  }

  async train(): Promise<void> {
    const { retryFailed } = this.#options;
    const before = await this.#store.stateCounts(this.#sweep);
    const { missing, planned, failed } = await this.#survey(retryFailed);
    this.#missing = missing;
    this.#skipped = planned - missing.rows - (retryFailed ? 0 : failed);
    await this.tell({ kind: "opened", sweep: this.#sweep, missing, skipped: this.#skipped });
    if (missing.rows === 0) return;
    const queue = await this.#store.queue();
    const member = await queue.join(this.#sharing.worker);
    let ending = "a fault";
    try {
      await this.#work(queue, member);
      ending = this.#stopped ? "stopped" : "done";
    } finally {
      await member.leave(ending).catch(() => {}); // what ended it is thrown; nobody hears from it any more
    }
    this.#all = landedSince(before, await this.#store.stateCounts(this.#sweep));
  }

  #survey(retryFailed: boolean): ReturnType<typeof surveyMissing> {
    const { plan, shard, profile } = this.#sweep;
    return surveyMissing(trajectoriesOf(plan, shard), (specs) => this.#store.missing(profile, specs, retryFailed));
  }

  async #work(queue: Queue, member: Member): Promise<void> {
    const { lanes, start, retryFailed } = this.#options;
    const giveUp = (error: unknown): void => worker.giveUp(error);
    const runner = start(lanes, (reason, left) => this.#listeners.note({ kind: "lane lost", reason, left }, giveUp));
    const worker = this.#workerFor(queue, member, runner);
    let looking: Promise<void> | null = null;
    const look = async (): Promise<void> => {
      await this.#look([]).catch(() => {}); // the next one tells
      looking = null;
    };
    const timer = setInterval(() => {
      // One at a time: of a database that is away each would wait, one after the other.
      looking ??= look();
    }, LOOK_MS);
    try {
      const stop = (signal: string): void => this.#listeners.stop(worker, signal, giveUp);
      await this.tell({ kind: "started", runner, stop });
      // What got lost on its way is put up again; what was put aside is not missing from what is up.
      let retry = retryFailed;
      for (let round = 0; !worker.draining; round++) {
        if (round > 0 && (await this.#isDone(queue, retry))) break;
        // What failed again is not tried a third time; but chunks that are up already may not be there to try it.
        if (await submitMissing(this.#store, queue, this.#sweep, { ...this.#sharing, retryFailed: retry }))
          retry = false;
        await worker.work();
      }
      this.#stopped = worker.draining && (await this.#survey(retryFailed)).missing.rows > 0;
    } finally {
      clearInterval(timer);
      await Promise.all([looking, runner.close()]);
    }
  }

  /** Takes chunks of this sweep until none is up. */
  #workerFor(queue: Queue, member: Member, runner: Runner): ChunkWorker {
    return new ChunkWorker({
      ...{ store: this.#store, queue, member, lanes: this.#options.lanes },
      runnerFor: () => runner,
      sweeps: async () => [this.#sweep],
      // Another command may have let it grow meanwhile.
      sweepNow: () => sweepNow(this.#store, this.#sweep),
      isOver: async () => {
        const { waiting, leased } = await queue.up(this.#sweep);
        return waiting + leased === 0;
      },
      hear: async (event) => {
        if (event.kind === "second try") await this.tell(event);
        if (event.kind !== "landed") return;
        for (const state of LANDED) this.#own[state] += event.landed[state];
        await this.#look(event.outcomes);
      },
    });
  }

  /** Whether nothing is left that anybody can train. */
  async #isDone(queue: Queue, retry: boolean): Promise<boolean> {
    const { missing } = await this.#survey(retry);
    if (missing.rows === 0) return true;
    const { waiting, leased } = await queue.up(this.#sweep);
    return waiting + leased === 0 && (await this.#store.aside(this.#sweep)).length > 0;
  }

  /** Tells how far all machines are. */
  async #look(outcomes: Extract<SweepEvent, { kind: "landed" }>["outcomes"]): Promise<void> {
    const up = await this.#store.up(this.#sweep);
    const { rows, trajectories, epochs } = this.#missing;
    const landed = {
      rows: Math.max(0, rows - up.rows),
      trajectories: Math.max(0, trajectories - up.trajectories),
      epochs: Math.max(0, epochs - up.epochs),
    };
    await this.tell({ kind: "landed", outcomes, progress: { landed, missing: this.#missing } });
  }
}
