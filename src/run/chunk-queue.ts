/** Cuts a stream of groups into chunks, learning from each chunk that comes back how long an epoch takes. */
import { epochsToTrain } from "../plan/trajectories.js";
import { lastEpoch, type Outcome, type TrajectorySpec, trainingKey } from "../trial.js";

const CHUNK_MS = 200; // short enough that a kill loses little and threads end together, long beside the cost of a message
const LONGEST_CHUNK_MS = 5000; // a group that takes longer is split, at the price of training its starts again
const LARGEST_CHUNK = 500; // trajectories, so that tiny ones do not fill the memory
const CHUNKS_LEFT_PER_LANE = 4; // towards the end chunks shrink, so that no lane waits for another's long one
const LEAST_PIECE = 10; // times the epochs of the starts that a piece of a group has to train again

export class ChunkQueue {
  readonly #groups: AsyncIterator<TrajectorySpec[]>;
  readonly #lanes: number;
  /** The next group, once it has been looked at; null: not yet, or none. */
  #head: GroupRest | null = null;
  #epochsLeft: number;
  #msPerEpoch = Number.POSITIVE_INFINITY; // until the first chunk is back: one group at a time
  #turn: Promise<unknown> = Promise.resolve();

  /** `epochs` is how many all the groups take. */
  constructor(groups: AsyncIterable<TrajectorySpec[]>, epochs: number, lanes: number) {
    this.#groups = groups[Symbol.asyncIterator]();
    this.#epochsLeft = epochs;
    this.#lanes = lanes;
  }

  /** The next chunk; null where there is none. Callers take turns. */
  next(): Promise<TrajectorySpec[] | null> {
    const chunk = this.#turn.then(() => this.#cut());
    this.#turn = chunk;
    return chunk;
  }

  learn(outcomes: readonly Outcome[]): void {
    const trained = outcomes.filter((outcome) => outcome.state === "trained");
    if (trained.length === 0) return;
    const ms = trained.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
    this.#msPerEpoch = ms / trained.reduce((sum, { spec }) => sum + lastEpoch(spec), 0);
  }

  async #cut(): Promise<TrajectorySpec[] | null> {
    const group = await this.#peek();
    if (group === null) return null;
    const fairShare = this.#epochsLeft / (this.#lanes * CHUNKS_LEFT_PER_LANE);
    const chunk = group.cut(Math.min(fairShare, LONGEST_CHUNK_MS / this.#msPerEpoch));
    let cost = epochsToTrain(chunk);
    if (group.length === 0) {
      this.#head = null;
      const target = Math.min(fairShare, CHUNK_MS / this.#msPerEpoch);
      for (let next = await this.#peek(); next !== null; next = await this.#peek()) {
        if (cost + next.epochs > target || chunk.length + next.length > LARGEST_CHUNK) break;
        cost += next.epochs;
        for (const spec of next.all()) chunk.push(spec);
        this.#head = null;
      }
    }
    this.#epochsLeft -= cost;
    return chunk;
  }

  async #peek(): Promise<GroupRest | null> {
    if (this.#head !== null) return this.#head;
    const { value, done } = await this.#groups.next();
    this.#head = done === true ? null : new GroupRest(value);
    return this.#head;
  }
}

/** A group that is cut from the front. A cut costs what is cut off, not what is left: groups are as long as lists of λ. */
export class GroupRest {
  readonly #group: readonly TrajectorySpec[];
  /** epochsToTrain of the group without its first i trajectories. */
  readonly #epochs: Float64Array;
  #at = 0;

  constructor(group: readonly TrajectorySpec[]) {
    this.#group = group;
    this.#epochs = epochsOfRests(group);
  }

  get length(): number {
    return this.#group.length - this.#at;
  }

  /** What a lane trains for it, the starts that it needs included. */
  get epochs(): number {
    return this.#epochs[this.#at];
  }

  all(): TrajectorySpec[] {
    return this.#take(this.length);
  }

  /**
   * A piece of about `target` epochs, which like the rest trains the starts that it needs; all where the pieces would be
   * small beside those starts or not much shorter than the whole.
   */
  cut(target: number): TrajectorySpec[] {
    const first = this.#firstStart();
    const piece = Math.max(target, first === null ? 0 : LEAST_PIECE * epochsToTrain([first]));
    if (this.length === 1 || this.epochs <= 2 * piece) return this.all();
    let epochs = 0;
    let count = 0;
    for (; count < this.length - 1 && epochs < piece; count++) epochs += lastEpoch(this.#group[this.#at + count]);
    return this.#take(count);
  }

  #firstStart(): TrajectorySpec | null {
    for (let i = this.#at; i < this.#group.length; i++) {
      const { start } = this.#group[i];
      if (start !== null) return start;
    }
    return null;
  }

  #take(count: number): TrajectorySpec[] {
    this.#at += count;
    return this.#group.slice(this.#at - count, this.#at);
  }
}

function epochsOfRests(group: readonly TrajectorySpec[]): Float64Array {
  const epochs = new Float64Array(group.length + 1);
  const counted = new Set<string>();
  for (let i = group.length - 1; i >= 0; i--) {
    epochs[i] = epochs[i + 1];
    for (let spec: TrajectorySpec | null = group[i]; spec !== null; spec = spec.start) {
      const key = trainingKey(spec);
      if (counted.has(key)) break;
      counted.add(key);
      epochs[i] += lastEpoch(spec);
    }
  }
  return epochs;
}
