/** tfjs's Adam with its bias corrections put right. */
import * as tf from "@tensorflow/tfjs-core";

// PyTorch's defaults, and the notebook's.
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * tfjs keeps β₁ᵗ and β₂ᵗ as float32, so its 1 − β₂ᵗ is off by 5e-5 at first, and all parameters' steps by 2e-5: after
 * 10 epochs a forget probability was off by 8e-5. Here learning rate and ε of each step make up for the two wrong divisors:
 * lr'·(m/c₁')/(√(v/c₂') + ε') = lr·(m/c₁)/(√(v/c₂) + ε) where s = √(c₂/c₂'), ε' = ε·s, lr' = lr·s·c₁'/c₁.
 */
export class CorrectedAdam extends tf.AdamOptimizer {
  readonly #rate: number;
  #exact: readonly [number, number] = [BETA1, BETA2];
  #kept: readonly [number, number] = [Math.fround(BETA1), Math.fround(BETA2)];

  constructor(learningRate: number) {
    super(learningRate, BETA1, BETA2, EPSILON);
    this.#rate = learningRate;
  }

  /** One step by the gradients of the parameters, by their names. */
  step(gradients: tf.NamedTensorMap): void {
    const [c1, c2] = this.#exact.map((power) => 1 - power);
    const [kept1, kept2] = this.#kept.map((power) => Math.fround(1 - power));
    const s = Math.sqrt(c2 / kept2);
    this.epsilon = EPSILON * s;
    this.learningRate = (this.#rate * s * kept1) / c1;
    this.applyGradients(Object.entries(gradients).map(([name, tensor]) => ({ name, tensor })));
    this.#exact = [this.#exact[0] * BETA1, this.#exact[1] * BETA2];
    this.#kept = [Math.fround(this.#kept[0] * Math.fround(BETA1)), Math.fround(this.#kept[1] * Math.fround(BETA2))];
  }
}
