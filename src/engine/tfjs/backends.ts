/** The backends of tfjs: how each is loaded into this thread, and what its version is. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import util from "node:util";
import { isMainThread } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { messageOf, SweepError } from "../../errors.js";

export type Backend = "tensorflow" | "wasm" | "cpu";

/** Best first. */
export const BACKENDS: readonly Backend[] = ["tensorflow", "wasm", "cpu"];

/** Loads a backend and returns its version: whatever of it may change the bits. Throws a fault of the environment where it does not load. */
export function loadBackend(backend: Backend): Promise<string> {
  tf.enableProdMode(); // without it tfjs greets every Node process on stderr, and looks for NaN after every operation
  return LOADERS[backend]();
}

const LOADERS: Record<Backend, () => Promise<string>> = { tensorflow: loadTensorflow, wasm: loadWasm, cpu: loadCpu };

const TENSORFLOW_ENVIRONMENT = {
  // With more than one thread inside TensorFlow sums take another order, so other bits, and trials in parallel get slower.
  TF_NUM_INTRAOP_THREADS: "1",
  TF_NUM_INTEROP_THREADS: "1",
  // Other values of these two (no oneDNN; SSE4.1, AVX or AVX2 on a machine with AVX-512) gave other bits as well.
  TF_ENABLE_ONEDNN_OPTS: "1",
  ONEDNN_MAX_CPU_ISA: "DEFAULT",
  TF_CPP_MIN_LOG_LEVEL: "3",
};

/**
 * Pins TensorFlow to one thread; only the main thread can, before it starts workers, because a worker's process.env is a
 * copy that the library never sees. So the main thread loads the backend first.
 */
function pinTensorflowThreads(): void {
  if (isMainThread) Object.assign(process.env, TENSORFLOW_ENVIRONMENT);
  const loose = Object.entries(TENSORFLOW_ENVIRONMENT).find(([name, value]) => process.env[name] !== value);
  if (loose !== undefined)
    throw new Error(
      `${loose.join("=")} was not set when this thread started: load the engine in the main thread first`,
    );
}

const TFJS_NODE: string = "@tensorflow/tfjs-node"; // a variable, so that TypeScript compiles where it is not installed

async function loadTensorflow(): Promise<string> {
  if (!isInstalled(TFJS_NODE)) throw tensorflowUnavailable("is not installed");
  pinTensorflowThreads();
  // tfjs-node 4.22 calls this function, which Node 23 removed.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  try {
    await withoutDeprecations(() => import(TFJS_NODE));
  } catch (error) {
    const reason = messageOf(error);
    const broken = reason.includes("native addon module")
      ? "is installed without its native addon"
      : `does not load (${reason.split("\n")[0]})`;
    throw tensorflowUnavailable(broken, { cause: error });
  }
  if (!(await tf.setBackend("tensorflow"))) throw tensorflowUnavailable("does not start its backend");
  const { binding } = tf.findBackend("tensorflow") as unknown as { binding: { TF_Version: string } };
  return `${binding.TF_Version}-${processor()}`;
}

/** tfjs-node and what it needs are old: each thread would warn of what Node has deprecated since. */
async function withoutDeprecations(load: () => Promise<unknown>): Promise<void> {
  const before = process.noDeprecation ?? false;
  process.noDeprecation = true;
  try {
    await load();
  } finally {
    process.noDeprecation = before;
  }
}

/**
 * Names what TensorFlow chooses its kernels and block sizes by: held to SSE4.1, AVX, AVX2 and AVX-512 in turn, one machine
 * gave four different results. The instruction sets are read one by one, because a new kernel adds other flags.
 */
function processor(): string {
  const file = "/proc/cpuinfo";
  const text = existsSync(file) ? readFileSync(file, "utf8").split("\n\n")[0] : cpus()[0].model;
  const model = text.match(/^(vendor_id|cpu family|model|cache size|CPU implementer|CPU part)\s*:.*$/gm) ?? [text];
  const instructionSets = text.match(/\b(sse|ssse|avx|fma|f16c|amx|asimd|sve|sme|bf16|i8mm)\w*/g) ?? [];
  return `${process.arch}-${createHash("sha256")
    .update([...model, ...instructionSets].join("\n"))
    .digest("hex")
    .slice(0, 8)}`;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return false;
    throw error;
  }
}

function tensorflowUnavailable(what: string, options?: ErrorOptions): SweepError {
  const remedy = "run `node scripts/install-tensorflow.mjs`, or take --engine tfjs, which runs on WASM without it";
  return new SweepError("environment", `TensorFlow is not available, because ${TFJS_NODE} ${what}: ${remedy}`, options);
}

async function loadWasm(): Promise<string> {
  const { setThreadsCount, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
  setThreadsCount(1);
  const loaded = await keepingListeners(() => tf.setBackend("wasm"));
  if (!loaded)
    throw new SweepError(
      "environment",
      "the WASM backend of tfjs does not start on this machine: take --engine reference",
    );
  // Without SIMD another build is loaded, and within one its library picks kernels for x64 or for others.
  const build = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true ? "" : "-scalar";
  return `${version_wasm}${build}${process.arch === "x64" ? "" : `-${process.arch}`}`;
}

/** The WASM backend's loader makes every uncaught error of the process be thrown a second time; this takes its listeners off again. */
async function keepingListeners<Result>(load: () => Promise<Result>): Promise<Result> {
  const exceptions = process.listeners("uncaughtException");
  const rejections = process.listeners("unhandledRejection");
  const result = await load();
  for (const listener of process.listeners("uncaughtException"))
    if (!exceptions.includes(listener)) process.off("uncaughtException", listener);
  for (const listener of process.listeners("unhandledRejection"))
    if (!rejections.includes(listener)) process.off("unhandledRejection", listener);
  return result;
}

async function loadCpu(): Promise<string> {
  const { version_cpu } = await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  // It computes by Math.exp and Math.log, which are V8's own.
  return `${version_cpu}-v8-${process.versions.v8.split(".").slice(0, 2).join(".")}`;
}
