/** Cuts a stream of groups into chunks, learning from each chunk that comes back how long an epoch takes. */
import { epochsToTrain } from "../plan/trajectories.js";
import { lastEpoch, type Outcome, type TrajectorySpec } from "../trial.js";

const CHUNK_MS = 200; // short enough that a kill loses little and threads end together, long beside the cost of a message
const LONGEST_CHUNK_MS = 5000; // a group that takes longer is split, at the price of training its starts again
const LARGEST_CHUNK = 500; // trajectories, so that tiny ones do not fill the memory
const CHUNKS_LEFT_PER_WORKER = 4; // towards the end chunks shrink, so that no thread waits for another's long one
const LEAST_PIECE = 10; // times the epochs of the starts that a piece of a group has to train again

export class ChunkQueue {
  readonly #groups: AsyncIterator<TrajectorySpec[]>;
  readonly #workers: number;
  /** The next group, once it has been looked at; null: not yet, or none. */
  #head: TrajectorySpec[] | null = null;
  #epochsLeft: number;
  #msPerEpoch = Number.POSITIVE_INFINITY; // until the first chunk is back: one group at a time
  #turn: Promise<unknown> = Promise.resolve();

  /** `epochs` is how many all the groups take. */
  constructor(groups: AsyncIterable<TrajectorySpec[]>, epochs: number, workers: number) {
    this.#groups = groups[Symbol.asyncIterator]();
    this.#epochsLeft = epochs;
    this.#workers = workers;
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
    const fairShare = this.#epochsLeft / (this.#workers * CHUNKS_LEFT_PER_WORKER);
    const [chunk, rest] = splitGroup(group, Math.min(fairShare, LONGEST_CHUNK_MS / this.#msPerEpoch));
    this.#head = rest;
    const target = Math.min(fairShare, CHUNK_MS / this.#msPerEpoch);
    let cost = epochsToTrain(chunk);
    for (let next = await this.#peek(); next !== null && rest === null; next = await this.#peek()) {
      const more = epochsToTrain(next);
      if (cost + more > target || chunk.length + next.length > LARGEST_CHUNK) break;
      chunk.push(...next);
      cost += more;
      this.#head = null;
    }
    this.#epochsLeft -= cost;
    return chunk;
  }

  async #peek(): Promise<TrajectorySpec[] | null> {
    if (this.#head !== null) return this.#head;
    const { value, done } = await this.#groups.next();
    this.#head = done === true ? null : value;
    return this.#head;
  }
}

/**
 * A group as a first piece of about `target` epochs and the rest, each of which trains the starts that it needs; null
 * for no rest, where the pieces would be small beside those starts or not much shorter than the group.
 */
export function splitGroup(
  group: readonly TrajectorySpec[],
  target: number,
): [first: TrajectorySpec[], rest: TrajectorySpec[] | null] {
  const starts = group.flatMap(({ start }) => (start === null ? [] : [start]));
  const piece = Math.max(target, LEAST_PIECE * epochsToTrain(starts.slice(0, 1)));
  if (group.length === 1 || epochsToTrain(group) <= 2 * piece) return [[...group], null];
  let epochs = 0;
  let count = 0;
  for (; count < group.length - 1 && epochs < piece; count++) epochs += lastEpoch(group[count]);
  return [group.slice(0, count), group.slice(count)];
}
