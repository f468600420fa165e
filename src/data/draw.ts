/** A draw: the data set of one seed — two Gaussian classes, the forget set, a fresh test sample — and what is known of it without training. */

import { exp } from "../numerics/elementary.js";
import { normalCdf } from "../stats/normal.js";
import type { SeededDraw } from "../trial.js";
import type { Rows, TestRows } from "./rows.js";
import { float32Rows } from "./rows.js";
import { type Stream, stream } from "./streams.js";

const MEAN_RANGE = 10; // class means ~ U[0, 10]^d, notebook cell 2
const CLASS_VARIANCE = 10; // rows ~ N(mean, 10·I)
const FORGET_VARIANCE = 20; // x ~ N(empirical mean of class 0, 20·I)

/** What the true means tell: the accuracy of the best classifier there is, and P(class 0 | x), mean over F. */
export interface Bayes {
  readonly accuracy: number;
  readonly forgetProbability: number;
}

export interface Draw {
  readonly rows: Rows;
  readonly test: TestRows | null;
  /** Null for imported data, whose means nobody told us. */
  readonly bayes: Bayes | null;
}

/**
 * The draw of `dataSeed`; everything is rounded to float32 once, here, for every engine. Draws of one seed share their
 * random numbers whatever their sizes, which is good for holding sizes against one another: never count them as
 * independent draws.
 */
export function seededDraw({ dataSeed, samples, features, forgetRows }: SeededDraw): Draw {
  const of = (part: string): Stream => stream("draw", dataSeed, part);
  const half = samples / 2;
  const means = classMeans(dataSeed, features);
  const classes = means.map((mean, label) => gaussianRows(of(`class${label}`), mean, CLASS_VARIANCE, half));
  const forget = gaussianRows(of("forget"), columnMeans(classes[0], half, features), FORGET_VARIANCE, forgetRows);
  const testHalf = Math.max(1, Math.round(samples / 10));
  const test = means.map((mean, label) => gaussianRows(of(`test${label}`), mean, CLASS_VARIANCE, testHalf));
  const x = float32Rows(classes[0], classes[1], forget);
  return {
    rows: { n: samples, k: forgetRows, features, x, y: labels(half, half, forgetRows) },
    test: { rows: 2 * testHalf, x: float32Rows(test[0], test[1]), y: labels(testHalf, testHalf, 0) },
    bayes: bayesOf(means[0], means[1], x.subarray(samples * features)),
  };
}

/** The means of class 0 and class 1. */
export function classMeans(dataSeed: number, features: number): [Float64Array, Float64Array] {
  const source = stream("draw", dataSeed, "means");
  const mean = (): Float64Array => Float64Array.from({ length: features }, () => source.uniform() * MEAN_RANGE);
  return [mean(), mean()];
}

/** Φ(‖μ₁−μ₀‖ / 2σ), and the mean over F (rows × d) of P(0|x) = 1/(1 + exp((‖x−μ₀‖² − ‖x−μ₁‖²) / 2σ²)) at equal priors. */
export function bayesOf(mean0: Float64Array, mean1: Float64Array, forget: Float32Array): Bayes {
  const features = mean0.length;
  let gap = 0;
  for (let j = 0; j < features; j++) gap += square(mean1[j] - mean0[j]);
  const rows = forget.length / features;
  let probability = 0;
  for (let r = 0; r < rows; r++) {
    let difference = 0;
    for (let j = 0; j < features; j++) {
      const value = forget[r * features + j];
      difference += square(value - mean0[j]) - square(value - mean1[j]);
    }
    probability += 1 / (1 + exp(difference / (2 * CLASS_VARIANCE))) / rows;
  }
  return { accuracy: normalCdf(Math.sqrt(gap) / (2 * Math.sqrt(CLASS_VARIANCE))), forgetProbability: probability };
}

/** A product, because V8's power need not round like one. */
function square(value: number): number {
  return value * value;
}

/** count × d rows of N(mean, variance·I). */
function gaussianRows(source: Stream, mean: Float64Array, variance: number, count: number): Float64Array {
  const deviation = Math.sqrt(variance);
  const features = mean.length;
  const rows = new Float64Array(count * features);
  for (let i = 0; i < rows.length; i++) rows[i] = mean[i % features] + deviation * source.normal();
  return rows;
}

function columnMeans(rows: Float64Array, count: number, features: number): Float64Array {
  const sums = new Float64Array(features);
  for (let i = 0; i < count * features; i++) sums[i % features] += rows[i];
  return sums.map((sum) => sum / count);
}

/** Labels of `zeros` rows of class 0, `ones` of class 1, and `forget` rows labelled 0. */
function labels(zeros: number, ones: number, forget: number): Uint8Array {
  return new Uint8Array(zeros + ones + forget).fill(1, zeros, zeros + ones);
}
