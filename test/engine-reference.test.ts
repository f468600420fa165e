/** The reference engine: the shared contract, and every gradient against central differences. */
import assert from "node:assert/strict";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import type { Training } from "../src/engine/contract.js";
import { affine, crossEntropy, penalty, relu, softmax } from "../src/engine/reference/kernels.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import {
  assertWithin,
  finished,
  gradientOf,
  notTwoLayers,
  smallTraining,
  testEngineContract,
} from "./engine-contract.js";
import type { GoldenRun } from "./goldens.js";

// An epoch at n = 5000 takes this engine 80 ms: one long run and the short ones go to their end, the others show their
// first epochs; to the end of all of them the fused engine in float64 is held.
// ALL_GOLDENS=1 trains all of them to the end, which takes a minute and a half.
const COMPLETE = new Set([
  "seed0 trial 1 original",
  "seed0 trial 1 unlearn_lambda4.2_5",
  "seed0 trial 2 unlearn_lambda4.2_5",
]);

function goldenEpochs({ name, training }: GoldenRun): number {
  const all = process.env["ALL_GOLDENS"] === "1" || training.rows.n <= 200 || COMPLETE.has(name);
  return all ? training.epochs : 8;
}

testEngineContract("reference", referenceEngine, {
  precision: "float64",
  goldenEpochs,
  unsupported: notTwoLayers("1 unit or more"),
});

const SIZES = { n: 6, k: 2, features: 3, widths: [5, 4] } as const;

test("the gradient of every parameter is the central difference of the objective", () => {
  assertCentralDifferences({ ...smallTraining("differences", SIZES, 1), lambdaEffective: 4.2 });
});

test("the gradient of every parameter is the central difference of the cross-entropy alone", () => {
  assertCentralDifferences({ ...smallTraining("differences", SIZES, 1), lambdaEffective: 0 });
});

test("the gradient of every parameter is the central difference of the penalty alone", () => {
  assertCentralDifferences({ ...smallTraining("differences", SIZES, 1), crossEntropyWeights: new Float64Array(8) });
});

test("the gradient of every parameter is the central difference of the objective for rows of any weight", () => {
  const random = stream("test", "differences of weights");
  const weights = (): Float64Array => Float64Array.from({ length: 8 }, () => random.normal());
  assertCentralDifferences({
    ...smallTraining("differences", SIZES, 1),
    crossEntropyWeights: weights(),
    penaltyWeights: weights(),
    lambdaEffective: 0.7,
  });
});

test("the reported losses are the objective's two sums, whatever stands in the gradient", () => {
  const training = smallTraining("sums", { n: 9, k: 3, features: 3, widths: [5, 4] }, 1);
  const notebook = training.penaltyWeights;
  const curve = finished(referenceEngine(), { ...training, penaltyWeights: new Float64Array(12), lambdaEffective: 9 });
  const { penaltySum, crossEntropySum } = objective({ ...training, penaltyWeights: notebook }, training.start);
  assertWithin(curve.penalty[0], penaltySum, 1e-14, "penalty");
  assertWithin(curve.crossEntropy[0], crossEntropySum, 1e-14, "cross-entropy");
});

test("a start of another size than the shape's is refused", () => {
  const training = smallTraining("size", SIZES, 1);
  assert.throws(() => referenceEngine().train({ ...training, start: new Float64Array(3) }), {
    message: "54 parameters expected, got 3",
  });
});

/** Compares each component with (8(f(h)−f(−h)) − (f(2h)−f(−2h)))/12h, whose own rounding is about 1e-12. */
function assertCentralDifferences(training: Training): void {
  const h = 1e-4;
  const gradient = gradientOf(referenceEngine(), training);
  const { kink } = objective(training, training.start);
  assert.ok(kink > 20 * h, `a ReLU turns ${kink} from the start: differences would step over it`);
  gradient.forEach((derivative, i) => {
    const at = (offset: number): number => {
      const parameters = Float64Array.from(training.start);
      parameters[i] += offset;
      const { penaltySum, crossEntropySum } = objective(training, parameters);
      return crossEntropySum + training.lambdaEffective * penaltySum;
    };
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    assertWithin(derivative, difference, 1e-6 * Math.abs(difference) + 1e-11, `∂objective/∂parameter ${i}`);
  });
}

/** Σ c·CE and Σ w·φ of given parameters by the kernels' forward functions, and the smallest |input| of a ReLU. */
function objective(
  training: Training,
  parameters: Float64Array,
): { penaltySum: number; crossEntropySum: number; kink: number } {
  const {
    rows: { n, k, x, y },
    shape: {
      features,
      widths: [h1, h2],
    },
  } = training;
  let offset = 0;
  const next = (size: number): Float64Array => {
    offset += size;
    return parameters.subarray(offset - size, offset);
  };
  const [w1, b1, w2, b2, w3, b3] = [next(h1 * features), next(h1), next(h2 * h1), next(h2), next(2 * h2), next(2)];
  const [first, second, z, p] = [new Float64Array(h1), new Float64Array(h2), new Float64Array(2), new Float64Array(2)];
  const sums = { penaltySum: 0, crossEntropySum: 0, kink: Number.POSITIVE_INFINITY };
  for (let i = 0; i < n + k; i++) {
    affine(first, Float64Array.from(x.subarray(i * features, (i + 1) * features)), w1, b1, h1, features);
    for (const value of first) sums.kink = Math.min(sums.kink, Math.abs(value));
    relu(first, h1);
    affine(second, first, w2, b2, h2, h1);
    for (const value of second) sums.kink = Math.min(sums.kink, Math.abs(value));
    relu(second, h2);
    affine(z, second, w3, b3, 2, h2);
    softmax(p, z);
    sums.crossEntropySum += training.crossEntropyWeights[i] * crossEntropy(z, y[i]);
    sums.penaltySum += training.penaltyWeights[i] * penalty(p, n / (2 * n + k));
  }
  return sums;
}
