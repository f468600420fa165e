/** Sweeps that grow, on real threads and a real store: they train what is missing, and what they grew to is what they would have been at once. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { Flags } from "../src/plan/flags.js";
import { RECORDS, type SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { type Shard, trajectoriesOf, WHOLE } from "../src/plan/trajectories.js";
import type { Survey, SweepResult } from "../src/run/events.js";
import { trainSweep } from "../src/run/sweep.js";
import type { Store, Sweep } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import { failed, openRequest } from "./fixtures/sweeps.js";
import { referenceThreads } from "./fixtures/threads.js";
import { trainedHere } from "./runner-contract.js";

const SMALL = {
  ...{ samples: "20", features: "2", hidden: "4,3", "data-seeds": "0", engine: "reference" },
  ...{ trials: "2", epochs: "original=4,retrain_scratch=3,2", lambda: "0,4.2", record: "all" },
};

function planOf(flags: Flags): SweepPlan {
  return gridPlan({ ...SMALL, ...flags }, null);
}

/** Opens a sweep, or lets it grow, also to other nets. */
function opened(store: Store, flags: Flags, shard: Shard = WHOLE): Promise<Sweep> {
  return store.open({ ...openRequest(planOf(flags)), shard, grow: true });
}

interface Trained extends SweepResult {
  readonly sweep: Sweep;
  readonly missing: Survey;
  readonly last: Survey | null;
  readonly digest: string;
}

/** Trains a sweep on two threads; what it said was missing comes back with its result. */
async function train(
  t: TestContext,
  store: Store,
  flags: Flags,
  { shard = WHOLE, retryFailed = false }: { shard?: Shard; retryFailed?: boolean } = {},
): Promise<Trained> {
  const sweep = await opened(store, flags, shard);
  const seen: { missing: Survey | null; last: Survey | null } = { missing: null, last: null };
  const result = await trainSweep(store, sweep, {
    retryFailed,
    lanes: 2,
    start: (lanes) => referenceThreads(t, lanes),
    observers: [
      (event) => {
        if (event.kind === "opened") seen.missing = event.missing;
        if (event.kind === "landed") seen.last = event.progress.landed;
      },
    ],
  });
  assert.ok(seen.missing !== null);
  return { ...result, sweep, missing: seen.missing, last: seen.last, digest: await store.digest(sweep) };
}

/** The whole of a sweep, trained on this thread as one chunk; returns how many rows it has, and its digest. */
async function trainHere(store: Store, flags: Flags): Promise<{ rows: number; digest: string; sweep: Sweep }> {
  const sweep = await opened(store, flags);
  const specs = [...trajectoriesOf(sweep.plan)].flat();
  const { trained } = await store.record(sweep, trainedHere(specs));
  return { sweep, rows: trained, digest: await store.digest(sweep) };
}

async function memory(t: TestContext): Promise<Store> {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  return store;
}

/** The trial rows of a store, as texts. */
async function rowsOf(store: Store): Promise<string[]> {
  const rows: string[] = [];
  for await (const { source: _source, ...row } of store.rows(null)) rows.push(JSON.stringify(row));
  return rows;
}

/** The rows of `before` that are not there any more. */
async function gone(store: Store, before: readonly string[]): Promise<string[]> {
  const now = new Set(await rowsOf(store));
  return before.filter((row) => !now.has(row));
}

test("a sweep trains all that is missing, tells of all of it, and trains nothing the second time", async (t) => {
  const store = await memory(t);
  const first = await train(t, store, {});
  const rows = 2 * (1 + 1 + 2);
  assert.deepEqual(first.missing, { rows, trajectories: 8, epochs: 2 * (4 + 3 + 2 + 2) });
  assert.deepEqual(first.last, first.missing);
  assert.deepEqual([first.tally, first.skipped], [{ trained: rows, failed: 0, diverged: 0, stopped: false }, 0]);
  const second = await train(t, store, {});
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
    const grown = await memory(t);
    const first = await trainHere(grown, {});
    const before = await rowsOf(grown);
    const extended = await train(t, grown, flags);
    const atOnce = await trainHere(await memory(t), flags);
    assert.deepEqual([extended.sweep.id, extended.missing, extended.last], [first.sweep.id, missing, missing]);
    assert.deepEqual(extended.tally, { trained: missing.rows, failed: 0, diverged: 0, stopped: false });
    assert.deepEqual([extended.skipped + missing.rows, extended.digest], [atOnce.rows, atOnce.digest]);
    assert.notEqual(extended.digest, first.digest);
    assert.deepEqual(await gone(grown, before), []);
    const again = await train(t, grown, flags);
    assert.deepEqual([again.tally.trained, again.digest], [0, extended.digest]);
    const less = await train(t, grown, {});
    assert.deepEqual(
      [less.tally.trained, less.skipped, less.digest],
      [0, atOnce.rows, extended.digest],
      "it is all that was ever asked of it",
    );
  });
}

test("in the notebook preset a sweep that has grown makes its copies anew, for every λ, length and draw", async (t) => {
  const grown = await memory(t);
  const first = await trainHere(grown, { preset: "notebook" });
  assert.equal(first.rows, 2 * (1 + 1 + 2));
  const flags = {
    preset: "notebook",
    trials: "3",
    lambda: "0,1,4.2",
    epochs: "original=4,retrain_scratch=3,1,2,6",
    "data-seeds": "0:1",
  };
  const extended = await train(t, grown, flags);
  const atOnce = await trainHere(await memory(t), flags);
  const rows = 2 * 3 * (1 + 1 + 3 * 3);
  assert.deepEqual([atOnce.rows, extended.skipped, extended.tally.trained], [rows, 2 * 2, rows - 2 * 2]);
  assert.equal(extended.digest, atOnce.digest);
});

for (const record of RECORDS) {
  test(`the digest of a sweep that was extended is the same with --record ${record}`, async (t) => {
    const grown = await memory(t);
    await trainHere(grown, { record });
    const longer = { epochs: "original=4,retrain_scratch=3,1,2,6" };
    const { digest } = await train(t, grown, { record, ...longer });
    assert.equal(digest, (await trainHere(await memory(t), longer)).digest);
  });
}

test("shards of a sweep train its plan between them, and each of them is finished by itself", async (t) => {
  const flags = { "data-seeds": "0:2" };
  const whole = await memory(t);
  const { rows } = await trainHere(whole, flags);
  const parts: string[] = [];
  for (const index of [0, 1, 2]) {
    const store = await memory(t);
    const shard = { index, count: 3 };
    const { tally, sweep } = await train(t, store, flags, { shard });
    assert.ok(tally.trained > 0 && tally.trained < rows);
    assert.equal((await train(t, store, flags, { shard })).tally.trained, 0);
    assert.deepEqual(sweep.shard, shard);
    for (const row of await rowsOf(store)) parts.push(row);
  }
  assert.deepEqual(parts.sort(), (await rowsOf(whole)).sort());
});

test("a failed row is left alone until --retry-failed, and then the sweep is what it would have been", async (t) => {
  const store = await memory(t);
  const sweep = await opened(store, {});
  const original = [...trajectoriesOf(sweep.plan)].flat().find(({ cell }) => cell.method === "original");
  assert.ok(original !== undefined);
  await store.record(sweep, [failed(original, "it fell over")]);
  const first = await train(t, store, {});
  assert.deepEqual([first.tally.trained, first.skipped, first.missing.rows], [7, 0, 7]);
  const retried = await train(t, store, {}, { retryFailed: true });
  assert.deepEqual([retried.tally.trained, retried.skipped, retried.missing.rows], [1, 7, 1]);
  assert.equal(retried.digest, (await trainHere(await memory(t), {})).digest);
});

test("a row that had failed lands where its trajectory is trained for longer, and progress ends at what was missing", async (t) => {
  const store = await memory(t);
  const sweep = await opened(store, {});
  const unlearns = [...trajectoriesOf(sweep.plan)].flat().filter(({ cell }) => cell.method === "unlearn");
  await store.record(
    sweep,
    unlearns.map((spec) => failed(spec, "it fell over")),
  );
  const longer = { epochs: "original=4,retrain_scratch=3,2,6" };
  const extended = await train(t, store, longer);
  assert.deepEqual([extended.missing.rows, extended.last, extended.tally.trained], [8, extended.missing, 12]);
  assert.equal(extended.digest, (await trainHere(await memory(t), longer)).digest);
});
