/** The `reference` engine: the experiment as its formulas say it, one row after the other, in float64. It defines what the others compute. */
import { type Curve, type Engine, parameterCount, type Training } from "../contract.js";
import { mustHaveTwoLayers, supportsTwoLayers } from "../two-layers.js";
import {
  adamStep,
  affine,
  affineInputGradient,
  affineParameterGradient,
  BETA1,
  BETA2,
  crossEntropy,
  penalty,
  penaltyGradient,
  relu,
  softmax,
} from "./kernels.js";

export function referenceEngine(): Engine {
  return {
    name: "reference",
    profile: "reference/f64/r1",
    supports: (shape) => supportsTwoLayers(shape, Number.POSITIVE_INFINITY),
    train,
  };
}

/** The parameters of the three layers, as views into one flat array. */
interface Layers {
  readonly all: Float64Array;
  readonly w1: Float64Array;
  readonly b1: Float64Array;
  readonly w2: Float64Array;
  readonly b2: Float64Array;
  readonly w3: Float64Array;
  readonly b3: Float64Array;
}

/** One row's way through the net and back. */
interface Row {
  readonly x: Float64Array;
  readonly h1: Float64Array;
  readonly h2: Float64Array;
  readonly z: Float64Array;
  readonly p: Float64Array;
  readonly dh1: Float64Array;
  readonly dh2: Float64Array;
  readonly dz: Float64Array;
}

/** What one pass over all rows sums up. */
interface Totals {
  penalty: number;
  crossEntropy: number;
  correct: number;
  forgetProbability: number;
  forgetMargin: number;
}

function train(training: Training): Curve | null {
  mustHaveTwoLayers(training.shape, Number.POSITIVE_INFINITY);
  const { epochs, asked, cancel, rows, start, learningRate } = training;
  const net = layers(training, start);
  const gradient = layers(training, new Float64Array(start.length));
  const [first, second] = [new Float64Array(start.length), new Float64Array(start.length)];
  const row = rowBuffers(training);
  const curve = emptyCurve(epochs, asked.length, rows.k, net.all);
  let totals = pass(training, net, gradient, row);
  let [power1, power2] = [1, 1]; // products, because Math.pow differs between JavaScript engines
  for (let t = 1; t <= epochs; t++) {
    if (Atomics.load(cancel, 0) !== 0) return null;
    curve.penalty[t - 1] = totals.penalty;
    curve.crossEntropy[t - 1] = totals.crossEntropy;
    power1 *= BETA1;
    power2 *= BETA2;
    adamStep(net.all, first, second, gradient.all, learningRate, power1, power2);
    gradient.all.fill(0);
    // The pass that makes the next step's gradient is also this epoch's evaluation.
    totals = pass(training, net, gradient, row);
    curve.trainAccuracy[t - 1] = totals.correct / rows.n;
    curve.forgetProbability[t - 1] = totals.forgetProbability;
    curve.forgetMargin[t - 1] = totals.forgetMargin;
    const place = asked.indexOf(t);
    if (place !== -1) recordAsked(curve, place, training, net, row);
  }
  return curve;
}

/** Forward and backward over the n+k rows: adds ∂objective/∂parameters to `gradient` and returns the sums. */
function pass(training: Training, net: Layers, gradient: Layers, row: Row): Totals {
  const {
    rows,
    shape: {
      features,
      widths: [h1, h2],
    },
    targets,
    crossEntropyWeights,
    penaltyWeights,
    lambdaEffective,
  } = training;
  const { n, k } = rows;
  const pi1 = n / (2 * n + k); // the share of Z = 1 in the notebook's X_train
  const totals = { penalty: 0, crossEntropy: 0, correct: 0, forgetProbability: 0, forgetMargin: 0 };
  for (let i = 0; i < n + k; i++) {
    forward(row, net, rows.x, i, training);
    softmax(row.p, row.z);
    const y = rows.y[i];
    totals.penalty += ((i < n ? 2 : 1) / (2 * n + k)) * penalty(row.p, pi1);
    totals.crossEntropy += crossEntropyWeights[i] === 0 ? 0 : crossEntropyWeights[i] * crossEntropy(row.z, targets[i]);
    if (i < n) totals.correct += predicted(row.z) === y ? 1 : 0;
    else {
      totals.forgetProbability += row.p[y] / k;
      totals.forgetMargin += marginOf(row.z, y) / k;
    }
    const d =
      crossEntropyWeights[i] * (row.p[1] - targets[i]) +
      lambdaEffective * penaltyWeights[i] * penaltyGradient(row.p, pi1);
    row.dz[0] = -d;
    row.dz[1] = d;
    affineParameterGradient(gradient.w3, gradient.b3, row.dz, row.h2, 2, h2);
    affineInputGradient(row.dh2, row.dz, net.w3, row.h2, 2, h2);
    affineParameterGradient(gradient.w2, gradient.b2, row.dh2, row.h1, h2, h1);
    affineInputGradient(row.dh1, row.dh2, net.w2, row.h1, h2, h1);
    affineParameterGradient(gradient.w1, gradient.b1, row.dh1, row.x, h1, features);
  }
  return totals;
}

/** z ← fc3(relu(fc2(relu(fc1(xᵢ))))). */
function forward(
  row: Row,
  net: Layers,
  x: Float32Array,
  i: number,
  {
    shape: {
      features,
      widths: [h1, h2],
    },
  }: Training,
): void {
  for (let j = 0; j < features; j++) row.x[j] = x[i * features + j];
  affine(row.h1, row.x, net.w1, net.b1, h1, features);
  relu(row.h1, h1);
  affine(row.h2, row.h1, net.w2, net.b2, h2, h1);
  relu(row.h2, h2);
  affine(row.z, row.h2, net.w3, net.b3, 2, h2);
}

function recordAsked(curve: Curve, place: number, training: Training, net: Layers, row: Row): void {
  const { rows, test } = training;
  for (let j = 0; j < rows.k; j++) {
    forward(row, net, rows.x, rows.n + j, training);
    curve.askedMargins[place * rows.k + j] = marginOf(row.z, rows.y[rows.n + j]);
  }
  if (test === null) return;
  let correct = 0;
  for (let i = 0; i < test.rows; i++) {
    forward(row, net, test.x, i, training);
    correct += predicted(row.z) === test.y[i] ? 1 : 0;
  }
  curve.testAccuracy[place] = correct / test.rows;
}

/** The log-odds of label y: z_y − z₁₋y. */
function marginOf(z: Float64Array, y: number): number {
  return z[y] - z[1 - y];
}

/** argmax z; a tie is class 0, as torch.argmax has it. */
function predicted(z: Float64Array): number {
  return z[1] > z[0] ? 1 : 0;
}

function layers({ shape }: Training, values: Float64Array): Layers {
  const {
    features,
    widths: [h1, h2],
  } = shape;
  const all = Float64Array.from(values);
  if (all.length !== parameterCount(shape))
    throw new Error(`${parameterCount(shape)} parameters expected, got ${all.length}`);
  let offset = 0;
  const next = (size: number): Float64Array => {
    offset += size;
    return all.subarray(offset - size, offset);
  };
  return { all, w1: next(h1 * features), b1: next(h1), w2: next(h2 * h1), b2: next(h2), w3: next(2 * h2), b3: next(2) };
}

function rowBuffers({
  shape: {
    features,
    widths: [h1, h2],
  },
}: Training): Row {
  const [x, dz, z, p] = [new Float64Array(features), new Float64Array(2), new Float64Array(2), new Float64Array(2)];
  return {
    x,
    h1: new Float64Array(h1),
    h2: new Float64Array(h2),
    z,
    p,
    dh1: new Float64Array(h1),
    dh2: new Float64Array(h2),
    dz,
  };
}

function emptyCurve(epochs: number, asked: number, k: number, parameters: Float64Array): Curve {
  const column = (): Float64Array => new Float64Array(epochs);
  return {
    penalty: column(),
    crossEntropy: column(),
    trainAccuracy: column(),
    forgetProbability: column(),
    forgetMargin: column(),
    testAccuracy: new Float64Array(asked).fill(Number.NaN),
    askedMargins: new Float64Array(asked * k),
    parameters,
  };
}
