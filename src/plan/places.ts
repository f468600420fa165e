/** Trajectories of a plan by their number, which is how machines speak of them to each other. */
import { createHash } from "node:crypto";
import type { TrajectorySpec } from "../trial.js";
import { askedText } from "./growth.js";
import type { SweepPlan } from "./plan.js";
import { type Shard, trajectoriesOf } from "./trajectories.js";

/** What says of a number which plan it is of: in another plan it may be another trajectory. Where imported data lie is no matter. */
export function planMark(plan: SweepPlan): string {
  return createHash("sha256")
    .update(`${plan.trials} ${askedText(plan)}`)
    .digest("hex")
    .slice(0, 16);
}

/** Finds trajectories by their number, from 0 in the order of `trajectoriesOf`. Whoever asks in that order goes through a plan once. */
export class TrajectoryFinder {
  readonly #plan: SweepPlan;
  readonly #shard: Shard;
  #groups: Iterator<TrajectorySpec[]>;
  /** The group that was seen last, and the number of its first trajectory. */
  #group: TrajectorySpec[] = [];
  #first = 0;

  constructor(plan: SweepPlan, shard: Shard) {
    this.#plan = plan;
    this.#shard = shard;
    this.#groups = trajectoriesOf(plan, shard);
  }

  /** `count` of them from `first` on; fewer where the plan ends. */
  find(first: number, count: number): TrajectorySpec[] {
    if (first < this.#first) {
      this.#groups = trajectoriesOf(this.#plan, this.#shard);
      [this.#group, this.#first] = [[], 0];
    }
    const found: TrajectorySpec[] = [];
    for (let at = first; at < first + count; at = this.#first + this.#group.length) {
      while (at >= this.#first + this.#group.length) if (!this.#step()) return found;
      for (const spec of this.#group.slice(at - this.#first, first + count - this.#first)) found.push(spec);
    }
    return found;
  }

  #step(): boolean {
    const { value, done } = this.#groups.next();
    if (done === true) return false;
    this.#first += this.#group.length;
    this.#group = value;
    return true;
  }
}
