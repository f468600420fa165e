/** The words every module shares — draw, trajectory, trial row, outcome — and the keys made of them. Imports nothing. */

export type Preset = "notebook" | "paired";

/** What a seeded draw is a function of. */
export interface SeededDraw {
  readonly kind: "seeded";
  readonly dataSeed: number;
  readonly samples: number;
  readonly features: number;
  readonly forgetRows: number;
}

/** Data that a user brought; `sha256` is that of its float32 content. */
export interface ImportedDraw {
  readonly kind: "imported";
  readonly directory: string;
  readonly sha256: string;
  readonly samples: number;
  readonly features: number;
  readonly forgetRows: number;
}

export type DrawSource = SeededDraw | ImportedDraw;

/** One training from one start under one method and λ; it says all that its numbers depend on, but the numerics profile. */
export interface TrajectorySpec {
  readonly draw: DrawSource;
  readonly hidden: readonly [number, number];
  readonly learningRate: number;
  readonly preset: Preset;
  readonly method: string;
  /** λ as written; what stands in the gradient is the method's business. */
  readonly lambda: number;
  readonly seed: number;
  /** From 1. */
  readonly trial: number;
  /** The trajectory whose last parameters it starts from; null: fresh weights from the seed. */
  readonly start: TrajectorySpec | null;
  /** The epoch counts at which a trial row is wanted, ascending; the last is how long it trains. */
  readonly asked: readonly number[];
  /** Trials after its own that would be this same run again, and get its rows as copies. */
  readonly copies: number;
}

/** What a trajectory holds at an asked epoch count. The two losses are those before that epoch's step, as the notebook logs them. */
export interface TrialRow {
  readonly epochs: number;
  readonly state: "done" | "diverged";
  readonly trainAccuracy: number;
  /** Null where the draw has no test sample. */
  readonly testAccuracy: number | null;
  readonly forgetProbability: number;
  readonly forgetLogit: number;
  readonly crossEntropy: number;
  readonly penalty: number;
  /** z₀ − z₁ of each forget row, whose mean is forgetLogit. */
  readonly forgetLogits: Float64Array;
}

/** The measures of every epoch; index e is epoch e+1. */
export interface EpochCurve {
  readonly penalty: Float64Array;
  readonly crossEntropy: Float64Array;
  readonly trainAccuracy: Float64Array;
  readonly forgetProbability: Float64Array;
  readonly forgetLogit: Float64Array;
}

/** What became of a trajectory. A diverged training is a result like any other; failed means that it could not be run. */
export type Outcome = TrainedOutcome | FailedOutcome;

export interface TrainedOutcome {
  readonly state: "trained";
  readonly spec: TrajectorySpec;
  /** False for a start that was trained again only because its parameters were needed. */
  readonly wanted: boolean;
  readonly rows: readonly TrialRow[];
  readonly curve: EpochCurve;
  readonly elapsedMs: number;
}

export interface FailedOutcome {
  readonly state: "failed";
  readonly spec: TrajectorySpec;
  readonly reason: string;
}

/** The name of a draw in keys and streams. */
export function drawKey(draw: DrawSource): string {
  return draw.kind === "seeded" ? `${draw.dataSeed}` : `sha256:${draw.sha256}`;
}

/** How long a trajectory trains. */
export function lastEpoch(spec: TrajectorySpec): number {
  return spec.asked[spec.asked.length - 1];
}

/** The start's cell — methods, λ and epochs back to the fresh weights — or '' for a fresh start: two starts that differ are two keys. */
export function startKey(spec: TrajectorySpec): string {
  if (spec.start === null) return "";
  const { start } = spec;
  const before = startKey(start);
  return `${start.method}@${start.lambda}x${lastEpoch(start)}${before === "" ? "" : `<${before}`}`;
}

/** What a trajectory is trained under, whatever its trial: a cell's key, but its epoch count and the numerics profile. */
export function armKey(spec: TrajectorySpec): readonly (string | number)[] {
  const { draw, hidden, learningRate, preset, method, lambda, seed } = spec;
  return [
    drawKey(draw),
    draw.samples,
    draw.features,
    draw.forgetRows,
    hidden.join(","),
    learningRate,
    preset,
    method,
    lambda,
    seed,
    startKey(spec),
  ];
}

/** What a trajectory is, whatever epochs are asked of it; equal keys and equal profiles mean equal bits. */
export function trajectoryKey(spec: TrajectorySpec): string {
  return JSON.stringify([...armKey(spec), spec.trial, startTrial(spec)]);
}

/** The trial of the start; 0 for a fresh start, because SQL's unique takes two nulls for different. */
export function startTrial(spec: TrajectorySpec): number {
  return spec.start === null ? 0 : spec.start.trial;
}

/** A trajectory with its length: what is trained once, and what others start from. */
export function trainingKey(spec: TrajectorySpec): string {
  return `${trajectoryKey(spec)} ${lastEpoch(spec)}`;
}
