/** What a method minimises on a draw: its weights as numbers. */
import { bad } from "../errors.js";
import type { Objective, RowWeights } from "../trial.js";
import { evaluate } from "./expression.js";
import { METHODS, type MethodRecord, type TermWeights } from "./methods.js";
import { type DrawAxes, type SweepPlan, withStarts } from "./plan.js";
import type { PresetRecord } from "./presets.js";

/** How many rows D and F have. */
interface Sizes {
  readonly n: number;
  readonly k: number;
}

/** The objective of a method under a preset on n+k rows. */
export function objectiveOf(preset: PresetRecord, method: MethodRecord, { n, k }: Sizes): Objective {
  const names = { n, k, ...method.parameters };
  const weights = ({ retained, forget }: TermWeights): RowWeights => ({
    retained: evaluate(retained, names),
    forget: evaluate(forget, names),
  });
  return {
    crossEntropy: weights(method.crossEntropy),
    penalty: weights(penaltyIn(preset, method)),
    forgetLabels: method.forgetLabels,
  };
}

function penaltyIn({ penalties }: PresetRecord, { name, twinOf, penalty }: MethodRecord): TermWeights {
  const trained = twinOf ?? name;
  return Object.hasOwn(penalties, trained) ? penalties[trained] : penalty;
}

/** Refuses a plan where a weight is no finite number on one of its draws: the built-in methods have none. */
export function refuseEndlessWeights({ parts, methods }: SweepPlan): void {
  const own = methods.filter((method) => !METHODS.some(({ name }) => name === method.name));
  if (own.length === 0) return;
  for (const part of parts) {
    const needed = new Set(withStarts(part.methods, methods));
    const asked = own.filter(({ name }) => needed.has(name));
    for (const sizes of sizesOf(part.draws)) for (const method of asked) refuseEndless(method, sizes);
  }
}

function refuseEndless({ name, crossEntropy, penalty, parameters }: MethodRecord, { n, k }: Sizes): void {
  for (const text of [crossEntropy, penalty].flatMap(({ retained, forget }) => [retained, forget])) {
    const value = evaluate(text, { n, k, ...parameters });
    if (!Number.isFinite(value))
      throw bad(
        `--methods must have weights that are finite numbers, got ${value} for ${text} of ${name} where n is ${n} and k is ${k}: change the weight, or leave those sizes out`,
      );
  }
}

function sizesOf(draws: DrawAxes): Sizes[] {
  if (draws.kind === "imported") return draws.draws.map(({ samples, forgetRows }) => ({ n: samples, k: forgetRows }));
  return draws.samples.flatMap((n) => draws.forgetRows.map((k) => ({ n, k })));
}
