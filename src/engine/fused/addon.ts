/** The kernels as a Node-API addon: compiled at installation, or as it came with the package. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Curve, Training } from "../contract.js";
import type { Isa, Kernel, Precision } from "./kernel.js";

/** Where an addon comes from. compiled: here; prebuilt: with the package. */
export type Origin = "compiled" | "prebuilt";

/** Where each may lie, within the folder of binding.gyp; what was compiled here was so for a reason. */
const PLACES: readonly (readonly [Origin, string])[] = [
  ["compiled", "build/Release/fused.node"],
  ["prebuilt", `prebuilt/${process.platform}-${process.arch}/fused.node`],
];

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

/** The kernels of the first addon that loads which this machine can run, fastest first, and where it comes from. Throws where none does. */
export function addonKernels(folder: URL): { readonly kernels: Kernel[]; readonly origin: Origin } {
  const there = PLACES.filter(([, place]) => existsSync(new URL(place, folder)));
  if (there.length === 0) throw new Error("none was compiled here, and none came with the package for this platform");
  const faults: unknown[] = [];
  for (const [origin, place] of there)
    try {
      const addon = createRequire(import.meta.url)(fileURLToPath(new URL(place, folder))) as Addon;
      return { kernels: kernelsOf(addon), origin };
    } catch (error) {
      faults.push(error);
    }
  throw faults[0];
}

function kernelsOf(addon: Addon): Kernel[] {
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
