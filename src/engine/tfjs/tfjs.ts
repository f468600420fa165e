/** The `tfjs` engine: TensorFlow.js graph code on the best backend that loads here, in float32, one thread a training. */
import * as tf from "@tensorflow/tfjs-core";
import { SweepError } from "../../errors.js";
import type { Engine } from "../contract.js";
import { mustHaveTwoLayers, supportsTwoLayers } from "../two-layers.js";
import { BACKENDS, type Backend, loadBackend } from "./backends.js";
import { registerGradients } from "./gradients.js";
import { train } from "./train.js";

/** Raised whenever train.ts changes what it computes. */
const REVISION = "r1";

/** What one backend says of itself on this machine. */
export type BackendState =
  | { backend: Backend; works: true; version: string }
  | { backend: Backend; works: false; reason: string };

/**
 * The engine on the named backend, or on the first that loads. Throws a fault of the environment with the remedy where it does not load.
 * tfjs has one current backend a thread: an engine sets its own before each training, so several may live side by side.
 */
export async function loadTfjs(wanted: Backend | "best"): Promise<Engine> {
  if (wanted !== "best") return engineOn(wanted, await loadBackend(wanted));
  for (const backend of BACKENDS) {
    const state = await stateOf(backend);
    if (state.works) return engineOn(backend, state.version);
  }
  throw new SweepError(
    "environment",
    "no backend of tfjs loads on this machine: see `gmm-sweep doctor`, or take --engine reference",
  );
}

/** Every backend, best first: whether it loads, for `doctor`. */
export async function tfjsBackends(): Promise<BackendState[]> {
  const states: BackendState[] = [];
  for (const backend of BACKENDS) states.push(await stateOf(backend));
  return states;
}

async function stateOf(backend: Backend): Promise<BackendState> {
  try {
    return { backend, works: true, version: await loadBackend(backend) };
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    return { backend, works: false, reason: error.message };
  }
}

function engineOn(backend: Backend, version: string): Engine {
  registerGradients();
  return {
    name: "tfjs",
    profile: `tfjs/${backend}-${version}/f32/${REVISION}`,
    supports: (shape) => supportsTwoLayers(shape, Number.POSITIVE_INFINITY),
    train: (training) => {
      mustHaveTwoLayers(training.shape, Number.POSITIVE_INFINITY);
      useBackend(backend);
      return train(training);
    },
  };
}

/** Makes a backend that is loaded the current one. setBackend does that before it returns, and then only its promise is late. */
function useBackend(backend: Backend): void {
  if (tf.getBackend() !== backend) void tf.setBackend(backend);
}
