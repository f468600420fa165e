/** The fused engine on a kernel that has been loaded, wherever that came from. */
import { type Curve, type Engine, parameterCount, type Training } from "../contract.js";
import { mustHaveTwoLayers, supportsTwoLayers } from "../two-layers.js";
import type { Kernel, Precision } from "./kernel.js";

/** Part of the profile: to be raised by any change of the kernel that may change a bit of its results. */
const REVISION = "r1";

/** The largest size of features and hidden layers; addon.cc refuses larger ones too. */
const MOST_UNITS = 256;

export interface FusedEngine extends Engine {
  readonly kernel: Kernel;
}

export function engineOf(kernel: Kernel, precision: Precision): FusedEngine {
  return {
    name: "fused",
    profile: `fused/${precision}/${kernel.fusedMultiplyAdd ? "fma" : "mul-add"}/${REVISION}`,
    kernel,
    supports: (shape) => supportsTwoLayers(shape, MOST_UNITS),
    train(training) {
      checkLengths(training);
      const curve = emptyCurve(training);
      return kernel.train(precision, training, curve) ? curve : null;
    },
  };
}

/** A kernel reads as many values as the sizes say: an array of another length is a bug of the caller's. */
function checkLengths({ shape, rows, test, ...training }: Training): void {
  mustHaveTwoLayers(shape, MOST_UNITS);
  expect("rows.n", rows.n, 1);
  expect("rows.k", rows.k, 1);
  const all = rows.n + rows.k;
  expect("the length of rows.x", rows.x.length, all * shape.features, all * shape.features);
  expect("the length of rows.y", rows.y.length, all, all);
  expect("the length of targets", training.targets.length, all, all);
  expect("the length of crossEntropyWeights", training.crossEntropyWeights.length, all, all);
  expect("the length of penaltyWeights", training.penaltyWeights.length, all, all);
  expect("the length of start", training.start.length, parameterCount(shape), parameterCount(shape));
  if (test === null) return;
  expect("the length of test.x", test.x.length, test.rows * shape.features, test.rows * shape.features);
  expect("the length of test.y", test.y.length, test.rows, test.rows);
}

function expect(what: string, value: number, min: number, max = Number.POSITIVE_INFINITY): void {
  if (!(value >= min && value <= max))
    throw new RangeError(`${what} must be ${min === max ? min : `${min} to ${max}`}, got ${value}`);
}

/** One buffer for all but the parameters: a curve goes from thread to thread, and each buffer costs as much as a short curve. */
function emptyCurve({ shape, rows, epochs, asked }: Training): Curve {
  const margins = asked.length * rows.k;
  const all = new Float64Array(5 * epochs + asked.length + margins);
  let at = 0;
  const next = (length: number): Float64Array => {
    at += length;
    return all.subarray(at - length, at);
  };
  return {
    penalty: next(epochs),
    crossEntropy: next(epochs),
    trainAccuracy: next(epochs),
    forgetProbability: next(epochs),
    forgetMargin: next(epochs),
    testAccuracy: next(asked.length),
    askedMargins: next(margins),
    parameters: new Float64Array(parameterCount(shape)),
  };
}
