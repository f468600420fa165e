/** The kernels as WebAssembly: the same source as the addon, built ahead (build-wasm.sh), for where no addon loads, and for browsers. */
import type { Curve, Training } from "../contract.js";
import type { Kernel, Precision } from "./kernel.js";

const PAGE_BYTES = 65536; // WebAssembly's unit of memory
const ARRAYS = 17; // that a training has in wasm.cc
const MEMORY_BYTES = 2 ** 32; // all that 32-bit addresses reach

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** wasm.cc's exports. */
export interface Exports {
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

/** How much a training has of everything. */
export interface Sizes {
  readonly n: number;
  readonly k: number;
  readonly features: number;
  readonly widths: readonly number[];
  readonly tests: number;
  readonly epochs: number;
  readonly asked: number;
}

/** Where a training's arrays begin, in the order of wasm.cc, and the bytes of memory up to the end of it all. */
export interface Layout {
  readonly addresses: readonly number[];
  readonly end: number;
}

type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The kernel of a module that has been started. */
export function wasmKernel(wasm: Exports, isa: "wasm" | "wasm-relaxed"): Kernel {
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

/** Tells the module a training's sizes and numbers; nothing may be written before memory has grown to the layout's end. */
export function layOut(wasm: Exports, precision: Precision, sizes: Sizes, numbers: readonly [number, number]): Layout {
  const { n, k, features, widths, tests, epochs, asked } = sizes;
  const end = wasm.layOut(bits(precision), n, k, features, widths[0], widths[1], tests, epochs, asked, ...numbers);
  return { end, addresses: Array.from({ length: ARRAYS }, (_, i) => unsigned(wasm.address(i))) };
}

/** An address as it is: WebAssembly hands out i32, which JavaScript reads as negative from 2 GiB on. */
function unsigned(address: number): number {
  return address >>> 0;
}

function trainOn(wasm: Exports, precision: Precision, training: Training, curve: Curve): boolean {
  const { rows, shape, test, epochs, cancel } = training;
  const asked = Int32Array.from(training.asked);
  const inputs = [
    rows.x,
    rows.y,
    training.targets,
    test === null ? new Float32Array(0) : test.x,
    test === null ? new Uint8Array(0) : test.y,
    training.crossEntropyWeights,
    training.penaltyWeights,
    training.start,
    asked,
  ];
  const outputs = [
    curve.penalty,
    curve.crossEntropy,
    curve.trainAccuracy,
    curve.forgetProbability,
    curve.forgetMargin,
    curve.testAccuracy,
    curve.askedMargins,
    curve.parameters,
  ];
  const sizes = { ...rows, ...shape, tests: test === null ? 0 : test.rows, epochs, asked: asked.length };
  const { addresses, end } = layOut(wasm, precision, sizes, [training.lambdaEffective, training.learningRate]);
  grow(wasm.memory, end);
  for (const [i, values] of inputs.entries()) inMemory(wasm.memory, addresses[i], values).set(values);
  wasm.begin();
  for (let done = 0; done <= epochs; done++) {
    if (Atomics.load(cancel, 0) !== 0) return false;
    wasm.epoch(done);
  }
  wasm.finish();
  for (const [i, values] of outputs.entries()) values.set(inMemory(wasm.memory, addresses[inputs.length + i], values));
  return true;
}

function inPlace(wasm: Exports, values: Float64Array, apply: (count: number) => void): void {
  const at = unsigned(wasm.scratch());
  grow(wasm.memory, at + values.byteLength);
  inMemory(wasm.memory, at, values).set(values);
  apply(values.length);
  values.set(inMemory(wasm.memory, at, values));
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
