/** The kernels as WebAssembly: the same source as the addon, built ahead (build-wasm.sh), for where no addon loads. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import type { Curve, Training } from "../contract.js";
import type { Kernel, Precision } from "./kernel.js";

/** The modules, in the folder of their source. */
const MODULES = { "wasm-relaxed": "fused-relaxed.wasm", wasm: "fused.wasm" } as const;

const PAGE_BYTES = 65536; // WebAssembly's unit of memory
const MEMORY_BYTES = 2 ** 32; // all that 32-bit addresses reach

/** What is used here of the global that neither the language's own types nor @types/node 20 declare. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** wasm.cc's exports. */
interface Exports {
  readonly memory: Memory;
  layOut(
    precision: number,
    n: number,
    k: number,
    features: number,
    hidden1: number,
    hidden2: number,
    tests: number,
    epochs: number,
    asked: number,
    lambda: number,
    learningRate: number,
  ): number;
  address(array: number): number;
  begin(): void;
  epoch(done: number): void;
  finish(): void;
  peak(precision: number, rounds: number): number;
  fused(): number;
  scratch(): number;
  exponential(precision: number, count: number): void;
  logarithm(precision: number, count: number): void;
}

type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Compiles and starts a module. Throws where the runtime does not know its instructions. */
export function wasmKernel(folder: URL, isa: keyof typeof MODULES): Kernel {
  const bytes = readFileSync(new URL(MODULES[isa], folder));
  // Node 20 has relaxed SIMD behind this flag; later versions have it without, and complain of the flag.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const module = new WebAssembly.Module(bytes);
  const wasm = new WebAssembly.Instance(module).exports as Exports;
  return {
    isa,
    fusedMultiplyAdd: wasm.fused() !== 0,
    train: (precision, training, curve) => trainOn(wasm, precision, training, curve),
    peak: (precision, rounds) => wasm.peak(bits(precision), rounds),
    exponential: (precision, values) => inPlace(wasm, values, (count) => wasm.exponential(bits(precision), count)),
    logarithm: (precision, values) => inPlace(wasm, values, (count) => wasm.logarithm(bits(precision), count)),
  };
}

function bits(precision: Precision): number {
  return precision === "f32" ? 32 : 64;
}

function trainOn(wasm: Exports, precision: Precision, training: Training, curve: Curve): boolean {
  const { rows, shape, test, epochs, asked, cancel } = training;
  const end = wasm.layOut(
    bits(precision),
    rows.n,
    rows.k,
    shape.features,
    ...shape.hidden,
    test === null ? 0 : test.rows,
    epochs,
    asked.length,
    training.lambdaEffective,
    training.learningRate,
  );
  grow(wasm.memory, end);
  const inputs = [
    rows.x,
    rows.y,
    test === null ? new Float32Array(0) : test.x,
    test === null ? new Uint8Array(0) : test.y,
    training.crossEntropyWeights,
    training.penaltyWeights,
    training.start,
    Int32Array.from(asked),
  ];
  const outputs = [
    curve.penalty,
    curve.crossEntropy,
    curve.trainAccuracy,
    curve.forgetProbability,
    curve.forgetLogit,
    curve.testAccuracy,
    curve.askedLogits,
    curve.parameters,
  ];
  for (const [i, values] of inputs.entries()) inMemory(wasm.memory, wasm.address(i), values).set(values);
  wasm.begin();
  for (let done = 0; done <= epochs; done++) {
    if (Atomics.load(cancel, 0) !== 0) return false;
    wasm.epoch(done);
  }
  wasm.finish();
  for (const [i, values] of outputs.entries())
    values.set(inMemory(wasm.memory, wasm.address(inputs.length + i), values));
  return true;
}

function inPlace(wasm: Exports, values: Float64Array, apply: (count: number) => void): void {
  grow(wasm.memory, wasm.scratch() + values.byteLength);
  inMemory(wasm.memory, wasm.scratch(), values).set(values);
  apply(values.length);
  values.set(inMemory(wasm.memory, wasm.scratch(), values));
}

function grow(memory: Memory, bytes: number): void {
  if (bytes > MEMORY_BYTES) throw new RangeError(`the data need ${bytes} bytes, WebAssembly reaches ${MEMORY_BYTES}`);
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/** The module's array at `address`, of the type and length of `like`. */
function inMemory<T extends Values>(memory: Memory, address: number, like: T): T {
  const View = like.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => T;
  return new View(memory.buffer, address, like.length);
}
