/** A sweep from request to result, on real threads and a real store: it trains what is missing, and what it grew to is what it would have been at once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import { loadDraw } from "../src/data/source.js";
import { loadEngine } from "../src/engine/engines.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import type { Flags } from "../src/plan/flags.js";
import { gridFrom, gridIdentity, settingsOf } from "../src/plan/grid.js";
import { arms, plan, type Shard, WHOLE } from "../src/plan/trajectories.js";
import { runChunk, STOP_FLAG_BYTES, stopFlag } from "../src/run/chunk.js";
import type { Survey } from "../src/run/coordinator.js";
import { type SweepRequest, type SweepResult, trainSweep } from "../src/run/sweep.js";
import { TRIAL_WORKER } from "../src/run/threads.js";
import { type OpenSweep, RECORDS } from "../src/store/contract.js";
import { sweepDigest } from "../src/store/digest.js";
import { SqliteStore } from "../src/store/sqlite/store.js";
import { folder } from "./command-line.js";
import { failed } from "./fixtures/sweeps.js";

const SMALL = {
  ...{ samples: "20", features: "2", hidden: "4,3", "data-seeds": "0", engine: "reference" },
  ...{ trials: "2", epochs: "original=4,retrain_scratch=3,2", lambda: "0,4.2", record: "all" },
};

async function request(flags: Flags, shard: Shard = WHOLE): Promise<SweepRequest> {
  const grid = gridFrom({ ...SMALL, ...flags });
  const { profile } = await loadEngine(grid.engine);
  return {
    ...{ identity: gridIdentity(grid, profile), command: "gmm-sweep grid", config: grid, settings: settingsOf(grid) },
    ...{ trials: grid.trials, shard, record: grid.record, engine: grid.engine, profile, workers: 2 },
    ...{ retryFailed: flags["retry-failed"] === true, entry: TRIAL_WORKER },
  };
}

/** Trains a sweep; what it said was missing comes back with its result. */
async function train(
  store: SqliteStore,
  flags: Flags,
  shard: Shard = WHOLE,
): Promise<SweepResult & { missing: Survey; last: Survey | null; digest: string }> {
  const seen: { missing: Survey | null; last: Survey | null } = { missing: null, last: null };
  const result = await trainSweep(await request(flags, shard), store, {
    opened: async (_sweep, missing) => {
      seen.missing = missing;
    },
    event: (event) => {
      if (event.kind === "landed") seen.last = event.progress.landed;
    },
    watch: () => () => {},
  });
  const digest = await sweepDigest(store, result.sweep.id);
  return { ...result, missing: seen.missing as Survey, last: seen.last, digest };
}

/** Opens a sweep and makes its cells known, as a run does before it trains. */
async function opened(store: SqliteStore, flags: Flags): Promise<OpenSweep> {
  const { engine, config, settings, ...wanted } = await request(flags);
  const note = { config: JSON.stringify(config), shard: null, version: "0.0.0", machine: "a test" };
  const sweep = await store.openSweep({ ...wanted, ...note, engine: engine.name });
  for (const setting of settings) await store.enroll(sweep, arms(setting, sweep.trials));
  return sweep;
}

/** The whole of a sweep, trained on this thread as one chunk; returns how many rows it has, and its digest. */
async function trainHere(
  store: SqliteStore,
  flags: Flags,
): Promise<{ rows: number; digest: string; sweep: OpenSweep }> {
  const sweep = await opened(store, flags);
  const { settings, trials } = await request(flags);
  const specs = [...plan(settings, trials, trials)].flat();
  const stop = stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES));
  const { trained } = await store.record(sweep, runChunk(specs, referenceEngine(), loadDraw, stop));
  return { sweep, rows: trained, digest: await sweepDigest(store, sweep.id) };
}

function memory(t: TestContext): SqliteStore {
  const store = new SqliteStore(":memory:");
  t.after(() => store.close());
  return store;
}

test("a sweep trains all that is missing, tells of all of it, and trains nothing the second time", async (t) => {
  const store = memory(t);
  const first = await train(store, {});
  const rows = 2 * (1 + 1 + 2);
  assert.deepEqual(first.missing, { rows, trajectories: 8, epochs: 2 * (4 + 3 + 2 + 2) });
  assert.deepEqual(first.last, first.missing);
  assert.deepEqual([first.tally, first.skipped], [{ trained: rows, failed: 0, diverged: 0, stopped: false }, 0]);
  const second = await train(store, {});
  assert.deepEqual(second.missing, { rows: 0, trajectories: 0, epochs: 0 });
  assert.deepEqual([second.tally.trained, second.skipped, second.last], [0, rows, null]);
  assert.equal(second.digest, first.digest);
});

/** A way for a sweep to grow, with how many trial rows, trajectories and epochs that takes. */
const LARGER: [what: string, flags: Flags, missing: Survey][] = [
  ["more trials", { trials: "5" }, { rows: 3 * 4, trajectories: 3 * 4, epochs: 3 * 11 }],
  // The original is trained again, since weights are not kept: 4 epochs a trial.
  ["more λ", { lambda: "0,1,2.5,4.2" }, { rows: 4, trajectories: 4, epochs: 2 * (4 + 2 + 2) }],
  [
    "more epochs",
    { epochs: "original=4,retrain_scratch=3,1,2,6" },
    { rows: 8, trajectories: 4, epochs: 2 * (4 + 6 + 6) },
  ],
  [
    "an earlier epoch",
    { epochs: "original=4,retrain_scratch=3,1,2" },
    { rows: 4, trajectories: 4, epochs: 2 * (4 + 1 + 1) },
  ],
  [
    "more starts",
    { epochs: "original=4,original=5,retrain_scratch=3,2" },
    { rows: 2 + 4, trajectories: 6, epochs: 2 * (5 + 2 + 2) },
  ],
  ["more draws", { "data-seeds": "0:2" }, { rows: 2 * 8, trajectories: 2 * 8, epochs: 2 * 22 }],
  ["more nets", { hidden: ["4,3", "3,5"] }, { rows: 8, trajectories: 8, epochs: 22 }],
  [
    "more methods",
    { methods: "original,retrain_scratch,unlearn,relabel", epochs: "original=4,retrain_scratch=3,2,relabel=1" },
    { rows: 2, trajectories: 2, epochs: 2 * (4 + 1) },
  ],
  [
    "more of everything",
    { trials: "3", lambda: "0,1,4.2", epochs: "original=4,retrain_scratch=3,1,2,6", "data-seeds": "0:1" },
    // 3 trials × 2 draws × (1 + 1 + 3 × 3) rows but the 8 that are there.
    { rows: 66 - 8, trajectories: 2 * 3 + 1 * 5 + 3 * 5, epochs: 2 * (4 + 3 * 6) + 4 * (4 + 3 + 3 * 6) },
  ],
];

for (const [what, flags, missing] of LARGER) {
  test(`a sweep that is extended by ${what} trains what is missing, and is what it would have been at once`, async (t) => {
    const grown = memory(t);
    const first = await trainHere(grown, {});
    const before = await grown.all("select * from trial_rows");
    const extended = await train(grown, flags);
    const atOnce = await trainHere(memory(t), flags);
    assert.deepEqual([extended.sweep.id, extended.missing, extended.last], [first.sweep.id, missing, missing]);
    assert.deepEqual(extended.tally, { trained: missing.rows, failed: 0, diverged: 0, stopped: false });
    assert.deepEqual([extended.skipped + missing.rows, extended.digest], [atOnce.rows, atOnce.digest]);
    assert.notEqual(extended.digest, first.digest);
    assert.deepEqual(await gone(grown, before), []);
    const again = await train(grown, flags);
    assert.deepEqual([again.tally.trained, again.digest], [0, extended.digest]);
    const less = await train(grown, {});
    assert.deepEqual([less.tally.trained, less.skipped, less.digest], [0, first.rows, extended.digest]);
  });
}

test("in the notebook preset a sweep that has grown makes its copies anew, for every λ, length and draw", async (t) => {
  const grown = memory(t);
  const first = await trainHere(grown, { preset: "notebook" });
  assert.equal(first.rows, 2 * (1 + 1 + 2));
  const flags = {
    preset: "notebook",
    trials: "3",
    lambda: "0,1,4.2",
    epochs: "original=4,retrain_scratch=3,1,2,6",
    "data-seeds": "0:1",
  };
  const extended = await train(grown, flags);
  const atOnce = await trainHere(memory(t), flags);
  const rows = 2 * 3 * (1 + 1 + 3 * 3);
  assert.deepEqual([atOnce.rows, extended.skipped, extended.tally.trained], [rows, 2 * 2, rows - 2 * 2]);
  assert.equal(extended.digest, atOnce.digest);
});

/** The rows of `before` that are not there any more. */
async function gone(store: SqliteStore, before: readonly unknown[]): Promise<unknown[]> {
  const now = new Set((await store.all("select * from trial_rows")).map((row) => JSON.stringify(row)));
  return before.filter((row) => !now.has(JSON.stringify(row)));
}

for (const record of RECORDS) {
  test(`the digest of a sweep that was extended is the same with --record ${record}`, async (t) => {
    const grown = memory(t);
    await trainHere(grown, { record });
    const longer = { epochs: "original=4,retrain_scratch=3,1,2,6" };
    const { digest } = await train(grown, { record, ...longer });
    assert.equal(digest, (await trainHere(memory(t), longer)).digest);
  });
}

/** A row that somebody changed by hand, and the extension that meets it. */
const TAMPERED: [what: string, sql: string, flags: Flags, said: RegExp][] = [
  [
    "a trial row of a start that is trained again for another λ",
    "update trial_rows set forget_probability = 0.5 where trajectory_id in (select t.id from trajectories t join arms a on a.id = t.arm_id where a.method = 'original' and t.trial = 2)",
    { lambda: "0,1,4.2", record: "final" },
    /holds 0\.5 where original trial 2 now gave 0\.\d+ at epoch 4, so one/,
  ],
  [
    "an epoch of a start that is trained again for another λ",
    "update epochs set cross_entropy = 0.125 where epoch = 3 and trajectory_id in (select t.id from trajectories t join arms a on a.id = t.arm_id where a.method = 'original')",
    { lambda: "0,1,4.2" },
    /holds 0\.125 where original trial [12] now gave \d\.\d+ at epoch 3, so one/,
  ],
  [
    "a trial row of a trajectory that is trained for longer",
    "update trial_rows set penalty = -1 where trajectory_id in (select t.id from trajectories t join arms a on a.id = t.arm_id where a.method = 'unlearn')",
    { epochs: "original=4,retrain_scratch=3,2,6" },
    /holds -1 where unlearn trial [12] now gave 0\.\d+ at epoch 2, so one/,
  ],
  [
    "a forget row's logit of a trajectory that is trained for longer",
    "update forget_logits set forget_logit = 99 where forget_row = 2 and trajectory_id in (select t.id from trajectories t join arms a on a.id = t.arm_id where a.method = 'unlearn')",
    { epochs: "original=4,retrain_scratch=3,2,6" },
    /holds 99 where unlearn trial [12] now gave -?\d+\.\d+ at epoch 2, so one/,
  ],
];

for (const [what, sql, flags, said] of TAMPERED) {
  test(`a sweep stops at ${what}, if it is not what it was, and lands nothing of that chunk`, async (t) => {
    const path = join(folder(t), "sweep.db");
    const base = { "forget-rows": "2", ...(flags["record"] === undefined ? {} : { record: flags["record"] }) };
    const first = new SqliteStore(path);
    await trainHere(first, base);
    await first.close();
    const db = new Database(path);
    assert.ok(db.prepare(sql).run().changes > 0);
    db.close();
    const store = new SqliteStore(path);
    t.after(() => store.close());
    const before = await store.all("select * from trial_rows");
    await assert.rejects(train(store, { ...base, ...flags }), (error: Error & { code?: string }) => {
      assert.deepEqual([error.name, error.code], ["SweepError", "BAD_STORE"]);
      assert.match(error.message, said);
      assert.ok(error.message.startsWith(`${path} holds `), error.message);
      assert.ok(
        error.message.endsWith(
          ", so one of the two is wrong: nothing was changed; keep the file, and run into another with --db",
        ),
      );
      return true;
    });
    assert.deepEqual(await gone(store, before), []);
  });
}

test("shards of a sweep train its plan between them, and each of them is finished by itself", async (t) => {
  const flags = { "data-seeds": "0:2" };
  const whole = memory(t);
  const { rows } = await trainHere(whole, flags);
  const parts: string[] = [];
  for (const index of [0, 1, 2]) {
    const store = memory(t);
    const { tally } = await train(store, flags, { index, count: 3 });
    assert.ok(tally.trained > 0 && tally.trained < rows);
    assert.equal((await train(store, flags, { index, count: 3 })).tally.trained, 0);
    assert.deepEqual(await store.all("select shard from sweeps"), [{ shard: `${index + 1}/3` }]);
    parts.push(...(await results(store)));
  }
  assert.deepEqual(parts.sort(), (await results(whole)).sort());
});

/** Each trial row with all that does not change from run to run. */
async function results(store: SqliteStore): Promise<string[]> {
  const rows = await store.all<object>("select * from trial_results");
  return rows.map((row) => JSON.stringify({ ...row, elapsed_ms: null }));
}

test("a failed row is left alone until --retry-failed, and then the sweep is what it would have been", async (t) => {
  const store = memory(t);
  const [setting] = (await request({})).settings;
  const sweep = await opened(store, {});
  await store.record(sweep, [failed(arms(setting, 2)[0], "it fell over")]);
  const first = await train(store, {});
  assert.deepEqual([first.tally.trained, first.skipped, first.missing.rows], [7, 0, 7]);
  const retried = await train(store, { "retry-failed": true });
  assert.deepEqual([retried.tally.trained, retried.skipped, retried.missing.rows], [1, 7, 1]);
  assert.equal(retried.digest, (await trainHere(memory(t), {})).digest);
});

test("a row that had failed lands where its trajectory is trained for longer, and progress ends at what was missing", async (t) => {
  const store = memory(t);
  const sweep = await opened(store, {});
  const { settings } = await request({});
  const unlearns = [...plan(settings, 2, 2)].flat().filter(({ method }) => method === "unlearn");
  await store.record(
    sweep,
    unlearns.map((spec) => failed(spec, "it fell over")),
  );
  const longer = { epochs: "original=4,retrain_scratch=3,2,6" };
  const extended = await train(store, longer);
  assert.deepEqual([extended.missing.rows, extended.last, extended.tally.trained], [8, extended.missing, 12]);
  assert.equal(extended.digest, (await trainHere(memory(t), longer)).digest);
});
