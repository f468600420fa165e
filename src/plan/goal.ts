/** When a grid that is trained in rounds has its answer: --until. */
import { bad } from "../errors.js";
import { type Flags, items } from "./flags.js";
import { byEndpoint, type Margins, marginsText } from "./question.js";

export type Goal =
  /** Some recipe is equivalent, or all are different. */
  | { readonly kind: "decided" }
  /** The half-widths of the nearest recipe's simultaneous bands are at most these. */
  | { readonly kind: "half-width"; readonly most: Readonly<Partial<Margins>> };

const DECIDED = "decided";

/** What --until says; null: nothing, and all is trained at once. Throws usage where it is no goal. */
export function goalFrom(flags: Flags): Goal | null {
  if (flags["until"] === undefined) return null;
  const given = items(flags, "until");
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
