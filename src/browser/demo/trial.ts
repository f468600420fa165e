/** A trial of the notebook's experiment, trained here by the same kernel, draw, streams and trajectories as on the command line. */
import { type Draw, seededDraw } from "../../data/draw.js";
import type { Curve, Engine } from "../../engine/contract.js";
import { engineOf } from "../../engine/fused/fused-engine.js";
import { type Exports, wasmKernel } from "../../engine/fused/wasm.js";
import { freshParameters, trainTrajectory } from "../../run/trajectory.js";
import { type SeededDraw, type TrajectorySpec, trainingKey } from "../../trial.js";

/** What the page carries: the trajectories of trial 1, by preset and method, as the plan of `gmm-sweep train` has them. */
export type Specs = Readonly<Record<string, Readonly<Record<string, TrajectorySpec>>>>;

/** The engine of the profile that the command line calls wasm. Throws where a browser knows no WebAssembly. */
export async function startEngine(base64: string): Promise<Engine> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes);
  return engineOf(wasmKernel(instance.exports as unknown as Exports, "wasm"), "f32");
}

export interface Asked {
  readonly preset: string;
  readonly method: string;
  readonly trial: number;
  readonly dataSeed: number;
  /** Null: the method's own. */
  readonly lambda: number | null;
  readonly epochs: number | null;
}

/** Trains what is asked for once: what others go on from is kept. */
export class Trials {
  readonly #engine: Engine;
  readonly #specs: Specs;
  readonly #draws = new Map<number, Draw>();
  readonly #curves = new Map<string, Curve>();

  constructor(engine: Engine, specs: Specs) {
    this.#engine = engine;
    this.#specs = specs;
  }

  /** Of methods that the page has: synchronous, a second at most where nothing is kept yet. */
  curve({ preset, method, trial, dataSeed, lambda, epochs }: Asked): Curve {
    const spec = ofSeeds(this.#specs[preset][method], trial, dataSeed);
    const cell = lambda === null ? spec.cell : { ...spec.cell, lambda, lambdaEffective: lambda };
    return this.#train({ ...spec, cell, asked: epochs === null ? spec.asked : [epochs] });
  }

  #train(spec: TrajectorySpec): Curve {
    const isKept = spec.start === null;
    const key = trainingKey(spec);
    const kept = isKept ? this.#curves.get(key) : undefined;
    if (kept !== undefined) return kept;
    const start = spec.start === null ? freshParameters(spec) : this.#train(spec.start).parameters;
    const curve = trainTrajectory(spec, this.#engine, this.#drawOf(spec), start, new Int32Array(1));
    if (curve === null) throw new Error("a training that nobody stops has ended early");
    if (isKept) this.#curves.set(key, curve);
    return curve;
  }

  #drawOf({ cell: { draw } }: TrajectorySpec): Draw {
    if (draw.kind !== "seeded") throw new Error("the page has seeded draws alone");
    const made = this.#draws.get(draw.dataSeed) ?? seededDraw(draw);
    this.#draws.set(draw.dataSeed, made);
    return made;
  }
}

/** The trajectory, and what it starts from, as another trial on another draw. */
function ofSeeds(spec: TrajectorySpec, trial: number, dataSeed: number): TrajectorySpec {
  const cell = { ...spec.cell, draw: { ...(spec.cell.draw as SeededDraw), dataSeed } };
  return { ...spec, cell, trial, start: spec.start === null ? null : ofSeeds(spec.start, trial, dataSeed) };
}
