/** The registry of methods: the weights of each row in each term, against the table of the design. */
import assert from "node:assert/strict";
import test from "node:test";
import { effectiveLambda, isOneRun, METHOD_NAMES, methodNamed, NOTEBOOK_METHODS } from "../src/plan/methods.js";
import type { Preset } from "../src/trial.js";

const [N, K] = [6, 2];
const rows = (ofD: number, ofF: number): number[] => [...Array<number>(N).fill(ofD), ...Array<number>(K).fill(ofF)];
const ALL = rows(1 / 8, 1 / 8); // the mean over D ∪ F
const RETAINED = rows(1 / 6, 0); // the mean over D
const NOTEBOOK = rows(2 / 14, 1 / 14); // the mean over X_train = (D ∪ F) then D again
const FORGET = rows(0, 1 / 2); // the mean over F
const ASCENT = rows(0, -1 / 2);

const TABLE: [method: string, preset: Preset, crossEntropy: number[], penalty: number[]][] = [
  ["original", "notebook", ALL, NOTEBOOK],
  ["retrain_scratch", "notebook", RETAINED, NOTEBOOK],
  ["unlearn", "notebook", ALL, NOTEBOOK],
  ["retrain_original", "notebook", ALL, NOTEBOOK],
  ["original", "paired", ALL, NOTEBOOK],
  ["retrain_scratch", "paired", RETAINED, RETAINED],
  ["unlearn", "paired", ALL, NOTEBOOK],
  ["retrain_original", "paired", ALL, NOTEBOOK],
  ...(["notebook", "paired"] as const).flatMap((preset): typeof TABLE => [
    ["fine_tune", preset, RETAINED, RETAINED],
    ["gradient_ascent", preset, ASCENT, FORGET],
    ["relabel", preset, ALL, NOTEBOOK],
    ["relearn", preset, ALL, NOTEBOOK],
  ]),
];

for (const [method, preset, crossEntropy, penalty] of TABLE) {
  test(`${method} weighs its rows as the ${preset} preset says`, () => {
    const weights = methodNamed(method).rowWeights(preset, N, K);
    assert.deepEqual([...weights.crossEntropy], crossEntropy);
    assert.deepEqual([...weights.penalty], penalty);
    const sign = method === "gradient_ascent" ? -1 : 1; // up its loss, not down
    for (const [term, expected] of [
      [weights.crossEntropy, sign],
      [weights.penalty, 1],
    ] as const) {
      const sum = term.reduce((total, weight) => total + weight, 0);
      assert.ok(Math.abs(sum - expected) < 1e-15, `the weights of a mean add up to ${sum}`);
    }
  });
}

test("every method has a place in the table", () => {
  for (const preset of ["notebook", "paired"])
    assert.deepEqual(
      TABLE.flatMap(([method, its]) => (its === preset ? [method] : [])),
      METHOD_NAMES,
    );
});

test("the notebook's four methods come first, in its order, with its λ, epochs and starts", () => {
  assert.deepEqual(NOTEBOOK_METHODS, ["original", "retrain_scratch", "unlearn", "retrain_original"]);
  assert.deepEqual(METHOD_NAMES.slice(0, 4), NOTEBOOK_METHODS);
  assert.deepEqual(records(NOTEBOOK_METHODS), [
    [null, 0, 100],
    [null, 0, 100],
    ["original", 4.2, 5],
    ["original", 0, 100],
  ]);
});

test("the others come after them, with the epochs of unlearn, and relearn goes on from an unlearn", () => {
  assert.deepEqual(METHOD_NAMES.slice(4), ["fine_tune", "gradient_ascent", "relabel", "relearn"]);
  assert.deepEqual(records(METHOD_NAMES.slice(4)), [
    ["original", 0, 5],
    ["original", 0, 5],
    ["original", 0, 5],
    ["unlearn", 0, 50],
  ]);
});

test("relabel alone trains the forget rows towards the other class", () => {
  assert.deepEqual(
    METHOD_NAMES.filter((name) => methodNamed(name).flipsForgetLabels),
    ["relabel"],
  );
});

test("the notebook's published numbers stand beside each of its methods, and beside no other", () => {
  assert.deepEqual(
    METHOD_NAMES.map((name) => methodNamed(name).published),
    [
      { trainAccuracy: [0.93339, 0.0017], forgetProbability: [0.96756, 0.03002] },
      { trainAccuracy: [0.93341, 0.00177], forgetProbability: [0.78481, 0.19006] },
      { trainAccuracy: [0.9244, 0], forgetProbability: [0.78052, 6e-8] },
      { trainAccuracy: [0.9452, 0], forgetProbability: [1, 0] },
      ...[null, null, null, null],
    ],
  );
});

test("λ in the gradient is one more than written where the notebook trains from fresh weights, and as written elsewhere", () => {
  const of = (preset: Preset): number[] => METHOD_NAMES.map((name) => effectiveLambda(preset, methodNamed(name), 3));
  assert.deepEqual(of("notebook"), [4, 4, 3, 3, 3, 3, 3, 3]);
  assert.deepEqual(of("paired"), [3, 3, 3, 3, 3, 3, 3, 3]);
});

test("only the notebook's methods that go on from another are one run", () => {
  const of = (preset: Preset): boolean[] => METHOD_NAMES.map((name) => isOneRun(preset, methodNamed(name)));
  assert.deepEqual(of("notebook"), [false, false, true, true, true, true, true, true]);
  assert.deepEqual(of("paired"), [false, false, false, false, false, false, false, false]);
});

/** Start, λ and epochs of each method. */
function records(names: readonly string[]): unknown[] {
  return names.map(methodNamed).map(({ start, lambda, epochs }) => [start, lambda, epochs]);
}
