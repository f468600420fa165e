/** One trajectory on one engine: from a spec to its curve and its trial rows. */
import type { Draw } from "../data/draw.js";
import type { Rows } from "../data/rows.js";
import { stream } from "../data/streams.js";
import { type Curve, type Engine, layerSizes, parameterCount, type Shape, type Training } from "../engine/contract.js";
import { type EpochCurve, MEASURES, type Measures } from "../measures.js";
import { type CellSpec, drawKey, type RowWeights, type TrajectorySpec, type TrialRow } from "../trial.js";

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
export function trainingOf(
  { cell, asked }: TrajectorySpec,
  draw: Draw,
  start: Float64Array,
  cancel: Int32Array,
): Training {
  const { rows, test } = draw;
  const { crossEntropy, penalty, forgetLabels } = cell.objective;
  return {
    shape: shapeOf(cell),
    rows,
    test,
    targets: forgetLabels === "flipped" ? withForgetLabelsFlipped(rows) : rows.y,
    crossEntropyWeights: eachRow(crossEntropy, rows),
    penaltyWeights: eachRow(penalty, rows),
    lambdaEffective: cell.lambdaEffective,
    learningRate: cell.learningRate,
    start,
    epochs: asked[asked.length - 1],
    asked,
    cancel,
  };
}

/** The weight of each of the n+k rows. */
function eachRow({ retained, forget }: RowWeights, { n, k }: Rows): Float64Array {
  return new Float64Array(n + k).fill(retained, 0, n).fill(forget, n);
}

/** The rows' labels, but F in the other class. */
function withForgetLabelsFlipped({ n, y }: Rows): Uint8Array {
  return y.map((label, i) => (i < n ? label : 1 - label));
}

export function shapeOf({ draw, widths }: CellSpec): Shape {
  return { features: draw.features, widths };
}

/**
 * The fresh weights of a trial, as PyTorch initialises linear layers: weights and biases ~ U(−1/√fan_in, 1/√fan_in),
 * rounded to float32.
 */
export function freshParameters({ cell, trial }: TrajectorySpec): Float64Array {
  const source = stream("init", cell.seed, drawKey(cell.draw), trial, cell.initialWeights);
  const parameters = new Float64Array(parameterCount(shapeOf(cell)));
  let offset = 0;
  for (const [outputs, inputs] of layerSizes(shapeOf(cell))) {
    const bound = 1 / Math.sqrt(inputs);
    const end = offset + outputs * inputs + outputs;
    for (; offset < end; offset++) parameters[offset] = Math.fround((2 * source.uniform() - 1) * bound);
  }
  return parameters;
}

/** The trial rows that a curve holds at the asked epochs. */
export function trialRows(asked: readonly number[], curve: Curve): TrialRow[] {
  const forgetRows = curve.askedMargins.length / asked.length;
  return asked.map((epochs, place) => {
    const at = epochs - 1;
    const measures = Object.fromEntries(MEASURES.map(({ name, of }) => [name, of(curve, at, place)])) as Measures;
    const { penalty, crossEntropy, forgetProbability, forgetMargin } = curve;
    const finite = [penalty, crossEntropy, forgetProbability, forgetMargin].every((each) => Number.isFinite(each[at]));
    return {
      epochs,
      state: finite ? "done" : "diverged",
      measures,
      forgetMargins: curve.askedMargins.subarray(place * forgetRows, (place + 1) * forgetRows),
    };
  });
}

/** What is kept of a training beside its rows. */
export function epochCurve(curve: Curve): EpochCurve {
  const { penalty, crossEntropy, trainAccuracy, forgetProbability, forgetMargin } = curve;
  return { penalty, crossEntropy, trainAccuracy, forgetProbability, forgetMargin };
}
