/** The methods that the notebook does not have, trained by the reference engine: each does what its words say. */
import assert from "node:assert/strict";
import test from "node:test";
import { seededDraw } from "../src/data/draw.js";
import type { Rows } from "../src/data/rows.js";
import type { Curve } from "../src/engine/contract.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { METHOD_NAMES, METHODS } from "../src/plan/methods.js";
import { drawsOf, type SweepPlan } from "../src/plan/plan.js";
import { retrain, retrainFrom } from "../src/run/rebuild.js";
import type { SeededDraw, TrajectorySpec } from "../src/trial.js";
import { smallPlan, specsIn } from "./fixtures/sweeps.js";

const PRESETS = ["notebook", "paired"] as const;
const engine = referenceEngine();

/** A net of some size, an original of 60 epochs and 8 of all others. */
function plan(preset: string): SweepPlan {
  const epochs = METHOD_NAMES.map((name) => `${name}=${name === "original" ? 60 : 8}`).join(",");
  return smallPlan({
    preset,
    samples: "100",
    features: "3",
    hidden: "16,8",
    "forget-rows": "2",
    trials: "1",
    methods: METHOD_NAMES.join(","),
    epochs,
  });
}

function spec(preset: string, method: string): TrajectorySpec {
  const spec = specsIn(plan(preset)).find(({ cell }) => cell.method === method);
  assert.ok(spec !== undefined);
  return spec;
}

const DRAW = seededDraw(drawsOf(plan("paired").parts[0].draws)[0] as SeededDraw);

/** The same draw with other rows. */
function withRows(change: (rows: Rows) => Partial<Rows>): typeof DRAW {
  return { ...DRAW, rows: { ...DRAW.rows, ...change(structuredClone(DRAW.rows)) } };
}

/** What the start of a method leaves: its last parameters. */
function startOf(method: string): Float64Array {
  return retrain(spec("paired", method).start as TrajectorySpec, engine, DRAW).parameters;
}

/** `method` from the start that it has on DRAW, on `draw`. */
function from(start: Float64Array, method: string, draw = DRAW, preset = "paired"): Curve {
  return retrainFrom(start, spec(preset, method), engine, draw);
}

const OTHER_FORGET = withRows(({ n, features, x }) => ({
  x: x.map((value, i) => (i < n * features ? value : value + 2)),
}));
const OTHER_D = withRows(({ n, features, x }) => ({ x: x.map((value, i) => (i < n * features ? value + 2 : value)) }));
const OTHER_LABELS = withRows(({ n, y }) => ({ y: y.map((label, i) => (i < n ? label : 1 - label)) }));

test("fine_tune goes down the loss of D, and does not know F: other rows there leave the same net", () => {
  const start = startOf("fine_tune");
  const curve = from(start, "fine_tune");
  assert.ok(curve.crossEntropy[7] < curve.crossEntropy[0], `${curve.crossEntropy}`);
  assert.deepEqual(from(start, "fine_tune", OTHER_FORGET).parameters, curve.parameters);
  assert.deepEqual(from(start, "fine_tune", OTHER_LABELS).parameters, curve.parameters);
  assert.notDeepEqual(from(start, "fine_tune", OTHER_D).parameters, curve.parameters);
});

test("gradient_ascent raises the loss of F at every step, and does not know D: other rows there leave the same net", () => {
  const start = startOf("gradient_ascent");
  const curve = from(start, "gradient_ascent");
  for (let e = 1; e < 8; e++) {
    // What it goes down is minus the loss.
    assert.ok(-curve.crossEntropy[e] > -curve.crossEntropy[e - 1], `the loss of F before epoch ${e + 1}`);
    assert.ok(curve.forgetMargin[e] < curve.forgetMargin[e - 1], `the margin of F after epoch ${e + 1}`);
  }
  assert.deepEqual(from(start, "gradient_ascent", OTHER_D).parameters, curve.parameters);
  assert.notDeepEqual(from(start, "gradient_ascent", OTHER_FORGET).parameters, curve.parameters);
});

test("relabel is plain training on F with the other labels, to the bit, and no other method flips them", () => {
  const start = startOf("relabel");
  const relabelled = from(start, "relabel");
  assertOtherwiseMeasured(relabelled, from(start, "retrain_original", OTHER_LABELS));
  const plain = from(start, "retrain_original");
  assert.ok(relabelled.forgetMargin[7] < plain.forgetMargin[7], "it unlearns the label that it had");
  for (const method of ["unlearn", "retrain_original", "gradient_ascent", "relearn"])
    assert.notDeepEqual(from(start, method, OTHER_LABELS).parameters, from(start, method).parameters, method);
  assertOtherwiseMeasured(from(start, "relabel", OTHER_LABELS), plain); // flipped twice
});

/** Two curves of one net to the bit, but that F has another label of its own in either: its margin is the other's negative. */
function assertOtherwiseMeasured(one: Curve, other: Curve): void {
  for (const same of ["penalty", "crossEntropy", "trainAccuracy", "testAccuracy", "parameters"] as const)
    assert.deepEqual(one[same], other[same], same);
  for (const negated of ["forgetMargin", "askedMargins"] as const)
    assert.deepEqual(
      one[negated],
      other[negated].map((margin) => -margin),
      negated,
    );
}

test("relearn is plain training from an unlearned net, and makes it as sure of F as before", () => {
  const unlearned = retrain(spec("paired", "unlearn"), engine, DRAW);
  const relearned = retrain(spec("paired", "relearn"), engine, DRAW);
  assert.deepEqual(relearned, from(unlearned.parameters, "retrain_original"));
  assert.ok(relearned.forgetMargin[7] > unlearned.forgetMargin[7]);
});

for (const preset of PRESETS) {
  test(`under ${preset} what goes on from the original begins with its net, whatever the method`, () => {
    const start = startOf("unlearn");
    const methods = METHODS.filter(({ start }) => start === "original").map(({ name }) => name);
    assert.deepEqual(methods, ["unlearn", "retrain_original", "fine_tune", "gradient_ascent", "relabel"]);
    // The losses of epoch 1 are those of the start.
    const begins = methods.map((method) => from(start, method, DRAW, preset).penalty[0]);
    assert.equal(new Set(begins).size, 1);
  });

  test(`under ${preset} every method trains a forget set of two rows to numbers that are finite`, () => {
    for (const method of METHOD_NAMES) {
      const curve = retrain(spec(preset, method), engine, DRAW);
      assert.ok(curve.parameters.every(Number.isFinite), method);
      assert.ok(curve.forgetMargin.every(Number.isFinite), method);
    }
  });
}

test("λ of a new method weighs its penalty: over D in fine_tune, over F in gradient_ascent", () => {
  for (const [method, same, other] of [
    ["fine_tune", OTHER_FORGET, OTHER_D],
    ["gradient_ascent", OTHER_D, OTHER_FORGET],
  ] as const) {
    const start = startOf(method);
    const weighed = (draw: typeof DRAW): Float64Array =>
      retrainFrom(start, atLambda(spec("paired", method), 3), engine, draw).parameters;
    assert.notDeepEqual(weighed(DRAW), from(start, method).parameters);
    assert.deepEqual(weighed(same), weighed(DRAW));
    assert.notDeepEqual(weighed(other), weighed(DRAW));
  }
});

function atLambda(trained: TrajectorySpec, lambda: number): TrajectorySpec {
  return { ...trained, cell: { ...trained.cell, lambda, lambdaEffective: lambda } };
}
