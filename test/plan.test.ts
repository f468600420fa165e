/** From a plan to specs: which trajectories, in which order, from which starts, and the keys they get. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Flags } from "../src/plan/flags.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { gridPlan, trainPlan } from "../src/plan/request.js";
import { atTrial, cellTemplates, epochsToTrain, type Shard, trajectoriesOf, WHOLE } from "../src/plan/trajectories.js";
import { freshParameters } from "../src/run/trajectory.js";
import { cellKey, drawKey, lastEpoch, startKey, startTrial, type TrajectorySpec, trajectoryKey } from "../src/trial.js";
import { smallPlan, specsIn, withLists } from "./fixtures/sweeps.js";

function told(specs: readonly TrajectorySpec[]): string[] {
  return specs.map(
    ({ cell, trial, start, copies }) =>
      `${cell.method} ${trial}${start === null ? "" : ` from ${start.trial}`}${copies === 0 ? "" : ` +${copies}`}`,
  );
}

const SMALL: Flags = { "data-seed": "0", samples: "20", features: "2", hidden: "4,3" };

/** One trajectory of a small net. */
function specOf(method: string, flags: Flags = {}, trial = 1): TrajectorySpec {
  const template = [...cellTemplates(trainPlan({ ...SMALL, ...flags }, method))].find(
    ({ cell }) => cell.method === method,
  );
  assert.ok(template !== undefined);
  return atTrial(template, trial);
}

test("the notebook preset runs original and retrain_scratch for each trial, and the rest once, from the last original", () => {
  assert.deepEqual(told(specsIn(smallPlan({ trials: "2" }))), [
    ...["original 1", "original 2", "retrain_scratch 1", "retrain_scratch 2"],
    ...["unlearn 1 from 2 +1", "retrain_original 1 from 2 +1"],
  ]);
});

test("the paired preset runs every method for each trial, from the original of that trial", () => {
  assert.deepEqual(told(specsIn(smallPlan({ trials: "2", preset: "paired" }))), [
    ...["original 1", "original 2", "retrain_scratch 1", "retrain_scratch 2"],
    ...["unlearn 1 from 1", "unlearn 2 from 2", "retrain_original 1 from 1", "retrain_original 2 from 2"],
  ]);
});

test("only the methods that are asked for are planned, and a start that is not among them is still a start", () => {
  const [spec, ...others] = specsIn(smallPlan({ trials: "1", methods: "unlearn" }));
  assert.deepEqual(others, []);
  assert.equal(spec.start?.cell.method, "original");
  assert.equal(spec.start?.start, null);
});

test("each method has its own λ and epochs, and a start has those of its method", () => {
  const unlearn = specOf("unlearn", { lambda: "unlearn=3,original=0.5", epochs: "unlearn=7,original=9" });
  const { start } = unlearn;
  assert.deepEqual([unlearn.cell.lambda, unlearn.asked, start?.cell.lambda, start?.asked], [3, [7], 0.5, [9]]);
  assert.equal(lastEpoch(unlearn), 7);
});

/** A grid of one trial: two lengths of original, two λ and two lengths of unlearn, and relearn. */
const LISTS = withLists(smallPlan({ preset: "paired", trials: "1", methods: "original,unlearn,relearn" }), {
  lambda: { unlearn: [1, 2] },
  epochs: { original: [2, 4], unlearn: [1, 3], relearn: [5] },
});

/** Method, λ and start of each trajectory, with the epochs that are asked of it. */
function arcs(specs: readonly TrajectorySpec[]): string[] {
  return specs.map(
    ({ cell, asked }) => `${cell.method}@${cell.lambda}x${asked}${cell.start === "" ? "" : ` < ${cell.start}`}`,
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
  const lists = { lambda: { original: [0, 0.5] }, epochs: { original: [4], relearn: [1] } };
  const groups = [...trajectoriesOf(withLists(LISTS, lists))];
  const lambdas = groups.map((group) =>
    group.map(({ cell }) => (cell.method === "original" ? cell.lambda : cell.start.split("original@")[1])),
  );
  assert.deepEqual(lambdas, [
    [0, ...Array<string>(6).fill("0x4")],
    [0.5, ...Array<string>(6).fill("0.5x4")],
  ]);
});

/** Each group as the method and trial of its trajectories. */
function named(groups: Iterable<readonly TrajectorySpec[]>): string[] {
  return Array.from(groups, (group) => told(group).join(", "));
}

test("a plan goes draw by draw and trial by trial, the longest group of a trial first", () => {
  const flags = { ...SMALL, "data-seed": undefined, "data-seeds": "0,1", trials: "2", lambda: "1,2" };
  const groups = [...trajectoriesOf(gridPlan(flags, null))];
  const trial = (t: number): string[] => [
    `original ${t}, unlearn ${t} from ${t}, unlearn ${t} from ${t}`,
    `retrain_scratch ${t}`,
  ];
  assert.deepEqual(named(groups), [...trial(1), ...trial(2), ...trial(1), ...trial(2)]);
  assert.deepEqual(
    groups.map(([{ cell }]) => drawKey(cell.draw)),
    ["0", "0", "0", "0", "1", "1", "1", "1"],
  );
});

test("in the notebook preset the last original comes first, with the copies of every λ; the others follow", () => {
  const plan = withLists(smallPlan({ trials: "3", methods: "original,unlearn" }), {
    lambda: { unlearn: [1, 2] },
    epochs: { original: [2, 4], unlearn: [1, 3] },
  });
  const groups = [...trajectoriesOf(plan)];
  assert.deepEqual(named(groups), [
    `original 3, ${Array<string>(4).fill("unlearn 1 from 3 +2").join(", ")}`,
    ...["original 1", "original 2"],
  ]);
  assert.deepEqual(arcs(groups[0]), [
    "original@0x2,4",
    ...["unlearn@1x1,3 < original@0x2", "unlearn@1x1,3 < original@0x4"],
    ...["unlearn@2x1,3 < original@0x2", "unlearn@2x1,3 < original@0x4"],
  ]);
});

for (const preset of ["notebook", "paired"]) {
  const flags = { ...SMALL, "data-seed": undefined, preset, trials: "5", methods: METHOD_NAMES.join(",") };
  const lists = { lambda: "original=0,original=1,1,2", epochs: "original=2,original=4,1,3" };
  const plan = gridPlan({ ...flags, ...lists, "data-seeds": "0,1" }, null);
  const keys = (shard: Shard): string[] =>
    Array.from(trajectoriesOf(plan, shard), (group) => group.map((spec) => trajectoryKey(spec)).join());

  for (const count of [1, 2, 3, 7, 19, 100]) {
    test(`under ${preset} ${count} shards are the plan, each group in one of them, and each shard is the same each time`, () => {
      const shards = Array.from({ length: count }, (_, index) => keys({ index, count }));
      assert.deepEqual(
        Array.from({ length: count }, (_, index) => keys({ index, count })),
        shards,
      );
      const whole = keys(WHOLE);
      assert.equal(new Set(whole).size, whole.length);
      for (const shard of shards) {
        const its = new Set(shard);
        assert.deepEqual(
          shard,
          whole.filter((group) => its.has(group)),
          "in the order of the plan",
        );
      }
      assert.deepEqual(shards.flat().sort(), whole.toSorted());
    });
  }

  for (const count of [2, 3, 4, 5, 8]) {
    test(`under ${preset} each of ${count} shards has its share of the groups of each length and net, to within one`, () => {
      const many = { ...SMALL, "data-seed": undefined, "data-seeds": "1:6", hidden: ["4,3", "8,6"], trials: "20" };
      const grid = gridPlan({ ...many, preset, methods: "original,retrain_scratch,unlearn,retrain_original" }, null);
      const kinds = Array.from({ length: count }, (_, index) => {
        const tally = new Map<string, number>();
        for (const group of trajectoriesOf(grid, { index, count })) {
          const kind = `${epochsToTrain(group)} epochs of ${group[0].cell.widths}`;
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

  test(`under ${preset} the templates of a plan are its cells, each once, with all that is asked of them`, () => {
    const cellsOf = (specs: Iterable<TrajectorySpec>): string[] =>
      Array.from(specs, ({ cell, asked }) => `${cellKey(cell)} ${asked}`);
    const templates = cellsOf(cellTemplates(plan));
    assert.equal(new Set(templates).size, templates.length);
    assert.deepEqual(new Set(templates), new Set(cellsOf(specsIn(plan))));
  });
}

test("a template at a trial is that trial's trajectory, and starts stand in memory once", () => {
  const plan = smallPlan({ preset: "paired", trials: "3", methods: "original,unlearn,relearn" });
  const starts = new Map<TrajectorySpec, TrajectorySpec>();
  const second = Array.from(cellTemplates(plan), (template) => atTrial(template, 2, starts));
  const planned = specsIn(plan).filter(({ trial }) => trial === 2);
  assert.deepEqual(second.map(trajectoryKey), planned.map(trajectoryKey));
  assert.deepEqual(second.map(startTrial), [0, 2, 2]);
});

test("the key of a start names its method, λ and epochs, back to the fresh weights", () => {
  const relearn = specOf("relearn", { epochs: "relearn=9,unlearn=2,original=4", lambda: "unlearn=4.2" });
  assert.deepEqual([relearn.cell.start, relearn.start?.cell.start], ["unlearn@4.2x2<original@0x4", "original@0x4"]);
  assert.equal(startKey(relearn), "relearn@0x9<unlearn@4.2x2<original@0x4");
  assert.equal(specOf("original").cell.start, "");
});

test("each thing that numbers depend on makes another trajectory key", () => {
  const spec = (flags: Flags, trial = 1): TrajectorySpec => specOf("unlearn", flags, trial);
  const fromAnother = { ...spec({}), start: spec({}, 2).start };
  const flags: Flags[] = [
    ...[{}, { seed: "1" }, { "data-seed": "1" }, { samples: "22" }, { features: "3" }, { "forget-rows": "2" }],
    ...[{ hidden: "3,4" }, { "learning-rate": "0.02" }, { preset: "paired" }, { lambda: "1" }],
    ...[{ lambda: "original=1" }, { epochs: "original=5" }],
  ];
  const others = METHOD_NAMES.filter((name) => name !== "unlearn").map((name) => specOf(name));
  const specs = [...flags.map((each) => spec(each)), spec({}, 2), fromAnother, ...others];
  assert.equal(new Set(specs.map((each) => trajectoryKey(each))).size, specs.length);
});

test("how long a trajectory trains is not part of its key: a longer one begins as a shorter one", () => {
  const [short, long] = ["2", "9"].map((epochs) => specOf("unlearn", { epochs }));
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
  const spec = specOf("original");
  const keyOf = (directory: string): string =>
    trajectoryKey({ ...spec, cell: { ...spec.cell, draw: { ...draw, directory } } });
  assert.equal(keyOf("anywhere"), keyOf("elsewhere"));
  assert.notEqual(keyOf("anywhere"), trajectoryKey(spec));
});

test("under the paired preset original and retrain_scratch of a trial share their fresh weights, under the notebook's they do not", () => {
  const weights = (preset: string, method: string, trial: number): Float64Array =>
    freshParameters(specOf(method, { preset }, trial));
  assert.deepEqual(weights("paired", "original", 2), weights("paired", "retrain_scratch", 2));
  assert.notDeepEqual(weights("paired", "original", 1), weights("paired", "original", 2));
  assert.notDeepEqual(weights("notebook", "original", 2), weights("notebook", "retrain_scratch", 2));
  assert.notDeepEqual(weights("notebook", "original", 2), weights("paired", "original", 2));
});

test("fresh weights depend on seed, draw and trial, and not on λ, epochs or learning rate", () => {
  const weights = (flags: Flags): Float64Array => freshParameters(specOf("original", flags));
  for (const flags of [{ lambda: "3" }, { epochs: "9" }, { "learning-rate": "0.5" }])
    assert.deepEqual(weights(flags), weights({}));
  for (const flags of [{ seed: "1" }, { "data-seed": "1" }]) assert.notDeepEqual(weights(flags), weights({}));
});

test("fresh weights are float32 values within 1/√fan_in, as PyTorch draws them", () => {
  const spec = specOf("original", { features: "9", hidden: "16,4" });
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
