/** When a grid that is trained in rounds has its answer, as --until says it. */
import { bad } from "../errors.js";
import { byEndpoint, type Estimand, type Margins, marginsText, refuseWide } from "./question.js";
import type { Shard } from "./trajectories.js";

export type StoppingRule =
  /** Some recipe is equivalent, or all are different. */
  | { readonly kind: "decided" }
  /** The half-widths of the nearest recipe's simultaneous bands are at most these. */
  | { readonly kind: "half-width"; readonly most: Readonly<Partial<Margins>> };

const DECIDED = "decided";

/** The rule that the items of --until say for a grid that is asked for `estimand`, of which one shard is trained; null: nothing is said, and all is trained at once. */
export function stoppingRuleAsked(items: readonly string[], { count }: Shard, estimand: Estimand): StoppingRule | null {
  if (items.length === 0) return null;
  const until = stoppingRuleOf(items, estimand);
  if (count === 1) return until;
  throw bad(
    `--until must not be given with --shard, of which each part would decide for itself, got ${stoppingRuleText(until)}: leave one of the two out`,
  );
}

/** What the items of --until say of `estimand`. Throws usage where it is no stopping rule. */
export function stoppingRuleOf(items: readonly string[], estimand: Estimand): StoppingRule {
  if (items.length === 1 && items[0] === DECIDED) return { kind: "decided" };
  if (items.some((item) => !item.includes("=")))
    throw bad(
      `--until must be ${DECIDED}, or the half-width to reach, as forget=0.02 or forget=0.02,accuracy=0.005, got ${items.join(",")}`,
    );
  const most = byEndpoint("until", items);
  refuseWide("--until ", most, estimand);
  return { kind: "half-width", most };
}

/** A stopping rule as --until says it. */
export function stoppingRuleText(until: StoppingRule): string {
  return until.kind === "decided" ? DECIDED : marginsText(until.most);
}
