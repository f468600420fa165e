/** What every engine promises; `test/engine-contract.ts` holds each one to it. */
import type { Rows, TestRows } from "../data/rows.js";

/** The net: features – widths[0] – widths[1] – … – 2, ReLU between the layers. */
export interface Shape {
  readonly features: number;
  /** Of the hidden layers, the first one first. */
  readonly widths: readonly number[];
}

/** Whether an engine trains nets of a shape; the reason is a clause that goes on after "because". */
export type Support = { readonly supported: true } | { readonly supported: false; readonly reason: string };

/** One training: minimises Σᵢ crossEntropyWeightsᵢ·CE(zᵢ, targetsᵢ) + lambdaEffective·Σᵢ penaltyWeightsᵢ·φ(zᵢ) by full-batch Adam. */
export interface Training {
  readonly shape: Shape;
  readonly rows: Rows;
  readonly test: TestRows | null;
  /** n+k labels, each 0 or 1, that the cross-entropy is fitted to: the rows' own but where a method flips them. */
  readonly targets: Uint8Array;
  /** n+k weights c of the cross-entropy; they may be 0 or negative. */
  readonly crossEntropyWeights: Float64Array;
  /** n+k weights w of the penalty in the gradient, without λ. */
  readonly penaltyWeights: Float64Array;
  readonly lambdaEffective: number;
  readonly learningRate: number;
  /** The parameters to start from, laid out as `parameterCount` says; Adam's moments start at zero. */
  readonly start: Float64Array;
  readonly epochs: number;
  /** The epochs (1-based, ascending, none above `epochs`) whose test accuracy and forget margins are wanted. */
  readonly asked: readonly number[];
  /** One shared cell: any value but 0 asks the engine to stop; it is looked at between epochs. */
  readonly cancel: Int32Array;
}

/** What a training leaves. Index e holds epoch e+1: the two losses before that epoch's step, the other measures after it. */
export interface Curve {
  /** Mean φ over the 2n+k rows of the notebook's X_train, whatever the gradient used. */
  readonly penalty: Float64Array;
  /** Σᵢ crossEntropyWeightsᵢ·CE(zᵢ, targetsᵢ). */
  readonly crossEntropy: Float64Array;
  /** The share of D's n rows whose larger logit is their label's; a tie counts as class 0. */
  readonly trainAccuracy: Float64Array;
  /** softmax(z)_y of the row's own label y, mean over F. */
  readonly forgetProbability: Float64Array;
  /** The margin, log-odds of the row's own label: z_y − z₁₋y, mean over F. */
  readonly forgetMargin: Float64Array;
  /** One value per asked epoch; NaN where there is no test sample. */
  readonly testAccuracy: Float64Array;
  /** asked × k: the margin of each forget row. */
  readonly askedMargins: Float64Array;
  /** The final parameters, in the layout of the start. */
  readonly parameters: Float64Array;
}

/**
 * An engine trains one net at a time, on one thread. `train` is a function of its argument: the same training gives
 * the same bits on every call and every machine that reports the same `profile`. It returns null where `cancel` stopped
 * it, never throws because numbers overflowed (they become NaN or Infinity in the curve), and keeps no reference to
 * its argument. A shape that it does not support is the caller's bug, and throws.
 */
export interface Engine {
  readonly name: string;
  /** The numerics profile: whatever may change the bits, and nothing else. */
  readonly profile: string;
  supports(shape: Shape): Support;
  train(training: Training): Curve | null;
}

/** The layers from the input on, each as PyTorch shapes its weight: outputs × inputs. */
export function layerSizes({ features, widths }: Shape): readonly (readonly [outputs: number, inputs: number])[] {
  return [...widths, 2].map((outputs, l) => [outputs, l === 0 ? features : widths[l - 1]]);
}

/** The parameters of a net: fc1.weight (outputs × inputs), fc1.bias, fc2.weight, fc2.bias, …, each row-major. */
export function parameterCount(shape: Shape): number {
  return layerSizes(shape).reduce((count, [outputs, inputs]) => count + outputs * inputs + outputs, 0);
}
