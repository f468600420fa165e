/** One trajectory on one engine: from a spec to its curve and its trial rows. */
import type { Draw } from "../data/draw.js";
import { stream } from "../data/streams.js";
import { type Curve, type Engine, parameterCount, type Rows, type Shape, type Training } from "../engine/contract.js";
import { effectiveLambda, methodNamed } from "../plan/methods.js";
import { drawKey, lastEpoch, type TrajectorySpec, type TrialRow } from "../trial.js";

/** Trains `spec` on `draw` from `start`; null where `cancel` stopped it. */
export function trainTrajectory(
  spec: TrajectorySpec,
  engine: Engine,
  draw: Draw,
  start: Float64Array,
  cancel: Int32Array,
): Curve | null {
  return engine.train(trainingOf(spec, draw, start, cancel));
}

/** What `spec` asks of an engine. */
function trainingOf(spec: TrajectorySpec, draw: Draw, start: Float64Array, cancel: Int32Array): Training {
  const method = methodNamed(spec.method);
  const { rows, test } = draw;
  const weights = method.rowWeights(spec.preset, rows.n, rows.k);
  return {
    shape: shapeOf(spec),
    rows: method.flipsForgetLabels ? withFlippedForgetLabels(rows) : rows,
    test,
    crossEntropyWeights: weights.crossEntropy,
    penaltyWeights: weights.penalty,
    lambdaEffective: effectiveLambda(spec.preset, method, spec.lambda),
    learningRate: spec.learningRate,
    start,
    epochs: lastEpoch(spec),
    asked: spec.asked,
    cancel,
  };
}

/** The same rows, but F in the other class. */
function withFlippedForgetLabels(rows: Rows): Rows {
  return { ...rows, y: rows.y.map((label, i) => (i < rows.n ? label : 1 - label)) };
}

export function shapeOf({ draw, hidden }: TrajectorySpec): Shape {
  return { features: draw.features, hidden };
}

/**
 * The fresh weights of a trial, as PyTorch initialises linear layers: weights and biases ~ U(−1/√fan_in, 1/√fan_in),
 * rounded to float32. Under the paired preset the methods of a trial share them.
 */
export function freshParameters(spec: TrajectorySpec): Float64Array {
  const {
    features,
    hidden: [h1, h2],
  } = shapeOf(spec);
  const owner = spec.preset === "paired" ? "shared" : spec.method;
  const source = stream("init", spec.seed, drawKey(spec.draw), spec.trial, owner);
  const parameters = new Float64Array(parameterCount(shapeOf(spec)));
  let offset = 0;
  for (const [outputs, inputs] of [
    [h1, features],
    [h2, h1],
    [2, h2],
  ]) {
    const bound = 1 / Math.sqrt(inputs);
    const end = offset + outputs * inputs + outputs;
    for (; offset < end; offset++) parameters[offset] = Math.fround((2 * source.uniform() - 1) * bound);
  }
  return parameters;
}

/** The trial rows that a curve holds at the asked epochs. */
export function trialRows(asked: readonly number[], curve: Curve): TrialRow[] {
  const forgetRows = curve.askedLogits.length / asked.length;
  return asked.map((epochs, place) => {
    const at = epochs - 1;
    const measures = [curve.penalty[at], curve.crossEntropy[at], curve.forgetProbability[at], curve.forgetLogit[at]];
    const test = curve.testAccuracy[place];
    return {
      epochs,
      state: measures.every(Number.isFinite) ? "done" : "diverged",
      trainAccuracy: curve.trainAccuracy[at],
      testAccuracy: Number.isNaN(test) ? null : test,
      forgetProbability: curve.forgetProbability[at],
      forgetLogit: curve.forgetLogit[at],
      crossEntropy: curve.crossEntropy[at],
      penalty: curve.penalty[at],
      forgetLogits: curve.askedLogits.slice(place * forgetRows, (place + 1) * forgetRows),
    };
  });
}
