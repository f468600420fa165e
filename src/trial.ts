/** The words every module shares — draw, cell, trajectory, trial row, outcome — and the keys made of them. */
import type { EpochCurve, Measures } from "./measures.js";

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

/** What each retained row (of D) and each forget row (of F) weighs in a term of the objective. */
export interface RowWeights {
  readonly retained: number;
  readonly forget: number;
}

/** What a training minimises, Σᵢ cᵢ·CE(zᵢ, yᵢ) + λ_effective·Σᵢ wᵢ·φ(zᵢ) over the n+k rows of D ∪ F, but for λ. */
export interface Objective {
  readonly crossEntropy: RowWeights;
  readonly penalty: RowWeights;
  /** Whether the cross-entropy fits the forget rows to their own labels or to the other ones. */
  readonly forgetLabels: "kept" | "flipped";
}

/** What a trajectory is trained under, whatever its trial: the key of its cells, but their epoch counts, and all that follows from it. */
export interface CellSpec {
  readonly draw: DrawSource;
  /** Of the hidden layers. */
  readonly widths: readonly number[];
  readonly learningRate: number;
  readonly preset: string;
  /** Its name in keys; what it does is the objective's to say. */
  readonly method: string;
  readonly objective: Objective;
  /** λ as written, and λ in the gradient. */
  readonly lambda: number;
  readonly lambdaEffective: number;
  readonly seed: number;
  /** Whose stream fresh weights come from: the method's name, or 'shared'. */
  readonly initialWeights: string;
  /** The start's cell — methods, λ and epochs back to the fresh weights, as unlearn@4.2x5<original@0x100 — or '' for a fresh start. */
  readonly start: string;
  /** Whether the runs of all its trials are one run, stored for each as a copy. */
  readonly oneRun: boolean;
}

/** One training from one start under one method and λ; it says all that its numbers depend on, but the numerics profile. */
export interface TrajectorySpec {
  readonly cell: CellSpec;
  /** From 1. */
  readonly trial: number;
  /** The trajectory whose last parameters it starts from; null: fresh weights from the seed. */
  readonly start: TrajectorySpec | null;
  /** The epoch counts at which a trial row is wanted, ascending; the last is how long it trains. */
  readonly asked: readonly number[];
  /** Trials after its own that would be this same run again, and get its rows as copies. */
  readonly copies: number;
}

/** What a trajectory holds at an asked epoch count. */
export interface TrialRow {
  readonly epochs: number;
  readonly state: "done" | "diverged";
  readonly measures: Measures;
  /** The margin of each forget row, whose mean is forget_margin. */
  readonly forgetMargins: Float64Array;
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

/** The trial of the start; 0 for a fresh start, because SQL's unique takes two nulls for different. */
export function startTrial(spec: TrajectorySpec): number {
  return spec.start === null ? 0 : spec.start.trial;
}

/** `CellSpec.start` of a cell that goes on from `start`. */
export function startKey(start: TrajectorySpec): string {
  const { method, lambda, start: before } = start.cell;
  return `${method}@${lambda}x${lastEpoch(start)}${before === "" ? "" : `<${before}`}`;
}

// A plan has a cell once and a spec for each of its trials.
const cellKeys = new WeakMap<CellSpec, string>();

/** The key of a cell but its epoch count, as JSON; equal keys, trials, epochs and profiles mean equal bits. */
export function cellKey(cell: CellSpec): string {
  const known = cellKeys.get(cell);
  if (known !== undefined) return known;
  const { draw, widths, learningRate, preset, method, lambda, seed, start } = cell;
  const sizes = [draw.samples, draw.features, draw.forgetRows, widths.join(",")];
  const key = JSON.stringify([drawKey(draw), ...sizes, learningRate, preset, method, lambda, seed, start]);
  cellKeys.set(cell, key);
  return key;
}

/** What a trajectory is, whatever epochs are asked of it. */
export function trajectoryKey(spec: TrajectorySpec): string {
  return `${cellKey(spec.cell).slice(0, -1)},${spec.trial},${startTrial(spec)}]`;
}

/** A trajectory with its length: what is trained once, and what others start from. */
export function trainingKey(spec: TrajectorySpec): string {
  return `${trajectoryKey(spec)} ${lastEpoch(spec)}`;
}
