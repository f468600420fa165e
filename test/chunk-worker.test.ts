/** Chunks that are trained as a queue hands them out, whatever it does: what is right does not rest on it. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import { ChunkWorker, type ChunkWorkerOptions, type WorkEvent } from "../src/run/chunk-worker.js";
import type { SweepEvent, SweepResult } from "../src/run/events.js";
import type { Runner } from "../src/run/runner.js";
import { trainShared } from "../src/run/shared.js";
import type { Landed, Store, Sweep } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import type { Chunk, Lease, Queue, SharedStore, WorkerNote } from "../src/store/queue.js";
import { type Outcome, type TrajectorySpec, trajectoryKey } from "../src/trial.js";
import type { Behaviour } from "./fixtures/behaviour.js";
import { HereQueue, sharedStore } from "./fixtures/here-queue.js";
import { HereRunner } from "./fixtures/here-runner.js";
import { openRequest, smallPlan } from "./fixtures/sweeps.js";
import { chunksOf, numbered } from "./queue-contract.js";
import { ORIGINALS, trainedHere } from "./runner-contract.js";

const WORKER: WorkerNote = { machine: "a test", pid: 1, version: "0.0.0", lanes: 1 };

/** Hands everything to another queue. */
class Passing implements Queue {
  readonly here: HereQueue;

  constructor(here: HereQueue) {
    this.here = here;
  }

  submit(sweep: Sweep, chunks: readonly Chunk[]): Promise<boolean> {
    return this.here.submit(sweep, chunks);
  }

  waiting(): Promise<ReadonlySet<number>> {
    return this.here.waiting();
  }

  claim(sweep: Sweep): Promise<Lease | null> {
    return this.here.claim(sweep);
  }

  settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<Landed> {
    return this.here.settle(lease, outcomes, rest);
  }

  putAside(lease: Lease, trajectory: string): Promise<void> {
    return this.here.putAside(lease, trajectory);
  }

  up(sweep: Sweep): ReturnType<Queue["up"]> {
    return this.here.up(sweep);
  }

  join(worker: WorkerNote): ReturnType<Queue["join"]> {
    return this.here.join(worker);
  }
}

/** Delivers each lease twice, one time after the other. */
class Twice extends Passing {
  #again: Lease | null = null;
  #isSecond = false;

  /** What was delivered once waits for the second time. */
  override async waiting(): Promise<ReadonlySet<number>> {
    const again = this.#isSecond && this.#again !== null ? [this.#again.sweep.id] : [];
    return new Set([...(await this.here.waiting()), ...again]);
  }

  override async claim(sweep: Sweep): Promise<Lease | null> {
    const lease = this.#isSecond ? this.#again : await this.here.claim(sweep);
    [this.#again, this.#isSecond] = [lease, !this.#isSecond];
    return lease;
  }
}

/** Loses each tenth completion: the first with all that came with it, the next after its rows have landed, and so on. */
class Losing extends Passing {
  readonly #store: Store;
  #settled = 0;
  losses = 0;
  /** Trajectories whose rows were lost too. */
  unlanded = 0;

  constructor(here: HereQueue, store: Store) {
    super(here);
    this.#store = store;
  }

  override async settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<Landed> {
    this.#settled += 1;
    if (this.#settled % 10 !== 0) return this.here.settle(lease, outcomes, rest);
    this.losses += 1;
    this.here.lose(lease);
    if (this.losses % 2 === 0) return this.#store.record(lease.sweep, outcomes);
    this.unlanded += outcomes.length;
    return { trained: 0, diverged: 0, failed: 0 };
  }
}

interface Opened {
  readonly sqlite: Store;
  readonly here: HereQueue;
  readonly sweep: Sweep;
  readonly specs: readonly TrajectorySpec[];
}

async function opened(t: TestContext, flags: Flags = ORIGINALS): Promise<Opened> {
  const sqlite = await openStore(":memory:");
  t.after(() => sqlite.close());
  const sweep = await sqlite.open(openRequest(smallPlan(flags)));
  return { sqlite, here: new HereQueue(sqlite), sweep, specs: numbered(sweep) };
}

/** The digest of a run of this plan that shares nothing. */
async function plainDigest(t: TestContext, { plan }: Sweep): Promise<string> {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  const sweep = await store.open(openRequest(plan));
  await store.record(sweep, trainedHere(numbered(sweep)));
  return store.digest(sweep);
}

/** A runner of this thread that counts what it trains. */
function runnerOf(behaviour: Behaviour = {}, lanes = 1): HereRunner {
  return new HereRunner(lanes, behaviour, () => {});
}

interface Working {
  readonly worker: ChunkWorker;
  readonly events: WorkEvent[];
}

/** A worker that ends where nothing is left to it. */
async function working(
  { sqlite, here, sweep }: Opened,
  runner: Runner,
  more: Partial<ChunkWorkerOptions> = {},
): Promise<Working> {
  const events: WorkEvent[] = [];
  const queue = more.queue ?? here;
  const worker = new ChunkWorker({
    ...{ store: sqlite, queue, member: await queue.join(WORKER), lanes: 1 },
    sweeps: async () => [sweep],
    sweepNow: async () => sweep,
    runnerFor: () => runner,
    isOver: () => true,
    hear: (event) => void events.push(event),
    ...more,
  });
  return { worker, events };
}

interface Shared {
  readonly result: SweepResult;
  readonly events: SweepEvent[];
}

/** What `grid` does. */
async function shared(
  store: SharedStore,
  sweep: Sweep,
  runner: Runner,
  { observe, ...more }: { retryFailed?: boolean; lanes?: number; observe?: (event: SweepEvent) => Promise<void> } = {},
): Promise<Shared> {
  const events: SweepEvent[] = [];
  const options = { retryFailed: false, lanes: 1, ...more };
  const result = await trainShared(
    store,
    sweep,
    { ...options, start: () => runner, observers: [(event) => void events.push(event), observe ?? (() => {})] },
    { worker: WORKER, chunkMs: 1, msPerEpoch: () => 1 },
  );
  return { result, events };
}

async function states({ sqlite, sweep }: Opened): Promise<string[]> {
  const rows: string[] = [];
  for await (const { trial, state } of sqlite.rows(sweep)) rows.push(`${trial} ${state}`);
  return rows;
}

/** How often each of the trials 1…count was begun. */
function attempts(runner: HereRunner, count: number): number[] {
  return Array.from({ length: count }, (_, i) => runner.attempts(i + 1));
}

test("a shared run trains each trajectory once, has the digest of a run that shares nothing, and says what it did", async (t) => {
  const all = await opened(t);
  const runner = runnerOf();
  const { result, events } = await shared(sharedStore(all.sqlite, all.here), all.sweep, runner);
  assert.deepEqual(result, { tally: { trained: 6, diverged: 0, failed: 0, stopped: false }, skipped: 0 });
  assert.deepEqual(attempts(runner, 6), [1, 1, 1, 1, 1, 1]);
  assert.equal(await all.sqlite.digest(all.sweep), await plainDigest(t, all.sweep));
  const kinds = events.map(({ kind }) => kind);
  assert.deepEqual([kinds.slice(0, 2), kinds.at(-1)], [["opened", "started"], "ended"]);
  const told = events.flatMap((event) => (event.kind === "landed" ? [event.progress.landed.rows] : []));
  assert.deepEqual(told, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    (await all.here.workers()).map(({ ending, chunks, rows, epochs }) => [ending, chunks, rows, epochs]),
    [["done", 6, 6, 18]],
  );
  const again = await shared(sharedStore(all.sqlite, all.here), all.sweep, runner);
  assert.deepEqual(again.result, { tally: { trained: 0, diverged: 0, failed: 0, stopped: false }, skipped: 6 });
  assert.equal((await all.here.workers()).length, 1);
});

test("a queue that delivers everything twice costs no training and changes no bit", async (t) => {
  const all = await opened(t, { trials: "5" });
  const { sqlite, here, sweep, specs } = all;
  const runner = runnerOf();
  const { result } = await shared(sharedStore(sqlite, here, new Twice(here)), sweep, runner);
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
  assert.deepEqual(attempts(runner, 5), [1, 2, 3, 4, 5].map(perTrial(specs)));
  assert.equal(result.tally.trained, (await sqlite.stateCounts(sweep)).done);
});

test("of a chunk that two train at once the later one's rows are compared and count as done", async (t) => {
  const all = await opened(t);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 3));
  const runner = runnerOf({ holds: "drain" }, 2);
  const { worker, events } = await working(all, runner, { queue: new Twice(all.here), lanes: 2 });
  const begun = runner.begun(2);
  const work = worker.work();
  await begun;
  worker.drain();
  await work;
  const landed = events.flatMap((event) => (event.kind === "landed" ? [event.landed.trained] : []));
  assert.deepEqual(landed.sort(), [0, 1]);
  assert.deepEqual(await states(all), ["1 done"]);
  // One of them gave back what was left, and the other's has no effect.
  assert.deepEqual(await leftOf(all), [
    [0, 3, 0],
    [3, 3, 0],
  ]);
});

test("a queue that loses a tenth of all completions costs what was lost with them, and changes no bit", async (t) => {
  const { sqlite, here, sweep, specs } = await opened(t, { ...ORIGINALS, trials: "40" });
  const queue = new Losing(here, sqlite);
  const runner = runnerOf();
  await shared(sharedStore(sqlite, here, queue), sweep, runner);
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
  assert.ok(queue.losses >= 3 && queue.unlanded > 0, `${queue.losses}, ${queue.unlanded}`);
  const trained = attempts(runner, 40).reduce((sum, count) => sum + count, 0);
  assert.equal(trained, specs.length + queue.unlanded);
});

/** How many trajectories a trial has. */
function perTrial(specs: readonly TrajectorySpec[]): (trial: number) => number {
  return (trial) => specs.filter((spec) => spec.trial === trial).length;
}

/** First, count and losses of what is up, which this ends. */
async function leftOf({ here, sweep }: Opened): Promise<number[][]> {
  const left: number[][] = [];
  for (let lease = await here.claim(sweep); lease !== null; lease = await here.claim(sweep)) {
    left.push([lease.chunk.first, lease.chunk.count, lease.losses]);
    await here.settle(lease, [], []);
  }
  return left.sort(([a], [b]) => a - b);
}

test("what is there of a chunk is not trained again", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep, specs } = all;
  await sqlite.record(sweep, trainedHere([specs[1], specs[4]]));
  await here.submit(sweep, chunksOf(sweep, 6));
  const runner = runnerOf();
  await (await working(all, runner)).worker.work();
  assert.deepEqual(attempts(runner, 6), [1, 0, 1, 1, 0, 1]);
  assert.deepEqual(await here.up(sweep), { waiting: 0, leased: 0, rows: 0, trajectories: 0, epochs: 0 });
});

/** A worker that was drained while it trained its first trajectory. */
async function drainedWorker(all: Awaited<ReturnType<typeof opened>>): Promise<ChunkWorker> {
  const runner = runnerOf({ holds: "drain" });
  const { worker } = await working(all, runner);
  const begun = runner.begun(1);
  const work = worker.work();
  await begun;
  worker.drain();
  await work;
  return worker;
}

/** Lets nothing land before it is told to, as a database that is away. */
class Away extends Passing {
  #back: () => void = () => {};
  readonly #isBack = new Promise<void>((resolve) => (this.#back = resolve));
  /** Outcomes that wait to land, and how many did at most. */
  waitingNow = 0;
  most = 0;

  back(): void {
    this.#back();
  }

  override async settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<Landed> {
    this.waitingNow += outcomes.length;
    this.most = Math.max(this.most, this.waitingNow);
    await this.#isBack;
    this.waitingNow -= outcomes.length;
    return this.here.settle(lease, outcomes, rest);
  }
}

test("while the database is away as many chunks wait in memory as there are lanes, and nothing more is claimed or trained", async (t) => {
  const all = await opened(t, { ...ORIGINALS, trials: "20" });
  const queue = new Away(all.here);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 2));
  const runner = runnerOf({}, 3);
  const { worker } = await working(all, runner, { queue, lanes: 3 });
  const work = worker.work();
  for (let turns = 0; turns < 500; turns++) await turn();
  assert.equal(queue.waitingNow, 6);
  assert.deepEqual(await all.here.up(all.sweep).then(({ waiting, leased }) => [waiting, leased]), [7, 3]);
  assert.equal(attempts(runner, 20).filter((count) => count > 0).length, 6);
  queue.back();
  await work;
  assert.deepEqual([queue.most, await all.sqlite.digest(all.sweep)], [6, await plainDigest(t, all.sweep)]);
});

test("a drain lets the running trajectory land and gives back the rest; twenty-five of one chunk cost no loss and lose nothing", async (t) => {
  const all = await opened(t, { ...ORIGINALS, trials: "26" });
  const { sqlite, here, sweep } = all;
  await here.submit(sweep, chunksOf(sweep, 26));
  for (let drained = 1; drained <= 25; drained++) {
    await drainedWorker(all);
    assert.equal((await sqlite.stateCounts(sweep)).done, drained);
    const { rows, trajectories, epochs } = await here.up(sweep);
    assert.deepEqual([rows, trajectories, epochs], [26 - drained, 26 - drained, 3 * (26 - drained)]);
  }
  const lease = await here.claim(sweep);
  assert.equal(lease?.losses, 0);
  here.lose(lease as Lease);
  await (await working(all, runnerOf())).worker.work();
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
});

test("a worker has done the chunks that came to their end, and none that it gave back or halved", async (t) => {
  const all = await opened(t);
  const [first, second] = chunksOf(all.sweep, 3);
  await all.here.submit(all.sweep, [{ ...first, losses: 2 }, second]);
  const worker = await drainedWorker(all);
  assert.deepEqual(worker.done, { chunks: 0, rows: 1, epochs: 3 });
  const { worker: next } = await working(all, runnerOf());
  await next.work();
  assert.deepEqual(next.done, { chunks: 3, rows: 5, epochs: 15 });
});

test("a worker with nothing to do asks of no sweep alone", async (t) => {
  const all = await opened(t);
  const asked: number[] = [];
  class Asked extends Passing {
    override claim(sweep: Sweep): Promise<Lease | null> {
      asked.push(sweep.id);
      return this.here.claim(sweep);
    }
  }
  const more = await all.sqlite.open(openRequest(smallPlan({ ...ORIGINALS, samples: "22" })));
  await all.here.submit(more, chunksOf(more, 6));
  const { worker } = await working(all, runnerOf(), {
    queue: new Asked(all.here),
    sweeps: async () => [all.sweep, more],
  });
  await worker.work();
  assert.deepEqual(asked, [more.id]);
});

test("a worker that is cancelled gives back its whole chunk", async (t) => {
  const all = await opened(t);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 6));
  const runner = runnerOf({ holds: "cancel" });
  const { worker } = await working(all, runner);
  const begun = runner.begun(1);
  const work = worker.work();
  await begun;
  worker.cancel();
  await work;
  assert.deepEqual(await states(all), []);
  assert.deepEqual(await leftOf(all), [[0, 6, 0]]);
});

test("what fails is tried once more, and is then a row; no lease is lost by it", async (t) => {
  const all = await opened(t);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 6));
  const runner = runnerOf({ throws: 2, throwsOnce: 5 });
  const { worker, events } = await working(all, runner);
  await worker.work();
  assert.deepEqual(attempts(runner, 6), [1, 2, 1, 1, 2, 1]);
  assert.deepEqual(await states(all), ["1 done", "2 failed", "3 done", "4 done", "5 done", "6 done"]);
  assert.deepEqual(
    events.flatMap((event) => (event.kind === "second try" ? [`${event.spec.trial} ${event.reason}`] : [])),
    ["2 trial 2 fell over", "5 trial 5 fell over"],
  );
  assert.deepEqual(await leftOf(all), []);
});

test("failed rows are left alone unless they are asked for, and are then tried twice and no oftener", async (t) => {
  const all = await opened(t);
  const store = sharedStore(all.sqlite, all.here);
  await shared(store, all.sweep, runnerOf({ throws: 2 }));
  const [leaving, trying, mended] = [runnerOf(), runnerOf({ throws: 2 }), runnerOf()];
  assert.equal((await shared(store, all.sweep, leaving)).result.tally.trained, 0);
  await shared(store, all.sweep, trying, { retryFailed: true });
  await shared(store, all.sweep, mended, { retryFailed: true });
  assert.deepEqual(
    [leaving, trying, mended].map((runner) => attempts(runner, 6).join()),
    ["0,0,0,0,0,0", "0,2,0,0,0,0", "0,1,0,0,0,0"],
  );
  assert.equal(await all.sqlite.digest(all.sweep), await plainDigest(t, all.sweep));
});

test("failed rows that are asked for are tried also where another's chunks are up already, which leave them out", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep, specs } = all;
  await sqlite.record(sweep, [{ state: "failed", spec: specs[1], reason: "it fell over" }]);
  const [, ...others] = chunksOf(sweep, 2);
  await here.submit(sweep, others);
  const runner = runnerOf();
  await shared(sharedStore(sqlite, here), sweep, runner, { retryFailed: true });
  assert.deepEqual(attempts(runner, 6), [1, 1, 1, 1, 1, 1]);
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
});

test("a machine that gives out blames no trajectory: the chunk goes back without a loss, and the worker ends with it", async (t) => {
  const all = await opened(t);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 3));
  const { worker } = await working(all, runnerOf({ changes: 2 }));
  await assert.rejects(worker.work(), { fault: "environment", message: "the data of trial 2 changed" });
  assert.deepEqual(await states(all), []);
  assert.deepEqual(await leftOf(all), [
    [0, 3, 0],
    [3, 3, 0],
  ]);
});

test("a fault in one lane ends the others, whose finished trajectories land", async (t) => {
  const all = await opened(t);
  await all.here.submit(all.sweep, chunksOf(all.sweep, 3));
  const sick = runnerOf({ changes: 1 });
  const well = runnerOf({ holds: "drain" });
  const runner: Runner = {
    ...{ lanes: 2, draining: false },
    run: async (chunk) => {
      if (chunk[0].trial === 4) return well.run(chunk);
      await wellBegun;
      return sick.run(chunk);
    },
    drain: () => well.drain(),
    cancel: () => {},
    close: async () => {},
  };
  const wellBegun = well.begun(1);
  const { worker } = await working(all, runner, { lanes: 2 });
  await assert.rejects(worker.work(), { fault: "environment", message: "the data of trial 1 changed" });
  assert.deepEqual(await states(all), ["4 done"]);
});

/** Of a worker that dies in the trial `poison`: all that it holds is lost. */
class Deadly implements Runner {
  readonly lanes = 2;
  readonly draining = false;
  readonly #here: HereQueue;
  readonly #poison: number;
  readonly trained: TrajectorySpec[] = [];
  /** Trials that were being trained while the poison was, once it was suspected. */
  #running = 0;
  readonly beside: number[] = [];

  constructor(here: HereQueue, poison: number) {
    this.#here = here;
    this.#poison = poison;
  }

  async run(chunk: readonly TrajectorySpec[]): Promise<Outcome[]> {
    this.#running += 1;
    try {
      for (let turns = 0; turns < 10; turns++) await turn();
      if (chunk.some(({ trial }) => trial === this.#poison)) {
        this.beside.push(this.#running - 1);
        this.#here.loseAll();
        throw new Killed();
      }
      for (const spec of chunk) this.trained.push(spec);
      return trainedHere(chunk);
    } finally {
      this.#running -= 1;
    }
  }

  drain(): void {}
  cancel(): void {}
  async close(): Promise<void> {}
}

class Killed extends Error {}

test("a chunk that kills its workers is halved until one trajectory is left, which is trained alone and put aside; all others land", async (t) => {
  const all = await opened(t, { ...ORIGINALS, trials: "12" });
  const { here, sweep, specs } = all;
  await here.submit(sweep, chunksOf(sweep, 6));
  const runner = new Deadly(here, 5);
  let killed = 0;
  const asides: WorkEvent[] = [];
  for (let isDone = false; !isDone; ) {
    const { worker, events } = await working(all, runner, { lanes: 2 });
    isDone = await worker.work().then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof Killed, String(error));
        killed += 1;
        return false;
      },
    );
    for (const event of events) if (event.kind === "put aside") asides.push(event);
    assert.ok(killed < 20, "it goes on for ever");
  }
  const [trajectory] = specs.filter(({ trial }) => trial === 5).map(trajectoryKey);
  assert.deepEqual(asides, [{ kind: "put aside", trajectory, losses: 3 }]);
  assert.deepEqual(await here.aside(sweep), [{ trajectory, losses: 3 }]);
  assert.deepEqual(
    await states(all),
    specs.flatMap(({ trial }) => (trial === 5 ? [] : [`${trial} done`])),
  );
  assert.deepEqual(runner.beside.at(-1), 0);
  // Twice as it was, then a half each time: of six, of three, of two; and once more alone.
  assert.equal(killed, 6);
});

test("a shared run ends with all but what was put aside, and puts it up again when it is asked again", async (t) => {
  const all = await opened(t);
  const { here, sweep, specs } = all;
  const store = sharedStore(all.sqlite, here);
  await here.submit(
    sweep,
    chunksOf(sweep, 1).map((chunk, i) => ({ ...chunk, losses: i === 4 ? 3 : 0 })),
  );
  const { result } = await shared(store, sweep, runnerOf());
  assert.deepEqual(result.tally, { trained: 5, diverged: 0, failed: 0, stopped: false });
  assert.deepEqual(await store.aside(sweep), [{ trajectory: trajectoryKey(specs[4]), losses: 3 }]);
  await shared(store, sweep, runnerOf());
  assert.deepEqual(await store.aside(sweep), []);
  assert.equal(await all.sqlite.digest(sweep), await plainDigest(t, sweep));
});

test("of a chunk that was lost too often nothing is blamed where all of it has landed since", async (t) => {
  for (const size of [1, 3]) {
    const all = await opened(t);
    const { sqlite, here, sweep, specs } = all;
    await here.submit(
      sweep,
      chunksOf(sweep, size).map((chunk) => ({ ...chunk, losses: 3 })),
    );
    await sqlite.record(sweep, trainedHere(specs));
    const { worker, events } = await working(all, runnerOf());
    await worker.work();
    assert.deepEqual([await here.aside(sweep), events.length], [[], 6 / size]);
  }
});

test("a chunk beyond the end of its plan is nothing, however often it was lost", async (t) => {
  const all = await opened(t);
  const [chunk] = chunksOf(all.sweep, 1);
  for (const losses of [0, 2, 3]) {
    await all.here.submit(all.sweep, [{ ...chunk, first: 600, count: 5, losses }]);
    await (await working(all, runnerOf())).worker.work();
    assert.deepEqual([await leftOf(all), await all.here.aside(all.sweep)], [[], []]);
  }
});

test("chunks of an earlier plan that workers still hold land, and those they know nothing of are ended", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep } = all;
  await here.submit(sweep, chunksOf(sweep, 3));
  const runner = runnerOf({ holds: "drain" });
  const { worker } = await working(all, runner);
  const begun = runner.begun(1);
  const work = worker.work();
  await begun;
  // What it holds is of the earlier plan, and so is what it gives back after the present one was put up.
  const grown = await sqlite.open(openRequest(smallPlan({ ...ORIGINALS, trials: "8" })));
  const store = sharedStore(sqlite, here);
  await here.submit(grown, chunksOf(grown, 8));
  worker.drain();
  await work;
  assert.deepEqual(await states(all), ["1 done"]);
  const late = runnerOf();
  await (await working({ ...all, sweep: grown }, late)).worker.work();
  assert.deepEqual(attempts(late, 8), [0, 1, 1, 1, 1, 1, 1, 1]);
  await shared(store, grown, late);
  assert.equal(await sqlite.digest(grown), await plainDigest(t, grown));
});

test("two who share a sweep and submit it both train it once between them", async (t) => {
  const { sqlite, here, sweep } = await opened(t, { ...ORIGINALS, trials: "12" });
  const store = sharedStore(sqlite, here);
  const runners = [runnerOf(), runnerOf()];
  const both = await Promise.all(runners.map((runner) => shared(store, sweep, runner)));
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
  assert.deepEqual(
    attempts(runners[0], 12).map((count, i) => count + runners[1].attempts(i + 1)),
    Array.from({ length: 12 }, () => 1),
  );
  assert.ok(runners.every((runner) => attempts(runner, 12).includes(1)));
  // Each says what all did.
  assert.deepEqual(
    both.map(({ result }) => result.tally.trained),
    [12, 12],
  );
});

test("what got lost on its way is put up again", async (t) => {
  const { sqlite, here, sweep } = await opened(t);
  const [first, , last] = chunksOf(sweep, 2);
  await here.submit(sweep, [first, last]);
  await shared(sharedStore(sqlite, here), sweep, runnerOf());
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
});

test("a shared run that is drained says that it was stopped, and one that is asked again ends it", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep } = all;
  const runner = runnerOf({ holds: "drain" });
  const begun = runner.begun(1);
  const events: SweepEvent[] = [];
  const run = trainShared(
    sharedStore(sqlite, here),
    sweep,
    { retryFailed: false, lanes: 1, start: () => runner, observers: [(event) => void events.push(event)] },
    { worker: WORKER, chunkMs: 1, msPerEpoch: () => 1 },
  );
  await begun;
  for (const event of events) if (event.kind === "started") event.stop("SIGTERM");
  assert.deepEqual((await run).tally, { trained: 1, diverged: 0, failed: 0, stopped: true });
  assert.deepEqual(
    (await here.workers()).map(({ ending }) => ending),
    ["stopped"],
  );
  const { result } = await shared(sharedStore(sqlite, here), sweep, runnerOf());
  assert.deepEqual(result, { tally: { trained: 5, diverged: 0, failed: 0, stopped: false }, skipped: 1 });
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, sweep));
});

test("a shared run whose machine gives out says so, and is known to have ended so", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep } = all;
  let ended: SweepEvent | null = null;
  const observe = async (event: SweepEvent): Promise<void> => {
    if (event.kind === "ended") ended = event;
  };
  await assert.rejects(shared(sharedStore(sqlite, here), sweep, runnerOf({ changes: 3 }), { observe }), SweepError);
  // What landed before is told, though nobody asks the store any more.
  const { tally } = ended as unknown as Extract<SweepEvent, { kind: "ended" }>;
  assert.deepEqual(tally, { trained: 2, diverged: 0, failed: 0, stopped: false });
  assert.equal((await states(all)).length, 2);
  assert.deepEqual(
    (await here.workers()).map(({ ending }) => ending),
    ["a fault"],
  );
  assert.equal((await here.up(sweep)).leased, 0);
});

test("a shared run looks how far all are once at a time, however long a look takes", async (t) => {
  const { sqlite, here, sweep } = await opened(t);
  t.mock.timers.enable({ apis: ["setInterval"] });
  const store = sharedStore(sqlite, here);
  let looks = 0;
  let answer = (): void => {};
  const away = new Promise<void>((resolve) => (answer = resolve));
  const slow = new Proxy(store, {
    get: (of, name) => {
      if (name !== "up") return Reflect.get(of, name) as unknown;
      looks += 1;
      return async (asked: Sweep) => {
        await away;
        return here.up(asked);
      };
    },
  });
  const runner = runnerOf({ holds: "drain" });
  const begun = runner.begun(1);
  const events: SweepEvent[] = [];
  const run = shared(slow, sweep, runner, { observe: async (event) => void events.push(event) });
  await begun;
  for (let i = 0; i < 5; i++) t.mock.timers.tick(2_000);
  assert.equal(looks, 1);
  answer();
  for (const event of events) if (event.kind === "started") event.stop("SIGTERM");
  assert.equal((await run).result.tally.trained, 1);
});

test("lanes that find nothing wait while another is at work, since it may leave them more", async (t) => {
  const all = await opened(t);
  const { here, sweep } = all;
  await here.submit(sweep, chunksOf(sweep, 6));
  const runner = runnerOf({ holds: "drain" }, 2);
  const asked: boolean[] = [];
  const isOver = (): boolean => {
    asked.push(runner.draining);
    return true;
  };
  const { worker } = await working(all, runner, { lanes: 2, isOver });
  const begun = runner.begun(1);
  const work = worker.work();
  await begun;
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.deepEqual(asked, []);
  worker.drain();
  await work;
});

test("a suspect is trained with no other beside it, however many lanes there are", async (t) => {
  const all = await opened(t);
  const { here, sweep } = all;
  await here.submit(
    sweep,
    chunksOf(sweep, 1).map((chunk, i) => ({ ...chunk, losses: i === 1 ? 2 : 0 })),
  );
  const running = new Set<number>();
  const beside: number[][] = [];
  const runner: Runner = {
    ...{ lanes: 3, draining: false },
    run: async (chunk) => {
      const [{ trial }] = chunk;
      running.add(trial);
      for (let turns = 0; turns < 20; turns++) {
        await turn();
        if (running.has(2)) beside.push([...running]);
      }
      running.delete(trial);
      return trainedHere(chunk);
    },
    drain: () => {},
    cancel: () => {},
    close: async () => {},
  };
  await (await working(all, runner, { lanes: 3 })).worker.work();
  assert.equal((await states(all)).length, 6);
  assert.deepEqual(new Set(beside.flat()), new Set([2]));
});

test("a worker that knows the sweep as it was looks again before it takes a chunk of the present plan for none", async (t) => {
  const all = await opened(t);
  const { sqlite, here } = all;
  const grown = await sqlite.open(openRequest(smallPlan({ ...ORIGINALS, trials: "8" })));
  await here.submit(grown, chunksOf(grown, 8));
  const { worker } = await working(all, runnerOf(), { sweepNow: async () => grown });
  await worker.work();
  assert.equal(await sqlite.digest(grown), await plainDigest(t, grown));
});

test("a chunk of a sweep that a worker may not train any more goes back to the others without a loss", async (t) => {
  const all = await opened(t);
  const { sqlite, here, sweep } = all;
  const grown = await sqlite.open(openRequest(smallPlan({ ...ORIGINALS, trials: "8" })));
  await here.submit(grown, chunksOf(grown, 8));
  const known = [sweep];
  const { worker } = await working(all, runnerOf(), {
    sweeps: async () => known.splice(0),
    sweepNow: async () => null,
  });
  await worker.work();
  assert.deepEqual(await leftOf(all), [[0, 8, 0]]);
});

test("a shared run trains chunks of a plan that another command let grow meanwhile", async (t) => {
  const { sqlite, here, sweep } = await opened(t);
  const bigger = smallPlan({ ...ORIGINALS, trials: "8" });
  let grown: Sweep | null = null;
  const grow = async ({ kind }: SweepEvent): Promise<void> => {
    if (kind !== "landed" || grown !== null) return;
    grown = await sqlite.open(openRequest(bigger));
    await here.submit(grown, chunksOf(grown, 4));
  };
  await shared(sharedStore(sqlite, here), sweep, runnerOf(), { observe: grow });
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, { ...sweep, plan: bigger }));
});

/** Looks up what is missing, and has the sweep grow by another's hand right after. */
function growingAfterLookup(store: SharedStore, here: HereQueue, grow: () => Promise<void>): SharedStore {
  let asked = 0;
  const missing: Store["missing"] = async (...of) => {
    const found = await store.missing(...of);
    asked += 1;
    if (asked === 2) await grow();
    return found;
  };
  return sharedStore(
    new Proxy(store, { get: (of, name) => (name === "missing" ? missing : Reflect.get(of, name)) }),
    here,
  );
}

test("chunks that were cut before another command let the sweep grow do not take that one's place", async (t) => {
  const { sqlite, here, sweep } = await opened(t);
  const bigger = smallPlan({ ...ORIGINALS, trials: "8" });
  // The first look is the run's own, the second that of who cuts the chunks.
  const store = growingAfterLookup(sharedStore(sqlite, here), here, async () => {
    const grown = await sqlite.open(openRequest(bigger));
    await here.submit(grown, chunksOf(grown, 4));
  });
  await shared(store, sweep, runnerOf());
  assert.equal(await sqlite.digest(sweep), await plainDigest(t, { ...sweep, plan: bigger }));
});

test("a shared run ends also where the command that let the sweep grow meanwhile was killed before it put anything up", async (t) => {
  const { sqlite, here, sweep } = await opened(t);
  const bigger = smallPlan({ ...ORIGINALS, trials: "8" });
  const store = growingAfterLookup(sharedStore(sqlite, here), here, async () => {
    await sqlite.open(openRequest(bigger));
  });
  const { result } = await shared(store, sweep, runnerOf());
  assert.equal(result.tally.stopped, false);
  assert.equal((await states({ sqlite, here, sweep, specs: [] })).length, 8);
});
