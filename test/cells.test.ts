/** The cells of a grid: which are complete while it runs, and which is nearest to retraining, whatever was there before. */
import assert from "node:assert/strict";
import test from "node:test";
import { CELL, type CellKey } from "../src/plan/cell.js";
import type { Flags } from "../src/plan/flags.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { type Shard, trajectoriesOf, WHOLE } from "../src/plan/trajectories.js";
import { cellParts } from "../src/report/nearest.js";
import type { CellMean, Sweep } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import type { Outcome, TrajectorySpec } from "../src/trial.js";
import { nearestCells } from "../src/verdict/nearest.js";
import { NearestTracker } from "../src/verdict/nearest-tracker.js";
import { failed, gave, openRequest, PROFILE, trained } from "./fixtures/sweeps.js";

const SMALL: Flags = { samples: "20", features: "2", hidden: "4,3", trials: "2", "data-seeds": "1" };
const NOTHING = { rows: 0, trajectories: 0, epochs: 0 };

function planOf(flags: Flags): SweepPlan {
  return gridPlan({ ...SMALL, ...flags }, null);
}

interface Tracked {
  readonly tracker: NearestTracker;
  readonly groups: readonly TrajectorySpec[][];
  land(...outcomes: readonly Outcome[]): Promise<void>;
  parts(): string[];
}

/** A tracker of a sweep of this plan, of which the store has `before`. */
async function tracked(plan: SweepPlan, before: readonly CellMean[] = [], shard: Shard = WHOLE): Promise<Tracked> {
  const tracker = new NearestTracker(async () => before);
  const sweep: Sweep = { id: 1, plan, profile: PROFILE, shard, question: null };
  await tracker.observe({ kind: "opened", sweep, missing: NOTHING, skipped: 0 });
  return {
    tracker,
    groups: [...trajectoriesOf(plan, shard)],
    land: async (...outcomes) =>
      tracker.observe({ kind: "landed", outcomes, progress: { landed: NOTHING, missing: NOTHING } }),
    parts: () => cellParts(tracker.progress),
  };
}

type Probability = (spec: TrajectorySpec, epochs: number) => number;

/** Lands what `probability` gives of a method, λ, epochs and trial for all of a plan. */
async function landAll({ groups, land }: Tracked, probability: Probability): Promise<void> {
  for (const spec of groups.flat()) await land(gave(spec, ...spec.asked.map((epochs) => probability(spec, epochs))));
}

/** What a file has of the cell of `spec` at `epochs`. */
function stored(spec: TrajectorySpec, epochs: number, trials: readonly number[], forget_probability: number): CellMean {
  const row = { spec, epochs, profile: PROFILE };
  const key = Object.fromEntries(CELL.map(({ name, value }) => [name, value(row)])) as unknown as CellKey;
  return { ...key, trials, done: trials.length, train_accuracy: 0.5, forget_probability };
}

test("a cell is complete when each of its trials has landed", async () => {
  const cells = await tracked(planOf({ methods: "original" }));
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
  await cells.land(trained(cells.groups[0][0]));
  assert.deepEqual(cells.parts(), ["0/1 cells, 1 under way"]);
  await cells.land(trained(cells.groups[1][0]));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

test("the cells of a draw are complete with its last trial, and those of the next one then begin", async () => {
  const cells = await tracked(planOf({ lambda: "1:2", "data-seeds": "1:2" }));
  const told: string[] = [];
  for (const group of cells.groups) {
    await cells.land(...group.map((spec) => trained(spec)));
    told.push(cells.parts()[0]);
  }
  assert.deepEqual(told, [
    "0/8 cells, 3 under way",
    "0/8 cells, 4 under way",
    "3/8 cells, 1 under way",
    "4/8 cells",
    "4/8 cells, 3 under way",
    "4/8 cells, 4 under way",
    "7/8 cells, 1 under way",
    "8/8 cells",
  ]);
});

test("a failed trial leaves its cells incomplete, until it is trained", async () => {
  const cells = await tracked(planOf({ methods: "original" }));
  await cells.land(trained(cells.groups[0][0]), failed(cells.groups[1][0], "its thread died"));
  assert.deepEqual(cells.parts(), ["0/1 cells, 1 under way"]);
  await cells.land(trained(cells.groups[1][0]));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

test("a start that nobody asked for counts for nothing", async () => {
  const cells = await tracked(planOf({ methods: "original" }));
  for (const [spec] of cells.groups) await cells.land({ ...trained(spec), wanted: false });
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
});

test("the nearest cell is that whose mean is nearest to the mean of retraining, and the original is none", async () => {
  const cells = await tracked(planOf({ lambda: "0,4.2", epochs: "1:2" }));
  await landAll(cells, ({ cell: { method, lambda }, trial }, epochs) => {
    if (method !== "unlearn") return trial === 1 ? 0.5 : 0.7;
    return lambda === 4.2 && epochs === 2 ? 0.625 : 0.9;
  });
  assert.deepEqual(cells.parts(), ["6/6 cells", "nearest to retraining: unlearn λ 4.2, 2 epochs (0.025 away)"]);
});

test("cells are held against retraining on their own draw, and compared by the mean distance", async () => {
  const cells = await tracked(planOf({ trials: "1", "data-seeds": "1:2", lambda: "1:2" }));
  await landAll(cells, ({ cell: { draw, method, lambda } }) => {
    const first = draw.kind === "seeded" && draw.dataSeed === 1;
    if (method === "retrain_scratch") return first ? 0.2 : 0.8;
    // λ 1 is 0.3 away on both draws, though its mean is that of retraining; λ 2 is 0.125 away on both.
    if (lambda === 1) return 0.5;
    return first ? 0.325 : 0.925;
  });
  assert.match(cells.parts()[1], /^nearest to retraining: unlearn λ 2, 5 epochs \(0\.125 away\)$/);
});

test("while a draw is under way, cells are compared on the draws that they all have", async () => {
  const cells = await tracked(
    planOf({ methods: "retrain_scratch,unlearn", trials: "1", "data-seeds": "1:2", lambda: "1:2" }),
  );
  for (const spec of cells.groups.flat()) {
    const { draw, method, lambda } = spec.cell;
    const first = draw.kind === "seeded" && draw.dataSeed === 1;
    if (method === "retrain_scratch") await cells.land(gave(spec, 0.5));
    // λ 1 is nearer on the draw that both have, and has been far off on the other one, where λ 2 is still to come.
    else if (lambda === 1) await cells.land(gave(spec, first ? 0.5625 : 1));
    else if (first) await cells.land(gave(spec, 0.625));
  }
  assert.match(cells.parts()[1], /^nearest to retraining: unlearn λ 1, 5 epochs \(0\.063 away\)$/);
});

test("of retraining at several epochs, cells are held against the longest", async () => {
  const cells = await tracked(
    planOf({ trials: "1", lambda: "1:2", epochs: "1,retrain_scratch=10,retrain_scratch=20" }),
  );
  await landAll(cells, ({ cell: { method, lambda } }, epochs) => {
    if (method === "retrain_scratch") return epochs === 20 ? 0.5 : 0.9;
    return lambda === 1 ? 0.9 : 0.6;
  });
  assert.match(cells.parts()[1], /^nearest to retraining: unlearn λ 2, 1 epoch \(0\.100 away\)$/);
});

test("the nearest is named by all that its method has several of", async () => {
  const cells = await tracked(planOf({ trials: "1", preset: "notebook,paired", hidden: ["4,3", "3,4"] }));
  await landAll(cells, ({ cell: { method, preset, widths } }) =>
    method === "unlearn" && (preset === "notebook" || widths[0] === 4) ? 0.9 : 0.5,
  );
  assert.match(cells.parts()[1], /: unlearn λ 4\.2, 5 epochs, 3,4, paired \(0\.000 away\)$/);
});

test("a diverged row makes its cell complete, and counts in no mean", async () => {
  const cells = await tracked(planOf({ methods: "retrain_scratch,unlearn" }));
  await landAll(cells, ({ cell: { method }, trial }) => (method === "unlearn" && trial === 1 ? Number.NaN : 0.5));
  assert.deepEqual(cells.parts(), ["2/2 cells", "nearest to retraining: unlearn λ 4.2, 5 epochs (0.000 away)"]);
});

test("where no row of a cell is finite, there is no nearest", async () => {
  const cells = await tracked(planOf({ methods: "retrain_scratch,unlearn" }));
  await landAll(cells, ({ cell: { method } }) => (method === "unlearn" ? Number.NaN : 0.5));
  assert.deepEqual(cells.parts(), ["2/2 cells"]);
});

test("the copies of the notebook's one run count as the trials they stand for", async () => {
  const cells = await tracked(planOf({ preset: "notebook", methods: "unlearn", trials: "5" }));
  await cells.land(trained(cells.groups[0][0]));
  assert.deepEqual([cells.groups.flat().length, cells.parts()[0]], [1, "1/1 cells"]);
});

test("a shard's cells are complete when the trials of its own part have landed", async () => {
  const cells = await tracked(planOf({ methods: "original", trials: "5" }), [], { index: 1, count: 2 });
  assert.equal(cells.groups.length, 2);
  for (const [spec] of cells.groups) await cells.land(trained(spec));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

test("what was finished before is there from the beginning", async () => {
  const plan = planOf({ methods: "retrain_scratch,unlearn" });
  const [retrain, unlearn] = ["retrain_scratch", "unlearn"].map(
    (name) => [...trajectoriesOf(plan)].flat().find(({ cell }) => cell.method === name) as TrajectorySpec,
  );
  const cells = await tracked(plan, [stored(retrain, 100, [1, 2], 0.5), stored(unlearn, 5, [1], 0.25)]);
  assert.deepEqual(cells.parts(), [
    "1/2 cells, 1 under way",
    "nearest to retraining: unlearn λ 4.2, 5 epochs (0.250 away)",
  ]);
});

test("rows that were there before count once, where a longer training brings them again", async () => {
  const plan = planOf({ methods: "unlearn", epochs: "1:2", trials: "3" });
  const [[short]] = [...trajectoriesOf(plan)];
  const cells = await tracked(plan, [stored(short, 1, [1, 2], 0.5)]);
  for (const [spec] of cells.groups.slice(0, 2)) await cells.land(trained(spec));
  assert.deepEqual(
    cells.parts(),
    ["0/2 cells, 2 under way"],
    "trial 3 is not there, though four rows of one epoch came",
  );
  await cells.land(trained(cells.groups[2][0]));
  assert.deepEqual(cells.parts(), ["2/2 cells"]);
});

test("samples, features and forget rows are no draws: each size is held against its own retraining, and named", async () => {
  const cells = await tracked(planOf({ trials: "1", samples: "20,40", "data-seeds": "1:2" }));
  await landAll(cells, ({ cell: { draw, method } }) => {
    if (method !== "unlearn") return 0.5;
    return draw.samples === 20 ? 0.75 : 0.625;
  });
  assert.equal(cells.parts()[1], "nearest to retraining: unlearn λ 4.2, 5 epochs, samples 40 (0.125 away)");
  assert.equal(cells.tracker.progress.nearest?.draws, 2);
});

test("the line of progress and the table name the same cell: what is tracked is what the store's means say", async (t) => {
  const plan = planOf({ preset: "notebook,paired", "data-seeds": "1:3", lambda: "0:3", epochs: "1:3" });
  const store = await openStore(":memory:");
  t.after(() => store.close());
  const sweep = await store.open(openRequest(plan));
  const cells = await tracked(plan);
  // Sixteenths, whose sums are exact in any order.
  const probability: Probability = ({ cell, trial }, epochs) =>
    ((7 * cell.lambda + 3 * epochs + 5 * trial + (cell.draw.kind === "seeded" ? cell.draw.dataSeed : 0)) % 16) / 16;
  for (const spec of cells.groups.flat()) {
    const outcome = gave(spec, ...spec.asked.map((epochs) => probability(spec, epochs)));
    await store.record(sweep, [outcome]);
    await cells.land(outcome);
  }
  const comparisons = [...nearestCells(await store.cellMeans(sweep))];
  assert.deepEqual(
    comparisons.map(({ draws }) => draws),
    [["1", "2", "3"]],
  );
  const found = comparisons[0].nearest.map(({ cell }) => cell);
  const { nearest } = cells.tracker.progress;
  const measured = (cell: typeof nearest): object => ({ ...cell, train_accuracy_mean: 0 });
  assert.equal(found.length, 2 * 4 * 3);
  assert.deepEqual(measured(nearest), measured(found[0]));
  assert.deepEqual(
    found.map(({ distance }) => distance),
    found.map(({ distance }) => distance).toSorted((a, b) => a - b),
  );
});
