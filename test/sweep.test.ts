/** A sweep as it is trained, on real threads and a real store: what is tried again, what a stop or a fault leaves, what is told, and the same bits however the work is shared. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import type { Observer, SweepEvent, SweepResult } from "../src/run/events.js";
import type { Runner } from "../src/run/runner.js";
import { type SweepOptions, trainSweep } from "../src/run/sweep.js";
import type { Store, Sweep } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import type { Outcome, TrajectorySpec } from "../src/trial.js";
import type { Behaviour } from "./fixtures/behaviour.js";
import { HereRunner } from "./fixtures/here-runner.js";
import { failed, openRequest, PROFILE, smallPlan, specsIn, trained, withLists } from "./fixtures/sweeps.js";
import { referenceThreads, tellingThreads } from "./fixtures/threads.js";
import { ORIGINALS, type Told, trainedHere } from "./runner-contract.js";

interface Opened {
  readonly store: Store;
  readonly sweep: Sweep;
  readonly specs: readonly TrajectorySpec[];
}

/** A new store in memory with an open sweep. */
async function opened(t: TestContext, flags: Flags): Promise<Opened> {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  const plan = smallPlan(flags);
  return { store, sweep: await store.open(openRequest(plan)), specs: specsIn(plan) };
}

/** What is told, and what a runner of the telling worker does. */
class Telling {
  readonly events: SweepEvent[] = [];
  readonly #made: Told[] = [];
  readonly options: SweepOptions;

  constructor(t: TestContext, lanes: number, behaviour: Behaviour, more: Partial<SweepOptions> = {}) {
    const observer: Observer = (event) => void this.events.push(event);
    this.options = {
      retryFailed: false,
      lanes,
      observers: [observer],
      start: (count, lost) => {
        const told = tellingThreads(t, count, behaviour, lost);
        this.#made.push(told);
        return told.runner;
      },
      ...more,
    };
  }

  /** How often each of the trials 1…count was begun. */
  attempts(count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#made[0].attempts(i + 1));
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }
}

/** Trains with the reference engine on threads. */
function onThreads(t: TestContext, lanes: number, observer: Observer = () => {}): SweepOptions {
  return { retryFailed: false, lanes, observers: [observer], start: (count) => referenceThreads(t, count) };
}

/** Stops a run once `count` trajectories have begun. */
function stopping(
  t: TestContext,
  lanes: number,
  behaviour: Behaviour,
  count: number,
  stop: (runner: Runner) => void,
): Telling {
  const telling: Telling = new Telling(t, lanes, behaviour, {
    start: (wanted, lost) => {
      const { runner, begun } = tellingThreads(t, wanted, behaviour, lost);
      void begun(count).then(() => stop(runner));
      return runner;
    },
  });
  return telling;
}

async function states({ store, sweep }: Opened): Promise<string[]> {
  const rows: string[] = [];
  for await (const { trial, state } of store.rows(sweep)) rows.push(`${trial} ${state}`);
  return rows;
}

async function reasons({ store, sweep }: Opened): Promise<string[]> {
  return (await store.failures(sweep)).map(({ trial, error }) => `${trial}: ${error}`);
}

function doneBut(trial: number): string[] {
  return [1, 2, 3, 4, 5, 6].map((each) => `${each} ${each === trial ? "failed" : "done"}`);
}

const ALL = { trained: 6, failed: 0, diverged: 0, stopped: false };
const ALL_BUT_ONE = { trained: 5, failed: 1, diverged: 0, stopped: false };
const NONE = { trained: 0, failed: 0, diverged: 0, stopped: false };

function tallied(result: SweepResult): SweepResult["tally"] {
  assert.equal(result.skipped, 0);
  return result.tally;
}

for (const lanes of [1, 2]) {
  test(`a worker thread that exits fails its own trial and no other, with ${lanes} at work`, async (t) => {
    const it = await opened(t, ORIGINALS);
    const telling = new Telling(t, lanes, { exits: 2 });
    assert.deepEqual(tallied(await trainSweep(it.store, it.sweep, telling.options)), ALL_BUT_ONE);
    assert.deepEqual(await states(it), doneBut(2));
    assert.deepEqual(await reasons(it), ["2: its thread died: worker exited with code: 9"]);
    assert.equal(telling.attempts(6)[1], 2, "it is tried once more, and only once");
  });
}

test("a trial whose thread dies once succeeds the second time, and leaves no trace of the first", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = new Telling(t, 2, { exitsOnce: 3 });
  assert.deepEqual(tallied(await trainSweep(it.store, it.sweep, telling.options)), ALL);
  assert.equal(telling.attempts(6)[2], 2);
  const undisturbed = await opened(t, ORIGINALS);
  await undisturbed.store.record(undisturbed.sweep, trainedHere(it.specs));
  assert.equal(await it.store.digest(it.sweep), await undisturbed.store.digest(undisturbed.sweep));
});

test("an exception fails its own trial and no other, and is tried exactly twice", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = new Telling(t, 2, { throws: 4 });
  assert.deepEqual(tallied(await trainSweep(it.store, it.sweep, telling.options)), ALL_BUT_ONE);
  assert.deepEqual(await states(it), doneBut(4));
  assert.deepEqual(await reasons(it), ["4: trial 4 fell over"]);
  assert.deepEqual(telling.attempts(6), [1, 1, 1, 2, 1, 1]);
});

test("a trial that throws once succeeds the second time", async (t) => {
  const { store, sweep } = await opened(t, ORIGINALS);
  const telling = new Telling(t, 1, { throwsOnce: 1 });
  assert.deepEqual(tallied(await trainSweep(store, sweep, telling.options)), ALL);
  assert.deepEqual(telling.attempts(6), [2, 1, 1, 1, 1, 1]);
});

test("what is good of a chunk lands before its failures are tried again", async (t) => {
  const { store, sweep } = await opened(t, {
    ...{ methods: "original,retrain_original", trials: "1" },
    epochs: "original=3,retrain_original=3", // so short that they are one chunk
  });
  const told: string[] = [];
  const observer: Observer = (event) => {
    if (event.kind === "second try") told.push(`again ${event.spec.cell.method}`);
    if (event.kind !== "landed") return;
    for (const outcome of event.outcomes)
      if (outcome.state === "failed" || outcome.wanted) told.push(`${outcome.spec.cell.method} ${outcome.state}`);
  };
  /** The first chunk that it trains comes back with its first outcome failed. */
  class Unlucky extends HereRunner {
    #chunks = 0;
    override async run(chunk: readonly TrajectorySpec[]): Promise<Outcome[]> {
      this.#chunks += 1;
      const [first, ...others] = await super.run(chunk);
      return [this.#chunks === 1 ? failed(first.spec, "it fell over") : first, ...others];
    }
  }
  const start: SweepOptions["start"] = (lanes, lost) => new Unlucky(lanes, {}, lost);
  await trainSweep(store, sweep, { retryFailed: false, lanes: 1, observers: [observer], start });
  assert.deepEqual(told, ["retrain_original trained", "again original", "original trained"]);
});

test("what the machine lacks fails no trial: a thread less works on, and all rows land", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = new Telling(
    t,
    2,
    {},
    {
      start: (lanes, lost) => new HereRunner(lanes, { givesOutOnce: 3 }, lost),
    },
  );
  assert.deepEqual(tallied(await trainSweep(it.store, it.sweep, telling.options)), ALL);
  const lost = telling.events.filter(({ kind }) => kind === "lane lost");
  const reason = "there is not enough memory (Array buffer allocation failed)";
  assert.deepEqual(lost, [{ kind: "lane lost", reason, left: 1 }]);
});

test("with no thread left a run ends with the environment's fault, keeps what has landed and fails nothing", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = new Telling(
    t,
    2,
    {},
    {
      start: (lanes, lost) => new HereRunner(lanes, { givesOut: 5 }, lost),
    },
  );
  const message =
    "no thread is left to train: there is not enough memory (Array buffer allocation failed); take fewer --workers, or a smaller task, what has finished is kept";
  await assert.rejects(trainSweep(it.store, it.sweep, telling.options), new SweepError("environment", message));
  const found = await states(it);
  assert.ok(found.length > 0 && found.every((row) => row.endsWith(" done")), `${found}`);
  const last = telling.events.at(-1);
  assert.deepEqual(last, {
    kind: "ended",
    tally: { ...NONE, trained: found.length },
    skipped: 0,
    fault: message,
  });
});

test("data that changed during a run end it as the environment's fault, and fail no trial", async (t) => {
  const it = await opened(t, { ...ORIGINALS, trials: "1" });
  const telling = new Telling(t, 1, { changes: 1 });
  const fault = new SweepError("environment", "the data of trial 1 changed");
  await assert.rejects(trainSweep(it.store, it.sweep, telling.options), fault);
  assert.deepEqual(await states(it), []);
});

test("a bug of ours ends the run as a bug, and becomes no failed trial", async (t) => {
  const it = await opened(t, { ...ORIGINALS, trials: "1" });
  const telling = new Telling(t, 1, { breaks: 1 });
  await assert.rejects(trainSweep(it.store, it.sweep, telling.options), (error: Error) => {
    assert.deepEqual([error instanceof SweepError, error.message], [false, "trial 1 found a bug"]);
    return true;
  });
  assert.deepEqual(await states(it), []);
  assert.deepEqual(telling.kinds(), ["opened", "started", "ended"]);
});

test("a drain lets running trajectories finish and starts no other", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = stopping(t, 2, { holds: "drain" }, 2, (runner) => runner.drain());
  const { tally } = await trainSweep(it.store, it.sweep, telling.options);
  assert.deepEqual(tally, { ...NONE, trained: 2, stopped: true });
  assert.equal((await states(it)).length, 2);
  const missing = await it.store.missing(PROFILE, it.specs, true);
  assert.equal(missing.specs.length, 4, "what was not begun is missing, and has not failed");
});

test("a trial whose thread dies while the runner drains has not failed: it is missing, to be tried by the next run", async (t) => {
  const it = await opened(t, { ...ORIGINALS, trials: "3" });
  const telling = stopping(t, 2, { holds: "drain", exits: 1 }, 2, (runner) => runner.drain());
  const { tally } = await trainSweep(it.store, it.sweep, telling.options);
  assert.deepEqual(tally, { ...NONE, trained: 1, stopped: true });
  assert.deepEqual(await states(it), ["2 done"]);
});

test("a cancel gives up what is running, and records nothing of it", async (t) => {
  const it = await opened(t, ORIGINALS);
  const telling = stopping(t, 2, { holds: "cancel" }, 2, (runner) => runner.cancel());
  const { tally } = await trainSweep(it.store, it.sweep, telling.options);
  assert.deepEqual(tally, { ...NONE, stopped: true });
  assert.deepEqual((await it.store.missing(PROFILE, it.specs, false)).specs, it.specs);
});

test("a cancel stops a training between two epochs", async (t) => {
  const it = await opened(t, { ...ORIGINALS, trials: "1", epochs: "original=1000000" });
  const telling = stopping(t, 1, {}, 1, (runner) => runner.cancel());
  const { tally } = await trainSweep(it.store, it.sweep, telling.options);
  assert.deepEqual(tally, { ...NONE, stopped: true });
  assert.deepEqual(await states(it), []);
});

test("a run that everything had finished in, when it was told to stop, was not stopped", async (t) => {
  const { store, sweep } = await opened(t, { ...ORIGINALS, trials: "2" });
  const telling = stopping(t, 2, { holds: "drain" }, 2, (runner) => runner.drain());
  assert.deepEqual(tallied(await trainSweep(store, sweep, telling.options)), { ...NONE, trained: 2 });
});

test("the first signal drains, the second cancels, and all hear of both", async (t) => {
  const { store, sweep } = await opened(t, ORIGINALS);
  const heard: SweepEvent[] = [];
  let stop = (_signal: string): void => {};
  const observer: Observer = (event) => {
    if (event.kind === "started") stop = event.stop;
    if (event.kind === "stopping") heard.push(event);
  };
  const telling = new Telling(
    t,
    2,
    {},
    {
      observers: [observer],
      start: (lanes, lost) => {
        const { runner, begun } = tellingThreads(t, lanes, { holds: "cancel" }, lost);
        void begun(2).then(() => {
          stop("SIGINT");
          stop("SIGTERM");
        });
        return runner;
      },
    },
  );
  const { tally } = await trainSweep(store, sweep, telling.options);
  assert.deepEqual(tally, { ...NONE, stopped: true });
  assert.deepEqual(heard, [
    { kind: "stopping", signal: "SIGINT", now: false },
    { kind: "stopping", signal: "SIGTERM", now: true },
  ]);
});

test("a run that was told to stop was stopped where a trajectory is missing, however many rows had failed before and are there now", async (t) => {
  const { store, sweep, specs } = await opened(t, { ...ORIGINALS, trials: "2" });
  await store.record(
    sweep,
    specs.map((spec) => failed(spec, "it fell over")),
  );
  const plan = withLists(smallPlan({ ...ORIGINALS, trials: "2" }), { epochs: { original: [3, 4] } });
  const telling = stopping(t, 1, { holds: "drain" }, 1, (runner) => runner.drain());
  const { tally } = await trainSweep(store, await store.open(openRequest(plan)), telling.options);
  const [first] = telling.events;
  assert.equal(first.kind === "opened" && first.missing.rows, 2, "one of each trial, beside one that failed");
  assert.deepEqual(tally, { ...NONE, trained: 2, stopped: true });
});

test("a diverged trial is counted as diverged and recorded as such", async (t) => {
  const it = await opened(t, { ...ORIGINALS, trials: "2", hidden: "16,8", "learning-rate": "1e300" });
  assert.deepEqual(tallied(await trainSweep(it.store, it.sweep, onThreads(t, 1))), { ...NONE, diverged: 2 });
  assert.deepEqual(await states(it), ["1 diverged", "2 diverged"]);
});

test("what a store refuses stops the sweep with the store's sentence", async (t) => {
  const { store, sweep, specs } = await opened(t, { trials: "1", methods: "unlearn", preset: "paired" });
  const [start] = specs.flatMap((spec) => (spec.start === null ? [] : [spec.start]));
  await store.record(sweep, [trained(start)]);
  const heard: SweepEvent[] = [];
  await assert.rejects(
    trainSweep(
      store,
      sweep,
      onThreads(t, 1, (event) => void heard.push(event)),
    ),
    (error: Error) => {
      assert.ok(error instanceof SweepError);
      const last = heard.at(-1);
      assert.deepEqual(
        [error.fault, last?.kind, last?.kind === "ended" && last.fault],
        ["check", "ended", error.message],
      );
      return true;
    },
  );
});

test("an observer that throws ends the run with what it threw, and what had landed is kept", async (t) => {
  const it = await opened(t, ORIGINALS);
  const heard: string[] = [];
  const observer: Observer = ({ kind }) => {
    heard.push(kind);
    if (kind === "landed") throw new SweepError("environment", "the log is full");
  };
  const options = { ...onThreads(t, 1, observer), start: (lanes: number) => new HereRunner(lanes, {}, () => {}) };
  await assert.rejects(trainSweep(it.store, it.sweep, options), new SweepError("environment", "the log is full"));
  assert.equal(heard.at(-1), "ended");
  assert.ok((await states(it)).length > 0);
});

test("observers hear every event one after the other, and each is waited for", async (t) => {
  const { store, sweep } = await opened(t, ORIGINALS);
  const heard: string[] = [];
  const slow: Observer = async ({ kind }) => {
    heard.push(`slow ${kind}`);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    heard.push(`slow ${kind} done`);
  };
  const quick: Observer = ({ kind }) => void heard.push(`quick ${kind}`);
  await trainSweep(store, sweep, { ...onThreads(t, 2), observers: [slow, quick] });
  const kinds = heard.filter((line) => line.startsWith("quick ")).map((line) => line.slice(6));
  assert.deepEqual(
    heard,
    kinds.flatMap((kind) => [`slow ${kind}`, `slow ${kind} done`, `quick ${kind}`]),
  );
  assert.deepEqual([kinds.slice(0, 2), kinds.at(-1)], [["opened", "started"], "ended"]);
});

test("where nothing is missing no runner is made, and the run says what it skipped", async (t) => {
  const { store, sweep, specs } = await opened(t, ORIGINALS);
  await store.record(sweep, trainedHere(specs));
  const telling = new Telling(t, 1, {}, { start: () => assert.fail("a runner was made") });
  assert.deepEqual(await trainSweep(store, sweep, telling.options), { tally: NONE, skipped: 6 });
  assert.deepEqual(telling.kinds(), ["opened", "ended"]);
});

test("progress counts trial rows and epochs up to all that were missing", async (t) => {
  const { store, sweep } = await opened(t, { trials: "3" });
  const telling = new Telling(t, 2, {}, { start: (count) => referenceThreads(t, count) });
  await trainSweep(store, sweep, telling.options);
  const seen = telling.events.flatMap((event) => (event.kind === "landed" ? [event.progress] : []));
  const all = { rows: 12, trajectories: 8, epochs: 29 };
  assert.deepEqual(seen.at(-1), { landed: all, missing: all });
  for (const measure of ["rows", "trajectories", "epochs"] as const) {
    const counts = seen.map(({ landed }) => landed[measure]);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  }
});

test("results are equal to the bit for 1, 2 and 8 threads, and in one chunk of this process", async (t) => {
  const flags = { trials: "6", samples: "40" };
  const here = await opened(t, flags);
  await here.store.record(here.sweep, trainedHere(here.specs));
  const digests = new Set([await here.store.digest(here.sweep)]);
  for (const lanes of [1, 2, 8]) {
    const { store, sweep } = await opened(t, flags);
    assert.deepEqual(tallied(await trainSweep(store, sweep, onThreads(t, lanes))), { ...NONE, trained: 24 });
    digests.add(await store.digest(sweep));
  }
  assert.equal(digests.size, 1);
});
