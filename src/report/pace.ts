/** How fast a run goes, by what has landed of it lately. */

/** What was there at a moment of the run. */
interface Landing {
  readonly at: number;
  readonly epochs: number;
  readonly trajectories: number;
}

/** A second's worth. */
export interface Speed {
  readonly epochs: number;
  readonly trajectories: number;
}

const WINDOW_MS = 30_000; // a machine that gets busy is seen in that time
const LEAST_MS = 3_000; // less says more of when threads began than of how fast they are
const FEW_MS = 10_000; // where the first landings of the lanes are all there is
const LEAST_ROUNDS = 3; // landings a lane: in a window of fewer it matters which of them it cuts

/** Moments are in milliseconds of any clock, one after the other. */
export class Pace {
  readonly #lanes: number;
  /** The first stands for when training began; those before the window are dropped. */
  #landings: Landing[] = [];
  #count = 0;

  /** `lanes` train at once. */
  constructor(lanes: number) {
    this.#lanes = lanes;
  }

  /** What has landed in all; `trainingMs` is how long that took which landed now. */
  land(at: number, { epochs, trajectories }: Speed, trainingMs: number): void {
    // That threads had to start says nothing of how fast they are.
    if (this.#landings.length === 0) this.#landings.push({ at: at - trainingMs, epochs: 0, trajectories: 0 });
    this.#landings.push({ at, epochs, trajectories });
    this.#count += 1;
    const most = this.#landings.length - LEAST_ROUNDS * this.#lanes - 1;
    let old = 0;
    while (old < most && this.#landings[old + 1].at <= at - WINDOW_MS) old += 1;
    if (old > 0) this.#landings = this.#landings.slice(old);
  }

  /** Null until it can be known: once every lane may have landed something, twice where trainings are short, and some seconds have passed. */
  speed(now: number): Speed | null {
    if (this.#count < this.#lanes) return null;
    const first = this.#landings[0];
    const last = this.#landings[this.#landings.length - 1];
    // Between two landings nothing is known; where the next one is overdue, it is that there is none.
    const ms = Math.max(last.at, now - this.#longestGap()) - first.at;
    if (ms < (this.#count < 2 * this.#lanes ? FEW_MS : LEAST_MS)) return null;
    const perSecond = (amount: "epochs" | "trajectories"): number => ((last[amount] - first[amount]) / ms) * 1000;
    return { epochs: perSecond("epochs"), trajectories: perSecond("trajectories") };
  }

  #longestGap(): number {
    return this.#landings.reduce(
      (longest, { at }, i) => (i === 0 ? longest : Math.max(longest, at - this.#landings[i - 1].at)),
      0,
    );
  }
}
