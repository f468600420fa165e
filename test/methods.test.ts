/** The registry of methods: the weights of each row in each term, against the table of the design. */
import assert from "node:assert/strict";
import test from "node:test";
import { referenceEngine } from "../src/engine/reference/reference.js";
import type { Flags } from "../src/plan/flags.js";
import {
  isNamedAfter,
  METHOD_NAMES,
  METHODS,
  type MethodDefinition,
  type MethodRecord,
  NOTEBOOK_METHODS,
  recordsOf,
} from "../src/plan/methods.js";
import { objectiveOf } from "../src/plan/objective.js";
import { PRESET_NAMES, PRESETS } from "../src/plan/presets.js";
import { gridPlan } from "../src/plan/request.js";
import { cellTemplates } from "../src/plan/trajectories.js";
import { PUBLISHED } from "../src/report/published.js";
import { retrain, retrainFrom } from "../src/run/rebuild.js";
import { freshParameters, trainingOf } from "../src/run/trajectory.js";
import type { CellSpec } from "../src/trial.js";
import { smallPlan } from "./fixtures/sweeps.js";

const [N, K] = [6, 2];
const rows = (ofD: number, ofF: number): number[] => [...Array<number>(N).fill(ofD), ...Array<number>(K).fill(ofF)];
const ALL = rows(1 / 8, 1 / 8); // the mean over D ∪ F
const RETAINED = rows(1 / 6, 0); // the mean over D
const NOTEBOOK = rows(2 / 14, 1 / 14); // the mean over X_train = (D ∪ F) then D again
const FORGET = rows(0, 1 / 2); // the mean over F
const ASCENT = rows(0, -1 / 2);

const TABLE: [method: string, preset: string, crossEntropy: number[], penalty: number[]][] = [
  ["original", "notebook", ALL, NOTEBOOK],
  ["retrain_scratch", "notebook", RETAINED, NOTEBOOK],
  ["unlearn", "notebook", ALL, NOTEBOOK],
  ["retrain_original", "notebook", ALL, NOTEBOOK],
  ["original", "paired", ALL, NOTEBOOK],
  ["retrain_scratch", "paired", RETAINED, RETAINED],
  ["unlearn", "paired", ALL, NOTEBOOK],
  ["retrain_original", "paired", ALL, NOTEBOOK],
  ...PRESET_NAMES.flatMap((preset): typeof TABLE => [
    ["fine_tune", preset, RETAINED, RETAINED],
    ["gradient_ascent", preset, ASCENT, FORGET],
    ["relabel", preset, ALL, NOTEBOOK],
    ["relearn", preset, ALL, NOTEBOOK],
    ["retrain_twin", preset, RETAINED, preset === "notebook" ? NOTEBOOK : RETAINED],
  ]),
];

function methodNamed(name: string): MethodRecord {
  const method = METHODS.find((candidate) => candidate.name === name);
  assert.ok(method !== undefined, name);
  return method;
}

for (const [method, name, crossEntropy, penalty] of TABLE) {
  test(`${method} weighs its rows as the ${name} preset says`, () => {
    const preset = PRESETS.find((candidate) => candidate.name === name);
    assert.ok(preset !== undefined);
    const objective = objectiveOf(preset, methodNamed(method), { n: N, k: K });
    const eachRow = ({ retained, forget }: { retained: number; forget: number }): number[] => rows(retained, forget);
    assert.deepEqual(eachRow(objective.crossEntropy), crossEntropy);
    assert.deepEqual(eachRow(objective.penalty), penalty);
    const sign = method === "gradient_ascent" ? -1 : 1; // up its loss, not down
    for (const [term, expected] of [
      [crossEntropy, sign],
      [penalty, 1],
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

test("the others come after them, with the epochs of unlearn or of what they repeat, and relearn goes on from an unlearn", () => {
  assert.deepEqual(METHOD_NAMES.slice(4), ["fine_tune", "gradient_ascent", "relabel", "relearn", "retrain_twin"]);
  assert.deepEqual(records(METHOD_NAMES.slice(4)), [
    ["original", 0, 5],
    ["original", 0, 5],
    ["original", 0, 5],
    ["unlearn", 0, 50],
    [null, 0, 100],
  ]);
});

test("relabel alone trains the forget rows towards the other class", () => {
  const flipped = METHODS.filter(({ forgetLabels }) => forgetLabels === "flipped");
  assert.deepEqual(
    flipped.map(({ name }) => name),
    ["relabel"],
  );
});

test("the notebook's published numbers stand beside each of its methods, and beside no other", () => {
  assert.deepEqual([...PUBLISHED.keys()], NOTEBOOK_METHODS);
});

/** A cell of each method under a preset, λ 3. */
function cells(preset: string): CellSpec[] {
  const lambda = METHOD_NAMES.map((name) => `${name}=3`).join(",");
  const templates = cellTemplates(smallPlan({ preset, methods: METHOD_NAMES.join(","), lambda }));
  return Array.from(templates, ({ cell }) => cell);
}

test("λ in the gradient is one more than written where the notebook trains from fresh weights, and as written elsewhere", () => {
  const of = (preset: string): number[] => cells(preset).map(({ lambdaEffective }) => lambdaEffective);
  assert.deepEqual(of("notebook"), [4, 4, 3, 3, 3, 3, 3, 3, 4]);
  assert.deepEqual(of("paired"), [3, 3, 3, 3, 3, 3, 3, 3, 3]);
});

test("only the notebook's methods that go on from another are one run", () => {
  const of = (preset: string): boolean[] => cells(preset).map(({ oneRun }) => oneRun);
  assert.deepEqual(of("notebook"), [false, false, true, true, true, true, true, true, false]);
  assert.deepEqual(of("paired"), Array(9).fill(false));
});

test("fresh weights are a method's own in the notebook, and shared in its sound version but by the twin", () => {
  const of = (preset: string): string[] => cells(preset).map(({ initialWeights }) => initialWeights);
  assert.deepEqual(of("notebook"), METHOD_NAMES);
  assert.deepEqual(of("paired"), [...Array<string>(8).fill("shared"), "retrain_twin"]);
});

for (const preset of PRESET_NAMES) {
  test(`the twin is what retrain_scratch would be from other fresh weights, and from its weights to the bit (${preset})`, () => {
    const plan = smallPlan({ preset, methods: "retrain_scratch,retrain_twin", lambda: "retrain_scratch=0.5" });
    const [scratch, twin] = cellTemplates(plan);
    const { method: _method, initialWeights: _own, ...trainedAs } = twin.cell;
    const { method: _other, initialWeights: _shared, ...known } = scratch.cell;
    assert.deepEqual([trainedAs, twin.asked], [known, scratch.asked]);
    const [own, others] = [freshParameters(twin), freshParameters(scratch)];
    assert.ok(own.every((value, i) => value !== others[i]));
    const named = { ...scratch, cell: { ...scratch.cell, initialWeights: "retrain_twin" } };
    assert.deepEqual(own, freshParameters(named));
    const engine = referenceEngine();
    assert.deepEqual(retrainFrom(others, twin, engine), retrain(scratch, engine));
  });
}

test("the twin has the λ and epochs that retrain_scratch is given, unless it is given its own", () => {
  const methods = "retrain_scratch,retrain_twin";
  const of = (flags: Flags): unknown => {
    const { epochs, lambda } = gridPlan({ methods, ...flags }, null).parts[0];
    return [epochs["retrain_twin"], lambda["retrain_twin"]];
  };
  assert.deepEqual(of({}), [[100], [0]]);
  assert.deepEqual(of({ epochs: "retrain_scratch=7,retrain_scratch=3", lambda: "retrain_scratch=2" }), [[3, 7], [2]]);
  assert.deepEqual(of({ epochs: "retrain_scratch=7,retrain_twin=3", lambda: "retrain_twin=1" }), [[3], [1]]);
});

const MINE: MethodDefinition = {
  name: "mine",
  start: "original",
  crossEntropy: { retained: "alpha/n", forget: "-beta/k" },
  penalty: { retained: "0", forget: "0" },
  forgetLabels: "kept",
  lambda: 0,
  epochs: 5,
  parameters: { beta: [0.5, 1], alpha: [2, 3e-7] },
};

test("a definition is a record for each combination of its parameters' values, named by them and by what it does", () => {
  const records = recordsOf(MINE);
  assert.deepEqual(
    records.map(({ name }) => name.split("~")[0]),
    ["mine:alpha=2:beta=0.5", "mine:alpha=3e-7:beta=0.5", "mine:alpha=2:beta=1", "mine:alpha=3e-7:beta=1"],
  );
  assert.equal(new Set(records.map(({ name }) => name.split("~")[1])).size, 4);
  for (const record of records) assert.ok(isNamedAfter(record));
  assert.deepEqual(records[1].parameters, { alpha: 3e-7, beta: 0.5 });
});

test("the name of a record says its whole definition but λ and epochs, which keys have anyway", () => {
  const [record] = recordsOf(MINE);
  const nameOf = (change: Partial<MethodDefinition>): string => recordsOf({ ...MINE, ...change })[0].name;
  for (const change of [{ lambda: 1 }, { epochs: 9 }, { parameters: { alpha: [2], beta: [0.5] } }])
    assert.equal(nameOf(change), record.name);
  const others: Partial<MethodDefinition>[] = [
    { name: "yours" },
    { start: "unlearn" },
    { start: null },
    { crossEntropy: { ...MINE.crossEntropy, retained: "2*alpha/n" } },
    { crossEntropy: { ...MINE.crossEntropy, forget: "0" } },
    { penalty: { ...MINE.penalty, retained: "1" } },
    { penalty: { ...MINE.penalty, forget: "1" } },
    { forgetLabels: "flipped" },
    { parameters: { ...MINE.parameters, beta: [0.25] } },
  ];
  const names = [record.name, ...others.map(nameOf)];
  assert.equal(new Set(names).size, names.length);
  for (const change of [{ name: "mine:alpha=2~00000000" }, { start: "unlearn" }, { parameters: { alpha: 1 } }])
    assert.equal(isNamedAfter({ ...record, ...change }), false);
});

test("a training has the weights and labels of its cell, whatever the method's name", () => {
  const [template] = cellTemplates(smallPlan({ methods: "original" }));
  const objective = {
    crossEntropy: { retained: 0.25, forget: -3 },
    penalty: { retained: 0, forget: 2 },
    forgetLabels: "flipped",
  } as const;
  const rows = { n: 2, k: 1, features: 1, x: new Float32Array(3), y: Uint8Array.of(0, 1, 0) };
  const spec = { ...template, cell: { ...template.cell, method: "mine", objective } };
  const draw = { rows, test: null, bayes: null };
  const training = trainingOf(spec, draw, new Float64Array(0), new Int32Array(1));
  assert.deepEqual([...training.crossEntropyWeights], [0.25, 0.25, -3]);
  assert.deepEqual([...training.penaltyWeights], [0, 0, 2]);
  assert.deepEqual(
    [[...training.targets], [...training.rows.y]],
    [
      [0, 1, 1],
      [0, 1, 0],
    ],
  );
});

/** Start, λ and epochs of each method. */
function records(names: readonly string[]): unknown[] {
  return names.map(methodNamed).map(({ start, lambda, epochs }) => [start, lambda, epochs]);
}
