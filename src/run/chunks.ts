/** Cuts what a store lacks of a plan into chunks for machines that ask for one after the other. */
import type { SweepPlan } from "../plan/plan.js";
import { countRows, epochsToTrain, groupByStart, type Shard, trajectoriesOf } from "../plan/trajectories.js";
import type { Chunk } from "../store/queue.js";
import { lastEpoch, type TrajectorySpec, trajectoryKey } from "../trial.js";
import { batches, GROUPS_LOOKED_UP, type Lookup } from "./survey.js";

export interface Cutting {
  readonly plan: SweepPlan;
  readonly shard: Shard;
  readonly lookup: Lookup;
  readonly retryFailed: boolean;
  /** How long an epoch of a trajectory takes here. */
  readonly msPerEpoch: (spec: TrajectorySpec) => number;
  /** How long a chunk should take. */
  readonly chunkMs: number;
}

// Outcomes of a chunk are in memory until they land, all at once.
const MOST = 500; // trajectories
const MOST_EPOCHS = 200_000; // 8 MB of curves

/** Chunks of about `chunkMs`, in the order of the plan; a trajectory is never cut. */
export async function cutChunks(cutting: Cutting): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  let open = new OpenChunk(cutting);
  let number = 0;
  for await (const { group, missing } of groupsWithMissing(cutting)) {
    for (const spec of group) {
      const lacking = missing.get(trajectoryKey(spec));
      if (lacking !== undefined) {
        if (open.isFull) {
          chunks.push(open.closed());
          open = new OpenChunk(cutting);
        }
        open.add(number, lacking);
      }
      number += 1;
    }
  }
  return open.isEmpty ? chunks : [...chunks, open.closed()];
}

interface Looked {
  readonly group: readonly TrajectorySpec[];
  /** What is missing of it, by trajectory. */
  readonly missing: ReadonlyMap<string, TrajectorySpec>;
}

async function* groupsWithMissing({ plan, shard, lookup }: Cutting): AsyncGenerator<Looked> {
  for (const groups of batches(trajectoriesOf(plan, shard), GROUPS_LOOKED_UP)) {
    const { specs } = await lookup(groups.flat());
    const missing = new Map(specs.map((spec) => [trajectoryKey(spec), spec]));
    for (const group of groups) yield { group, missing };
  }
}

/** A chunk that more may be added to. */
class OpenChunk {
  readonly #cutting: Cutting;
  readonly #specs: TrajectorySpec[] = [];
  readonly #starts = new Set<string>();
  #first = 0;
  #last = 0;
  #ms = 0;
  #epochs = 0;

  constructor(cutting: Cutting) {
    this.#cutting = cutting;
  }

  get isEmpty(): boolean {
    return this.#specs.length === 0;
  }

  get isFull(): boolean {
    const isLarge = this.#specs.length === MOST || this.#epochs >= MOST_EPOCHS;
    return isLarge || this.#ms >= this.#cutting.chunkMs;
  }

  add(number: number, spec: TrajectorySpec): void {
    if (this.isEmpty) this.#first = number;
    this.#last = number;
    this.#specs.push(spec);
    const ms = this.#cutting.msPerEpoch(spec);
    this.#ms += lastEpoch(spec) * ms;
    this.#epochs += lastEpoch(spec);
    for (let start = spec.start; start !== null; start = start.start) {
      const key = trajectoryKey(start);
      if (!this.#starts.has(key)) this.#ms += lastEpoch(start) * ms;
      this.#starts.add(key);
    }
  }

  closed(): Chunk {
    const [first, count] = [this.#first, this.#last - this.#first + 1];
    return { first, count, ...sizeOf(this.#specs), retryFailed: this.#cutting.retryFailed, losses: 0 };
  }
}

/** How much it takes to train these. */
export function sizeOf(specs: readonly TrajectorySpec[]): Pick<Chunk, "rows" | "trajectories" | "epochs"> {
  const epochs = groupByStart(specs).reduce((sum, group) => sum + epochsToTrain(group), 0);
  return { rows: countRows(specs), trajectories: specs.length, epochs };
}

/** The two halves of a chunk of several trajectories, of which one more loss is enough to halve them again. */
export function halves(chunk: Chunk): Chunk[] {
  const of = Math.ceil(chunk.count / 2);
  const part = (first: number, count: number): Chunk => {
    const share = (of: number): number => Math.max(1, Math.round((of * count) / chunk.count));
    return {
      ...{ first, count, retryFailed: chunk.retryFailed, losses: 1 },
      ...{ rows: share(chunk.rows), trajectories: share(chunk.trajectories), epochs: share(chunk.epochs) },
    };
  };
  return [part(chunk.first, of), part(chunk.first + of, chunk.count - of)];
}
