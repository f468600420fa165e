/** When a grid that is trained in rounds has its answer: --until. */
import { bad } from "../errors.js";
import { byEndpoint, type Margins, marginsText } from "./question.js";

export type Goal =
  /** Some recipe is equivalent, or all are different. */
  | { readonly kind: "decided" }
  /** The half-widths of the nearest recipe's simultaneous bands are at most these. */
  | { readonly kind: "half-width"; readonly most: Readonly<Partial<Margins>> };

const DECIDED = "decided";

/** The goal that the items of --until give; null: there are none, and all is trained at once. Throws usage where they give none. */
export function goalOf(given: readonly string[]): Goal | null {
  if (given.length === 0) return null;
  if (given.length === 1 && given[0] === DECIDED) return { kind: "decided" };
  if (given.some((item) => !item.includes("=")))
    throw bad(
      `--until must be ${DECIDED}, or the half-width to reach, as forget=0.02 or forget=0.02,accuracy=0.005, got ${given.join(",")}`,
    );
  return { kind: "half-width", most: byEndpoint("until", given) };
}

/** A goal as --until says it. */
export function goalText(goal: Goal): string {
  return goal.kind === "decided" ? DECIDED : marginsText(goal.most);
}
