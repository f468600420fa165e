/** A trial of the notebook's experiment, trained here by the same kernel, draw, streams and trajectories as on the command line. */
import { type Draw, seededDraw } from "../../data/draw.js";
import type { Curve, Engine } from "../../engine/contract.js";
import { engineOf } from "../../engine/fused/fused-engine.js";
import { type Exports, wasmKernel } from "../../engine/fused/wasm.js";
import { freshParameters, trainTrajectory } from "../../run/trajectory.js";
import { type DrawSource, drawKey, type SeededDraw, type TrajectorySpec, trainingKey } from "../../trial.js";
import type { Asked, Specs } from "./messages.js";

const DRAWS_KEPT = 3; // of 220 kB each at the notebook's size
const CURVES_KEPT = 200; // of 30 kB each

/** The engine of the profile that the command line calls wasm. Throws where a browser knows no WebAssembly. */
export async function startEngine(base64: string): Promise<Engine> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes);
  return engineOf(wasmKernel(instance.exports as unknown as Exports, "wasm"), "f32");
}

/** Trains what is asked for, and keeps the last of it: λ moves where all else stays. */
export class Trials {
  readonly #engine: Engine;
  readonly #specs: Specs;
  readonly #draws = new Map<string, Draw>();
  readonly #curves = new Map<string, Curve>();

  constructor(engine: Engine, specs: Specs) {
    this.#engine = engine;
    this.#specs = specs;
  }

  /** Of presets and methods that the page has. */
  curve({ preset, method, trial, dataSeed, lambda, epochs }: Asked): Curve {
    const spec = ofSeeds(this.#specs[preset][method], trial, dataSeed);
    const cell = lambda === null ? spec.cell : { ...spec.cell, lambda, lambdaEffective: lambda };
    return this.#train({ ...spec, cell, asked: epochs === null ? spec.asked : [epochs] });
  }

  #train(spec: TrajectorySpec): Curve {
    return kept(this.#curves, CURVES_KEPT, trainingKey(spec), () => {
      const start = spec.start === null ? freshParameters(spec) : this.#train(spec.start).parameters;
      const curve = trainTrajectory(spec, this.#engine, this.#draw(spec.cell.draw), start, new Int32Array(1));
      if (curve === null) throw new Error("a training that nobody stops has ended early");
      return curve;
    });
  }

  #draw(source: DrawSource): Draw {
    if (source.kind !== "seeded") throw new Error("the page has seeded draws alone");
    return kept(this.#draws, DRAWS_KEPT, drawKey(source), () => seededDraw(source));
  }
}

/** What `cache` has under `key`, else what `make` makes, which it has from then on; it lets go of what was used longest ago. */
function kept<Value>(cache: Map<string, Value>, most: number, key: string, make: () => Value): Value {
  const value = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > most) cache.delete(cache.keys().next().value as string);
  return value;
}

/** The trajectory, and what it starts from, as another trial on another draw. */
function ofSeeds(spec: TrajectorySpec, trial: number, dataSeed: number): TrajectorySpec {
  const cell = { ...spec.cell, draw: { ...(spec.cell.draw as SeededDraw), dataSeed } };
  return { ...spec, cell, trial, start: spec.start === null ? null : ofSeeds(spec.start, trial, dataSeed) };
}
