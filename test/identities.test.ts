/** What the notebook does not say aloud (design §2), against an oracle that is coded as the notebook is. */
import assert from "node:assert/strict";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import type { Training } from "../src/engine/contract.js";
import { penalty } from "../src/engine/reference/kernels.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { METHOD_NAMES, METHODS, NOTEBOOK_METHODS } from "../src/plan/methods.js";
import { cellTemplates } from "../src/plan/trajectories.js";
import type { CellSpec, RowWeights } from "../src/trial.js";
import { assertAllWithin, assertWithin, finished, gradientOf, smallTraining } from "./engine-contract.js";
import { smallPlan } from "./fixtures/sweeps.js";
import { goldenRuns } from "./goldens.js";
import {
  type NotebookData,
  type NotebookRun,
  notebookData,
  notebookProbabilities,
  notebookStep,
  plugInInformation,
  trainAsNotebook,
} from "./oracle.js";

/** What each cell of the notebook does; the oracle takes nothing else of a method. */
const NOTEBOOK: Record<string, Pick<NotebookRun, "lambda" | "penaltyBackwardFirst" | "crossEntropyOverForget">> = {
  original: { lambda: 0, penaltyBackwardFirst: true, crossEntropyOverForget: true },
  retrain_scratch: { lambda: 0, penaltyBackwardFirst: true, crossEntropyOverForget: false },
  unlearn: { lambda: 4.2, penaltyBackwardFirst: false, crossEntropyOverForget: true },
  retrain_original: { lambda: 0, penaltyBackwardFirst: false, crossEntropyOverForget: true },
};

/** The cell of a method on n rows of D and k of F, with the method's own λ where none is given. */
function cellOf(preset: string, method: string, n = 4, k = 2, flags: Record<string, string> = {}): CellSpec {
  const plan = smallPlan({ preset, methods: method, samples: `${n}`, "forget-rows": `${k}`, ...flags });
  const [template] = cellTemplates(plan);
  return template.cell;
}

/** The weight of each of n+k rows. */
function eachRow({ retained, forget }: RowWeights, n: number, k: number): Float64Array {
  return Float64Array.from({ length: n + k }, (_, i) => (i < n ? retained : forget));
}

const SIZES = { n: 100, k: 1, features: 10, widths: [64, 32] } as const;

for (const method of NOTEBOOK_METHODS) {
  for (const k of [1, 3]) {
    test(`${method} as row weights is the notebook's ${method}, epoch by epoch, for a forget set of ${k}`, () => {
      const training = notebookTraining(method, { ...smallTraining("oracle", { ...SIZES, k }, 12) });
      assertAsCoded(training, asCoded(method, 12));
    });
  }
}

for (const label of [0, 1]) {
  test(`a forget set of class ${label} that is fitted to the other class is measured by its own, epoch by epoch`, () => {
    const small = smallTraining("fitted to the other", { ...SIZES, k: 3 }, 12);
    const y = small.rows.y.slice().fill(label, SIZES.n);
    const targets = y.slice().fill(1 - label, SIZES.n);
    assertAsCoded(
      notebookTraining("unlearn", { ...small, rows: { ...small.rows, y }, targets }),
      asCoded("unlearn", 12),
    );
  });
}

for (const method of NOTEBOOK_METHODS) {
  test(`one pass over the 5,001 distinct rows gives ${method}'s losses and gradient of the notebook's 15,002 to 1e-12`, () => {
    const training = notebookTraining(method, trainedAtFullSize());
    const data = notebookData(training);
    assert.equal(data.XTrain.length + data.X0.length, 15_002);
    const {
      penalty: expectedPenalty,
      crossEntropy,
      gradient,
    } = notebookStep(training.start, training.shape, data, asCoded(method, 1));
    const curve = finished(referenceEngine(), { ...training, epochs: 1 });
    assertWithin(curve.penalty[0], expectedPenalty, 1e-12 * expectedPenalty, "penalty");
    assertWithin(curve.crossEntropy[0], crossEntropy, 1e-12 * crossEntropy, "cross-entropy");
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assertAllWithin(gradientOf(referenceEngine(), training), gradient, 1e-12 * largest, "∂objective/∂parameter");
  });
}

test("a penalty back-propagated once by itself and once times λ is a penalty times λ + 1", () => {
  const training = smallTraining("doubled", SIZES, 1);
  const { start, shape } = training;
  const data = notebookData(training);
  const run = (lambda: number, penaltyBackwardFirst: boolean): ReturnType<typeof trainAsNotebook> =>
    trainAsNotebook(start, shape, data, {
      lambda,
      penaltyBackwardFirst,
      crossEntropyOverForget: true,
      learningRate: 0.01,
      epochs: 10,
    });
  for (const lambda of [0, 4.2]) {
    const doubled = run(lambda, true).parameters;
    const once = run(lambda + 1, false).parameters;
    assertAllWithin(doubled, once, 1e-9, `for λ = ${lambda}, parameter`);
    const written = run(lambda, false).parameters;
    assert.ok(
      doubled.some((value, i) => Math.abs(value - written[i]) > 1e-3),
      "λ as written is another run",
    );
  }
});

test("λ in the gradient is λ + 1 for the notebook's fresh trainings and λ everywhere else", () => {
  const effective = METHOD_NAMES.map((name) => [
    name,
    cellOf("notebook", name, 4, 2, { lambda: `${name}=4.2` }).lambdaEffective,
    cellOf("paired", name, 4, 2, { lambda: `${name}=4.2` }).lambdaEffective,
  ]);
  assert.deepEqual(effective, [
    ["original", 5.2, 4.2],
    ["retrain_scratch", 5.2, 4.2],
    ["unlearn", 4.2, 4.2],
    ["retrain_original", 4.2, 4.2],
    ["fine_tune", 4.2, 4.2],
    ["gradient_ascent", 4.2, 4.2],
    ["relabel", 4.2, 4.2],
    ["relearn", 4.2, 4.2],
    ["retrain_twin", 5.2, 4.2],
  ]);
});

test("with as many rows of either Z, the mean penalty is ½(ln 2 − mean entropy)", () => {
  const random = stream("test", "entropy");
  let [mean, entropy] = [0, 0];
  const rows = 1000;
  for (let i = 0; i < rows; i++) {
    const p = 1 / (1 + Math.exp(3 * random.normal()));
    mean += penalty(Float64Array.of(1 - p, p), 0.5) / rows;
    entropy -= (p * Math.log(p) + (1 - p) * Math.log(1 - p)) / rows;
  }
  assertWithin(mean, 0.5 * (Math.LN2 - entropy), 2e-10, "mean φ"); // the notebook's + 1e-10 in each logarithm
});

test("the penalty of a trained net is ½(ln 2 − mean entropy) but for the one row that D ∪ x has more", () => {
  const training = trainedAtFullSize();
  const probabilities = notebookProbabilities(training.start, training.shape, notebookData(training));
  const entropies = probabilities.map(
    (p) => -p.reduce((sum, value) => sum + (value > 0 ? value * Math.log(value) : 0), 0),
  );
  const entropy = entropies.reduce((sum, value) => sum + value, 0) / entropies.length;
  const curve = finished(referenceEngine(), { ...training, epochs: 1 });
  assertWithin(curve.penalty[0], 0.5 * (Math.LN2 - entropy), 1e-4, "mean φ"); // π₁ = 5000/10001
});

test("permuting Z changes nothing, to the bit: the penalty never uses which row is whose", () => {
  const training = smallTraining("permuted", SIZES, 1);
  const { start, shape } = training;
  const data = notebookData(training);
  const run: NotebookRun = {
    lambda: 4.2,
    penaltyBackwardFirst: true,
    crossEntropyOverForget: true,
    learningRate: 0.01,
    epochs: 5,
  };
  const permuted: NotebookData = { ...data, ZTrain: shuffled(data.ZTrain) };
  assert.notDeepEqual(permuted.ZTrain, data.ZTrain);
  assert.deepEqual(trainAsNotebook(start, shape, permuted, run), trainAsNotebook(start, shape, data, run));
  const moreOnes: NotebookData = { ...data, ZTrain: data.ZTrain.map((z, i) => (i < 20 ? 1 : z)) };
  assert.notDeepEqual(
    trainAsNotebook(start, shape, moreOnes, run),
    trainAsNotebook(start, shape, data, run),
    "only the mean of Z counts",
  );
});

test("the plug-in mutual information of a trained net's output and Z is below 1e-7 nats, where the penalty is not", () => {
  const training = trainedAtFullSize();
  const data = notebookData(training);
  const probabilities = notebookProbabilities(training.start, training.shape, data);
  const information = plugInInformation(probabilities, data.ZTrain);
  assert.ok(information > 0 && information < 1e-7, `I(Ŷ;Z) = ${information}`);
  assert.ok(finished(referenceEngine(), { ...training, epochs: 1 }).penalty[0] > 0.1);
  const told = plugInInformation(
    probabilities,
    probabilities.map((p) => (p[1] > 0.5 ? 1 : 0)),
  );
  assert.ok(told > 0.1, `a Z that the output tells has I(Ŷ;Z) = ${told}`);
});

for (const method of ["unlearn", "retrain_original"]) {
  test(`two trials of ${method} from one start are one run, to the bit`, () => {
    const training = { ...goldenTraining("small trial 1 unlearn"), epochs: 5 };
    const trial = (): Training => notebookTraining(method, structuredClone(training));
    assert.deepEqual(finished(referenceEngine(), trial()), finished(referenceEngine(), trial()));
    assert.ok(cellOf("notebook", method).oneRun);
    assert.ok(!cellOf("paired", method).oneRun, "the paired preset starts each trial from its own original");
  });
}

test("fresh trainings are never one run", () => {
  for (const method of ["original", "retrain_scratch"]) {
    for (const preset of ["notebook", "paired"] as const) assert.ok(!cellOf(preset, method).oneRun);
  }
});

test("unlearn keeps the forget set, with its label, in the cross-entropy", () => {
  for (const preset of ["notebook", "paired"] as const) {
    assert.deepEqual(cellOf(preset, "unlearn").objective.crossEntropy, { retained: 1 / 6, forget: 1 / 6 });
  }
});

test("retrain_scratch has the forget set in its penalty under notebook, and nowhere under paired", () => {
  const { objective: notebook } = cellOf("notebook", "retrain_scratch");
  assert.deepEqual(notebook.crossEntropy, { retained: 0.25, forget: 0 });
  assert.deepEqual(notebook.penalty, { retained: 0.2, forget: 0.1 });
  const { objective: paired } = cellOf("paired", "retrain_scratch");
  assert.deepEqual(paired.crossEntropy, { retained: 0.25, forget: 0 });
  assert.deepEqual(paired.penalty, { retained: 0.25, forget: 0 });
});

test("a paired retrain_scratch does not know the forget set: other rows there leave the same net", () => {
  const training = smallTraining("unknown", SIZES, 6);
  const retrained = (preset: "notebook" | "paired", x: number): Float64Array => {
    const { crossEntropy, penalty: penaltyWeights } = cellOf(preset, "retrain_scratch", 100, 1).objective;
    const rows = structuredClone(training.rows);
    rows.x.fill(x, 1000);
    return finished(referenceEngine(), {
      ...training,
      rows,
      crossEntropyWeights: eachRow(crossEntropy, 100, 1),
      penaltyWeights: eachRow(penaltyWeights, 100, 1),
    }).parameters;
  };
  assert.deepEqual(retrained("paired", 3), retrained("paired", -3));
  assert.notDeepEqual(retrained("notebook", 3), retrained("notebook", -3));
});

test("the weights of either term add up to 1 under every method that goes down its loss, and preset", () => {
  for (const method of METHOD_NAMES.filter((name) => name !== "gradient_ascent")) {
    for (const preset of ["notebook", "paired"] as const) {
      const { objective } = cellOf(preset, method, 30, 3);
      for (const weights of [objective.crossEntropy, objective.penalty]) {
        assertWithin(
          eachRow(weights, 30, 3).reduce((sum, weight) => sum + weight, 0),
          1,
          1e-14,
          `${method} under ${preset}`,
        );
      }
    }
  }
});

/** The reference's curve of `training` is the oracle's of `run`. */
function assertAsCoded(training: Training, run: NotebookRun): void {
  const ours = finished(referenceEngine(), training);
  const theirs = trainAsNotebook(training.start, training.shape, notebookData(training), run);
  for (let e = 0; e < run.epochs; e++) {
    assert.equal(ours.trainAccuracy[e], theirs.trainAccuracy[e], `train accuracy of epoch ${e + 1}`);
    for (const measure of ["penalty", "crossEntropy", "forgetProbability", "forgetMargin"] as const) {
      assertWithin(ours[measure][e], theirs[measure][e], 1e-10, `${measure} of epoch ${e + 1}`);
    }
  }
  assertAllWithin(ours.parameters, theirs.parameters, 1e-9, "parameter");
}

/** `training` with what the notebook preset gives `method`. */
function notebookTraining(method: string, training: Training): Training {
  const { n, k } = training.rows;
  const { objective, lambdaEffective } = cellOf("notebook", method, n, k, { lambda: `${method}=${published(method)}` });
  return {
    ...training,
    crossEntropyWeights: eachRow(objective.crossEntropy, n, k),
    penaltyWeights: eachRow(objective.penalty, n, k),
    lambdaEffective,
  };
}

/** λ as the notebook has it. */
function published(method: string): number {
  const record = METHODS.find(({ name }) => name === method);
  assert.ok(record !== undefined);
  return record.lambda;
}

function asCoded(method: string, epochs: number): NotebookRun {
  return { ...NOTEBOOK[method], learningRate: 0.01, epochs };
}

/** n = 5000, from PyTorch's float64 `original` after its 100 epochs. */
function trainedAtFullSize(): Training {
  return goldenTraining("seed0 trial 1 unlearn");
}

function goldenTraining(name: string): Training {
  const run = goldenRuns(name.startsWith("small") ? "small" : "seed0").find((candidate) =>
    candidate.name.startsWith(name),
  );
  assert.ok(run !== undefined);
  return run.training;
}

/** Fisher–Yates. */
function shuffled(values: readonly number[]): number[] {
  const random = stream("test", "shuffle");
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
