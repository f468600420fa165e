/** The registry of methods: the weights of each row in each term, against the table of the design. */
import assert from "node:assert/strict";
import test from "node:test";
import { effectiveLambda, isOneRun, METHOD_NAMES, methodNamed } from "../src/methods.js";
import type { Preset } from "../src/trial.js";

const [N, K] = [6, 2];
const rows = (ofD: number, ofF: number): number[] => [...Array<number>(N).fill(ofD), ...Array<number>(K).fill(ofF)];
const ALL = rows(1 / 8, 1 / 8); // the mean over D ∪ F
const RETAINED = rows(1 / 6, 0); // the mean over D
const NOTEBOOK = rows(2 / 14, 1 / 14); // the mean over X_train = (D ∪ F) then D again

const TABLE: [method: string, preset: Preset, crossEntropy: number[], penalty: number[]][] = [
  ["original", "notebook", ALL, NOTEBOOK],
  ["retrain_scratch", "notebook", RETAINED, NOTEBOOK],
  ["unlearn", "notebook", ALL, NOTEBOOK],
  ["retrain_original", "notebook", ALL, NOTEBOOK],
  ["original", "paired", ALL, NOTEBOOK],
  ["retrain_scratch", "paired", RETAINED, RETAINED],
  ["unlearn", "paired", ALL, NOTEBOOK],
  ["retrain_original", "paired", ALL, NOTEBOOK],
];

for (const [method, preset, crossEntropy, penalty] of TABLE) {
  test(`${method} weighs its rows as the ${preset} preset says`, () => {
    const weights = methodNamed(method).rowWeights(preset, N, K);
    assert.deepEqual([...weights.crossEntropy], crossEntropy);
    assert.deepEqual([...weights.penalty], penalty);
    for (const term of [weights.crossEntropy, weights.penalty]) {
      const sum = term.reduce((total, weight) => total + weight, 0);
      assert.ok(Math.abs(sum - 1) < 1e-15, `the weights of a mean add up to ${sum}`);
    }
  });
}

test("the four methods, in the notebook's order, with its λ, epochs and starts", () => {
  assert.deepEqual(METHOD_NAMES, ["original", "retrain_scratch", "unlearn", "retrain_original"]);
  const records = METHOD_NAMES.map((name) => methodNamed(name)).map(({ start, lambda, epochs }) => [
    start,
    lambda,
    epochs,
  ]);
  assert.deepEqual(records, [
    [null, 0, 100],
    [null, 0, 100],
    ["original", 4.2, 5],
    ["original", 0, 100],
  ]);
});

test("the notebook's published numbers stand beside each method", () => {
  assert.deepEqual(
    METHOD_NAMES.map((name) => methodNamed(name).published),
    [
      { trainAccuracy: [0.93339, 0.0017], forgetProbability: [0.96756, 0.03002] },
      { trainAccuracy: [0.93341, 0.00177], forgetProbability: [0.78481, 0.19006] },
      { trainAccuracy: [0.9244, 0], forgetProbability: [0.78052, 6e-8] },
      { trainAccuracy: [0.9452, 0], forgetProbability: [1, 0] },
    ],
  );
});

test("λ in the gradient is one more than written where the notebook trains from fresh weights, and as written elsewhere", () => {
  const of = (preset: Preset): number[] => METHOD_NAMES.map((name) => effectiveLambda(preset, methodNamed(name), 3));
  assert.deepEqual(of("notebook"), [4, 4, 3, 3]);
  assert.deepEqual(of("paired"), [3, 3, 3, 3]);
});

test("only the notebook's methods that go on from an original are one run", () => {
  const of = (preset: Preset): boolean[] => METHOD_NAMES.map((name) => isOneRun(preset, methodNamed(name)));
  assert.deepEqual(of("notebook"), [false, false, true, true]);
  assert.deepEqual(of("paired"), [false, false, false, false]);
});
