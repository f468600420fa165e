/** What two places were asked of one sweep where that is not the same: what it is judged by. */
import { heldIn } from "../plan/growth.js";
import { canonicalText } from "../plan/plan.js";
import { type Question, questionText } from "../plan/question.js";
import type { Sweep } from "../store/contract.js";

export interface AskedOtherwise {
  /** The sweep as the second place has it. */
  readonly sweep: Sweep;
  /** The questions in words. */
  readonly first: string;
  readonly second: string;
}

/** The sweeps of both that were asked otherwise in the first than in the second. */
export function askedOtherwise(first: readonly Sweep[], second: readonly Sweep[]): AskedOtherwise[] {
  return second.flatMap((sweep) => {
    const other = heldIn(first, sweep.plan, sweep.profile);
    if (other === null || canonicalText(other.question) === canonicalText(sweep.question)) return [];
    return [{ sweep, first: textOf(other.question), second: textOf(sweep.question) }];
  });
}

function textOf(question: Question | null): string {
  return question === null ? "nothing" : questionText(question);
}
