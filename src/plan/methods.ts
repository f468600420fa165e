/** The registry of methods. A method is a record: where it starts, what each row weighs, λ and epochs; engines know nothing of it. */
import type { Preset } from "../trial.js";

/** Weights of the n+k rows in the two terms of the objective. */
interface RowWeights {
  readonly crossEntropy: Float64Array;
  readonly penalty: Float64Array;
}

/** What the notebook published for a method: mean and population std over 100 trials. */
export interface Published {
  readonly trainAccuracy: readonly [mean: number, std: number];
  readonly forgetProbability: readonly [mean: number, std: number];
}

export interface Method {
  readonly name: string;
  /** The method whose trained net it goes on from; null: fresh weights. */
  readonly start: string | null;
  /** λ and epochs where the user says nothing. */
  readonly lambda: number;
  readonly epochs: number;
  rowWeights(preset: Preset, n: number, k: number): RowWeights;
  /** Whether it trains the forget rows towards the other class. */
  readonly flipsForgetLabels: boolean;
  readonly published: Published | null;
}

// To add a method, add a record here: nothing else needs to know it.
const METHODS: readonly Method[] = [
  {
    name: "original",
    start: null,
    lambda: 0,
    epochs: 100,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overAllRows(n, k), penalty: overNotebookRows(n, k) }),
    flipsForgetLabels: false,
    published: { trainAccuracy: [0.93339, 0.0017], forgetProbability: [0.96756, 0.03002] },
  },
  {
    name: "retrain_scratch",
    start: null,
    lambda: 0,
    epochs: 100,
    // The notebook leaves x in this method's penalty; the paired preset is the sound one, and does not.
    rowWeights: (preset, n, k) => ({
      crossEntropy: overRetainedRows(n, k),
      penalty: preset === "notebook" ? overNotebookRows(n, k) : overRetainedRows(n, k),
    }),
    flipsForgetLabels: false,
    published: { trainAccuracy: [0.93341, 0.00177], forgetProbability: [0.78481, 0.19006] },
  },
  {
    name: "unlearn",
    start: "original",
    lambda: 4.2,
    epochs: 5,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overAllRows(n, k), penalty: overNotebookRows(n, k) }),
    flipsForgetLabels: false,
    published: { trainAccuracy: [0.9244, 0], forgetProbability: [0.78052, 6e-8] },
  },
  {
    name: "retrain_original",
    start: "original",
    lambda: 0,
    epochs: 100,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overAllRows(n, k), penalty: overNotebookRows(n, k) }),
    flipsForgetLabels: false,
    published: { trainAccuracy: [0.9452, 0], forgetProbability: [1, 0] },
  },
  {
    name: "fine_tune",
    start: "original",
    lambda: 0,
    epochs: 5,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overRetainedRows(n, k), penalty: overRetainedRows(n, k) }),
    flipsForgetLabels: false,
    published: null,
  },
  {
    name: "gradient_ascent",
    start: "original",
    lambda: 0,
    epochs: 5,
    // Up the loss of F alone, as Thudi et al. 2022 (arXiv 2109.13398) and Golatkar et al. 2020 (arXiv 1911.04933) name it.
    rowWeights: (_preset, n, k) => ({ crossEntropy: overForgetRows(n, k, -1), penalty: overForgetRows(n, k, 1) }),
    flipsForgetLabels: false,
    published: null,
  },
  {
    name: "relabel",
    start: "original",
    lambda: 0,
    epochs: 5,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overAllRows(n, k), penalty: overNotebookRows(n, k) }),
    flipsForgetLabels: true,
    published: null,
  },
  {
    // How fast an unlearned net learns x again: plain training, whose curve says when it is as sure of x as the original.
    name: "relearn",
    start: "unlearn",
    lambda: 0,
    epochs: 50,
    rowWeights: (_preset, n, k) => ({ crossEntropy: overAllRows(n, k), penalty: overNotebookRows(n, k) }),
    flipsForgetLabels: false,
    published: null,
  },
];

export const METHOD_NAMES: readonly string[] = METHODS.map(({ name }) => name);

/** Those that the notebook published numbers of. */
export const NOTEBOOK_METHODS: readonly string[] = METHODS.filter(({ published }) => published !== null).map(
  ({ name }) => name,
);

/** The record of a method; names were checked where they came in. */
export function methodNamed(name: string): Method {
  const method = METHODS.find((candidate) => candidate.name === name);
  if (method === undefined) throw new Error(`no method is called ${name}`);
  return method;
}

/** λ in the gradient. The notebook back-propagates the penalty of a fresh training twice, once on its own: gradients add up. */
export function effectiveLambda(preset: Preset, method: Method, lambda: number): number {
  return preset === "notebook" && method.start === null ? lambda + 1 : lambda;
}

/** Whether the runs of all trials are one run: the notebook starts them all from its last original, and nothing in them is random. */
export function isOneRun(preset: Preset, method: Method): boolean {
  return preset === "notebook" && method.start !== null;
}

/** The mean over D ∪ F. */
function overAllRows(n: number, k: number): Float64Array {
  return new Float64Array(n + k).fill(1 / (n + k));
}

/** The mean over D; F weighs nothing. */
function overRetainedRows(n: number, k: number): Float64Array {
  return new Float64Array(n + k).fill(1 / n, 0, n);
}

/** `weight` times the mean over F; D weighs nothing. */
function overForgetRows(n: number, k: number, weight: number): Float64Array {
  return new Float64Array(n + k).fill(weight / k, n);
}

/** The mean over the notebook's X_train, which is D ∪ F followed by D again. */
function overNotebookRows(n: number, k: number): Float64Array {
  const total = 2 * n + k;
  return new Float64Array(n + k).fill(2 / total, 0, n).fill(1 / total, n);
}
