/** The formulas of one row, in float64: layers, losses and their gradients. Outputs first, then inputs, then sizes; buffers are the caller's. */
import { exp, log } from "../../numerics/elementary.js";

const CLAMP = 1e-10; // the notebook's torch.clamp(probabilities, 1e-10, 1 − 1e-10)
const LOG_FLOOR = 1e-10; // the notebook's + 1e-10 inside each logarithm

/**
 * out[o] ← bias[o] + Σᵢ weight[o,i]·input[i], weight being m × n row-major. Four outputs go side by side, because one
 * running sum alone waits for each of its own additions; the order within each sum stays the formula's.
 */
export function affine(
  out: Float64Array,
  input: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  m: number,
  n: number,
): void {
  let o = 0;
  for (; o + 3 < m; o += 4) {
    let [s0, s1, s2, s3] = [bias[o], bias[o + 1], bias[o + 2], bias[o + 3]];
    for (let i = 0, w = o * n; i < n; i++, w++) {
      const value = input[i];
      s0 += weight[w] * value;
      s1 += weight[w + n] * value;
      s2 += weight[w + 2 * n] * value;
      s3 += weight[w + 3 * n] * value;
    }
    out[o] = s0;
    out[o + 1] = s1;
    out[o + 2] = s2;
    out[o + 3] = s3;
  }
  for (; o < m; o++) {
    let sum = bias[o];
    for (let i = 0, w = o * n; i < n; i++, w++) sum += weight[w] * input[i];
    out[o] = sum;
  }
}

/** values[i] ← max(values[i], 0), keeping NaN. */
export function relu(values: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) if (values[i] < 0) values[i] = 0;
}

/** dweight[o,i] += dout[o]·input[i] and dbias[o] += dout[o]. */
export function affineParameterGradient(
  dweight: Float64Array,
  dbias: Float64Array,
  dout: Float64Array,
  input: Float64Array,
  m: number,
  n: number,
): void {
  for (let o = 0; o < m; o++) {
    const d = dout[o];
    if (d === 0) continue;
    dbias[o] += d;
    for (let i = 0, w = o * n; i < n; i++, w++) dweight[w] += d * input[i];
  }
}

/** dinput[i] ← Σₒ dout[o]·weight[o,i] where the ReLU let input[i] through, else 0. */
export function affineInputGradient(
  dinput: Float64Array,
  dout: Float64Array,
  weight: Float64Array,
  input: Float64Array,
  m: number,
  n: number,
): void {
  dinput.fill(0, 0, n);
  for (let o = 0; o < m; o++) {
    const d = dout[o];
    if (d === 0) continue;
    for (let i = 0, w = o * n; i < n; i++, w++) dinput[i] += d * weight[w];
  }
  for (let i = 0; i < n; i++) if (input[i] <= 0) dinput[i] = 0;
}

/** p ← softmax(z) over two classes, by the exponential of the negative side only. */
export function softmax(p: Float64Array, z: Float64Array): void {
  const e = exp(-Math.abs(z[1] - z[0]));
  const larger = 1 / (1 + e);
  p[0] = z[0] >= z[1] ? larger : e * larger;
  p[1] = z[0] >= z[1] ? e * larger : larger;
  if (Number.isNaN(e)) p.fill(Number.NaN);
}

/** −ln softmax(z)_y. */
export function crossEntropy(z: Float64Array, y: number): number {
  const margin = z[1 - y] - z[y];
  return Math.max(margin, 0) + log1pExp(-Math.abs(margin));
}

/** φ(p) = a·ln(a/(mπ₁)+1e-10) + b·ln(b/(mπ₀)+1e-10), with a = p₁π₁, b = p₀π₀, m = a+b and p clamped. */
export function penalty(p: Float64Array, pi1: number): number {
  const pi0 = 1 - pi1;
  const a = clamp(p[1]) * pi1;
  const b = clamp(p[0]) * pi0;
  const m = a + b;
  return a * log(a / (m * pi1) + LOG_FLOOR) + b * log(b / (m * pi0) + LOG_FLOOR);
}

/** ∂φ/∂(z₁−z₀) = p₀p₁(∂φ/∂p₁ − ∂φ/∂p₀), where a clamped probability passes no gradient. */
export function penaltyGradient(p: Float64Array, pi1: number): number {
  const pi0 = 1 - pi1;
  const a = clamp(p[1]) * pi1;
  const b = clamp(p[0]) * pi0;
  const m = a + b;
  const u = a / (m * pi1) + LOG_FLOOR;
  const v = b / (m * pi0) + LOG_FLOOR;
  const da = log(u) + ((a / u) * b) / (m * m * pi1) - ((b / v) * b) / (m * m * pi0);
  const db = log(v) + ((b / v) * a) / (m * m * pi0) - ((a / u) * a) / (m * m * pi1);
  const dp1 = clamp(p[1]) === p[1] ? da * pi1 : 0;
  const dp0 = clamp(p[0]) === p[0] ? db * pi0 : 0;
  return p[0] * p[1] * (dp1 - dp0);
}

/** Adam's decay rates, PyTorch's defaults. */
export const BETA1 = 0.9;
export const BETA2 = 0.999;
const EPSILON = 1e-8;

/** One step of Adam (Kingma & Ba 2015, algorithm 1), the bias corrections as PyTorch orders them; power1 is β₁ᵗ, power2 β₂ᵗ. */
export function adamStep(
  parameters: Float64Array,
  first: Float64Array,
  second: Float64Array,
  gradient: Float64Array,
  learningRate: number,
  power1: number,
  power2: number,
): void {
  const step = learningRate / (1 - power1);
  const scale = Math.sqrt(1 - power2);
  for (let i = 0; i < parameters.length; i++) {
    first[i] = BETA1 * first[i] + (1 - BETA1) * gradient[i];
    second[i] = BETA2 * second[i] + (1 - BETA2) * gradient[i] * gradient[i];
    parameters[i] -= (step * first[i]) / (Math.sqrt(second[i]) / scale + EPSILON);
  }
}

function clamp(p: number): number {
  return Math.min(Math.max(p, CLAMP), 1 - CLAMP);
}

/** ln(1 + eˣ) for x ≤ 0: where eˣ is small, 1 + eˣ rounds it away, and the quotient puts it back (Goldberg 1991, theorem 4). */
function log1pExp(x: number): number {
  const e = exp(x);
  const sum = 1 + e;
  return sum === 1 ? e : (log(sum) * e) / (sum - 1);
}
