/** From a config to specs: which trajectories, in which order, from which starts, and the keys they get. */
import assert from "node:assert/strict";
import test from "node:test";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { arms, epochsToTrain, plan, type Shard, specOf, WHOLE } from "../src/plan/trajectories.js";
import { freshParameters } from "../src/run/trajectory.js";
import { armKey, drawKey, lastEpoch, startKey, type TrajectorySpec, trajectoryKey } from "../src/trial.js";
import { smallConfig, specsIn, withLists } from "./fixtures/sweeps.js";

function cells(specs: readonly TrajectorySpec[]): string[] {
  return specs.map(
    ({ method, trial, start, copies }) =>
      `${method} ${trial}${start === null ? "" : ` from ${start.trial}`}${copies === 0 ? "" : ` +${copies}`}`,
  );
}

test("the notebook preset runs original and retrain_scratch for each trial, and the rest once, from the last original", () => {
  assert.deepEqual(cells(specsIn(smallConfig({ trials: "2" }), 2)), [
    ...["original 1", "original 2", "retrain_scratch 1", "retrain_scratch 2"],
    ...["unlearn 1 from 2 +1", "retrain_original 1 from 2 +1"],
  ]);
});

test("the paired preset runs every method for each trial, from the original of that trial", () => {
  assert.deepEqual(cells(specsIn(smallConfig({ trials: "2", preset: "paired" }), 2)), [
    ...["original 1", "original 2", "retrain_scratch 1", "retrain_scratch 2"],
    ...["unlearn 1 from 1", "unlearn 2 from 2", "retrain_original 1 from 1", "retrain_original 2 from 2"],
  ]);
});

test("with fewer trials than before the copies still cover all that the sweep has", () => {
  assert.deepEqual(cells(specsIn(smallConfig({ trials: "2" }), 5)), [
    ...["original 1", "original 2", "retrain_scratch 1", "retrain_scratch 2"],
    ...["unlearn 1 from 5 +4", "retrain_original 1 from 5 +4"],
  ]);
});

test("only the methods that are asked for are planned, and a start that is not among them is still a start", () => {
  const [spec, ...others] = specsIn(smallConfig({ trials: "1", methods: "unlearn" }), 1);
  assert.deepEqual(others, []);
  assert.equal(spec.start?.method, "original");
  assert.equal(spec.start?.start, null);
});

test("each method has its own λ and epochs, and a start has those of its method", () => {
  const config = smallConfig({ lambda: "unlearn=3,original=0.5", epochs: "7,original=9", trials: "1" });
  const unlearn = specOf(config, "unlearn", 1, 1);
  assert.deepEqual([unlearn.lambda, unlearn.asked, unlearn.start?.lambda, unlearn.start?.asked], [3, [7], 0.5, [9]]);
  assert.equal(lastEpoch(unlearn), 7);
});

/** A grid of one trial: two lengths of original, two λ and two lengths of unlearn, and relearn. */
const LISTS = withLists(smallConfig({ preset: "paired", trials: "1", methods: "original,unlearn,relearn" }), {
  lambda: { unlearn: [1, 2] },
  epochs: { original: [2, 4], unlearn: [1, 3], relearn: [5] },
});

/** Method, λ and start of each trajectory, with the epochs that are asked of it. */
function arcs(specs: readonly TrajectorySpec[]): string[] {
  return specs.map(
    (spec) => `${spec.method}@${spec.lambda}x${spec.asked}${spec.start === null ? "" : ` < ${startKey(spec)}`}`,
  );
}

test("each λ is a trajectory, which holds all asked epochs, and each asked epoch of its start's method is a start", () => {
  assert.deepEqual(arcs(specsIn(LISTS)), [
    "original@0x2,4",
    ...["unlearn@1x1,3 < original@0x2", "unlearn@1x1,3 < original@0x4"],
    ...["unlearn@2x1,3 < original@0x2", "unlearn@2x1,3 < original@0x4"],
    ...["relearn@0x5 < unlearn@1x1<original@0x2", "relearn@0x5 < unlearn@1x3<original@0x2"],
    ...["relearn@0x5 < unlearn@1x1<original@0x4", "relearn@0x5 < unlearn@1x3<original@0x4"],
    ...["relearn@0x5 < unlearn@2x1<original@0x2", "relearn@0x5 < unlearn@2x3<original@0x2"],
    ...["relearn@0x5 < unlearn@2x1<original@0x4", "relearn@0x5 < unlearn@2x3<original@0x4"],
  ]);
});

test("what goes on from one fresh start is one group; another λ of original is another fresh start", () => {
  const groups = [
    ...plan([withLists(LISTS, { lambda: { original: [0, 0.5] }, epochs: { original: [4], relearn: [1] } })], 1, 1),
  ];
  const lambdas = groups.map((group) =>
    group.map((spec) => (spec.method === "original" ? spec.lambda : startKey(spec).split("original@")[1])),
  );
  assert.deepEqual(lambdas, [
    [0, ...Array<string>(6).fill("0x4")],
    [0.5, ...Array<string>(6).fill("0.5x4")],
  ]);
});

/** Each group as the method and trial of its trajectories. */
function named(groups: Iterable<readonly TrajectorySpec[]>): string[] {
  return Array.from(groups, (group) => cells(group).join(", "));
}

test("a plan goes draw by draw and trial by trial, the longest group of a trial first", () => {
  const config = withLists(smallConfig({ preset: "paired", methods: "original,retrain_scratch,unlearn" }), {
    lambda: { unlearn: [1, 2] },
  });
  const other = { ...config, draw: smallConfig({ "data-seed": "1" }).draw };
  const groups = [...plan([config, other], 2, 2)];
  const trial = (t: number): string[] => [
    `original ${t}, unlearn ${t} from ${t}, unlearn ${t} from ${t}`,
    `retrain_scratch ${t}`,
  ];
  assert.deepEqual(named(groups), [...trial(1), ...trial(2), ...trial(1), ...trial(2)]);
  assert.deepEqual(
    groups.map(([{ draw }]) => drawKey(draw)),
    ["0", "0", "0", "0", "1", "1", "1", "1"],
  );
});

test("in the notebook preset the last original comes first, with the copies of every λ; the others follow", () => {
  const config = withLists(smallConfig({ trials: "3", methods: "original,unlearn" }), {
    lambda: { unlearn: [1, 2] },
    epochs: { original: [2, 4], unlearn: [1, 3] },
  });
  const groups = [...plan([config], 3, 3)];
  assert.deepEqual(named(groups), [
    `original 3, ${Array<string>(4).fill("unlearn 1 from 3 +2").join(", ")}`,
    ...["original 1", "original 2"],
  ]);
  assert.deepEqual(arcs(groups[0]), [
    "original@0x2,4",
    ...["unlearn@1x1,3 < original@0x2", "unlearn@1x1,3 < original@0x4"],
    ...["unlearn@2x1,3 < original@0x2", "unlearn@2x1,3 < original@0x4"],
  ]);
  assert.deepEqual(named(plan([config], 2, 3)), [
    Array<string>(4).fill("unlearn 1 from 3 +2").join(", "),
    "original 1",
    "original 2",
  ]);
});

for (const preset of ["notebook", "paired"]) {
  const config = withLists(smallConfig({ preset, trials: "5", methods: METHOD_NAMES.join(",") }), {
    lambda: { original: [0, 1], unlearn: [1, 2] },
    epochs: { original: [2, 4], unlearn: [1, 3] },
  });
  const settings = [config, { ...config, draw: smallConfig({ "data-seed": "1" }).draw }];
  const keys = (shard: Shard, total: number): string[] =>
    Array.from(plan(settings, 5, total, shard), (group) => JSON.stringify(group));

  for (const count of [1, 2, 3, 7, 19, 100]) {
    test(`under ${preset} ${count} shards are the plan, each group in one of them, and each shard is the same each time`, () => {
      for (const total of [5, 8]) {
        const shards = Array.from({ length: count }, (_, index) => keys({ index, count }, total));
        assert.deepEqual(
          Array.from({ length: count }, (_, index) => keys({ index, count }, total)),
          shards,
        );
        const whole = keys(WHOLE, total);
        assert.equal(new Set(whole).size, whole.length);
        for (const shard of shards)
          assert.deepEqual(
            shard,
            whole.filter((group) => shard.includes(group)),
            "in the order of the plan",
          );
        assert.deepEqual(shards.flat().sort(), whole.toSorted());
      }
    });
  }

  for (const count of [2, 3, 4, 5, 8]) {
    test(`under ${preset} each of ${count} shards has its share of the groups of each length and net, to within one`, () => {
      const grid = smallConfig({ preset, trials: "20" });
      const settings = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
        ["4,3", "8,6"].map((hidden) => smallConfig({ preset, trials: "20", "data-seed": `${seed}`, hidden })),
      );
      const kinds = Array.from({ length: count }, (_, index) => {
        const tally = new Map<string, number>();
        for (const group of plan(settings, grid.trials, grid.trials, { index, count })) {
          const kind = `${epochsToTrain(group)} epochs of ${group[0].hidden}`;
          tally.set(kind, (tally.get(kind) ?? 0) + 1);
        }
        return tally;
      });
      for (const kind of new Set(kinds.flatMap((tally) => [...tally.keys()]))) {
        const shares = kinds.map((tally) => tally.get(kind) ?? 0);
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${kind}: ${shares}`);
      }
    });
  }

  test(`under ${preset} the arms of a setting are those of its plan, each once`, () => {
    const armsOf = (specs: readonly TrajectorySpec[]): string[] =>
      specs.map((spec) => JSON.stringify([armKey(spec), spec.asked]));
    const enrolled = armsOf(arms(config, 5));
    assert.equal(new Set(enrolled).size, enrolled.length);
    assert.deepEqual(new Set(enrolled), new Set(armsOf(specsIn(config))));
  });
}

test("the key of a start names its method, λ and epochs, back to the fresh weights", () => {
  const unlearn = specOf(smallConfig(), "unlearn", 1, 3);
  assert.equal(startKey(unlearn), "original@0x4");
  assert.equal(startKey({ ...unlearn, method: "further", start: unlearn }), "unlearn@4.2x2<original@0x4");
  assert.equal(startKey(specOf(smallConfig(), "original", 1, 1)), "");
});

test("each thing that numbers depend on makes another trajectory key", () => {
  const spec = (flags: Record<string, string>, trial = 1, startTrial = 1): TrajectorySpec =>
    specOf(smallConfig(flags), "unlearn", trial, startTrial);
  const specs = [
    ...[spec({}), spec({ seed: "1" }), spec({ "data-seed": "1" }), spec({ samples: "22" }), spec({ features: "3" })],
    ...[
      spec({ "forget-rows": "2" }),
      spec({ hidden: "3,4" }),
      spec({ "learning-rate": "0.02" }),
      spec({ preset: "paired" }),
    ],
    ...[
      spec({ lambda: "1" }),
      spec({}, 2),
      spec({}, 1, 2),
      spec({ lambda: "original=1" }),
      spec({ epochs: "original=5" }),
    ],
    ...METHOD_NAMES.filter((name) => name !== "unlearn").map((name) => specOf(smallConfig(), name, 1, 1)),
  ];
  assert.equal(new Set(specs.map((each) => trajectoryKey(each))).size, specs.length);
});

test("how long a trajectory trains is not part of its key: a longer one begins as a shorter one", () => {
  const [short, long] = ["2", "9"].map((epochs) => specOf(smallConfig({ epochs }), "unlearn", 1, 1));
  assert.equal(trajectoryKey(short), trajectoryKey(long));
});

test("the name of imported data is that of its content", () => {
  const draw = {
    kind: "imported",
    directory: "anywhere",
    sha256: "ab12",
    samples: 4,
    features: 1,
    forgetRows: 1,
  } as const;
  assert.equal(drawKey(draw), "sha256:ab12");
  const spec = { ...specOf(smallConfig(), "original", 1, 1), draw };
  assert.equal(trajectoryKey(spec), trajectoryKey({ ...spec, draw: { ...draw, directory: "elsewhere" } }));
});

test("under the paired preset original and retrain_scratch of a trial share their fresh weights, under the notebook's they do not", () => {
  const weights = (preset: string, method: string, trial: number): Float64Array =>
    freshParameters(specOf(smallConfig({ preset }), method, trial, trial));
  assert.deepEqual(weights("paired", "original", 2), weights("paired", "retrain_scratch", 2));
  assert.notDeepEqual(weights("paired", "original", 1), weights("paired", "original", 2));
  assert.notDeepEqual(weights("notebook", "original", 2), weights("notebook", "retrain_scratch", 2));
  assert.notDeepEqual(weights("notebook", "original", 2), weights("paired", "original", 2));
});

test("fresh weights depend on seed, draw and trial, and not on λ, epochs, learning rate or the count of trials", () => {
  const weights = (flags: Record<string, string>, trial = 1): Float64Array =>
    freshParameters(specOf(smallConfig(flags), "original", trial, trial));
  for (const flags of [
    { lambda: "original=3" },
    { epochs: "original=9" },
    { "learning-rate": "0.5" },
    { trials: "77" },
  ])
    assert.deepEqual(weights(flags), weights({}));
  for (const flags of [{ seed: "1" }, { "data-seed": "1" }]) assert.notDeepEqual(weights(flags), weights({}));
});

test("fresh weights are float32 values within 1/√fan_in, as PyTorch draws them", () => {
  const spec = specOf(smallConfig({ features: "9", hidden: "16,4" }), "original", 1, 1);
  const weights = freshParameters(spec);
  assert.equal(weights.length, 16 * 9 + 16 + 4 * 16 + 4 + 2 * 4 + 2);
  for (const value of weights) assert.equal(value, Math.fround(value));
  let offset = 0;
  for (const [count, bound] of [
    [16 * 10, 1 / 3],
    [4 * 17, 1 / 4],
    [2 * 5, 1 / 2],
  ]) {
    const layer = weights.subarray(offset, offset + count);
    offset += count;
    assert.ok(
      layer.every((value) => Math.abs(value) <= bound),
      `a layer within ${bound}`,
    );
    assert.ok(
      layer.some((value) => Math.abs(value) > 0.8 * bound),
      `a layer that reaches ${bound}`,
    );
  }
});
