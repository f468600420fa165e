/** The cells of a running grid: which are complete, and which is nearest to retraining, whatever was there before. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Flags } from "../src/plan/flags.js";
import { gridFrom, settingsOf } from "../src/plan/grid.js";
import { plan, type Shard, WHOLE } from "../src/plan/trajectories.js";
import { CellTracker } from "../src/report/cells.js";
import type { CellMean } from "../src/store/sqlite/queries.js";
import { armKey, type Outcome, type TrajectorySpec } from "../src/trial.js";
import { failed, trained } from "./fixtures/sweeps.js";

const SMALL: Flags = { samples: "20", features: "2", hidden: "4,3", trials: "2", "data-seeds": "1" };
const NOTHING_LANDED = { rows: 0, trajectories: 0, epochs: 0 };

function groupsIn(flags: Flags, total = 0, shard: Shard = WHOLE): TrajectorySpec[][] {
  const grid = gridFrom({ ...SMALL, ...flags });
  return [...plan(settingsOf(grid), grid.trials, Math.max(total, grid.trials), shard)];
}

function land(cells: CellTracker, ...outcomes: readonly Outcome[]): void {
  cells.event({ kind: "landed", outcomes, progress: { landed: NOTHING_LANDED, missing: NOTHING_LANDED } });
}

/** An outcome whose rows have these forget probabilities, NaN where it diverged. */
function gave(spec: TrajectorySpec, ...probabilities: readonly number[]): Outcome {
  const outcome = trained(spec);
  const rows = outcome.rows.map((row, i) => ({
    ...row,
    state: Number.isNaN(probabilities[i]) ? ("diverged" as const) : ("done" as const),
    forgetProbability: probabilities[i],
  }));
  return { ...outcome, rows };
}

/** Lands what `probability` gives of a method, λ, epochs and trial for all of a plan. */
function landAll(
  cells: CellTracker,
  groups: readonly TrajectorySpec[][],
  probability: (spec: TrajectorySpec, epochs: number) => number,
): void {
  for (const spec of groups.flat()) land(cells, gave(spec, ...spec.asked.map((epochs) => probability(spec, epochs))));
}

test("a cell is complete when each of its trials has landed", () => {
  const groups = groupsIn({ methods: "original" });
  const cells = new CellTracker(groups, 2);
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
  land(cells, trained(groups[0][0]));
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
  land(cells, trained(groups[1][0]));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

test("a failed trial leaves its cells incomplete, until it is trained", () => {
  const groups = groupsIn({ methods: "original" });
  const cells = new CellTracker(groups, 2);
  land(cells, trained(groups[0][0]), failed(groups[1][0], "its thread died"));
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
  land(cells, trained(groups[1][0]));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

test("a start that nobody asked for counts for nothing", () => {
  const groups = groupsIn({ methods: "original" });
  const cells = new CellTracker(groups, 2);
  for (const [spec] of groups) land(cells, { ...trained(spec), wanted: false });
  assert.deepEqual(cells.parts(), ["0/1 cells"]);
});

test("the nearest cell is that whose mean is nearest to the mean of retraining, and the original is none", () => {
  const groups = groupsIn({ lambda: "0,4.2", epochs: "1:2" });
  const cells = new CellTracker(groups, 2);
  landAll(cells, groups, ({ method, lambda, trial }, epochs) => {
    if (method !== "unlearn") return trial === 1 ? 0.5 : 0.7;
    return lambda === 4.2 && epochs === 2 ? 0.625 : 0.9;
  });
  assert.deepEqual(cells.parts(), ["6/6 cells", "nearest to retraining: unlearn λ 4.2, 2 epochs (0.025 away)"]);
});

test("cells are held against retraining on their own draw, and compared by the mean distance", () => {
  const groups = groupsIn({ trials: "1", "data-seeds": "1:2", lambda: "1:2" });
  const cells = new CellTracker(groups, 1);
  landAll(cells, groups, ({ draw, method, lambda }) => {
    const first = draw.kind === "seeded" && draw.dataSeed === 1;
    if (method === "retrain_scratch") return first ? 0.2 : 0.8;
    // λ 1 is 0.3 away on both draws, though its mean is that of retraining; λ 2 is 0.125 away on both.
    if (lambda === 1) return 0.5;
    return first ? 0.325 : 0.925;
  });
  assert.match(cells.parts()[1], /^nearest to retraining: unlearn λ 2, 5 epochs \(0\.125 away\)$/);
});

test("of retraining at several epochs, cells are held against the longest", () => {
  const groups = groupsIn({ trials: "1", lambda: "1:2", epochs: "1,retrain_scratch=10,retrain_scratch=20" });
  const cells = new CellTracker(groups, 1);
  landAll(cells, groups, ({ method, lambda }, epochs) => {
    if (method === "retrain_scratch") return epochs === 20 ? 0.5 : 0.9;
    return lambda === 1 ? 0.9 : 0.6;
  });
  assert.match(cells.parts()[1], /^nearest to retraining: unlearn λ 2, 1 epoch \(0\.100 away\)$/);
});

test("the nearest is named by all that its method has several of", () => {
  const groups = groupsIn({ trials: "1", preset: "notebook,paired", hidden: ["4,3", "3,4"] });
  const cells = new CellTracker(groups, 1);
  landAll(cells, groups, ({ method, preset, hidden }) =>
    method === "unlearn" && (preset === "notebook" || hidden[0] === 4) ? 0.9 : 0.5,
  );
  assert.match(cells.parts()[1], /: unlearn λ 4\.2, 5 epochs, paired, 3,4 \(0\.000 away\)$/);
});

test("a diverged row makes its cell complete, and counts in no mean", () => {
  const groups = groupsIn({ methods: "retrain_scratch,unlearn" });
  const cells = new CellTracker(groups, 2);
  landAll(cells, groups, ({ method, trial }) => (method === "unlearn" && trial === 1 ? Number.NaN : 0.5));
  assert.deepEqual(cells.parts(), ["2/2 cells", "nearest to retraining: unlearn λ 4.2, 5 epochs (0.000 away)"]);
});

test("where no row of a cell is finite, there is no nearest", () => {
  const groups = groupsIn({ methods: "retrain_scratch,unlearn" });
  const cells = new CellTracker(groups, 2);
  landAll(cells, groups, ({ method }) => (method === "unlearn" ? Number.NaN : 0.5));
  assert.deepEqual(cells.parts(), ["2/2 cells"]);
});

test("the copies of the notebook's one run count as the trials they stand for", () => {
  const groups = groupsIn({ preset: "notebook", methods: "unlearn", trials: "5" });
  const cells = new CellTracker(groups, 5);
  land(cells, trained(groups[0][0]));
  assert.deepEqual([groups.flat().length, cells.parts()[0]], [1, "1/1 cells"]);
});

test("a shard's cells are complete when the trials of its own part have landed", () => {
  const mine = groupsIn({ methods: "original", trials: "5" }, 5, { index: 1, count: 2 });
  assert.equal(mine.length, 2);
  const cells = new CellTracker(mine, 5);
  for (const [spec] of mine) land(cells, trained(spec));
  assert.deepEqual(cells.parts(), ["1/1 cells"]);
});

/** What a file has of the cell of `spec` at `epochs`. */
function stored(spec: TrajectorySpec, epochs: number, trials: readonly number[], forgetProbability: number): CellMean {
  return { key: [...armKey(spec), epochs], trials, done: trials.length, forgetProbability };
}

test("what was finished before is there from the beginning", () => {
  const groups = groupsIn({ methods: "retrain_scratch,unlearn" });
  const [retrain, unlearn] = ["retrain_scratch", "unlearn"].map(
    (name) => groups.flat().find(({ method }) => method === name) as TrajectorySpec,
  );
  const cells = new CellTracker(groups, 2);
  cells.seed([stored(retrain, 100, [1, 2], 0.5), stored(unlearn, 5, [1], 0.25)]);
  assert.deepEqual(cells.parts(), ["1/2 cells", "nearest to retraining: unlearn λ 4.2, 5 epochs (0.250 away)"]);
});

test("rows that were there before count once, where a longer training brings them again", () => {
  const short = groupsIn({ methods: "unlearn", epochs: "1" })[0][0];
  const groups = groupsIn({ methods: "unlearn", epochs: "1:2", trials: "3" });
  const cells = new CellTracker(groups, 3);
  cells.seed([stored(short, 1, [1, 2], 0.5)]);
  for (const [spec] of groups.slice(0, 2)) land(cells, trained(spec));
  assert.deepEqual(cells.parts(), ["0/2 cells"], "trial 3 is not there, though four rows of one epoch came");
  land(cells, trained(groups[2][0]));
  assert.deepEqual(cells.parts(), ["2/2 cells"]);
});

test("cells of the same sweep that are not asked for now are not counted, but may be the nearest", () => {
  const before = groupsIn({ methods: "retrain_scratch,unlearn", lambda: "1" }).flat();
  const groups = groupsIn({ methods: "unlearn", lambda: "2" });
  const cells = new CellTracker(groups, 2);
  cells.seed(before.map((spec) => stored(spec, spec.asked[0], [1, 2], 0.5)));
  assert.deepEqual(cells.parts(), ["0/1 cells", "nearest to retraining: unlearn λ 1, 5 epochs (0.000 away)"]);
});
