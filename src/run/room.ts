/** How far a stored sweep can be extended by draws and by trials, and what that costs. */
import { extended, fixedOf, isEven, oneOfEach, seedsOf } from "../plan/extending.js";
import type { SweepPlan } from "../plan/plan.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import { LIMITS } from "../plan/values.js";
import { ALL_MISSING, type Lookup, surveyMissing } from "./survey.js";

/** How the sweep may be extended; each of these counts is one that it has by its plan already. */
export interface Room {
  readonly draws: number;
  readonly trials: number;
  readonly mostDraws: number;
  readonly mostTrials: number;
  /** Epochs that are still to be trained for so many draws of so many trials. */
  readonly epochs: (draws: number, trials: number) => number;
}

/** The room that a plan has, `lookup` saying what of it is still missing. */
export async function roomOf(plan: SweepPlan, lookup: Lookup): Promise<Room> {
  const { trials } = plan;
  const [isFixed, draws] = [fixedOf(plan) !== null, drawsIn(plan)];
  const [all, draw] = [await costOf(plan), await costOf(oneOfEach(plan))];
  const missing = await missingOf(plan, lookup);
  // Seeds that are asked for are asked of every part, so that what some draws lack is trained too.
  const filled = isFixed || isEven(plan) ? missing : await missingOf(extended(plan, seedsOf(plan), trials), lookup);
  return {
    ...{ draws, trials, mostTrials: LIMITS.trials },
    mostDraws: isFixed ? draws : LIMITS.settings,
    epochs: (of, each) => {
      const isFilled = !isFixed && (of > draws || !isEven(plan));
      const there = isFilled ? times(draw, draws) : all;
      // With a larger count of trials, copies go on from another start and are made anew.
      const again = each > trials ? there.copies : 0;
      const whole = epochsOf(isFilled ? times(draw, of) : all, each);
      return whole - epochsOf(there, trials) + again + (isFilled ? filled : missing);
    },
  };
}

async function missingOf(plan: SweepPlan, lookup: Lookup): Promise<number> {
  return (await surveyMissing(trajectoriesOf(plan), lookup)).missing.epochs;
}

/** How many seeds it has, or of what was imported the draws. */
function drawsIn(plan: SweepPlan): number {
  const imported = plan.parts.flatMap(({ draws }) => (draws.kind === "imported" ? draws.draws : []));
  return new Set(imported.map(({ sha256 }) => sha256)).size || seedsOf(plan).length;
}

/** Epochs of a trial of all that a plan asks for, each as much as any other, and of copies, of which a draw has but one. */
interface Cost {
  readonly trial: number;
  readonly copies: number;
}

async function costOf(plan: SweepPlan): Promise<Cost> {
  const one = await missingOf({ ...plan, trials: 1 }, ALL_MISSING);
  const trial = (await missingOf({ ...plan, trials: 2 }, ALL_MISSING)) - one;
  return { trial, copies: one - trial };
}

function times({ trial, copies }: Cost, count: number): Cost {
  return { trial: count * trial, copies: count * copies };
}

function epochsOf({ trial, copies }: Cost, trials: number): number {
  return copies + trials * trial;
}
