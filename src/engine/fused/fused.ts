/** The `fused` engine: one source of C++, as an addon where one loads, else as WebAssembly. */
import { existsSync } from "node:fs";
import { messageOf, SweepError } from "../../errors.js";
import { type Curve, type Engine, parameterCount, type Training } from "../contract.js";
import { mustHaveTwoLayers, supportsTwoLayers } from "../two-layers.js";
import { addonKernels, type Origin } from "./addon.js";
import { ISAS, type Isa, type Kernel, type Precision } from "./kernel.js";
import { wasmKernel } from "./wasm.js";

/** Part of the profile: to be raised by any change of the kernel that may change a bit of its results. */
const REVISION = "r1";

/** The largest size of features and hidden layers; addon.cc refuses larger ones too. */
const MOST_UNITS = 256;

export interface FusedOptions {
  readonly precision: Precision;
  /** The kernel to use, for tests; the fastest that loads where it is left out. */
  readonly isa?: Isa | undefined;
}

export interface FusedEngine extends Engine {
  readonly kernel: Kernel;
}

/** One line for each kernel, fastest first: whether it loads here and, where not, why. */
export type KernelReport =
  | { readonly isa: Isa; readonly kernel: Kernel }
  | { readonly isa: Isa; readonly reason: string };

/** Loads the engine; throws a fault of the environment where the kernel asked for, or every one, fails to load. */
export function loadFused({ precision, isa }: FusedOptions): FusedEngine {
  const reports = isa === undefined ? firstThatLoads() : kernelReports([isa]);
  for (const report of reports) if ("kernel" in report) return engineOf(report.kernel, precision);
  const reasons = reports.map((report) => ("reason" in report ? `${report.isa}: ${report.reason}` : "")).join("; ");
  throw new SweepError(
    "environment",
    `no kernel of the fused engine loads here (${reasons}); use --engine reference, or npm rebuild with a C++ compiler`,
  );
}

/** Tries the kernels named, all of them for `doctor`. */
export function kernelReports(isas: readonly Isa[] = ISAS): KernelReport[] {
  const addon = loadAddon();
  return isas.map((isa) => {
    if (isa === "wasm" || isa === "wasm-relaxed") return attempt(isa, () => wasmKernel(FOLDER, isa));
    if ("reason" in addon) return { isa, reason: addon.reason };
    const kernel = addon.kernels.find((one) => one.isa === isa);
    return kernel === undefined ? { isa, reason: "this processor does not have it" } : { isa, kernel };
  });
}

/**
 * The folder of the addon and the modules: beside this file when it runs as source, and in src when it runs compiled
 * (dist/src/engine/fused), for the compiler of TypeScript copies neither.
 */
const FOLDER = [new URL("./", import.meta.url), new URL("../../../../src/engine/fused/", import.meta.url)].find(
  (folder) => existsSync(new URL("fused.wasm", folder)),
) as URL;

/** Reports up to the first kernel that loads: WebAssembly is not compiled where the addon does. */
function firstThatLoads(): KernelReport[] {
  const reports: KernelReport[] = [];
  for (const isa of ISAS) {
    const [report] = kernelReports([isa]);
    reports.push(report);
    if ("kernel" in report) break;
  }
  return reports;
}

/** Where the addon comes from that this machine loads; where it loads none, why. */
export function addonReport(): { readonly origin: Origin } | { readonly reason: string } {
  return loadAddon();
}

function loadAddon(): ReturnType<typeof addonKernels> | { readonly reason: string } {
  try {
    return addonKernels(FOLDER);
  } catch (error) {
    return { reason: `the addon does not load: ${messageOf(error).split("\n")[0]}` };
  }
}

function attempt(isa: Isa, load: () => Kernel): KernelReport {
  try {
    return { isa, kernel: load() };
  } catch (error) {
    return { isa, reason: messageOf(error) };
  }
}

function engineOf(kernel: Kernel, precision: Precision): FusedEngine {
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
