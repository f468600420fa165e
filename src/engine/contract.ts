/** What every engine promises; `test/engine-contract.ts` holds each one to it. */

/** The data of one draw: n rows of D, then k rows of the forget set F; every value is float32-exact. */
export interface Rows {
  readonly n: number;
  readonly k: number;
  readonly features: number;
  /** (n+k) × features, row-major. */
  readonly x: Float32Array;
  /** n+k labels, each 0 or 1. */
  readonly y: Uint8Array;
}

/** A fresh sample of the same mixture, never trained on: rows × features and their labels. */
export interface TestRows {
  readonly rows: number;
  readonly x: Float32Array;
  readonly y: Uint8Array;
}

/** The net: features – hidden[0] – hidden[1] – 2, ReLU between the layers. */
export interface Shape {
  readonly features: number;
  readonly hidden: readonly [number, number];
}

/** One training: minimises Σᵢ crossEntropyWeightsᵢ·CE(zᵢ, yᵢ) + lambdaEffective·Σᵢ penaltyWeightsᵢ·φ(zᵢ) by full-batch Adam. */
export interface Training {
  readonly shape: Shape;
  readonly rows: Rows;
  readonly test: TestRows | null;
  /** n+k weights c of the cross-entropy; they may be 0 or negative. */
  readonly crossEntropyWeights: Float64Array;
  /** n+k weights w of the penalty in the gradient, without λ. */
  readonly penaltyWeights: Float64Array;
  readonly lambdaEffective: number;
  readonly learningRate: number;
  /** The parameters to start from, laid out as `parameterCount` says; Adam's moments start at zero. */
  readonly start: Float64Array;
  readonly epochs: number;
  /** The epochs (1-based, ascending, none above `epochs`) whose test accuracy and forget logits are wanted. */
  readonly asked: readonly number[];
  /** One shared cell: any value but 0 asks the engine to stop; it is looked at between epochs. */
  readonly cancel: Int32Array;
}

/** What a training leaves. Index e holds epoch e+1: the two losses before that epoch's step, the other measures after it. */
export interface Curve {
  /** Mean φ over the 2n+k rows of the notebook's X_train, whatever the gradient used. */
  readonly penalty: Float64Array;
  /** Σᵢ crossEntropyWeightsᵢ·CE(zᵢ, yᵢ). */
  readonly crossEntropy: Float64Array;
  /** The share of D's n rows whose larger logit is their label's; a tie counts as class 0. */
  readonly trainAccuracy: Float64Array;
  /** softmax(z)₀, mean over F. */
  readonly forgetProbability: Float64Array;
  /** z₀ − z₁, mean over F. */
  readonly forgetLogit: Float64Array;
  /** One value per asked epoch; NaN where there is no test sample. */
  readonly testAccuracy: Float64Array;
  /** asked × k: z₀ − z₁ of each forget row. */
  readonly askedLogits: Float64Array;
  /** The final parameters, in the layout of the start. */
  readonly parameters: Float64Array;
}

/**
 * An engine trains one net at a time, on one thread. `train` is a function of its argument: the same training gives
 * the same bits on every call and every machine that reports the same `profile`. It returns null where `cancel` stopped
 * it, never throws because numbers overflowed (they become NaN or Infinity in the curve), and keeps no reference to
 * its argument.
 */
export interface Engine {
  readonly name: string;
  /** The numerics profile: whatever may change the bits, and nothing else. */
  readonly profile: string;
  train(training: Training): Curve | null;
}

/** The parameters of a net: fc1.weight (h₁×d), fc1.bias, fc2.weight (h₂×h₁), fc2.bias, fc3.weight (2×h₂), fc3.bias, each row-major. */
export function parameterCount({ features, hidden: [h1, h2] }: Shape): number {
  return h1 * features + h1 + h2 * h1 + h2 + 2 * h2 + 2;
}
