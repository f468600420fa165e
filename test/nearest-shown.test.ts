/** What is said of the cells nearest to retraining: over which draws, how surely, and what doing nothing gives. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { severalIn } from "../src/plan/axes.js";
import type { Flags } from "../src/plan/flags.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { nearestText } from "../src/report/nearest.js";
import { openStore } from "../src/store/open.js";
import type { TrajectorySpec } from "../src/trial.js";
import { nearestCells } from "../src/verdict/nearest.js";
import { type NearestShown, nearestShown } from "../src/verdict/nearest-shown.js";
import { gave, openRequest } from "./fixtures/sweeps.js";

const SMALL: Flags = { samples: "20", features: "2", hidden: "4,3", trials: "2", "data-seeds": "1" };
const SHOWN = 10;
/** A sweep that has one of all. */
const ONE = { query: "q", several: new Set<never>() };

function planOf(flags: Flags): SweepPlan {
  return gridPlan({ ...SMALL, ...flags }, null);
}

/** Null: it never landed. */
type Probability = (told: {
  method: string;
  lambda: number;
  seed: number;
  samples: number;
  trial: number;
}) => number | null;

/** What is found in a store where every trajectory of a plan gave what `probability` says. */
async function found(t: TestContext, plan: SweepPlan, probability: Probability, most = SHOWN): Promise<NearestShown[]> {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  const sweep = await store.open(openRequest(plan));
  for (const spec of [...trajectoriesOf(plan)].flat()) {
    const value = probability(told(spec));
    if (value !== null) await store.record(sweep, [gave(spec, ...spec.asked.map(() => value))]);
  }
  const shown: NearestShown[] = [];
  for (const comparison of nearestCells(await store.cellMeans(sweep)))
    shown.push(await nearestShown(comparison, most, (cell) => store.cellTrials(sweep, cell)));
  return shown;
}

function told({ cell: { draw, method, lambda }, trial }: TrajectorySpec): Parameters<Probability>[0] {
  assert.equal(draw.kind, "seeded");
  return { method, lambda, seed: draw.dataSeed, samples: draw.samples, trial };
}

function near(value: number | null, expected: number): void {
  assert.ok(value !== null && Math.abs(value - expected) < 1e-15, `${value} is not ${expected}`);
}

test("on one draw the standard error is that of the mean difference of trials with one number", async (t) => {
  const retrained = [0.25, 0.5, 0.75];
  const unlearned = [0.25, 0.625, 1];
  const [{ nearest, draws }] = await found(
    t,
    planOf({ trials: "3", methods: "retrain_scratch,unlearn" }),
    (row) => (row.method === "unlearn" ? unlearned : retrained)[row.trial - 1],
  );
  assert.deepEqual(draws, ["1"]);
  near(nearest[0].distance, 0.125);
  // The differences 0, 1/8 and 1/4 have the variance 1/64; the two means by themselves would have given 0.26.
  near(nearest[0].standard_error, 0.125 / Math.sqrt(3));
});

for (const lacking of ["unlearn", "retrain_scratch"]) {
  test(`a trial that ${lacking} has not finished is in no pair`, async (t) => {
    const [{ nearest }] = await found(t, planOf({ trials: "4", methods: "retrain_scratch,unlearn" }), (row) => {
      if (row.trial === 4) return row.method === lacking ? null : 0.5;
      return (row.method === "unlearn" ? [0.25, 0.625, 1] : [0.25, 0.5, 0.75])[row.trial - 1];
    });
    near(nearest[0].standard_error, 0.125 / Math.sqrt(3));
  });
}

test("over several draws the draw is the unit, however many trials each has", async (t) => {
  const away: Readonly<Record<number, number>> = { 1: 0.125, 2: -0.25, 3: 0.375 };
  const grid = { "data-seeds": "1:3", trials: "4", methods: "retrain_scratch,unlearn" };
  const [{ nearest }] = await found(t, planOf(grid), ({ method, seed, trial }) =>
    method === "unlearn" ? 0.5 + away[seed] + (trial % 2 ? 0.0625 : -0.0625) : 0.5,
  );
  near(nearest[0].distance, 0.25);
  near(nearest[0].standard_error, 0.125 / Math.sqrt(3));
});

test("copies of one run tell no standard error", async (t) => {
  const grid = { preset: "notebook", trials: "5", methods: "original,retrain_scratch,unlearn" };
  const [one] = await found(t, planOf(grid), ({ trial }) => trial / 8);
  assert.equal(one.nearest[0].standard_error, null);
  assert.notEqual(one.originals[0].standard_error, null);
  assert.match(nearestText([one], ONE, 80), /^unlearn +4\.2 +5 +5 +0\.\d{5} +0\.\d{5} +0\.\d{5} +-$/m);
  assert.match(nearestText([one], ONE, 80), /^-: one run, which tells no standard error$/m);
});

test("cells are compared on the same draws alone, and those that lack one stand in a table of their own", async (t) => {
  // λ 2 was never trained on draw 3, where every other λ is far from retraining.
  const grid = { "data-seeds": "1:3", lambda: "1:4" };
  const plan = planOf(grid);
  const shown = await found(t, plan, ({ method, lambda, seed }) => {
    if (method !== "unlearn") return 0.5;
    if (lambda === 2) return seed === 3 ? null : 0.5625;
    return seed === 3 ? 1 : 0.5;
  });
  assert.deepEqual(
    shown.map(({ draws, nearest, left }) => [draws, nearest.map((cell) => [cell.lambda_reg, cell.draws]), left]),
    [
      [
        ["1", "2", "3"],
        [
          [1, 3],
          [3, 3],
          [4, 3],
        ],
        1,
      ],
      [["1", "2"], [[2, 2]], 0],
    ],
  );
  const text = nearestText(shown, ONE, 80);
  assert.match(text, /^nearest to retraining, by forget probability on the same 3 draws:$/m);
  assert.match(text, /^cells that are there on other draws, by forget probability on the same 2\s+draws:$/m);
  const short = shown.slice(0, 1);
  assert.match(
    nearestText(short, { ...ONE, query: "QUERY" }, 80),
    /\n1 more cell is there on other draws; this lists all:\n {2}QUERY\n$/,
  );
});

test("where most cells lack a draw, those that have it are compared on the draws of the others", async (t) => {
  const plan = planOf({ "data-seeds": "1:3", lambda: "1:4", methods: "retrain_scratch,unlearn" });
  const shown = await found(t, plan, ({ method, lambda, seed }) =>
    method === "unlearn" && seed === 3 && lambda > 1 ? null : lambda / 8,
  );
  assert.deepEqual(
    shown.map(({ draws, compared, left }) => [draws, compared, left]),
    [[["1", "2"], 4, 0]],
  );
});

test("original and retraining stand in every table, also where original is not among the nearest", async (t) => {
  const plan = planOf({ lambda: "1:4" });
  const value: Probability = ({ method, lambda }) => {
    if (method === "original") return 1;
    return method === "retrain_scratch" ? 0.25 : 0.25 + lambda / 16;
  };
  const [one] = await found(t, plan, value, 2);
  assert.deepEqual(
    [one.nearest, one.originals, one.retrained].map((cells) => cells.map((cell) => cell.method)),
    [["unlearn", "unlearn"], ["original"], ["retrain_scratch"]],
  );
  const [retrained] = one.retrained;
  assert.deepEqual([retrained.forget_probability_mean, retrained.distance], [0.25, 0]);
  const lines = nearestText([one], ONE, 80).split("\n");
  assert.deepEqual(
    lines.slice(4, 8).map((line) => line.split(" ")[0]),
    ["retrain_scratch", "unlearn", "unlearn", "original"],
  );
  assert.ok(lines.includes("the nearest 2 of 4 cells"));
  assert.ok(
    lines.every((line) => line.length <= 80),
    "a terminal of 80 columns",
  );
});

test("a table without original says how to have it", async (t) => {
  const shown = await found(t, planOf({ methods: "retrain_scratch,unlearn" }), () => 0.5);
  assert.match(nearestText(shown, ONE, 80), /^original is not among them: /m);
});

test("each size that is shown has its own original and retraining, and its draws are no more draws", async (t) => {
  const plan = planOf({ samples: "20,40", "data-seeds": "1:2" });
  const value: Probability = ({ method, samples }) => (method === "unlearn" ? 0.5 : samples / 64);
  const [nearest] = await found(t, plan, value, 1);
  assert.deepEqual(
    [nearest.nearest, nearest.originals, nearest.retrained].map((cells) => cells.map(({ samples }) => samples)),
    [[40], [40], [40]],
  );
  // Whichever of them are shown: the one preset is said beneath, and takes no other column with it.
  const sizes = { ...ONE, several: severalIn(plan) };
  assert.match(nearestText([nearest], sizes, 200), /^samples +method +λ +epochs +trials /m);
  assert.match(nearestText([nearest], sizes, 200), /^preset: paired$/m);
  const [one] = await found(t, plan, value);
  assert.match(nearestText([one], ONE, 200), /^samples +method +λ +epochs +trials /m);
  assert.match(nearestText([one], ONE, 80), /^on 4 of 4 settings of the draws all trials so far do not show /m);
  for (const cells of [one.nearest, one.originals, one.retrained])
    assert.deepEqual(cells.map(({ samples, draws }) => [samples, draws]).toSorted(), [
      [20, 2],
      [40, 2],
    ]);
});

test("draws on which original and retraining do not differ are counted, and said", async (t) => {
  const plan = planOf({ "data-seeds": "1:3", trials: "3" });
  const shown = await found(t, plan, ({ method, seed, trial }) => {
    if (method !== "original") return 0.5;
    // Draw 1: a difference of 1/8 beside an error of 1/14; draw 2: none; draw 3: 1/4 in each trial.
    if (seed === 1) return 0.5 + [0, 0.125, 0.25][trial - 1];
    return seed === 2 ? 0.5 : 0.75;
  });
  assert.deepEqual(shown[0].nothing_to_forget, { draws: 2, of: 3 });
  assert.match(
    nearestText(shown, ONE, 1000),
    /^on 2 of 3 draws all trials so far do not show that there was anything to forget, since the 90 % interval of original − retrain_scratch does not lie above 0: what seems to tell methods apart there may be noise; gmm-sweep verdict says how much there was, by trials that nothing else uses$/m,
  );
  const lines = nearestText(shown, ONE, 60).split("\n");
  const wide = lines.filter((line) => line.length > 60);
  assert.deepEqual(wide, [], "no line is wider than the terminal");
});

test("where original and retraining differ on every draw, nothing is said of it", async (t) => {
  const shown = await found(t, planOf({ trials: "3" }), ({ method, trial }) =>
    method === "original" ? 0.75 + trial / 64 : 0.25,
  );
  assert.deepEqual(shown[0].nothing_to_forget, { draws: 0, of: 1 });
  assert.doesNotMatch(nearestText(shown, ONE, 80), /anything to forget/);
});

test("one trial cannot tell whether there is something to forget", async (t) => {
  const shown = await found(t, planOf({ trials: "1" }), () => 0.5);
  assert.deepEqual(shown[0].nothing_to_forget, { draws: 0, of: 0 });
});

test("a second set of retraining is none of the cells that are held against the first, however near it comes", async (t) => {
  const plan = planOf({ methods: "original,retrain_scratch,unlearn,retrain_twin" });
  const [{ nearest, compared, left }] = await found(t, plan, ({ method }) => (method === "unlearn" ? 0.75 : 0.5));
  assert.deepEqual([nearest.map(({ method }) => method), compared, left], [["unlearn"], 1, 0]);
});
