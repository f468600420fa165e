/** How groups are cut into chunks: nothing is lost or doubled, and no cut changes a bit. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { stream } from "../src/data/streams.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { countRows, epochsToTrain, groupByStart } from "../src/plan/trajectories.js";
import { ChunkQueue, GroupRest } from "../src/run/chunk-queue.js";
import { trainSweep } from "../src/run/sweep.js";
import { openStore } from "../src/store/open.js";
import { lastEpoch, type TrajectorySpec, trainingKey } from "../src/trial.js";
import {
  groupsOf,
  oneByOne,
  openRequest,
  smallPlan,
  specsIn,
  surveyOf,
  trained,
  withLists,
} from "./fixtures/sweeps.js";
import { referenceThreads } from "./fixtures/threads.js";
import { trainedHere } from "./runner-contract.js";

/** `trials` groups of an original of 2 epochs and `lambdas` unlearns of 30. */
function widePlan(trials: number, lambdas: number): SweepPlan {
  return withLists(smallPlan({ preset: "paired", trials: `${trials}`, methods: "original,unlearn" }), {
    lambda: { unlearn: Array.from({ length: lambdas }, (_, i) => i) },
    epochs: { original: [2], unlearn: [30] },
  });
}

/** The one group of `lambdas` unlearns. */
function wideGroup(lambdas: number): TrajectorySpec[] {
  return groupByStart(specsIn(widePlan(1, lambdas)))[0];
}

/** How many trajectories each piece has. */
function pieces(group: readonly TrajectorySpec[], target: number): [first: number, rest: number] {
  const rest = new GroupRest(group);
  return [rest.cut(target).length, rest.length];
}

test("a group is split after the trajectory that fills its first piece", () => {
  const group = wideGroup(20); // 2 + 20 × 30 epochs
  assert.deepEqual(pieces(group, 100), [5, 16], "2 + 4 × 30 epochs are the first 100 and more");
  assert.deepEqual(pieces(group, 92), [4, 17], "2 + 3 × 30 are 92");
  assert.deepEqual(pieces(group, 93), [5, 16]);
});

test("a group that is not longer than two pieces stays whole", () => {
  const group = wideGroup(20);
  assert.equal(epochsToTrain(group), 602);
  assert.deepEqual(pieces(group, 301), [21, 0]);
  assert.deepEqual(pieces(group, 300), [11, 10]);
  assert.deepEqual(pieces(group, Number.POSITIVE_INFINITY), [21, 0]);
});

test("a piece is at least ten times as long as the start that it has to train again", () => {
  const group = wideGroup(20);
  assert.deepEqual(pieces(group, 0), [2, 19], "20 epochs: the original and one unlearn");
  const longer = withLists(widePlan(1, 20), { epochs: { original: [10] } });
  assert.deepEqual(pieces(groupByStart(specsIn(longer))[0], 0), [4, 17], "100 epochs");
  const long = withLists(widePlan(1, 20), { epochs: { original: [35] } });
  assert.deepEqual(pieces(groupByStart(specsIn(long))[0], 0), [21, 0], "350 epochs are more than half of the group");
});

test("a group of one trajectory stays whole", () => {
  const plan = smallPlan({ trials: "1", methods: "original", epochs: "original=1000" });
  assert.deepEqual(pieces(specsIn(plan), 1), [1, 0]);
});

test("however a group is split, its pieces are the group, in order and none empty", () => {
  const random = stream("test", "splits");
  for (let round = 0; round < 200; round++) {
    const plan = withLists(widePlan(1, 1 + Math.floor(random.uniform() * 30)), {
      epochs: { original: [1 + Math.floor(random.uniform() * 5)], unlearn: [1 + Math.floor(random.uniform() * 40)] },
    });
    const [group] = groupByStart(specsIn(plan));
    const seen: TrajectorySpec[] = [];
    for (const rest = new GroupRest(group); rest.length > 0; ) {
      assert.equal(rest.epochs, epochsToTrain(group.slice(seen.length)));
      const piece = rest.cut(random.uniform() * 200);
      assert.ok(piece.length > 0);
      for (const spec of piece) seen.push(spec);
    }
    assert.deepEqual(seen, group);
  }
});

for (const [callers, workers] of [
  [1, 1],
  [3, 2],
  [9, 8],
]) {
  test(`${callers} callers at once get every trajectory once, whatever they tell of times`, async () => {
    const specs = specsIn(widePlan(40, 7));
    const random = stream("test", "times", callers);
    const queue = new ChunkQueue(groupsOf(specs), surveyOf(specs).epochs, workers);
    const seen: string[] = [];
    const call = async (): Promise<void> => {
      for (let chunk = await queue.next(); chunk !== null; chunk = await queue.next()) {
        assert.ok(chunk.length > 0);
        seen.push(...chunk.map(trainingKey));
        // From a microsecond an epoch to ten seconds.
        const msPerEpoch = 10 ** (random.uniform() * 7 - 3);
        queue.learn(chunk.map((spec) => ({ ...trained(spec), elapsedMs: msPerEpoch * lastEpoch(spec) })));
      }
    };
    await Promise.all(Array.from({ length: callers }, call));
    assert.equal(seen.length, specs.length);
    assert.deepEqual(new Set(seen), new Set(specs.map(trainingKey)));
    assert.equal(await queue.next(), null);
  });
}

test("until the first chunk is back a chunk is one group, then as many as take a fifth of a second, and towards the end fewer", async () => {
  const specs = specsIn(smallPlan({ trials: "100", methods: "original", epochs: "original=10" }));
  const queue = new ChunkQueue(groupsOf(specs), 1000, 2);
  const next = async (): Promise<number> => (await queue.next())?.length ?? 0;
  assert.deepEqual([await next(), await next()], [1, 1]);
  queue.learn([{ ...trained(specs[0]), elapsedMs: 200 }]); // 20 ms an epoch
  assert.equal(await next(), 1);
  queue.learn([{ ...trained(specs[0]), elapsedMs: 20 }]); // 2 ms an epoch: 10 trajectories
  assert.equal(await next(), 10);
  const sizes: number[] = [];
  for (let size = await next(); size > 0; size = await next()) sizes.push(size);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 13),
    100,
  );
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  );
  assert.deepEqual(
    [sizes[0], sizes.at(-1)],
    [10, 1],
    "8 chunks are left for 2 workers while there are 80 trajectories",
  );
});

test("what failed says nothing of times", async () => {
  const specs = specsIn(smallPlan({ trials: "20", methods: "original", epochs: "original=10" }));
  const queue = new ChunkQueue(groupsOf(specs), 200, 1);
  queue.learn([{ state: "failed", spec: specs[0], reason: "it fell over" }]);
  assert.equal((await queue.next())?.length, 1);
});

test("a plan that cannot be read fails every caller, and hands out nothing twice", async () => {
  async function* broken(): AsyncGenerator<TrajectorySpec[]> {
    yield* oneByOne(groupByStart(specsIn(smallPlan({ trials: "1", methods: "original" }))));
    throw new Error("the store is gone");
  }
  const queue = new ChunkQueue(broken(), 4, 2);
  const [first, ...others] = await Promise.allSettled([queue.next(), queue.next(), queue.next()]);
  const gone = others.map((result) => (result.status === "rejected" ? String(result.reason) : JSON.stringify(result)));
  assert.equal(first.status, "rejected", "the next group is looked at before a chunk goes out");
  assert.deepEqual(gone, ["Error: the store is gone", "Error: the store is gone"]);
});

for (const workers of [1, 3]) {
  test(`a group that is split between chunks gives the digest of one that is not, with ${workers} at work`, async (t) => {
    const plan = widePlan(1, 24);
    const { store, sweep } = await opened(t, plan);
    const unwanted: boolean[] = [];
    const { tally } = await trainSweep(store, sweep, {
      retryFailed: false,
      lanes: workers,
      start: (lanes) => referenceThreads(t, lanes),
      observers: [
        (event) => {
          if (event.kind === "landed")
            unwanted.push(event.outcomes.some((outcome) => outcome.state === "trained" && !outcome.wanted));
        },
      ],
    });
    assert.deepEqual(tally, { trained: 25, failed: 0, diverged: 0, stopped: false });
    assert.ok(unwanted.length > 1, "it was split");
    assert.equal(
      unwanted.filter((retrained) => !retrained).length,
      1,
      "each piece but the first trains the start again",
    );
    const whole = await opened(t, plan);
    await whole.store.record(whole.sweep, trainedHere(specsIn(plan)));
    assert.equal(await store.digest(sweep), await whole.store.digest(whole.sweep));
  });
}

async function opened(t: TestContext, plan: SweepPlan) {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  return { store, sweep: await store.open(openRequest(plan)) };
}

test("trajectories that share a start are one group, trained together; the longest group comes first", () => {
  const groups = groupByStart(specsIn(smallPlan({ preset: "paired", trials: "2" })));
  const names = groups.map((group) => group.map(({ cell, trial }) => `${cell.method} ${trial}`));
  assert.deepEqual(names, [
    ["original 1", "unlearn 1", "retrain_original 1"],
    ["original 2", "unlearn 2", "retrain_original 2"],
    ["retrain_scratch 1"],
    ["retrain_scratch 2"],
  ]);
  assert.deepEqual(groups.map(epochsToTrain), [9, 9, 4, 4]);
});

test("in the notebook preset the copies go with the last original", () => {
  const groups = groupByStart(specsIn(smallPlan({ trials: "3" })));
  assert.deepEqual(
    groups[0].map(({ cell, trial }) => `${cell.method} ${trial}`),
    ["original 3", "unlearn 1", "retrain_original 1"],
  );
  assert.equal(groups.length, 6);
});

test("the epochs of a start that nobody asked for count, once for all that go on from it", () => {
  const [, , unlearn, again] = specsIn(smallPlan({ trials: "1", lambda: "3" }));
  assert.equal(epochsToTrain([unlearn]), 6);
  assert.equal(epochsToTrain([unlearn, again]), 9);
  assert.equal(epochsToTrain([{ ...unlearn, asked: [1, 2, 7] }]), 11);
  assert.equal(epochsToTrain([]), 0);
});

test("trial rows are counted with their copies, one for each asked epoch", () => {
  const specs = specsIn(smallPlan({ trials: "3" }));
  assert.equal(countRows(specs), 12);
  assert.equal(countRows([{ ...specs[6], asked: [1, 2] }]), 6);
});
