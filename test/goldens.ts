/** PyTorch's curves from test/golden (README there), as trainings that any engine can run. */
import { readFileSync } from "node:fs";
import { importDraw } from "../src/data/directory.js";
import type { Training } from "../src/engine/contract.js";
import { trainingOf } from "../src/run/trajectory.js";
import { trajectoryUnder } from "./fixtures/cells.js";

/** [penalty before the step, cross-entropy before it, accuracy after it, forget probability after it] of each epoch. */
type GoldenCurve = readonly (readonly [number, number, number, number])[];
type Parameters = Record<string, number[] | number[][]>;

interface GoldenTrial {
  init_original: Parameters;
  init_retrain: Parameters;
  trained_original_float64: Parameters;
  runs: Record<"float64" | "float32", Record<string, GoldenCurve>>;
}

export interface GoldenRun {
  readonly name: string;
  readonly training: Training;
  readonly float64: GoldenCurve;
  readonly float32: GoldenCurve;
}

export const GOLDEN_DRAWS = ["small", "seed0"] as const;

/** The runs of a draw that start from given weights: fresh ones, or those of the float64 `original`. */
export function goldenRuns(name: (typeof GOLDEN_DRAWS)[number]): GoldenRun[] {
  const folder = `test/golden/${name}`;
  const { trials } = JSON.parse(readFileSync(`${folder}/golden.json`, "utf8")) as { trials: GoldenTrial[] };
  const { source, draw } = importDraw(folder, 0);
  return trials.flatMap((trial, t) => {
    const run = (golden: string, method: string, preset: string, lambda: number, start: Parameters): GoldenRun => {
      const float64 = trial.runs.float64[golden];
      // The goldens' plain retraining leaves the penalty out of the gradient altogether; its λ is 0 either way.
      const options = { draw: source, widths: [64, 32], lambda, epochs: float64.length };
      const spec = trajectoryUnder(preset, method, options);
      const cancel = new Int32Array(new SharedArrayBuffer(4));
      return {
        name: `${name} trial ${t + 1} ${golden}`,
        float64,
        float32: trial.runs.float32[golden],
        training: { ...trainingOf(spec, draw, flat(start), cancel), test: null, asked: [] },
      };
    };
    return [
      run("original", "original", "notebook", 0, trial.init_original),
      run("retrain_scratch", "retrain_scratch", "notebook", 0, trial.init_retrain),
      run("original_plain", "original", "paired", 0, trial.init_original),
      run("retrain_scratch_plain", "retrain_scratch", "paired", 0, trial.init_retrain),
      run("unlearn_lambda4.2_5", "unlearn", "notebook", 4.2, trial.trained_original_float64),
      run("retrain_original_100", "retrain_original", "notebook", 0, trial.trained_original_float64),
    ];
  });
}

/** A state_dict's arrays in the order of an engine's flat parameters. */
function flat(parameters: Parameters): Float64Array {
  const names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"];
  return Float64Array.from(names.flatMap((name) => parameters[name].flat()));
}
