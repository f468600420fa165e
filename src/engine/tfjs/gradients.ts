/**
 * The gradients of the operations that train.ts uses, for tfjs-core's tape. tfjs-core ships its own only as modules that
 * Node cannot import (ES syntax in a CommonJS package) and in the union package, which brings 140 MB of layers, converters
 * and WebGL; these are its formulas (tfjs-core 4.22, dist/gradients).
 */
import * as tf from "@tensorflow/tfjs-core";

/** Registers the gradients that nobody has registered: tfjs-node brings the union package and with it all of them. */
export function registerGradients(): void {
  for (const gradient of GRADIENTS) {
    if (tf.getGradient(gradient.kernelName) === undefined) tf.registerGradient(gradient);
  }
}

type Derivatives = Record<string, () => tf.Tensor>;

/** A gradient from tensors saved on the way forward; every operation here has one output, so dy is one tensor. */
function gradient(
  kernelName: string,
  save: { inputs: string[] } | { output: true },
  formula: (dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.NamedAttrMap) => Derivatives,
): tf.GradConfig {
  const saved = "inputs" in save ? { inputsToSave: save.inputs } : { outputsToSave: [true] };
  return { kernelName, ...saved, gradFunc: (dy, tensors, attributes) => formula(dy as tf.Tensor, tensors, attributes) };
}

const GRADIENTS: readonly tf.GradConfig[] = [
  // a (n × i) times the transposed b (o × i), the one form that train.ts uses.
  gradient(tf.BatchMatMul, { inputs: ["a", "b"] }, (dy, [a, b], { transposeA, transposeB }) => {
    if (transposeA === true || transposeB !== true) throw new Error("only a·bᵀ has a gradient here");
    return { a: () => tf.matMul(dy, b), b: () => tf.matMul(dy, a, true, false) };
  }),
  gradient(tf.Add, { inputs: ["a", "b"] }, (dy, [a, b]) => ({
    a: () => sumTo(dy, a.shape),
    b: () => sumTo(dy, b.shape),
  })),
  gradient(tf.Multiply, { inputs: ["a", "b"] }, (dy, [a, b]) => ({
    a: () => sumTo(tf.mul(dy, b), a.shape),
    b: () => sumTo(tf.mul(dy, a), b.shape),
  })),
  gradient(tf.RealDiv, { inputs: ["a", "b"] }, (dy, [a, b]) => ({
    a: () => sumTo(tf.div(dy, b), a.shape),
    b: () => tf.neg(tf.div(sumTo(tf.mul(dy, a), b.shape), tf.square(b))),
  })),
  gradient(tf.Log, { inputs: ["x"] }, (dy, [x]) => ({ x: () => tf.div(dy, x) })),
  gradient(tf.Relu, { inputs: ["x"] }, (dy, [x]) => ({ x: () => tf.mul(dy, tf.step(x)) })),
  gradient(tf.Sum, { inputs: ["x"] }, (dy, [x], { axis }) => {
    const kept = x.shape.slice();
    for (const summed of tf.util.parseAxisParam(axis as number | number[], x.shape)) kept[summed] = 1;
    return { x: () => tf.mul(tf.reshape(dy, kept), tf.onesLike(x)) };
  }),
  gradient(tf.ClipByValue, { inputs: ["x"] }, (dy, [x], { clipValueMin, clipValueMax }) => ({
    x: () =>
      tf.where(
        tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number)),
        dy,
        tf.zerosLike(dy),
      ),
  })),
  gradient(tf.Softmax, { output: true }, (dy, [y], { dim }) => {
    const scaled = tf.mul(dy, y);
    return { logits: () => tf.sub(scaled, tf.mul(tf.sum(scaled, [dim as number], true), y)) };
  }),
];

/** Undoes a broadcast: sums `t` over the axes along which `shape` was stretched to become t's. */
function sumTo(t: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, t.shape);
  return axes.length === 0 ? t : tf.reshape(tf.sum(t, axes), shape);
}
