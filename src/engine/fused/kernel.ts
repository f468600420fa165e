/** What the addon and the WebAssembly modules have in common: kernels that fused.ts chooses among. */
import type { Curve, Training } from "../contract.js";

export type Precision = "f32" | "f64";

/** Fastest first. `wasm-relaxed` and `wasm` are the same source as the others, for where no addon loads. */
export const ISAS = ["avx512", "avx2", "neon", "baseline", "wasm-relaxed", "wasm"] as const;
export type Isa = (typeof ISAS)[number];

export interface Kernel {
  readonly isa: Isa;
  /** Whether a·b + c is rounded once. Kernels that agree on it agree on every bit. */
  readonly fusedMultiplyAdd: boolean;
  /** Fills `curve`, whose arrays have the lengths that `training` asks for; false where `training.cancel` stopped it. */
  train(precision: Precision, training: Training, curve: Curve): boolean;
  /** Multiplies and adds in registers alone and returns the number of operations, for a caller that looks at the clock. */
  peak(precision: Precision, rounds: number): number;
  /** values[i] ← e^values[i], for values ≤ 0, in the kernel's own arithmetic. */
  exponential(precision: Precision, values: Float64Array): void;
  /** values[i] ← ln values[i], for normal values > 0, in the kernel's own arithmetic. */
  logarithm(precision: Precision, values: Float64Array): void;
}
