/** A plan with other draws, by their seeds, or another count of trials. */
import type { PlanPart, SweepPlan } from "./plan.js";

/** Why a sweep can get no other draws by their seeds; null: it can. */
export type Fixed = "imported" | "run" | null;

/** Whether all that is asked of some seeded draws is asked of the others too. */
export function isEven(plan: SweepPlan): boolean {
  const count = seedsOf(plan).length;
  return plan.parts.every(({ draws }) => draws.kind === "imported" || draws.dataSeeds.length === count);
}

/** Why a plan can get no other draws by their seeds; null: it can. */
export function fixedOf({ name, parts }: SweepPlan): Fixed {
  if (parts.some(({ draws }) => draws.kind === "imported")) return "imported";
  return name === null ? "run" : null;
}

/** The seeds of a plan's draws, ascending; none of imported ones. */
export function seedsOf({ parts }: SweepPlan): number[] {
  const seeds = parts.flatMap(({ draws }) => (draws.kind === "seeded" ? draws.dataSeeds : []));
  return [...new Set(seeds)].sort((a, b) => a - b);
}

/** The seeds of so many draws: those that are there, and the next ones above them. */
export function seedsFor(plan: SweepPlan, draws: number): number[] {
  const there = seedsOf(plan);
  const next = (there.at(-1) ?? -1) + 1;
  return [...there, ...Array.from({ length: Math.max(0, draws - there.length) }, (_, i) => next + i)];
}

/** The plan with other draws and another count of trials. */
export function extended(plan: SweepPlan, seeds: readonly number[], trials: number): SweepPlan {
  return { ...plan, trials, parts: plan.parts.map((part) => withSeeds(part, seeds)) };
}

/** The plan on one draw; imported draws are what they are. */
export function oneOfEach(plan: SweepPlan): SweepPlan {
  return extended(plan, seedsOf(plan).slice(0, 1), 1);
}

function withSeeds(part: PlanPart, dataSeeds: readonly number[]): PlanPart {
  return part.draws.kind === "imported" ? part : { ...part, draws: { ...part.draws, dataSeeds } };
}
