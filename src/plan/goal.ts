/** When a grid that is trained in rounds has its answer: --until. */
import { bad } from "../errors.js";
import { byEndpoint, type Margins, marginsText } from "./question.js";
import type { Shard } from "./trajectories.js";

export type Goal =
  /** Some recipe is equivalent, or all are different. */
  | { readonly kind: "decided" }
  /** The half-widths of the nearest recipe's simultaneous bands are at most these. */
  | { readonly kind: "half-width"; readonly most: Readonly<Partial<Margins>> };

const DECIDED = "decided";

/** The goal of a grid of which one shard is trained; null: nothing is said, and all is trained at once. */
export function goalAsked(items: readonly string[], { count }: Shard): Goal | null {
  if (items.length === 0) return null;
  const goal = goalOf(items);
  if (count === 1) return goal;
  throw bad(
    `--until must not be given with --shard, of which each part would decide for itself, got ${goalText(goal)}: leave one of the two out`,
  );
}

/** What the items of --until say. Throws usage where it is no goal. */
export function goalOf(items: readonly string[]): Goal {
  if (items.length === 1 && items[0] === DECIDED) return { kind: "decided" };
  if (items.some((item) => !item.includes("=")))
    throw bad(
      `--until must be ${DECIDED}, or the half-width to reach, as forget=0.02 or forget=0.02,accuracy=0.005, got ${items.join(",")}`,
    );
  return { kind: "half-width", most: byEndpoint("until", items) };
}

/** A goal as --until says it. */
export function goalText(goal: Goal): string {
  return goal.kind === "decided" ? DECIDED : marginsText(goal.most);
}
