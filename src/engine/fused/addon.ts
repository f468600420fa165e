/** The kernels as a Node-API addon, compiled at installation where a compiler is. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Curve, Training } from "../contract.js";
import type { Isa, Kernel, Precision } from "./kernel.js";

/** Where node-gyp leaves the addon, within the folder of binding.gyp. */
const ADDON = "build/Release/fused.node";

interface Addon {
  isas(): Isa[];
  train(
    isa: Isa,
    precision: Precision,
    sizes: Int32Array,
    numbers: Float64Array,
    arrays: readonly ArrayBufferView[],
  ): boolean;
  peak(isa: Isa, precision: Precision, rounds: number): number;
  exponential(isa: Isa, precision: Precision, values: Float64Array): void;
  logarithm(isa: Isa, precision: Precision, values: Float64Array): void;
}

const NO_TEST = { rows: 0, x: new Float32Array(0), y: new Uint8Array(0) };

/** The addon's kernels that this machine can run, fastest first. Throws where the addon does not load. */
export function addonKernels(folder: URL): Kernel[] {
  const addon = createRequire(import.meta.url)(fileURLToPath(new URL(ADDON, folder))) as Addon;
  return addon.isas().map((isa) => ({
    isa,
    fusedMultiplyAdd: isa !== "baseline",
    train: (precision, training, curve) => trainOn(addon, isa, precision, training, curve),
    peak: (precision, rounds) => addon.peak(isa, precision, rounds),
    exponential: (precision, values) => addon.exponential(isa, precision, values),
    logarithm: (precision, values) => addon.logarithm(isa, precision, values),
  }));
}

function trainOn(addon: Addon, isa: Isa, precision: Precision, training: Training, curve: Curve): boolean {
  const { rows, shape } = training;
  const test = training.test ?? NO_TEST;
  return addon.train(
    isa,
    precision,
    Int32Array.of(
      rows.n,
      rows.k,
      shape.features,
      shape.widths[0],
      shape.widths[1],
      test.rows,
      training.epochs,
      training.asked.length,
    ),
    Float64Array.of(training.lambdaEffective, training.learningRate),
    [
      rows.x,
      rows.y,
      training.targets,
      test.x,
      test.y,
      training.crossEntropyWeights,
      training.penaltyWeights,
      training.start,
      Int32Array.from(training.asked),
      training.cancel.subarray(0, 1),
      curve.penalty,
      curve.crossEntropy,
      curve.trainAccuracy,
      curve.forgetProbability,
      curve.forgetMargin,
      curve.testAccuracy,
      curve.askedMargins,
      curve.parameters,
    ],
  );
}
