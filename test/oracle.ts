/**
 * The notebook's training as it is coded, in float64: X_train is D ∪ F followed by D again, with its labels Z; one
 * forward pass over X_train for the penalty, one over D ∪ F or D for the cross-entropy, one to evaluate; a penalty that
 * is back-propagated by itself and again inside the total. Slow, plain, and nothing of src in it but two types.
 */
import type { Shape, Training } from "../src/engine/contract.js";

/** The notebook's tensors, as rows. */
export interface NotebookData {
  readonly X: readonly Float64Array[];
  readonly Y: readonly number[];
  readonly forget: readonly Float64Array[];
  readonly forgetLabels: readonly number[];
  /** D ∪ F and the labels to fit: the rows' own but where a method flips them. */
  readonly X0: readonly Float64Array[];
  readonly Y0: readonly number[];
  /** D ∪ F followed by D, and Z: 0 in the first part, 1 in the second. */
  readonly XTrain: readonly Float64Array[];
  readonly ZTrain: readonly number[];
}

export interface NotebookRun {
  /** lambda_reg as the notebook writes it. */
  readonly lambda: number;
  /** Whether `mutual_info.backward(retain_graph=True)` stands before the total's backward. */
  readonly penaltyBackwardFirst: boolean;
  /** The cross-entropy goes over D ∪ F; false: over D. */
  readonly crossEntropyOverForget: boolean;
  readonly learningRate: number;
  readonly epochs: number;
}

export interface NotebookCurve {
  readonly penalty: number[];
  readonly crossEntropy: number[];
  readonly trainAccuracy: number[];
  readonly forgetProbability: number[];
  readonly forgetMargin: number[];
  readonly parameters: Float64Array;
}

export function notebookData({ rows, targets }: Pick<Training, "rows" | "targets">): NotebookData {
  const { n, k, features, x, y } = rows;
  const row = (i: number): Float64Array => Float64Array.from(x.subarray(i * features, (i + 1) * features));
  const X0 = Array.from({ length: n + k }, (_, i) => row(i));
  const X = X0.slice(0, n);
  return {
    X,
    Y: Array.from(y.subarray(0, n)),
    forget: X0.slice(n),
    forgetLabels: Array.from(y.subarray(n)),
    X0,
    Y0: Array.from(targets),
    XTrain: [...X0, ...X],
    ZTrain: [...X0.map(() => 0), ...X.map(() => 1)],
  };
}

export function trainAsNotebook(
  start: Float64Array,
  shape: Shape,
  data: NotebookData,
  run: NotebookRun,
): NotebookCurve {
  const parameters = Float64Array.from(start);
  const m = new Float64Array(start.length);
  const v = new Float64Array(start.length);
  const curve: NotebookCurve = {
    penalty: [],
    crossEntropy: [],
    trainAccuracy: [],
    forgetProbability: [],
    forgetMargin: [],
    parameters,
  };
  for (let t = 1; t <= run.epochs; t++) {
    const { penalty, crossEntropy, gradient } = notebookStep(parameters, shape, data, run);
    for (let i = 0; i < parameters.length; i++) {
      m[i] = 0.9 * m[i] + 0.1 * gradient[i];
      v[i] = 0.999 * v[i] + 0.001 * gradient[i] ** 2;
      parameters[i] -= (run.learningRate * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    }
    const measures = notebookMeasures(parameters, shape, data);
    curve.penalty.push(penalty);
    curve.crossEntropy.push(crossEntropy);
    curve.trainAccuracy.push(measures.trainAccuracy);
    curve.forgetProbability.push(measures.forgetProbability);
    curve.forgetMargin.push(measures.forgetMargin);
  }
  return curve;
}

/** Both losses of one epoch, and what `.grad` holds when the optimizer steps. */
export function notebookStep(
  parameters: Float64Array,
  shape: Shape,
  data: NotebookData,
  run: NotebookRun,
): { penalty: number; crossEntropy: number; gradient: Float64Array } {
  const net = layersOf(parameters, shape);
  const gradient = new Float64Array(parameters.length);
  const dnet = layersOf(gradient, shape);
  const pz = mean(data.ZTrain);
  const [inputs, labels] = run.crossEntropyOverForget ? [data.X0, data.Y0] : [data.X, data.Y0];

  const trainPass = data.XTrain.map((x) => forward(net, x));
  const penalties = trainPass.map((activations) => penaltyOf(activations[3], pz));
  const penaltyBackward = (times: number): void => {
    for (const [i, activations] of trainPass.entries()) {
      const dz = penalties[i].dz.map((d) => (times * d) / trainPass.length);
      backward(net, dnet, activations, dz);
    }
  };
  const classifierPass = inputs.map((x) => forward(net, x));
  const crossEntropyBackward = (): void => {
    for (const [i, activations] of classifierPass.entries()) {
      const dz = softmaxOf(activations[3]).map((p, j) => (p - (j === labels[i] ? 1 : 0)) / inputs.length);
      backward(net, dnet, activations, dz);
    }
  };

  if (run.penaltyBackwardFirst) penaltyBackward(1); // mutual_info.backward(retain_graph=True)
  crossEntropyBackward(); // total_loss.backward() adds to the same .grad
  penaltyBackward(run.lambda);

  const penalty = mean(penalties.map(({ value }) => value));
  const crossEntropy = mean(
    classifierPass.map((activations, i) => logSumExp(activations[3]) - activations[3][labels[i]]),
  );
  return { penalty, crossEntropy, gradient };
}

/** What the notebook evaluates of given parameters: of each forget row, its own label's probability and log-odds. */
export function notebookMeasures(
  parameters: Float64Array,
  shape: Shape,
  { X, Y, forget, forgetLabels }: NotebookData,
): { trainAccuracy: number; forgetProbability: number; forgetMargin: number; forgetMargins: number[] } {
  const net = layersOf(parameters, shape);
  const probabilities = forget.map((x, i) => softmaxOf(forward(net, x)[3])[forgetLabels[i]]);
  const forgetMargins = forget.map((x, i) => {
    const [z0, z1] = forward(net, x)[3];
    return forgetLabels[i] === 0 ? z0 - z1 : z1 - z0;
  });
  return {
    trainAccuracy: X.filter((x, i) => predicted(forward(net, x)[3]) === Y[i]).length / X.length,
    forgetProbability: mean(probabilities),
    forgetMargin: mean(forgetMargins),
    forgetMargins,
  };
}

/** The probabilities of X_train's rows, unclamped. */
export function notebookProbabilities(parameters: Float64Array, shape: Shape, { XTrain }: NotebookData): number[][] {
  const net = layersOf(parameters, shape);
  return XTrain.map((x) => softmaxOf(forward(net, x)[3]));
}

/** I(Ŷ;Z) in nats as its definition has it: Σ p(ŷ,z)·ln(p(ŷ,z)/(p(ŷ)p(z))), the joint being the mean of softmax over the rows of each z. */
export function plugInInformation(probabilities: readonly (readonly number[])[], Z: readonly number[]): number {
  const joint = [
    [0, 0],
    [0, 0],
  ];
  probabilities.forEach((p, i) => {
    for (const label of [0, 1]) joint[label][Z[i]] += p[label] / Z.length;
  });
  let information = 0;
  for (const label of [0, 1]) {
    for (const z of [0, 1]) {
      const independent = (joint[label][0] + joint[label][1]) * (joint[0][z] + joint[1][z]);
      information += joint[label][z] * Math.log(joint[label][z] / independent);
    }
  }
  return information;
}

/** compute_mutual_information_direct of one row, line by line, and its derivative by the chain rule, line by line back. */
function penaltyOf(z: readonly number[], pz: number): { value: number; dz: number[] } {
  const soft = softmaxOf(z);
  const p = soft.map((value) => Math.min(Math.max(value, 1e-10), 1 - 1e-10));
  const pNotZ = 1 - pz;
  const jointZ = p[1] * pz;
  const jointNotZ = p[0] * pNotZ;
  const py = jointZ + jointNotZ;
  const ratioZ = jointZ / (py * pz) + 1e-10;
  const ratioNotZ = jointNotZ / (py * pNotZ) + 1e-10;
  const value = jointZ * Math.log(ratioZ) + jointNotZ * Math.log(ratioNotZ);

  const dRatioZ = jointZ / ratioZ;
  const dRatioNotZ = jointNotZ / ratioNotZ;
  const dPy = -(dRatioZ * jointZ) / (py * py * pz) - (dRatioNotZ * jointNotZ) / (py * py * pNotZ);
  const dJointZ = Math.log(ratioZ) + dRatioZ / (py * pz) + dPy;
  const dJointNotZ = Math.log(ratioNotZ) + dRatioNotZ / (py * pNotZ) + dPy;
  // clamp passes a gradient only where it changed nothing
  const dSoft = [dJointNotZ * pNotZ, dJointZ * pz].map((d, j) => (soft[j] === p[j] ? d : 0));
  const inner = dSoft[0] * soft[0] + dSoft[1] * soft[1];
  return { value, dz: soft.map((s, j) => s * (dSoft[j] - inner)) };
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

function layersOf(parameters: Float64Array, { features, widths }: Shape): Layer[] {
  const sizes = [features, ...widths, 2];
  let offset = 0;
  return [0, 1, 2].map((l) => {
    const [inputs, outputs] = [sizes[l], sizes[l + 1]];
    const weight = parameters.subarray(offset, offset + outputs * inputs);
    const bias = parameters.subarray(offset + outputs * inputs, offset + outputs * inputs + outputs);
    offset += outputs * inputs + outputs;
    return { inputs, outputs, weight, bias };
  });
}

/** The input, both hidden layers after their ReLU, and the logits. */
function forward(net: readonly Layer[], x: Float64Array): number[][] {
  const activations = [Array.from(x)];
  net.forEach(({ inputs, outputs, weight, bias }, l) => {
    const out: number[] = [];
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i] * activations[l][i];
      sum += bias[o];
      out.push(l < 2 ? Math.max(sum, 0) : sum);
    }
    activations.push(out);
  });
  return activations;
}

/** Adds to dnet what the gradient dz at the logits gives. */
function backward(
  net: readonly Layer[],
  dnet: readonly Layer[],
  activations: readonly number[][],
  dz: readonly number[],
): void {
  let dout = dz;
  for (let l = 2; l >= 0; l--) {
    const { inputs, outputs, weight } = net[l];
    const dinput = new Array<number>(inputs).fill(0);
    for (let o = 0; o < outputs; o++) {
      dnet[l].bias[o] += dout[o];
      for (let i = 0; i < inputs; i++) {
        dnet[l].weight[o * inputs + i] += dout[o] * activations[l][i];
        dinput[i] += dout[o] * weight[o * inputs + i];
      }
    }
    dout = dinput.map((d, i) => (activations[l][i] > 0 ? d : 0));
  }
}

function softmaxOf(z: readonly number[]): number[] {
  const total = logSumExp(z);
  return z.map((value) => Math.exp(value - total));
}

function logSumExp(z: readonly number[]): number {
  const largest = Math.max(...z);
  return largest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function predicted(z: readonly number[]): number {
  return z[1] > z[0] ? 1 : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
