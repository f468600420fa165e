/** Where the penalty alone leads a forget row. */
import type { Objective } from "../trial.js";

/** p·ln(p/(1−p)) = pull/λ. */
export interface Settling {
  /** 4 for a forget row of the method unlearn, whose penalty has retained rows twice; nearly so where these are few. */
  readonly pull: number;
  readonly p: number;
}

/**
 * The forget probability at which a fitted forget row comes to rest, whatever retraining gives it: there the gradient of
 * the penalty balances that of the cross-entropy. Null without λ, and where the method does not hold its forget rows to
 * their labels by the one and off them by the other.
 */
export function settlingUnder({ crossEntropy, penalty, forgetLabels }: Objective, lambda: number): Settling | null {
  if (lambda <= 0 || forgetLabels === "flipped" || !(crossEntropy.forget > 0 && penalty.forget > 0)) return null;
  const pull = (2 * crossEntropy.forget) / penalty.forget;
  return { pull, p: balanced(pull / lambda) };
}

const HALVINGS = 60; // of an interval below 1: the last are beyond a double's digits

/** The p in (½, 1) with p·ln(p/(1−p)) = `pull` > 0. */
export function balanced(pull: number): number {
  let [low, high] = [0.5, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const p = (low + high) / 2;
    if (p * Math.log(p / (1 - p)) < pull) low = p;
    else high = p;
  }
  return (low + high) / 2;
}
