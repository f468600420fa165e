/** Pure: from a config to the trajectories it asks for, in the order in which they should run. */
import type { SweepConfig } from "./config.js";
import { isOneRun, methodNamed } from "./methods.js";
import type { TrajectorySpec } from "./trial.js";

/**
 * The trajectories of a sweep. `total` is the count of trials the sweep has been asked for so far: in the notebook
 * preset its last original is where the copies start, so those cover all of it.
 */
export function plan(config: SweepConfig, total: number): TrajectorySpec[] {
  const trials = Array.from({ length: config.trials }, (_, index) => index + 1);
  // Methods outermost: a start comes before all that goes on from it, and the longest work is not left to the end.
  return config.methods.flatMap((name) => {
    if (!isOneRun(config.preset, methodNamed(name))) return trials.map((trial) => specOf(config, name, trial, trial));
    return [{ ...specOf(config, name, 1, total), copies: total - 1 }];
  });
}

/** The trajectory of a method's trial, whose start, where it has one, is of trial `startTrial`. */
export function specOf(config: SweepConfig, name: string, trial: number, startTrial: number): TrajectorySpec {
  const method = methodNamed(name);
  const { draw, hidden, learningRate, preset, seed } = config;
  return {
    draw,
    hidden,
    learningRate,
    preset,
    method: name,
    lambda: config.lambda[name],
    seed,
    trial,
    start: method.start === null ? null : specOf(config, method.start, startTrial, startTrial),
    asked: [config.epochs[name]],
    copies: 0,
  };
}
