/** The trials of a recipe and those of retraining on one draw, as measures of the field take them. */
import { jackknifeError } from "../../stats/monte-carlo-error.js";
import type { RelearnedEpoch } from "./relearn-steps.js";
import type { Work } from "./run-time-efficiency.js";

/** What one recipe's trials gave; every list is in the order of `trials`. */
export interface Side {
  readonly trials: readonly number[];
  readonly forget: readonly number[];
  readonly accuracy: readonly number[];
  /** Null where the data have no test sample. */
  readonly test: readonly number[] | null;
  /** Of each trial the margin of each forget row; null where not all are known. */
  readonly margins: readonly (readonly number[])[] | null;
  /** Of each trial what it is when it is trained on D ∪ x again; null where it was not. */
  readonly relearning: readonly (readonly RelearnedEpoch[] | null)[];
}

/** What a measure is a function of. */
export interface Sides {
  readonly unlearned: Side;
  readonly retrained: Side;
  /** Trials of one number share initial weights, so that the sides are no independent samples. */
  readonly isPaired: boolean;
  /** Whether the unlearned trials are copies of one run, which stands there once. */
  readonly isOneRun: boolean;
  /** The original's mean forget probability; null where it was not trained. */
  readonly original: number | null;
  readonly cost: Cost;
}

export interface Cost {
  readonly unlearning: Work;
  /** Of every setting of the method that was tried: of trainings that differ in length alone, the longest. */
  readonly tuning: readonly Work[];
  readonly retraining: Work;
}

/** The sides without the trials that `keep` refuses. */
function keepTrials(sides: Sides, keep: { readonly unlearned: Keep; readonly retrained: Keep }): Sides {
  const { unlearned, retrained } = sides;
  return { ...sides, unlearned: kept(unlearned, keep.unlearned), retrained: kept(retrained, keep.retrained) };
}

type Keep = (trial: number) => boolean;

function kept({ trials, forget, accuracy, test, margins, relearning }: Side, keep: Keep): Side {
  const places = trials.flatMap((trial, i) => (keep(trial) ? [i] : []));
  const pick = <Value>(values: readonly Value[]): Value[] => places.map((i) => values[i]);
  return {
    ...{ trials: pick(trials), forget: pick(forget), accuracy: pick(accuracy) },
    ...{ test: test === null ? null : pick(test), margins: margins === null ? null : pick(margins) },
    relearning: pick(relearning),
  };
}

/** Two samples that share no random stream: of pairs the unlearned trials of odd numbers and the retrained ones of even numbers. */
export function independent(sides: Sides): Sides {
  if (!sides.isPaired) return sides;
  const isOdd = (trial: number): boolean => trial % 2 === 1;
  return keepTrials(sides, { unlearned: isOdd, retrained: (trial) => !isOdd(trial) });
}

/** The margins of one forget row, from 0. */
export function marginsOfRow({ margins }: Side, row: number): number[] {
  return margins?.map((rows) => rows[row]) ?? [];
}

/**
 * The jackknife's error of a measure of both sides (src/stats/monte-carlo-error): pairs leave together, since they are no
 * independent values; trials of independent sides leave alone, and the two variances add up. NaN where a measure without
 * a trial is not defined.
 */
export function errorOf(sides: Sides, measure: (sides: Sides) => number): number {
  const { unlearned, retrained } = sides;
  const all = (): boolean => true;
  if (sides.isPaired)
    return errorOver([...new Set([...unlearned.trials, ...retrained.trials])], (keep) =>
      measure(keepTrials(sides, { unlearned: keep, retrained: keep })),
    );
  return Math.hypot(
    errorOver(unlearned.trials, (keep) => measure(keepTrials(sides, { unlearned: keep, retrained: all }))),
    errorOver(retrained.trials, (keep) => measure(keepTrials(sides, { unlearned: all, retrained: keep }))),
  );
}

function errorOver(trials: readonly number[], measure: (keep: Keep) => number): number {
  return jackknifeError(trials, (left) => {
    const stays = new Set(left);
    return measure((trial) => stays.has(trial));
  });
}
