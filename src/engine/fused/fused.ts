/** The `fused` engine: one source of C++, as an addon where one loads, else as WebAssembly. */
import { existsSync } from "node:fs";
import { messageOf, SweepError } from "../../errors.js";
import { addonKernels, type Origin } from "./addon.js";
import { engineOf, type FusedEngine } from "./fused-engine.js";
import { ISAS, type Isa, type Kernel, type Precision } from "./kernel.js";
import { wasmKernel } from "./wasm.js";
import { startModule } from "./wasm-module.js";

export interface FusedOptions {
  readonly precision: Precision;
  /** The kernel to use, for tests; the fastest that loads where it is left out. */
  readonly isa?: Isa | undefined;
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
    if (isa === "wasm" || isa === "wasm-relaxed") return attempt(isa, () => wasmKernel(startModule(FOLDER, isa), isa));
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
