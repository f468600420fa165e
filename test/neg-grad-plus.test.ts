/** NegGrad+, defined in a file as any user's method, from the file to the curve: whole runs against PyTorch in float64. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { importDraw } from "../src/data/directory.js";
import { type Engine, layerSizes } from "../src/engine/contract.js";
import { loadFused } from "../src/engine/fused/fused.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { runPlan } from "../src/plan/request.js";
import { cellTemplates } from "../src/plan/trajectories.js";
import { shapeOf, trainingOf } from "../src/run/trajectory.js";
import type { TrajectorySpec } from "../src/trial.js";
import { folder } from "./command-line.js";

const SMALL = "test/golden/small";

interface Golden {
  readonly beta: number;
  readonly lambda: number;
  readonly forget_labels: string;
  /** [penalty before the step, cross-entropy before it, accuracy after it, forget probability after it] of each epoch. */
  readonly curve: readonly (readonly [number, number, number, number])[];
}

const { runs } = JSON.parse(readFileSync(`${SMALL}/neg-grad-plus.json`, "utf8")) as { runs: Golden[] };

const ENGINES: [name: string, engine: () => Promise<Engine>][] = [
  ["reference", async () => referenceEngine()],
  ["fused", async () => loadFused({ precision: "f64" })],
];

/** What a method file says of a run, as `run` plans it. */
function specOf(t: TestContext, { beta, lambda, forget_labels, curve }: Golden): TrajectorySpec {
  const path = join(folder(t), "methods.yaml");
  const definition = [
    "neg_grad_plus:",
    "  start: original",
    "  cross-entropy: { retained: 1/n, forget: -beta/k }",
    "  penalty: { retained: 1/n, forget: 0 }",
    `  forget-labels: ${forget_labels}`,
    "  lambda: 0",
    "  epochs: 5",
    `  parameters: { beta: ${beta} }`,
  ];
  writeFileSync(path, definition.join("\n"));
  const flags = { data: SMALL, "forget-label": "0", "method-file": path, methods: "neg_grad_plus", preset: "paired" };
  const plan = runPlan({ ...flags, lambda: `neg_grad_plus=${lambda}`, epochs: `neg_grad_plus=${curve.length}` });
  const [spec, ...others] = cellTemplates(plan);
  assert.deepEqual(others, []);
  return spec;
}

/** The float64 original that every run goes on from, in the layout of an engine's parameters. */
function startOf(spec: TrajectorySpec): Float64Array {
  const { trials } = JSON.parse(readFileSync(`${SMALL}/golden.json`, "utf8"));
  const state = trials[0].trained_original_float64 as Record<string, number[] | number[][]>;
  const layers = layerSizes(shapeOf(spec.cell)).map((_, l) => [`fc${l + 1}.weight`, `fc${l + 1}.bias`]);
  return Float64Array.from(layers.flat().flatMap((name) => state[name].flat()));
}

for (const [name, load] of ENGINES) {
  for (const run of runs) {
    const { beta, lambda, forget_labels, curve: golden } = run;
    test(`${name} meets PyTorch's float64 over ${golden.length} epochs of NegGrad+ with β ${beta}, λ ${lambda} and labels ${forget_labels}`, async (t) => {
      const spec = specOf(t, run);
      const { draw } = importDraw(SMALL, 0);
      const cancel = new Int32Array(new SharedArrayBuffer(4));
      const curve = (await load()).train(trainingOf(spec, draw, startOf(spec), cancel));
      assert.ok(curve !== null);
      for (const [e, [penalty, crossEntropy, accuracy, probability]] of golden.entries()) {
        assertWithin(curve.penalty[e], penalty, `penalty of epoch ${e + 1}`);
        assertWithin(curve.crossEntropy[e], crossEntropy, `cross-entropy of epoch ${e + 1}`);
        assert.equal(curve.trainAccuracy[e], accuracy, `train accuracy of epoch ${e + 1}`);
        assertWithin(curve.forgetProbability[e], probability, `forget probability of epoch ${e + 1}`);
      }
    });
  }
}

function assertWithin(actual: number, expected: number, what: string): void {
  const error = Math.abs(actual - expected);
  assert.ok(
    error <= 1e-9 * Math.abs(expected),
    `${what}: ${actual} is not within 1e-9 of ${expected}: ${error / Math.abs(expected)}`,
  );
}
