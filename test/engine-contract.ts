/** The suite that every engine must pass: what `src/engine/contract.ts` promises, PyTorch's curves, and the reference engine's numbers. */
import assert from "node:assert/strict";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { stream } from "../src/data/streams.js";
import {
  type Curve,
  type Engine,
  layerSizes,
  parameterCount,
  type Shape,
  type Training,
} from "../src/engine/contract.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { GOLDEN_DRAWS, type GoldenRun, goldenRuns } from "./goldens.js";
import { notebookData, notebookMeasures } from "./oracle.js";

export interface ContractOptions {
  readonly precision: "float64" | "float32";
  /** How many epochs of a golden run this engine trains (never more than it has); 0 leaves the run out. */
  readonly goldenEpochs: (run: GoldenRun) => number;
  /** Shapes that it does not support, and the reason it gives. */
  readonly unsupported: readonly (readonly [Shape, reason: string])[];
}

/** n and k, and the net's shape. */
export interface Sizes extends Shape {
  readonly n: number;
  readonly k: number;
}

interface Tolerances {
  /** Losses and margins against the reference, relative to 1 + their size. */
  readonly measure: number;
  /** Each component of a gradient against the reference, relative to the largest one. */
  readonly gradient: number;
  /** Losses and margins after steps of Adam from fresh weights. */
  readonly step: number;
}

// float32 has 6e-8 a rounding; sums of a few hundred terms lose two digits of it. Adam divides small gradients by
// themselves, which makes their rounding a part of the step, so there it is held to less.
const TOLERANCES: Record<ContractOptions["precision"], Tolerances> = {
  float64: { measure: 1e-11, gradient: 1e-11, step: 1e-9 },
  float32: { measure: 1e-5, gradient: 1e-4, step: 1e-3 },
};

const FRESH_START = / (original|retrain_scratch)(_plain)?$/;
const FLOAT32_EPOCHS = 10; // PyTorch's own float32 and float64 agree this far (design §5), and not much farther

const SHAPES: readonly Sizes[] = [
  { n: 1, k: 1, features: 1, widths: [1, 1] },
  { n: 1, k: 3, features: 256, widths: [5, 3] },
  { n: 7, k: 1, features: 3, widths: [5, 3] },
  { n: 2, k: 3, features: 1, widths: [64, 32] },
  { n: 9, k: 3, features: 10, widths: [64, 32] },
  { n: 6, k: 1, features: 256, widths: [256, 7] },
  { n: 5, k: 2, features: 17, widths: [65, 33] },
  { n: 11, k: 1, features: 10, widths: [32, 64] },
  // Blocks of 96 rows (kernel.h): one row short of one, just one, one row over, and a second block that is only F.
  { n: 94, k: 1, features: 10, widths: [64, 32] },
  { n: 95, k: 1, features: 10, widths: [64, 32] },
  { n: 96, k: 1, features: 10, widths: [64, 32] },
  { n: 96, k: 3, features: 4, widths: [7, 256] },
  { n: 193, k: 1, features: 5, widths: [16, 8] },
];

export function testEngineContract(name: string, load: () => Promise<Engine> | Engine, options: ContractOptions): void {
  const loading: Promise<Engine>[] = [];
  const engine = (): Promise<Engine> => {
    if (loading.length === 0) loading.push(Promise.resolve().then(load));
    return loading[0];
  };
  testGoldens(name, engine, options);
  testSupport(name, engine, options.unsupported);
  testPromises(name, engine);
  testStops(name, engine);
  testAgainstReference(name, engine, TOLERANCES[options.precision]);
  testWeights(name, engine, TOLERANCES[options.precision]);
  testLabels(name, engine, TOLERANCES[options.precision]);
  if (options.precision === "float64") testClamp(name, engine); // in float32 1 − 1e-10 is 1, and that side never clamps
  testDivergence(name, engine);
}

function testGoldens(name: string, engine: () => Promise<Engine>, { precision, goldenEpochs }: ContractOptions): void {
  for (const run of GOLDEN_DRAWS.flatMap((draw) => goldenRuns(draw))) {
    if (precision === "float32" && !FRESH_START.test(run.name)) continue;
    const most = precision === "float32" ? FLOAT32_EPOCHS : run.training.epochs;
    const epochs = Math.min(goldenEpochs(run), most);
    if (epochs === 0) continue;
    test(`${name}: meets PyTorch's ${precision} over ${epochs} epochs of ${run.name}`, async () => {
      const curve = finished(await engine(), { ...run.training, epochs });
      for (let e = 0; e < epochs; e++) {
        const { n } = run.training.rows;
        if (precision === "float64") assertFloat64Golden(curve, e, run.float64[e]);
        else assertFloat32Golden(curve, e, run.float32[e], n);
      }
    });
  }
}

function assertFloat64Golden(
  curve: Curve,
  e: number,
  [penalty, crossEntropy, accuracy, probability]: GoldenRun["float64"][number],
): void {
  assertWithin(curve.penalty[e], penalty, 1e-9 * penalty, `penalty of epoch ${e + 1}`);
  assertWithin(curve.crossEntropy[e], crossEntropy, 1e-9 * crossEntropy, `cross-entropy of epoch ${e + 1}`);
  assert.equal(curve.trainAccuracy[e], accuracy, `train accuracy of epoch ${e + 1}`);
  assertWithin(curve.forgetProbability[e], probability, 1e-9 * probability, `forget probability of epoch ${e + 1}`);
}

function assertFloat32Golden(
  curve: Curve,
  e: number,
  [penalty, crossEntropy, accuracy, probability]: GoldenRun["float32"][number],
  n: number,
): void {
  assertWithin(curve.penalty[e], penalty, 1e-5, `penalty of epoch ${e + 1}`);
  assertWithin(curve.crossEntropy[e], crossEntropy, 1e-5, `cross-entropy of epoch ${e + 1}`);
  assertWithin(curve.trainAccuracy[e], accuracy, 2 / n, `train accuracy of epoch ${e + 1}`);
  assertWithin(curve.forgetProbability[e], probability, 1e-5, `forget probability of epoch ${e + 1}`);
}

function testSupport(name: string, engine: () => Promise<Engine>, unsupported: ContractOptions["unsupported"]): void {
  test(`${name}: supports every shape that it is tested on`, async () => {
    const { supports } = await engine();
    for (const { features, widths } of SHAPES)
      assert.deepEqual(supports({ features, widths }), { supported: true }, `${features} and ${widths}`);
  });

  for (const [shape, reason] of unsupported) {
    test(`${name}: says why it does not support ${shape.features} features and layers of ${shape.widths}, and refuses to train it`, async () => {
      const trained = await engine();
      assert.deepEqual(trained.supports(shape), { supported: false, reason });
      const training = smallTraining("unsupported", { n: 4, k: 1, features: 3, widths: [5, 4] }, 1);
      assert.throws(() => trained.train({ ...training, shape }), {
        name: "RangeError",
        message: `the engine does not support this net: ${reason}`,
      });
    });
  }
}

/** What an engine of two hidden layers says of others; `range` is that of its layers. */
export function notTwoLayers(range: string): ContractOptions["unsupported"] {
  const layers = `it has two hidden layers of ${range}, got`;
  return [
    [{ features: 3, widths: [] }, `${layers} 0 layers`],
    [{ features: 3, widths: [5] }, `${layers} 1 layer`],
    [{ features: 3, widths: [5, 4, 3] }, `${layers} 3 layers`],
    [{ features: 3, widths: [5, 0] }, `${layers} one of 0`],
    [{ features: 3, widths: [2.5, 4] }, `${layers} one of 2.5`],
    [{ features: 0, widths: [5, 4] }, `it has an input of ${range}, got 0`],
  ];
}

function testPromises(name: string, engine: () => Promise<Engine>): void {
  test(`${name}: says its name and its numerics profile`, async () => {
    const { name: own, profile } = await engine();
    assert.notEqual(own.trim(), "");
    assert.notEqual(profile.trim(), "");
  });

  test(`${name}: a training trained twice gives the same bits, whatever was trained in between`, async () => {
    const trained = await engine();
    const training = smallTraining("twice", { n: 33, k: 3, features: 6, widths: [13, 5] }, 12);
    const first = finished(trained, training);
    const kept = structuredClone(first);
    finished(trained, smallTraining("between", { n: 70, k: 1, features: 9, widths: [20, 11] }, 3));
    assert.deepEqual(finished(trained, training), kept);
    assert.deepEqual(first, kept, "a curve changed after it was handed out");
  });

  test(`${name}: a training that is not the same gives other numbers`, async () => {
    const trained = await engine();
    const training = smallTraining("other", { n: 20, k: 1, features: 4, widths: [8, 6] }, 3);
    const other = finished(trained, { ...training, lambdaEffective: 2 });
    assert.notDeepEqual(other.parameters, finished(trained, training).parameters);
  });

  test(`${name}: the argument is not changed, and the curve shares no memory with it`, async () => {
    const trained = await engine();
    const training = smallTraining("argument", { n: 20, k: 2, features: 4, widths: [8, 6] }, 4);
    const before = structuredClone(training);
    const curve = finished(trained, training);
    curve.parameters.fill(7);
    assert.deepEqual(training, before);
  });

  test(`${name}: a set cancel cell stops a training before its first epoch, and only that one`, async () => {
    const trained = await engine();
    const training = smallTraining("cancelled", { n: 10, k: 1, features: 4, widths: [8, 6] }, 3);
    Atomics.store(training.cancel, 0, 1);
    assert.equal(trained.train(training), null);
    Atomics.store(training.cancel, 0, 0);
    assert.notEqual(trained.train(training), null);
  });

  test(`${name}: a cancel cell that another thread sets stops a training that runs`, async () => {
    const trained = await engine();
    // Of minutes even on the fastest engine, so that a thread's start comes long before its end.
    const training = smallTraining("stopped", { n: 2000, k: 1, features: 32, widths: [128, 64] }, 100_000);
    const worker = new Worker("Atomics.store(require('node:worker_threads').workerData, 0, 1)", {
      eval: true,
      workerData: training.cancel,
    });
    assert.equal(trained.train(training), null);
    await worker.terminate();
  });
}

function testStops(name: string, engine: () => Promise<Engine>): void {
  const sizes: Sizes = { n: 31, k: 3, features: 5, widths: [12, 7] };

  test(`${name}: a training that stops at epoch e is the first e epochs of a longer one, to the bit`, async () => {
    const trained = await engine();
    const long = finished(trained, smallTraining("stops", sizes, 9));
    for (const epochs of [1, 2, 8]) {
      const short = finished(trained, smallTraining("stops", sizes, epochs));
      for (const measure of [
        "penalty",
        "crossEntropy",
        "trainAccuracy",
        "forgetProbability",
        "forgetMargin",
      ] as const) {
        assert.deepEqual(short[measure], long[measure].slice(0, epochs), `${measure} of ${epochs} epochs`);
      }
    }
  });

  test(`${name}: an asked epoch has the test accuracy and the forget margins of a training that stops there`, async () => {
    const trained = await engine();
    const long = finished(trained, { ...smallTraining("asked", sizes, 9), asked: [1, 4, 9] });
    [1, 4, 9].forEach((epochs, place) => {
      const short = finished(trained, { ...smallTraining("asked", sizes, epochs), asked: [epochs] });
      assert.equal(long.testAccuracy[place], short.testAccuracy[0]);
      assert.deepEqual(long.askedMargins.slice(3 * place, 3 * place + 3), short.askedMargins);
      const mean = (short.askedMargins[0] + short.askedMargins[1] + short.askedMargins[2]) / 3;
      assertWithin(
        mean,
        short.forgetMargin[epochs - 1],
        1e-6 * (1 + Math.abs(mean)),
        `mean of the forget margins at epoch ${epochs}`,
      );
    });
  });

  test(`${name}: asking for epochs changes no other number`, async () => {
    const trained = await engine();
    const training = smallTraining("asking", sizes, 5);
    const { testAccuracy: _none, askedMargins: _nor, ...silent } = finished(trained, training);
    const { testAccuracy, askedMargins, ...asked } = finished(trained, { ...training, asked: [2, 3, 5] });
    assert.deepEqual(asked, silent);
    assert.equal(testAccuracy.length, 3);
    assert.equal(askedMargins.length, 9);
  });

  test(`${name}: without a test sample the test accuracy of an asked epoch is NaN`, async () => {
    const { testAccuracy } = finished(await engine(), {
      ...smallTraining("no test", sizes, 2),
      test: null,
      asked: [1, 2],
    });
    assert.deepEqual(Array.from(testAccuracy), [Number.NaN, Number.NaN]);
  });

  test(`${name}: the test accuracy is that of the test sample's rows`, async () => {
    const training = { ...smallTraining("test rows", sizes, 3), asked: [3] };
    const { n, k, features } = training.rows;
    const x = training.rows.x.slice(0, n * features);
    const y = training.rows.y.slice(0, n);
    const same = finished(await engine(), { ...training, test: { rows: n, x, y } });
    assertWithin(same.testAccuracy[0], same.trainAccuracy[2], 1e-15, "test accuracy where the test sample is D");
    const reversed = finished(await engine(), { ...training, test: { rows: n, x, y: y.map((label) => 1 - label) } });
    assertWithin(
      reversed.testAccuracy[0],
      1 - same.trainAccuracy[2],
      1e-15,
      "test accuracy where every label is the other one",
    );
    assert.equal(k, 3);
  });
}

function testAgainstReference(name: string, engine: () => Promise<Engine>, within: Tolerances): void {
  for (const sizes of SHAPES) {
    const { n, k, features, widths } = sizes;
    test(`${name}: agrees with the reference for n = ${n}, k = ${k}, a net ${features}-${widths.join("-")}-2`, async () => {
      assertAgrees(await engine(), smallTraining("shapes", sizes, 2), within);
    });
  }

  test(`${name}: agrees with the reference for twenty shapes drawn at random`, async () => {
    const random = stream("test", "random shapes");
    const size = (most: number): number => 1 + Math.floor(random.uniform() * most);
    for (let i = 0; i < 20; i++) {
      const sizes: Sizes = { n: size(60), k: size(4), features: size(20), widths: [size(40), size(40)] };
      assertAgrees(await engine(), smallTraining(`random ${i}`, sizes, 2), within);
    }
  });

  test(`${name}: agrees with the reference where the net is sure of every row, wrong ones too`, async () => {
    const training = smallTraining("sure", { n: 40, k: 2, features: 6, widths: [16, 8] }, 1);
    const start = training.start.map((value) => value * 8);
    assertAgrees(await engine(), { ...training, start, lambdaEffective: 4.2 }, within);
  });

  test(`${name}: one step of unlearn from PyTorch's trained net is the reference's`, async () => {
    const run = goldenRuns("small").find((candidate) => candidate.name.includes("unlearn"));
    assert.ok(run !== undefined);
    const training = { ...run.training, epochs: 1 };
    const [ours, expected] = [finished(await engine(), training), finished(referenceEngine(), training)];
    assertWithin(ours.penalty[0], expected.penalty[0], within.gradient, "penalty");
    assertWithin(ours.crossEntropy[0], expected.crossEntropy[0], within.gradient, "cross-entropy");
    assertGradient(await engine(), training, within);
  });

  test(`${name}: the last epoch's measures are those of the parameters it leaves`, async () => {
    const training = smallTraining("last", { n: 31, k: 3, features: 5, widths: [12, 7] }, 7);
    const curve = finished(await engine(), training);
    const measures = notebookMeasures(curve.parameters, training.shape, notebookData(training));
    assert.equal(curve.trainAccuracy[6], measures.trainAccuracy);
    assertWithin(curve.forgetProbability[6], measures.forgetProbability, within.measure, "forget probability");
    assertWithin(
      curve.forgetMargin[6],
      measures.forgetMargin,
      within.measure * (1 + Math.abs(measures.forgetMargin)),
      "forget margin",
    );
    assert.equal(curve.parameters.length, parameterCount(training.shape));
  });

  test(`${name}: the losses of an epoch are those of the parameters that the epoch before left`, async () => {
    const training = smallTraining("before", { n: 31, k: 3, features: 5, widths: [12, 7] }, 4);
    const { parameters } = finished(await engine(), training);
    const longer = finished(await engine(), { ...training, epochs: 5 });
    const from = finished(await engine(), { ...training, start: parameters, epochs: 1 });
    assertWithin(longer.penalty[4], from.penalty[0], within.measure, "penalty");
    assertWithin(longer.crossEntropy[4], from.crossEntropy[0], within.measure, "cross-entropy");
  });

  test(`${name}: a tie of the logits counts as class 0`, async () => {
    const training = smallTraining("tie", { n: 11, k: 1, features: 3, widths: [4, 4] }, 1);
    const unmoved = {
      ...training,
      start: new Float64Array(training.start.length),
      crossEntropyWeights: new Float64Array(12),
      penaltyWeights: new Float64Array(12),
    };
    const { trainAccuracy, forgetProbability, forgetMargin } = finished(await engine(), unmoved);
    const zeros = training.rows.y.subarray(0, 11).filter((label) => label === 0).length;
    assertWithin(trainAccuracy[0], zeros / 11, 1e-15, "accuracy");
    assert.equal(forgetProbability[0], 0.5);
    assert.ok(forgetMargin[0] === 0);
  });
}

function testWeights(name: string, engine: () => Promise<Engine>, within: Tolerances): void {
  const sizes: Sizes = { n: 21, k: 3, features: 5, widths: [12, 7] };

  test(`${name}: rows may weigh differently in both terms, nothing, or less than nothing`, async () => {
    const training = smallTraining("weights", sizes, 2);
    const random = stream("test", "row weights");
    const weights = (): Float64Array =>
      Float64Array.from({ length: 24 }, (_, i) => (i % 5 === 0 ? 0 : random.normal() / 24));
    assertAgrees(
      await engine(),
      { ...training, crossEntropyWeights: weights(), penaltyWeights: weights(), lambdaEffective: 3 },
      within,
    );
  });

  test(`${name}: gradient ascent on the forget rows makes their probability smaller`, async () => {
    const training = smallTraining("ascent", sizes, 5);
    const crossEntropyWeights = new Float64Array(24).fill(-1 / 3, 21);
    const { forgetProbability } = finished(await engine(), {
      ...training,
      rows: { ...training.rows, y: training.rows.y.fill(0, 21) },
      targets: training.targets.fill(0, 21),
      crossEntropyWeights,
      lambdaEffective: 0,
    });
    assert.ok(
      forgetProbability[4] < forgetProbability[0],
      `${forgetProbability[4]} is not below ${forgetProbability[0]}`,
    );
  });

  test(`${name}: a row that weighs nothing leaves no trace in the parameters`, async () => {
    const trained = await engine();
    const training = smallTraining("weightless", sizes, 4);
    const without = (x: number, y: number): Float64Array => {
      const rows = structuredClone(training.rows);
      for (const row of [4, 22]) {
        rows.x.fill(x, row * 5, row * 5 + 5);
        rows.y[row] = y;
      }
      const weigh = (weights: Float64Array): Float64Array =>
        weights.map((weight, i) => (i === 4 || i === 22 ? 0 : weight));
      return finished(trained, {
        ...training,
        rows,
        targets: rows.y,
        crossEntropyWeights: weigh(training.crossEntropyWeights),
        penaltyWeights: weigh(training.penaltyWeights),
      }).parameters;
    };
    assert.deepEqual(without(-3, 1), without(2, 0));
  });

  test(`${name}: a training whose rows all weigh nothing stays where it starts`, async () => {
    const training = smallTraining("nothing", sizes, 3);
    const zeros = new Float64Array(24);
    const { parameters, crossEntropy, penalty } = finished(await engine(), {
      ...training,
      crossEntropyWeights: zeros,
      penaltyWeights: zeros,
    });
    assert.deepEqual(parameters, training.start);
    assert.deepEqual(Array.from(crossEntropy, Math.abs), [0, 0, 0]);
    assert.ok(penalty[0] > 0 && penalty[0] === penalty[2], "the penalty is reported whatever the gradient uses");
  });
}

function testLabels(name: string, engine: () => Promise<Engine>, within: Tolerances): void {
  const sizes: Sizes = { n: 31, k: 3, features: 5, widths: [12, 7] };

  for (const labels of [
    [1, 1, 1],
    [0, 1, 1],
  ]) {
    test(`${name}: forget rows of classes ${labels} have the probability and the margin of their own class`, async () => {
      const training = { ...smallTraining("labels", sizes, 4), asked: [4] };
      training.rows.y.set(labels, 31);
      training.targets.set(labels, 31);
      const curve = finished(await engine(), training);
      const measures = notebookMeasures(curve.parameters, training.shape, notebookData(training));
      assertWithin(curve.forgetProbability[3], measures.forgetProbability, within.measure, "forget probability");
      for (const [i, margin] of [curve.forgetMargin[3], ...curve.askedMargins].entries()) {
        const expected = [measures.forgetMargin, ...measures.forgetMargins][i];
        assertWithin(margin, expected, within.measure * (1 + Math.abs(expected)), `margin ${i}`);
      }
      assertAgrees(await engine(), training, within);
    });
  }

  for (const [about, fit] of [
    ["its own labels", (label: number) => label],
    ["the other ones", (label: number) => 1 - label],
  ] as const) {
    test(`${name}: where the classes change places, and the net's two outputs with them, nothing else changes; F is fitted to ${about}`, async () => {
      const training = { ...smallTraining("mirrored", sizes, 4), lambdaEffective: 0, asked: [2, 4] };
      training.rows.y.set([0, 0, 1], 31);
      training.targets.set(training.rows.y);
      training.targets.set([0, 0, 1].map(fit), 31);
      const [curve, other] = [finished(await engine(), training), finished(await engine(), mirrored(training))];
      for (const measure of ["crossEntropy", "trainAccuracy", "forgetProbability", "forgetMargin"] as const)
        assertAllWithin(other[measure], curve[measure], within.step, measure);
      assertAllWithin(other.askedMargins, curve.askedMargins, within.step, "margins of asked epochs");
      assertAllWithin(other.testAccuracy, curve.testAccuracy, 1e-15, "test accuracy");
      assertAllWithin(other.parameters, outputsSwapped(curve.parameters, 7), within.step, "parameters");
    });
  }

  test(`${name}: the labels to fit move the net, the rows' own measure it`, async () => {
    const fitted = { ...smallTraining("fitted", sizes, 4), asked: [2, 4] };
    const y = fitted.rows.y.map((label) => 1 - label);
    const other = { ...fitted, rows: { ...fitted.rows, y } };
    const [own, others] = [finished(await engine(), fitted), finished(await engine(), other)];
    for (const same of ["penalty", "crossEntropy", "testAccuracy", "parameters"] as const)
      assert.deepEqual(others[same], own[same], same);
    for (const negated of ["forgetMargin", "askedMargins"] as const)
      assert.deepEqual(
        others[negated],
        own[negated].map((margin) => -margin),
        negated,
      );
    for (const complement of ["trainAccuracy", "forgetProbability"] as const)
      for (let e = 0; e < 4; e++)
        assertWithin(others[complement][e], 1 - own[complement][e], within.measure, `${complement} of epoch ${e + 1}`);
  });

  test(`${name}: agrees with the reference where some rows are fitted to the other class`, async () => {
    const training = smallTraining("other class", sizes, 3);
    const targets = training.targets.map((label, i) => (i % 3 === 0 || i > 31 ? 1 - label : label));
    assertAgrees(await engine(), { ...training, targets }, within);
  });
}

/** The same training with the names of the classes exchanged. */
function mirrored(training: Training): Training {
  const { rows, test, targets, start, shape } = training;
  const swapped = (labels: Uint8Array): Uint8Array => labels.map((label) => 1 - label);
  return {
    ...training,
    rows: { ...rows, y: swapped(rows.y) },
    test: test === null ? null : { ...test, y: swapped(test.y) },
    targets: swapped(targets),
    start: outputsSwapped(start, shape.widths[1]),
  };
}

/** Parameters whose last layer, of `inputs` inputs, has its two outputs exchanged. */
function outputsSwapped(parameters: Float64Array, inputs: number): Float64Array {
  const layer = parameters.length - 2 * inputs - 2;
  const [first, second] = [parameters.slice(layer, layer + inputs), parameters.slice(layer + inputs, -2)];
  const rest = parameters.slice(0, layer);
  return Float64Array.from([
    ...rest,
    ...second,
    ...first,
    parameters[parameters.length - 1],
    parameters[parameters.length - 2],
  ]);
}

function testClamp(name: string, engine: () => Promise<Engine>): void {
  for (const margin of [-24, 24]) {
    test(`${name}: the penalty moves no net whose rows are all clamped, at a margin of ${margin}`, async () => {
      const training = smallTraining("clamped", { n: 12, k: 2, features: 3, widths: [6, 5] }, 2);
      const start = training.start.map((value) => value * 0.01);
      start[start.length - 1] = margin; // 23.03 is where p = 1e-10
      const { parameters } = finished(await engine(), {
        ...training,
        start,
        crossEntropyWeights: new Float64Array(14),
      });
      assert.deepEqual(parameters, start);
    });
  }
}

function testDivergence(name: string, engine: () => Promise<Engine>): void {
  const sizes: Sizes = { n: 20, k: 2, features: 4, widths: [8, 6] };
  const healthy = smallTraining("healthy", sizes, 3);
  const diverging: [string, Training][] = [
    ["starts from numbers too large", { ...healthy, start: healthy.start.map((value) => value * 1e200) }],
    ["has a learning rate too large", { ...healthy, learningRate: 1e200 }],
    ["starts from NaN", { ...healthy, start: healthy.start.map(() => Number.NaN) }],
    // A ReLU that is a bare maximum may turn NaN into 0, and the net into a healthy one.
    [
      "starts from one NaN in its first layer",
      { ...healthy, start: healthy.start.map((value, i) => (i === 5 ? Number.NaN : value)) },
    ],
  ];
  for (const [what, training] of diverging) {
    test(`${name}: a training that ${what} shows it in its curve, throws nothing, and spoils no other`, async () => {
      const trained = await engine();
      const before = finished(trained, healthy);
      const curve = finished(trained, { ...training, asked: [3] });
      const last = [curve.penalty[2], curve.crossEntropy[2], curve.forgetProbability[2], curve.forgetMargin[2]];
      assert.ok(
        !last.every(Number.isFinite),
        `penalty, cross-entropy, forget probability and margin are ${last.join(", ")}`,
      );
      assert.ok(!curve.askedMargins.every(Number.isFinite), `forget margins are ${curve.askedMargins.join(", ")}`);
      assert.deepEqual(finished(trained, healthy), before);
    });
  }
}

/** Losses, gradient, and the measures after two steps, against the reference engine. */
function assertAgrees(engine: Engine, training: Training, within: Tolerances): void {
  const [ours, expected] = [finished(engine, training), finished(referenceEngine(), training)];
  const { n, k, features } = training.rows;
  const what = `n = ${n}, k = ${k}, a net ${features}-${training.shape.widths.join("-")}-2`;
  for (const measure of ["penalty", "crossEntropy"] as const) {
    assertWithin(
      ours[measure][0],
      expected[measure][0],
      within.measure * (1 + Math.abs(expected[measure][0])),
      `${measure} at the start, ${what}`,
    );
  }
  assertGradient(engine, training, within);
  for (const measure of ["penalty", "crossEntropy", "forgetProbability", "forgetMargin"] as const) {
    for (let e = 0; e < training.epochs; e++) {
      assertWithin(
        ours[measure][e],
        expected[measure][e],
        within.step * (1 + Math.abs(expected[measure][e])),
        `${measure} of epoch ${e + 1}, ${what}`,
      );
    }
  }
}

function assertGradient(engine: Engine, training: Training, within: Tolerances): void {
  const [ours, expected] = [gradientOf(engine, training), gradientOf(referenceEngine(), training)];
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(largest > 0, "a gradient that is zero tells nothing");
  assertAllWithin(ours, expected, within.gradient * largest, "∂objective/∂parameter");
}

const TINY = 2 ** -34;
const RATE = 2 ** 20;
const EPSILON = 1e-8; // Adam's

/**
 * ∂objective/∂parameters at the start, by way of the contract alone: Adam's first step is lr·g/(|g|+ε); with weights
 * so small that ε is the larger summand the step tells g.
 */
export function gradientOf(engine: Engine, training: Training): Float64Array {
  const { parameters } = finished(engine, {
    ...training,
    crossEntropyWeights: training.crossEntropyWeights.map((weight) => weight * TINY),
    penaltyWeights: training.penaltyWeights.map((weight) => weight * TINY),
    learningRate: RATE,
    epochs: 1,
    asked: [],
  });
  return training.start.map((before, i) => {
    const step = before - parameters[i];
    return (step * EPSILON) / (RATE - Math.abs(step)) / TINY;
  });
}

/** A training of the notebook's `original` on a few normal rows, from weights as PyTorch draws them; `name` seeds both. */
export function smallTraining(name: string, { n, k, features, widths }: Sizes, epochs: number): Training {
  const random = stream("test", name, n, k, features, ...widths);
  const shape: Shape = { features, widths };
  const rows = (count: number): Float32Array => Float32Array.from({ length: count * features }, () => random.normal());
  const labels = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => (random.uniform() < 0.5 ? 0 : 1));
  const [x, y] = [rows(n + k), labels(n + k)];
  return {
    shape,
    rows: { n, k, features, x, y },
    targets: y.slice(),
    test: { rows: 9, x: rows(9), y: labels(9) },
    // The notebook's original: the means over D ∪ F, and over its X_train, which has D twice.
    crossEntropyWeights: new Float64Array(n + k).fill(1 / (n + k)),
    penaltyWeights: new Float64Array(n + k).fill(2 / (2 * n + k), 0, n).fill(1 / (2 * n + k), n),
    lambdaEffective: 1,
    learningRate: 0.01,
    start: freshStart(shape, random.uniform),
    epochs,
    asked: [],
    cancel: new Int32Array(new SharedArrayBuffer(4)),
  };
}

function freshStart(shape: Shape, uniform: () => number): Float64Array {
  const layer = (outputs: number, inputs: number): number[] =>
    Array.from({ length: outputs * inputs + outputs }, () => Math.fround((2 * uniform() - 1) / Math.sqrt(inputs)));
  return Float64Array.from(layerSizes(shape).flatMap(([outputs, inputs]) => layer(outputs, inputs)));
}

/** The curve of a training that nothing cancels. */
export function finished(engine: Engine, training: Training): Curve {
  const curve = engine.train(training);
  assert.ok(curve !== null, "the training says that it was cancelled");
  return curve;
}

export function assertWithin(actual: number, expected: number, tolerance: number, what: string): void {
  // Words are found for what fails alone: most of the numbers that are held here are right.
  if (!(Math.abs(actual - expected) <= tolerance))
    assert.fail(`${what}: ${actual} is ${Math.abs(actual - expected)} from ${expected}, more than ${tolerance}`);
}

/** Each of the numbers within one tolerance of its counterpart. */
export function assertAllWithin(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance))
      assertWithin(actual[i], expected[i], tolerance, `${what} ${i}`);
}
