/** One training as a tfjs graph: float32, automatic differentiation, tf.train.adam; on whichever backend is set. */
import * as tf from "@tensorflow/tfjs-core";
import { type Curve, parameterCount, type Training } from "../contract.js";
import { softmax } from "../reference/kernels.js";
import { CorrectedAdam } from "./adam.js";

const CLAMP = 1e-10; // the notebook's torch.clamp(probabilities, 1e-10, 1 − 1e-10), whose upper side is 1 in float32
const LOG_FLOOR = 1e-10; // the notebook's + 1e-10 inside each logarithm

export function train(training: Training): Curve | null {
  const net = new Net(training);
  const optimizer = new CorrectedAdam(training.learningRate);
  try {
    return descend(training, net, optimizer);
  } finally {
    optimizer.dispose();
    net.dispose();
  }
}

function descend(training: Training, net: Net, optimizer: CorrectedAdam): Curve | null {
  const { epochs, asked, cancel, rows } = training;
  const curve = emptyCurve(epochs, asked.length, rows.k);
  for (let e = 0; e < epochs; e++) {
    if (Atomics.load(cancel, 0) !== 0) return null;
    // The pass that makes this step's gradient is also the evaluation after the last one.
    const { logits, penalty, crossEntropy, gradient } = pass(training, net);
    curve.penalty[e] = penalty;
    curve.crossEntropy[e] = crossEntropy;
    if (e > 0) recordAfter(curve, e - 1, logits, training, net);
    optimizer.step(gradient);
    tf.dispose(gradient);
  }
  if (epochs > 0)
    recordAfter(
      curve,
      epochs - 1,
      tf.tidy(() => values(net.logits(net.x))),
      training,
      net,
    );
  return { ...curve, parameters: net.parameters() };
}

interface Measured {
  readonly logits: Float32Array;
  readonly penalty: number;
  readonly crossEntropy: number;
}

interface Pass extends Measured {
  /** ∂objective/∂parameters by the parameters' names; the caller's to dispose. */
  readonly gradient: tf.NamedTensorMap;
}

/** Forward and backward over the n+k rows. The two losses are summed here in float64, from each row's float32 value. */
function pass({ rows: { n, k }, crossEntropyWeights }: Training, net: Net): Pass {
  const measured: Measured[] = [];
  const { value, grads } = tf.variableGrads(() => {
    const z = net.logits(net.x);
    const losses = tf.sum(tf.mul(tf.logSoftmax(z), net.minusOneHot), 1);
    const penalties = tf.sum(penaltyTerms(z, n / (2 * n + k)), 1);
    const [ce, phi] = [values(losses), values(penalties)];
    measured.push({
      logits: values(z),
      penalty: phi.reduce((sum, value, i) => sum + value * ((i < n ? 2 : 1) / (2 * n + k)), 0),
      crossEntropy: ce.reduce(
        (sum, value, i) => (crossEntropyWeights[i] === 0 ? sum : sum + value * crossEntropyWeights[i]),
        0,
      ),
    });
    const fit = tf.sum<tf.Scalar>(tf.mul(losses, net.crossEntropyWeights));
    return net.penaltyWeights === null ? fit : tf.add<tf.Scalar>(fit, tf.sum(tf.mul(penalties, net.penaltyWeights)));
  }, net.variables);
  value.dispose();
  return { ...measured[0], gradient: grads };
}

/** The two terms of φ for each row, b·ln(b/(mπ₀)+1e-10) and a·ln(a/(mπ₁)+1e-10), with a = p₁π₁, b = p₀π₀, m = a+b. */
function penaltyTerms(z: tf.Tensor2D, pi1: number): tf.Tensor2D {
  const pi = tf.tensor2d([1 - pi1, pi1], [1, 2]);
  const joint = tf.mul(tf.clipByValue(tf.softmax(z), CLAMP, 1 - CLAMP), pi);
  const m = tf.sum(joint, 1, true);
  return tf.mul(joint, tf.log(tf.add(tf.div(joint, tf.mul(m, pi)), LOG_FLOOR)));
}

/** Every tensor that lives as long as a training, optimizer apart. */
class Net {
  /** In the layout's order: weight and bias of each layer. */
  readonly variables: tf.Variable[];
  readonly x: tf.Tensor2D;
  readonly test: tf.Tensor2D | null;
  /** n+k × 2: −1 at the label to fit. */
  readonly minusOneHot: tf.Tensor2D;
  readonly crossEntropyWeights: tf.Tensor1D;
  /** λ·w; null where all are 0, so that such a penalty is not differentiated at all. */
  readonly penaltyWeights: tf.Tensor1D | null;

  constructor({ shape, rows, test, targets, start, crossEntropyWeights, penaltyWeights, lambdaEffective }: Training) {
    const {
      features,
      widths: [h1, h2],
    } = shape;
    if (start.length !== parameterCount(shape))
      throw new Error(`${parameterCount(shape)} parameters expected, got ${start.length}`);
    let offset = 0;
    const next = (...sizes: number[]): tf.Variable => {
      const from = offset;
      offset += tf.util.sizeFromShape(sizes);
      const values = Float32Array.from(start.subarray(from, offset));
      return tf.tidy(() => tf.variable(tf.tensor(values, sizes)));
    };
    this.variables = [next(h1, features), next(h1), next(h2, h1), next(h2), next(2, h2), next(2)];
    this.x = tf.tensor2d(rows.x, [rows.n + rows.k, features]);
    this.test = test === null ? null : tf.tensor2d(test.x, [test.rows, features]);
    this.minusOneHot = tf.tensor2d(
      Float32Array.from({ length: 2 * targets.length }, (_, i) => (targets[i >> 1] === i % 2 ? -1 : 0)),
      [targets.length, 2],
    );
    this.crossEntropyWeights = tf.tensor1d(Float32Array.from(crossEntropyWeights));
    const scaled = Float32Array.from(penaltyWeights, (weight) => lambdaEffective * weight);
    this.penaltyWeights = scaled.every((weight) => weight === 0) ? null : tf.tensor1d(scaled);
  }

  /** x (rows × features) → z (rows × 2). */
  logits(x: tf.Tensor2D): tf.Tensor2D {
    const [w1, b1, w2, b2, w3, b3] = this.variables;
    const h1 = tf.relu(affine(x, w1, b1));
    const h2 = tf.relu(affine(h1, w2, b2));
    return affine(h2, w3, b3);
  }

  parameters(): Float64Array {
    return Float64Array.from(this.variables.flatMap((variable) => [...values(variable)]));
  }

  dispose(): void {
    tf.dispose([...this.variables, this.x, this.minusOneHot, this.crossEntropyWeights]);
    this.test?.dispose();
    this.penaltyWeights?.dispose();
  }
}

/** x·weightᵀ + bias, weight being outputs × inputs as PyTorch lays it out. */
function affine(x: tf.Tensor2D, weight: tf.Variable, bias: tf.Variable): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight as tf.Tensor2D, false, true), bias);
}

/** The measures after the step of epoch e+1, from the logits of the parameters it left. */
function recordAfter(
  curve: Omit<Curve, "parameters">,
  e: number,
  logits: Float32Array,
  { rows: { n, k, y }, asked, test }: Training,
  net: Net,
): void {
  const forget = Array.from({ length: k }, (_, j) => ({
    z: Float64Array.from(logits.subarray(2 * (n + j), 2 * (n + j) + 2)),
    label: y[n + j],
  }));
  const margins = forget.map(({ z, label }) => z[label] - z[1 - label]);
  curve.trainAccuracy[e] = accuracy(logits, y.subarray(0, n));
  curve.forgetProbability[e] = forget.reduce((sum, { z, label }) => sum + probabilityOf(label, z) / k, 0);
  curve.forgetMargin[e] = margins.reduce((sum, margin) => sum + margin / k, 0);
  const place = asked.indexOf(e + 1);
  if (place === -1) return;
  curve.askedMargins.set(margins, place * k);
  const { test: testX } = net;
  if (test !== null && testX !== null)
    curve.testAccuracy[place] = accuracy(
      tf.tidy(() => values(net.logits(testX))),
      test.y,
    );
}

/** The share of rows whose larger logit is their label's; a tie is class 0, as torch.argmax has it. */
function accuracy(logits: Float32Array, y: Uint8Array): number {
  const correct = y.reduce(
    (count, label, i) => count + ((logits[2 * i + 1] > logits[2 * i] ? 1 : 0) === label ? 1 : 0),
    0,
  );
  return correct / y.length;
}

function probabilityOf(label: number, z: Float64Array): number {
  const p = new Float64Array(2);
  softmax(p, z);
  return p[label];
}

function values(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}

function emptyCurve(epochs: number, asked: number, k: number): Omit<Curve, "parameters"> {
  const column = (): Float64Array => new Float64Array(epochs);
  return {
    penalty: column(),
    crossEntropy: column(),
    trainAccuracy: column(),
    forgetProbability: column(),
    forgetMargin: column(),
    testAccuracy: new Float64Array(asked).fill(Number.NaN),
    askedMargins: new Float64Array(asked * k),
  };
}
