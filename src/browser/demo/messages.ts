/** What the demo's page and the worker that trains for it tell one another. */
import type { Curve } from "../../engine/contract.js";
import type { TrajectorySpec } from "../../trial.js";

/** The trajectories of trial 1, by preset and method, as the plan of `gmm-sweep train` has them. */
export type Specs = Readonly<Record<string, Readonly<Record<string, TrajectorySpec>>>>;

/** A training that the page wants. */
export interface Asked {
  readonly preset: string;
  readonly method: string;
  readonly trial: number;
  readonly dataSeed: number;
  /** Null: the method's own. */
  readonly lambda: number | null;
  readonly epochs: number | null;
}

/** First `start`, once; the module is in base64. */
export type Order =
  | { readonly kind: "start"; readonly wasm: string; readonly specs: Specs }
  | { readonly kind: "train"; readonly id: number; readonly asked: readonly Asked[] };

/** A curve for each training of the order `id`, or why there is none. */
export type Answer =
  | { readonly kind: "trained"; readonly id: number; readonly curves: readonly Curve[] }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string };
