/** How far a stored sweep can be extended by draws and by trials, and what that costs. */
import type { PlanPart, SweepPlan } from "../plan/plan.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import { LIMITS } from "../plan/values.js";
import type { Room } from "../verdict/planner.js";
import { ALL_MISSING, type Lookup, surveyMissing } from "./survey.js";

/** Why a sweep can get no other draws by their seeds; null: it can. */
export type Fixed = "imported" | "run" | null;

/** The room that a plan has, `lookup` saying what of it is still missing. */
export async function roomOf(plan: SweepPlan, lookup: Lookup): Promise<Room> {
  const { trials } = plan;
  const seeds = seedsOf(plan);
  const small = oneOfEach(plan);
  // Every draw costs as much as any other, and every trial but for copies, which a draw has once.
  const one = await epochsOf({ ...small, trials: 1 });
  const trial = (await epochsOf({ ...small, trials: 2 })) - one;
  const copies = one - trial;
  const { missing } = await surveyMissing(trajectoriesOf(plan), lookup);
  const draws = Math.max(1, seeds.length);
  const whole = (of: number, each: number): number => (fixedOf(plan) === "imported" ? 1 : of) * (copies + each * trial);
  return {
    ...{ draws, trials, mostTrials: LIMITS.trials },
    mostDraws: fixedOf(plan) === null ? LIMITS.settings : draws,
    epochs: (of, each) => {
      // With a larger count of trials, copies go on from another start and are made anew.
      const again = each > trials ? whole(draws, 0) : 0;
      return whole(of, each) - whole(draws, trials) + again + missing.epochs;
    },
  };
}

export function fixedOf({ name, parts }: SweepPlan): Fixed {
  if (parts.some(({ draws }) => draws.kind === "imported")) return "imported";
  return name === null ? "run" : null;
}

/** The seeds of a plan's draws, ascending; none of imported ones. */
function seedsOf({ parts }: SweepPlan): number[] {
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

async function epochsOf(plan: SweepPlan): Promise<number> {
  return (await surveyMissing(trajectoriesOf(plan), ALL_MISSING)).missing.epochs;
}
