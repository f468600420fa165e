/** The reference's kernels: forward functions against their definitions, every backward against central differences. */
import assert from "node:assert/strict";
import test from "node:test";
import { type Stream, stream } from "../src/data/streams.js";
import {
  adamStep,
  affine,
  affineInputGradient,
  affineParameterGradient,
  crossEntropy,
  penalty,
  penaltyGradient,
  relu,
  softmax,
} from "../src/engine/reference/kernels.js";
import { assertWithin } from "./engine-contract.js";

test("affine adds the bias and one product after the other, for every number of outputs", () => {
  const random = stream("test", "affine");
  for (const [m, n] of [
    [1, 1],
    [2, 7],
    [3, 1],
    [4, 5],
    [5, 4],
    [7, 3],
    [8, 256],
    [64, 10],
  ]) {
    const [weight, bias, input] = [normals(random, m * n), normals(random, m), normals(random, n)];
    const out = new Float64Array(m);
    affine(out, input, weight, bias, m, n);
    for (let o = 0; o < m; o++) {
      let sum = bias[o];
      for (let i = 0; i < n; i++) sum += weight[o * n + i] * input[i];
      assert.equal(out[o], sum, `output ${o} of ${m}`);
    }
  }
});

test("relu cuts what is below zero and keeps NaN", () => {
  const values = Float64Array.of(-2, -1e-300, 0, 1e-300, 3, Number.NaN, -5);
  relu(values, 6);
  assert.deepEqual(Array.from(values), [0, 0, 0, 1e-300, 3, Number.NaN, -5]);
});

test("the parameter gradient of affine is the central difference, added to what is there", () => {
  const random = stream("test", "affine parameters");
  const [m, n] = [5, 3];
  const [weight, bias, input, dout] = [
    normals(random, m * n),
    normals(random, m),
    normals(random, n),
    normals(random, m),
  ];
  dout[2] = 0;
  const loss = (): number => affineLoss(weight, bias, input, dout);
  const [dweight, dbias] = [new Float64Array(m * n).fill(10), new Float64Array(m).fill(20)];
  affineParameterGradient(dweight, dbias, dout, input, m, n);
  for (let i = 0; i < m * n; i++) assertClose(dweight[i] - 10, difference(loss, weight, i), `∂loss/∂weight ${i}`);
  for (let o = 0; o < m; o++) assertClose(dbias[o] - 20, difference(loss, bias, o), `∂loss/∂bias ${o}`);
});

test("the input gradient of affine is the central difference through the ReLU before it, and overwrites what was there", () => {
  const random = stream("test", "affine input");
  const [m, n] = [5, 6];
  const [weight, bias, before, dout] = [
    normals(random, m * n),
    normals(random, m),
    normals(random, n),
    normals(random, m),
  ];
  before[1] = -0.5;
  before[4] = 0.5;
  dout[3] = 0;
  const through = (): Float64Array => {
    const input = before.slice();
    relu(input, n);
    return input;
  };
  const loss = (): number => affineLoss(weight, bias, through(), dout);
  const dinput = new Float64Array(n).fill(10);
  affineInputGradient(dinput, dout, weight, through(), m, n);
  assert.equal(dinput[1], 0);
  assert.notEqual(dinput[4], 0);
  for (let i = 0; i < n; i++) assertClose(dinput[i], difference(loss, before, i), `∂loss/∂input ${i}`);
});

test("a ReLU whose input is exactly zero passes no gradient, as in PyTorch", () => {
  const dinput = new Float64Array(1);
  affineInputGradient(dinput, Float64Array.of(1), Float64Array.of(5), Float64Array.of(0), 1, 1);
  assert.equal(dinput[0], 0);
});

test("softmax is e^z over its sum, adds up to 1, and keeps both ends", () => {
  const p = new Float64Array(2);
  for (const margin of [-40, -3, -0.1, 0, 1e-9, 2, 15]) {
    softmax(p, Float64Array.of(0.7, 0.7 + margin));
    assertWithin(
      p[1],
      1 / (1 + Math.exp(-margin)),
      4e-16 * p[1] + 2e-16 * Math.abs(margin) * p[1],
      `p₁ at a margin of ${margin}`,
    );
    assertWithin(p[0] + p[1], 1, 2.3e-16, "sum");
  }
  const at = (z0: number, z1: number): number[] => {
    softmax(p, Float64Array.of(z0, z1));
    return Array.from(p);
  };
  assert.deepEqual(at(3, 3), [0.5, 0.5]);
  assert.deepEqual(at(2000, -2000), [1, 0]);
  assert.deepEqual(at(-1e308, 1e308), [0, 1]);
  assert.deepEqual(at(0, Number.POSITIVE_INFINITY), [0, 1]);
  assert.deepEqual(at(Number.NaN, 0), [Number.NaN, Number.NaN]);
  assert.deepEqual(at(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), [Number.NaN, Number.NaN]);
});

// ln(1 + e^margin), mpmath with 60 digits
const CROSS_ENTROPIES = [
  [-800, 0],
  [-700, 9.85967654375977e-305],
  [-40, 4.248354255291589e-18],
  [-36.8, 1.0422287905595919e-16],
  [-20, 2.061153620314381e-9],
  [-5, 0.006715348489118068],
  [-1, 0.3132616875182228],
  [0, Math.LN2],
  [1, 1.3132616875182228],
  [5, 5.006715348489118],
  [20, 20.000000002061153],
  [40, 40],
  [800, 800],
];

test("the cross-entropy is ln(1 + e^(other logit − own)), small ones too", () => {
  for (const [margin, expected] of CROSS_ENTROPIES) {
    assertWithin(crossEntropy(Float64Array.of(margin, 0), 1), expected, 1e-15 * expected, `label 1, margin ${margin}`);
    assertWithin(crossEntropy(Float64Array.of(0, margin), 0), expected, 1e-15 * expected, `label 0, margin ${margin}`);
  }
  assert.ok(Number.isNaN(crossEntropy(Float64Array.of(Number.NaN, 0), 0)));
  assert.equal(crossEntropy(Float64Array.of(0, Number.POSITIVE_INFINITY), 0), Number.POSITIVE_INFINITY);
});

test("p − onehot(y) is the central difference of the cross-entropy, where it is small too", () => {
  const p = new Float64Array(2);
  for (const margin of [-12, -2, 0, 0.3, 5, 20]) {
    for (const y of [0, 1]) {
      const z = Float64Array.of(0.2, 0.2 + margin);
      softmax(p, z);
      for (const j of [0, 1]) {
        const derivative = p[j] - (j === y ? 1 : 0);
        assertWithin(
          derivative,
          difference(() => crossEntropy(z, y), z, j),
          1e-6 * Math.abs(derivative) + 2e-11,
          `∂CE/∂z${j} at a margin of ${margin}, label ${y}`,
        );
      }
    }
  }
});

// π₁, z₁ − z₀, φ and ∂φ/∂(z₁ − z₀), mpmath with 60 digits
const PENALTIES = [
  [0.5, -23, 0.34657358909391295, -1.1765599786918528e-9],
  [0.5, -20, 0.34657356868756123, -2.0611242457987882e-8],
  [0.5, -12, 0.3465336531856204, -3.686482110789733e-5],
  [0.5, -5, 0.32648378877470147, -0.016620141676975387],
  [0.5, -1, 0.05547203588586368, -0.09830596662074093],
  [0.5, -0.1, 0.0006242196671342067, -0.012468802009644599],
  [0.5, 0, 4.99999999975e-11, 0],
  [0.5, 0.5, 0.015149931040382956, 0.058750928050398624],
  [0.5, 2, 0.16390666278636884, 0.10499358540350652],
  [0.5, 8, 0.34506448662165884, 0.001340950683025895],
  [0.5, 15, 0.34657114311213183, 2.2942659980782014e-6],
  [0.5, 22.9, 0.34657358897041923, 1.2951983829027024e-9],
  [5000 / 10001, -23, 0.3465582454877555, -1.176448895107454e-9],
  [5000 / 10001, -20, 0.3465582250833093, -2.0609324315425104e-8],
  [5000 / 10001, -12, 0.3465183131468866, -3.686156076572787e-5],
  [5000 / 10001, -5, 0.32646999239198343, -0.016618936061560438],
  [5000 / 10001, -1, 0.05547115423362409, -0.09830360435396159],
  [5000 / 10001, -0.1, 0.0006242186211538945, -0.01246877072917835],
  [5000 / 10001, 0.5, 0.01515005557540586, 0.05875165426412429],
  [5000 / 10001, 2, 0.1639112588318754, 0.10499813856908058],
  [5000 / 10001, 8, 0.34507969757375484, 0.0013410615379981913],
  [5000 / 10001, 15, 0.34658648149591187, 2.294474197288859e-6],
  [5000 / 10001, 22.9, 0.3465889275775648, 1.295320559246237e-9],
  [5 / 13, -23, 0.2987740395787112, -9.155323785059634e-10],
  [5 / 13, -12, 0.29874263127008466, -2.904593997578383e-5],
  [5 / 13, -1, 0.05069133062042787, -0.08825856331538935],
  [5 / 13, 0.5, 0.01462358937564206, 0.057273117254682475],
  [5 / 13, 8, 0.36572096838862633, 0.0015765215612668607],
  [5 / 13, 22.9, 0.36750440032579185, 1.5705134580396557e-9],
];

test("the penalty and its gradient are the notebook's formula and its derivative, up to where the clamp begins", () => {
  const p = new Float64Array(2);
  for (const [pi1, margin, value, derivative] of PENALTIES) {
    softmax(p, Float64Array.of(0, margin));
    assertWithin(penalty(p, pi1), value, 1e-15, `φ for π₁ = ${pi1} at a margin of ${margin}`);
    assertWithin(
      penaltyGradient(p, pi1),
      derivative,
      1e-12 * Math.abs(derivative) + 1e-16,
      `∂φ for π₁ = ${pi1} at a margin of ${margin}`,
    );
  }
});

test("the penalty's gradient is its central difference at a thousand margins", () => {
  const random = stream("test", "penalty");
  const p = new Float64Array(2);
  for (let i = 0; i < 1000; i++) {
    const pi1 = 0.05 + 0.9 * random.uniform();
    const z = Float64Array.of(0.3, 0.3 + 40 * (random.uniform() - 0.5));
    const value = (): number => {
      softmax(p, z);
      return penalty(p, pi1);
    };
    const derivative = difference(value, z, 1);
    value();
    assertWithin(
      penaltyGradient(p, pi1),
      derivative,
      1e-6 * Math.abs(derivative) + 2e-12,
      `∂φ for π₁ = ${pi1} at a margin of ${z[1] - z[0]}`,
    );
  }
});

test("a clamped probability passes no gradient, and its penalty stays where the clamp put it", () => {
  const p = new Float64Array(2);
  const at = (margin: number): number[] => {
    softmax(p, Float64Array.of(0, margin));
    return [penalty(p, 0.4), penaltyGradient(p, 0.4)];
  };
  for (const side of [1, -1]) {
    const [ended, none] = at(side * 23.1); // p = 1e-10 lies at 23.026
    assert.equal(none, 0);
    for (const margin of [25, 37, 100, 1000]) assert.deepEqual(at(side * margin).map(Math.abs), [ended, 0]);
    assert.notEqual(at(side * 22.9)[1], 0);
  }
});

test("an overflown net has NaN for a penalty and its gradient", () => {
  const p = Float64Array.of(Number.NaN, Number.NaN);
  assert.ok(Number.isNaN(penalty(p, 0.4)));
  assert.ok(Number.isNaN(penaltyGradient(p, 0.4)));
});

// torch.optim.Adam(lr = 0.01) in float64, PyTorch 2.13.0: three steps of these gradients from [0.5, −0.25, 1, 0]
const ADAM_GRADIENTS = [
  [0.1, -0.2, 0, 1e-9],
  [0.3, 0.4, 0, -2e-9],
  [-0.5, 0.25, 0, 1e-7],
];
const ADAM_PARAMETERS = [
  [0.4900000009999999, -0.24000000049999998, 1, -0.000909090909090909],
  [0.480822190220559, -0.24366103565460367, 1, -0.0004091957642181458],
  [0.4824313332095783, -0.24924941772769538, 1, -0.005799569982539806],
];

test("Adam's steps are PyTorch's", () => {
  const parameters = Float64Array.of(0.5, -0.25, 1, 0);
  const [first, second] = [new Float64Array(4), new Float64Array(4)];
  let [power1, power2] = [1, 1];
  ADAM_GRADIENTS.forEach((gradient, step) => {
    power1 *= 0.9;
    power2 *= 0.999;
    adamStep(parameters, first, second, Float64Array.from(gradient), 0.01, power1, power2);
    for (const [i, expected] of ADAM_PARAMETERS[step].entries()) {
      assertWithin(parameters[i], expected, 2e-15 * Math.abs(expected), `parameter ${i} after step ${step + 1}`);
    }
  });
});

test("Adam's first step by hand: m = 0.1g, v = 0.001g², the step lr·g/(|g| + ε)", () => {
  const parameters = Float64Array.of(1, 1);
  const [first, second] = [new Float64Array(2), new Float64Array(2)];
  adamStep(parameters, first, second, Float64Array.of(4, -3e-8), 0.5, 0.9, 0.999);
  assertWithin(first[0], 0.4, 1e-15, "m");
  assertWithin(second[0], 0.016, 1e-16, "v");
  assertWithin(parameters[0], 1 - 0.5 * (4 / (4 + 1e-8)), 1e-15, "θ₀");
  assertWithin(parameters[1], 1 + 0.5 * 0.75, 1e-14, "θ₁, where ε is a third of |g|");
});

/** Σ dout·(weight·input + bias). */
function affineLoss(weight: Float64Array, bias: Float64Array, input: Float64Array, dout: Float64Array): number {
  const out = new Float64Array(dout.length);
  affine(out, input, weight, bias, dout.length, input.length);
  return out.reduce((sum, value, o) => sum + value * dout[o], 0);
}

/** df/dvalues[i] as (8(f(h)−f(−h)) − (f(2h)−f(−2h)))/12h. */
function difference(f: () => number, values: Float64Array, i: number): number {
  const h = 1e-3;
  const middle = values[i];
  const at = (offset: number): number => {
    values[i] = middle + offset;
    return f();
  };
  const result = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  values[i] = middle;
  return result;
}

function assertClose(actual: number, expected: number, what: string): void {
  assertWithin(actual, expected, 1e-6 * Math.abs(expected) + 1e-11, what);
}

function normals(random: Stream, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => random.normal());
}
