/** The pool and the coordinator, with real threads: what dies, what is tried again, what a stop leaves, and the same bits however the work is shared. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { loadDraw } from "../src/data/source.js";
import type { Engine } from "../src/engine/contract.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import type { Flags } from "../src/plan/flags.js";
import type { SweepConfig } from "../src/plan/options.js";
import { countRows, epochsToTrain, groupByStart } from "../src/plan/trajectories.js";
import { cachedDraws, runChunk, STOP_FLAG_BYTES, stopFlag } from "../src/run/chunk.js";
import { type Progress, runSweep, type SweepEvent, type Tally } from "../src/run/coordinator.js";
import { TRIAL_WORKER, TrialPool } from "../src/run/threads.js";
import type { OpenSweep } from "../src/store/contract.js";
import { sweepDigest } from "../src/store/digest.js";
import { SqliteStore } from "../src/store/sqlite/store.js";
import type { TrajectorySpec } from "../src/trial.js";
import { folder } from "./command-line.js";
import {
  engineNamed,
  failed,
  groupsOf,
  oneByOne,
  smallConfig,
  specsIn,
  surveyOf,
  sweepRecord,
  trained,
} from "./fixtures/sweeps.js";
import type { Behaviour } from "./fixtures/telling-worker.js";

const TELLING_WORKER = new URL("./fixtures/telling-worker.js", import.meta.url);
const ORIGINALS = { methods: "original", trials: "6", epochs: "original=3" };

interface Setting {
  readonly config: SweepConfig;
  readonly store: SqliteStore;
  readonly sweep: OpenSweep;
  readonly specs: readonly TrajectorySpec[];
}

/** A new store in memory with an enrolled sweep. */
async function setting(t: TestContext, flags: Flags): Promise<Setting> {
  const config = smallConfig(flags);
  const store = new SqliteStore(":memory:");
  t.after(() => store.close());
  const sweep = await store.openSweep(sweepRecord(config));
  const specs = specsIn(config);
  await store.enroll(sweep, specs);
  return { config, store, sweep, specs };
}

/** A pool of the telling worker, and the folder where it tells. */
function tellingPool(
  t: TestContext,
  workers: number,
  behaviour: Omit<Behaviour, "folder">,
): { pool: TrialPool; told: string } {
  const told = folder(t);
  const pool = new TrialPool({
    workers,
    engine: engineNamed(JSON.stringify({ folder: told, ...behaviour })),
    entry: TELLING_WORKER,
  });
  t.after(() => pool.close());
  return { pool, told };
}

/** How often each of the trials 1…count was begun. */
function attempts(told: string, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    existsSync(join(told, `${i + 1}`)) ? statSync(join(told, `${i + 1}`)).size : 0,
  );
}

/** Resolves once `count` trajectories have begun. */
function begun(told: string, count: number): Promise<void> {
  const channel = new BroadcastChannel(told);
  let seen = 0;
  return new Promise((resolve) => {
    channel.onmessage = () => {
      seen += 1;
      if (seen < count) return;
      channel.close();
      resolve();
    };
  });
}

const quiet = (): void => {};

function states(store: SqliteStore): Promise<{ trial: number; state: string; error: string | null }[]> {
  return store.all("select trial, state, error from trial_results order by trial");
}

function doneBut(trial: number, error: string): { trial: number; state: string; error: string | null }[] {
  return [1, 2, 3, 4, 5, 6].map((each) =>
    each === trial ? { trial, state: "failed", error } : { trial: each, state: "done", error: null },
  );
}

for (const workers of [1, 2]) {
  test(`a worker thread that exits fails its own trial and no other, with ${workers} at work`, async (t) => {
    const { store, sweep, specs } = await setting(t, ORIGINALS);
    const { pool, told } = tellingPool(t, workers, { exits: 2 });
    const tally = await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
    assert.deepEqual(tally, { trained: 5, failed: 1, diverged: 0, stopped: false });
    assert.deepEqual(await states(store), doneBut(2, "its thread died: worker exited with code: 9"));
    assert.equal(attempts(told, 6)[1], 2, "it is tried once more, and only once");
  });
}

test("a trial whose thread dies once succeeds the second time, and leaves no trace of the first", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  const { pool, told } = tellingPool(t, 2, { exitsOnce: 3 });
  assert.deepEqual(await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet }), {
    trained: 6,
    failed: 0,
    diverged: 0,
    stopped: false,
  });
  assert.equal(attempts(told, 6)[2], 2);
  const undisturbed = await setting(t, ORIGINALS);
  await undisturbed.store.record(undisturbed.sweep, runHere(specs));
  assert.equal(await sweepDigest(store, sweep.id), await sweepDigest(undisturbed.store, undisturbed.sweep.id));
});

test("an exception fails its own trial and no other, and is tried exactly twice", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  const { pool, told } = tellingPool(t, 2, { throws: 4 });
  assert.deepEqual(await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet }), {
    trained: 5,
    failed: 1,
    diverged: 0,
    stopped: false,
  });
  assert.deepEqual(await states(store), doneBut(4, "trial 4 fell over"));
  assert.deepEqual(attempts(told, 6), [1, 1, 1, 2, 1, 1]);
});

test("a trial that throws once succeeds the second time", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  const { pool, told } = tellingPool(t, 1, { throwsOnce: 1 });
  assert.deepEqual(await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet }), {
    trained: 6,
    failed: 0,
    diverged: 0,
    stopped: false,
  });
  assert.deepEqual(attempts(told, 6), [2, 1, 1, 1, 1, 1]);
});

test("threads that died are replaced: a pool whose every trial kills its thread still tries them all", async (t) => {
  const { store, sweep, specs } = await setting(t, { ...ORIGINALS, trials: "3" });
  const told = folder(t);
  for (const trial of [1, 2, 3]) {
    const pool = new TrialPool({
      workers: 1,
      engine: engineNamed(JSON.stringify({ folder: told, exits: trial })),
      entry: TELLING_WORKER,
    });
    t.after(() => pool.close());
    const [first] = await pool.run([specs[trial - 1]]);
    const [second] = await pool.run([specs[trial - 1]]);
    const [healthy] = await pool.run([specs[trial % 3]]);
    assert.deepEqual([first.state, second.state, healthy.state], ["failed", "failed", "trained"]);
  }
  assert.deepEqual((await store.missing(sweep, specs, false)).specs, specs, "a pool records nothing by itself");
});

test("a thread that cannot even start fails its trial, and the process lives on", async (t) => {
  const { specs } = await setting(t, ORIGINALS);
  const pool = new TrialPool({
    workers: 1,
    engine: engineNamed("an engine that no thread can load"),
    entry: TRIAL_WORKER,
  });
  t.after(() => pool.close());
  for (const spec of specs.slice(0, 2))
    assert.deepEqual(
      (await pool.run([spec])).map(({ state }) => state),
      ["failed"],
    );
});

test("a drain lets running trajectories finish and starts no other", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  const { pool, told } = tellingPool(t, 2, { holds: "drain" });
  const running = begun(told, 2);
  const swept = runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
  await running;
  pool.drain();
  assert.deepEqual(await swept, { trained: 2, failed: 0, diverged: 0, stopped: true });
  const tried = attempts(told, 6);
  assert.equal(
    tried.reduce((sum, count) => sum + count, 0),
    2,
  );
  assert.deepEqual(
    (await states(store)).map(({ trial }) => trial),
    tried.flatMap((count, i) => (count === 1 ? [i + 1] : [])),
  );
  const missing = await store.missing(sweep, specs, true);
  assert.equal(missing.specs.length, 4, "what was not begun is missing, and has not failed");
});

test("a trial whose thread dies while the pool drains has not failed: it is missing, to be tried by the next run", async (t) => {
  const { store, sweep, specs } = await setting(t, { ...ORIGINALS, trials: "3" });
  const { pool, told } = tellingPool(t, 2, { holds: "drain", exits: 1 });
  const running = begun(told, 2);
  const swept = runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
  await running;
  pool.drain();
  assert.deepEqual(await swept, { trained: 1, failed: 0, diverged: 0, stopped: true });
  assert.deepEqual(await states(store), [{ trial: 2, state: "done", error: null }]);
});

test("a cancel gives up what is running, and records nothing of it", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  const { pool, told } = tellingPool(t, 2, { holds: "cancel" });
  const running = begun(told, 2);
  const swept = runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
  await running;
  pool.cancel();
  assert.deepEqual(await swept, { trained: 0, failed: 0, diverged: 0, stopped: true });
  assert.deepEqual((await store.missing(sweep, specs, false)).specs, specs);
});

test("a cancel stops a training between two epochs", async (t) => {
  const { store, sweep, specs } = await setting(t, { ...ORIGINALS, trials: "1", epochs: "original=1000000" });
  const { pool, told } = tellingPool(t, 1, {});
  const running = begun(told, 1);
  const swept = runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
  await running;
  pool.cancel();
  assert.deepEqual(await swept, { trained: 0, failed: 0, diverged: 0, stopped: true });
  assert.deepEqual(await states(store), []);
});

test("a run that everything had finished in, when it was told to stop, was not stopped", async (t) => {
  const { store, sweep, specs } = await setting(t, { ...ORIGINALS, trials: "2" });
  const { pool, told } = tellingPool(t, 2, { holds: "drain" });
  const running = begun(told, 2);
  const swept = runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet });
  await running;
  pool.drain();
  assert.deepEqual(await swept, { trained: 2, failed: 0, diverged: 0, stopped: false });
});

test("a run that was told to stop was stopped where a trajectory is missing, however many rows had failed before and are there now", async (t) => {
  const { store, sweep, specs } = await setting(t, { ...ORIGINALS, trials: "2" });
  const longer = specs.map((spec) => ({ ...spec, asked: [3, 4] }));
  await store.record(
    sweep,
    specs.map((spec) => failed(spec, "it fell over")),
  );
  const missing = await store.missing(sweep, longer, false);
  assert.deepEqual(missing, { specs: longer, rows: 2, failed: 2 });
  const { pool, told } = tellingPool(t, 1, { holds: "drain" });
  const running = begun(told, 1);
  const swept = runSweep(groupsOf(longer), { ...surveyOf(longer), rows: 2 }, sweep, { store, pool, tell: quiet });
  await running;
  pool.drain();
  assert.deepEqual(await swept, { trained: 2, failed: 0, diverged: 0, stopped: true });
});

test("a diverged trial is counted as diverged and recorded as such", async (t) => {
  const { store, sweep, specs } = await setting(t, {
    ...ORIGINALS,
    trials: "2",
    hidden: "16,8",
    "learning-rate": "1e300",
  });
  const pool = new TrialPool({ workers: 1, engine: engineNamed("reference"), entry: TRIAL_WORKER });
  t.after(() => pool.close());
  assert.deepEqual(await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet }), {
    trained: 0,
    failed: 0,
    diverged: 2,
    stopped: false,
  });
  assert.deepEqual(
    (await states(store)).map(({ state }) => state),
    ["diverged", "diverged"],
  );
});

test("what a store refuses stops the sweep with the store's sentence", async (t) => {
  const { store, sweep, specs } = await setting(t, ORIGINALS);
  await store.record(sweep, [trained(specs[0])]);
  const pool = new TrialPool({ workers: 2, engine: engineNamed("reference"), entry: TRIAL_WORKER });
  t.after(() => pool.close());
  await assert.rejects(runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell: quiet }), {
    name: "SweepError",
    code: "BAD_STORE",
    message: /^:memory: holds .* where original trial 1 now gave .* at epoch 1, so one of the two is wrong/,
  });
});

test("progress counts trial rows and epochs up to all that were missing", async (t) => {
  const { store, sweep, specs } = await setting(t, { trials: "3" });
  const pool = new TrialPool({ workers: 2, engine: engineNamed("reference"), entry: TRIAL_WORKER });
  t.after(() => pool.close());
  const seen: Progress[] = [];
  const tell = (event: SweepEvent): void => {
    if (event.kind === "landed") seen.push(event.progress);
  };
  await runSweep(groupsOf(specs), surveyOf(specs), sweep, { store, pool, tell });
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

test("results are equal to the bit for 1, 2 and 8 workers, and in the reverse order", async (t) => {
  const flags = { trials: "6", samples: "40" };
  const digests = new Set<string>();
  for (const [workers, reversed] of [
    [1, false],
    [2, false],
    [8, false],
    [2, true],
  ] as const) {
    const { store, sweep, specs } = await setting(t, flags);
    const pool = new TrialPool({ workers, engine: engineNamed("reference"), entry: TRIAL_WORKER });
    const groups = reversed ? oneByOne(groupByStart(specs).toReversed()) : groupsOf(specs);
    const tally = await runSweep(groups, surveyOf(specs), sweep, { store, pool, tell: quiet });
    await pool.close();
    assert.deepEqual(tally, { trained: 24, failed: 0, diverged: 0, stopped: false } satisfies Tally);
    digests.add(await sweepDigest(store, sweep.id));
  }
  assert.equal(digests.size, 1);
});

test("trajectories that share a start are one group, trained together; the longest group comes first", () => {
  const config = smallConfig({ preset: "paired", trials: "2" });
  const groups = groupByStart(specsIn(config));
  const names = groups.map((group) => group.map(({ method, trial }) => `${method} ${trial}`));
  assert.deepEqual(names, [
    ["original 1", "unlearn 1", "retrain_original 1"],
    ["original 2", "unlearn 2", "retrain_original 2"],
    ["retrain_scratch 1"],
    ["retrain_scratch 2"],
  ]);
  assert.deepEqual(groups.map(epochsToTrain), [9, 9, 4, 4]);
});

test("in the notebook preset the copies go with the last original", () => {
  const groups = groupByStart(specsIn(smallConfig({ trials: "3" })));
  assert.deepEqual(
    groups[0].map(({ method, trial }) => `${method} ${trial}`),
    ["original 3", "unlearn 1", "retrain_original 1"],
  );
  assert.equal(groups.length, 6);
});

test("the epochs of a start that nobody asked for count, once for all that go on from it", () => {
  const [, , unlearn, again] = specsIn(smallConfig({ trials: "1", lambda: "3" }));
  assert.equal(epochsToTrain([unlearn]), 6);
  assert.equal(epochsToTrain([unlearn, again]), 9);
  assert.equal(epochsToTrain([{ ...unlearn, asked: [1, 2, 7] }]), 11);
  assert.equal(epochsToTrain([]), 0);
});

test("trial rows are counted with their copies, one for each asked epoch", () => {
  const specs = specsIn(smallConfig({ trials: "3" }));
  assert.equal(countRows(specs), 12);
  assert.equal(countRows([{ ...specs[6], asked: [1, 2] }]), 6);
});

test("a chunk trains a start once, and says of one that nobody asked for that it was not wanted", () => {
  const specs = specsIn(smallConfig({ trials: "1" }));
  const wanted = (chunk: readonly TrajectorySpec[]): string[] =>
    runHere(chunk).map(
      (outcome) => `${outcome.spec.method}${outcome.state === "trained" && outcome.wanted ? "" : " (unwanted)"}`,
    );
  assert.deepEqual(wanted(specs), ["original", "retrain_scratch", "unlearn", "retrain_original"]);
  assert.deepEqual(wanted(specs.slice(2)), ["original (unwanted)", "unlearn", "retrain_original"]);
  assert.deepEqual(wanted(specs.toReversed()), ["original", "retrain_original", "unlearn", "retrain_scratch"]);
});

test("an exception in a chunk is that trajectory's outcome, and the others are trained", () => {
  const specs = specsIn(smallConfig({ trials: "3", methods: "original" }));
  let calls = 0;
  const second: Engine = {
    ...referenceEngine(),
    train: (training) => {
      calls += 1;
      if (calls === 2) throw new Error("it fell over");
      return referenceEngine().train(training);
    },
  };
  const outcomes = runChunk(specs, second, loadDraw, stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES)));
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["trained", "failed", "trained"],
  );
  assert.deepEqual(outcomes[1], { state: "failed", spec: specs[1], reason: "it fell over" });
});

test("a start that throws fails all that go on from it, and only those", () => {
  const specs = specsIn(smallConfig({ trials: "1" }));
  const engine: Engine = {
    ...referenceEngine(),
    train: (training) => {
      if (training.epochs === 5) throw new Error("it fell over");
      return referenceEngine().train(training);
    },
  };
  const longer = specsIn(smallConfig({ trials: "1", epochs: "original=5,retrain_scratch=4" }));
  const outcomes = runChunk(longer, engine, loadDraw, stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES)));
  assert.deepEqual(
    outcomes.map(({ spec, state }) => `${spec.method} ${state}`),
    ["original failed", "retrain_scratch trained", "unlearn failed", "retrain_original failed"],
  );
  assert.equal(specs.length, longer.length);
});

test("a chunk that is told to stop returns what is finished", () => {
  const specs = specsIn(smallConfig({ trials: "3", methods: "original" }));
  const stop = stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES));
  const engine: Engine = {
    ...referenceEngine(),
    train: (training) => {
      Atomics.store(stop.drain, 0, 1);
      return referenceEngine().train(training);
    },
  };
  assert.deepEqual(
    runChunk(specs, engine, loadDraw, stop).map(({ spec }) => spec.trial),
    [1],
  );
  assert.deepEqual(runChunk(specs, engine, loadDraw, stop), []);
});

test("a thread loads a draw once, and keeps the last few", () => {
  const loads: number[] = [];
  const sources = [1, 2, 3].map(
    (dataSeed) => ({ kind: "seeded", dataSeed, samples: 4, features: 1, forgetRows: 1 }) as const,
  );
  const load = cachedDraws((source) => {
    if (source.kind === "seeded") loads.push(source.dataSeed);
    return loadDraw(source);
  }, 2);
  for (const place of [0, 0, 1, 0, 2, 0, 1]) load(sources[place]);
  assert.deepEqual(loads, [1, 2, 3, 2], "1 was used last when 3 came, so 2 had to go");
  assert.notEqual(load({ ...sources[0], samples: 6 }), load(sources[0]));
});

/** Trains a chunk on this thread. */
function runHere(specs: readonly TrajectorySpec[]): ReturnType<typeof runChunk> {
  return runChunk(specs, referenceEngine(), loadDraw, stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES)));
}
