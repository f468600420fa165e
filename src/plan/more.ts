/** What a stored sweep may be asked for beside what it has, without the words that once opened it. */
import { bad } from "../errors.js";
import { asGrid } from "./as-grid.js";
import { grown, isPlanWithin } from "./growth.js";
import { METHODS, type MethodRecord } from "./methods.js";
import { withTwins } from "./naming.js";
import type { PerMethod, PlanPart, SweepPlan } from "./plan.js";
import { rangesOf } from "./ranges.js";

export interface More {
  /** Null: as many as it has. */
  readonly trials: number | null;
  /** Draws that it is to have too. */
  readonly dataSeeds: readonly number[];
  /** Whether its retraining is to have a twin. */
  readonly withNull: boolean;
}

/** The plan of the stored sweep `number`, grown to have `more`. Throws usage where it cannot have that. */
export function withMore(held: SweepPlan, more: More, number: number): SweepPlan {
  const trials = more.trials ?? held.trials;
  if (trials < held.trials)
    throw bad(
      `--trials must be at least ${held.trials}, as many as sweep ${number} has, since nothing that is stored is given up, got ${trials}`,
    );
  if (more.dataSeeds.length > 0) refuseOtherDraws(held, more.dataSeeds, number);
  const drawn = held.parts.map((part) => withDataSeeds(part, more.dataSeeds));
  const asked = { ...held, trials, parts: drawn };
  return grown(held, more.withNull ? withNull(asked) : asked, false);
}

/** Whether a sweep of the plan `other` has all that one of `held` has, and a second set of retraining too. */
export function hasNullOf(held: SweepPlan, other: SweepPlan): boolean {
  return isPlanWithin(withNull(held), other);
}

/** Draws are a run's own: of several, its table would mix them. */
function refuseOtherDraws(held: SweepPlan, seeds: readonly number[], number: number): void {
  const { name, parts } = held;
  if (parts.every(({ draws }) => draws.kind === "imported"))
    throw bad(
      `--data-seeds must be left out where draws are imported data, but those of sweep ${number} are: grid --data trains others`,
    );
  if (name === null)
    throw bad(
      `--data-seeds must be left out where a sweep is of one draw, as a run is, but sweep ${number} is one: gmm-sweep grid ${asGrid(held, { dataSeeds: rangesOf(seeds), recipes: null })} trains the same on ${seeds.length === 1 ? "that one" : "those"}, as a sweep of its own`,
    );
}

function withDataSeeds(part: PlanPart, more: readonly number[]): PlanPart {
  const { draws } = part;
  if (draws.kind === "imported") return part;
  const dataSeeds = [...new Set([...draws.dataSeeds, ...more])].sort((a, b) => a - b);
  return { ...part, draws: { ...draws, dataSeeds } };
}

/** A plan in which each part that trains what has a twin trains that too, at the same λ and epochs. */
function withNull(plan: SweepPlan): SweepPlan {
  const own = plan.methods.filter(({ name }) => !METHODS.some((built) => built.name === name));
  const known = [...METHODS, ...own];
  const named = withTwins([...new Set(plan.parts.flatMap(({ methods }) => methods))], known);
  const twins = known.filter(({ name, twinOf }) => twinOf !== undefined && named.includes(name));
  const parts = plan.parts.map((part) => twins.reduce(withTwin, part));
  const there = new Set(plan.methods.map(({ name }) => name));
  return { ...plan, methods: [...plan.methods, ...twins.filter(({ name }) => !there.has(name))], parts };
}

function withTwin(part: PlanPart, { name, twinOf = "" }: MethodRecord): PlanPart {
  if (!part.methods.includes(twinOf)) return part;
  const values = (of: PerMethod): PerMethod => ({
    ...of,
    [name]: [...new Set([...(of[name] ?? []), ...of[twinOf]])].sort((a, b) => a - b),
  });
  const methods = [...new Set([...part.methods, name])];
  return { ...part, methods, epochs: values(part.epochs), lambda: values(part.lambda) };
}
