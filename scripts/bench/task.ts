/** What is timed: trials of `original`, at the notebook's shape or another. */
import type { Draw } from "../../src/data/draw.js";
import { loadDraw } from "../../src/data/source.js";
import type { Curve, Engine } from "../../src/engine/contract.js";
import { trainPlan } from "../../src/plan/request.js";
import { onlyTrajectory } from "../../src/plan/trajectories.js";
import { freshParameters, trainTrajectory } from "../../src/run/trajectory.js";
import type { TrajectorySpec } from "../../src/trial.js";

export interface NetShape {
  readonly features: number;
  readonly hidden: readonly [number, number];
  readonly samples: number;
}

export const NOTEBOOK_SHAPE: NetShape = { features: 10, hidden: [64, 32], samples: 5000 };
export const EPOCHS = 100; // of a trial of `original`

/** A trial of `original` and all it needs. */
export interface Task {
  readonly spec: TrajectorySpec;
  readonly draw: Draw;
  readonly start: Float64Array;
}

export function taskOf({ features, hidden, samples }: NetShape): Task {
  const flags = { features: `${features}`, hidden: hidden.join(","), samples: `${samples}` };
  const spec = onlyTrajectory(trainPlan(flags, "original"), 1);
  return { spec, draw: loadDraw(spec.cell.draw), start: freshParameters(spec) };
}

/** Trains the task for `epochs` epochs. */
export function train(engine: Engine, { spec, draw, start }: Task, epochs: number): Curve {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const curve = trainTrajectory({ ...spec, asked: [epochs] }, engine, draw, start, never);
  if (curve === null) throw new Error("nobody cancelled this training");
  return curve;
}

/** Trains `count` times EPOCHS epochs. */
export function trainTrials(engine: Engine, task: Task, count: number): void {
  for (let i = 0; i < count; i++) train(engine, task, EPOCHS);
}

export function shapeText({ features, hidden, samples }: NetShape): string {
  return `${[features, ...hidden, 2].join("-")}, n = ${samples.toLocaleString("en")}`;
}

/**
 * The multiply-adds, 2 flop each, that a row takes in an epoch: of layers 1 and 2 and the head as one logit, once
 * forward, once for the weights' gradient, and but for layer 1 once for the inputs'. 2·7,520 for the notebook's net.
 */
export function flopPerEpoch({ features, hidden: [h1, h2] }: NetShape, rows: number): number {
  return 2 * rows * (2 * features * h1 + 3 * h1 * h2 + 3 * h2);
}
