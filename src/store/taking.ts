/** Takes in what another place has, batch by batch: who is killed meanwhile goes on with what is there. */
import { bad, SweepError } from "../errors.js";
import { plannedCells } from "../plan/trajectories.js";
import { KEY_NAMES, keyOf } from "./cell-keys.js";
import type { Merged, TakeOptions } from "./contract.js";
import { metInRun } from "./faults.js";
import type { Part, PartSweep } from "./part.js";
import { openPart } from "./parts.js";
import type { Value } from "./sql/columns.js";
import type { Differ, Stored } from "./trajectories.js";

/** A trajectory of a part, with what it is called. */
interface Given {
  readonly stored: Stored;
  readonly what: string;
}

/** What one kind of store does of it; each call lands all of its work or none. */
export interface Taker {
  /** Lands sweeps with their cells, commands, questions and decisions, and cell keys; returns its own ids of those. */
  begin(sweeps: readonly PartSweep[], cellKeys: readonly (readonly Value[])[]): Promise<number[]>;
  /** Lands trajectories, whose cell keys are its own ids, each copy in a later call than the run that it repeats; returns how much of each was new. */
  land(some: readonly Given[]): Promise<readonly Merged[]>;
}

const AT_ONCE = 200; // trajectories
const EPOCHS_AT_ONCE = 100_000; // of curves, which may be long

/** `Store.take`: all of a place, or one of its sweeps. Throws check where the two differ in a bit; what came before that is kept. */
export async function takeIn(taker: Taker, place: string, options: TakeOptions): Promise<Merged> {
  const part = await openPart(place);
  if (part === null) return { trialRows: 0, epochs: 0 };
  try {
    return await takePart(taker, part, place, options);
  } finally {
    await part.close();
  }
}

async function takePart(taker: Taker, part: Part, name: string, { sweep, tell }: TakeOptions): Promise<Merged> {
  const all = await part.sweeps();
  const sweeps = sweep === null ? all : all.filter((one) => one.sweep.id === sweep);
  if (sweep !== null && sweeps.length === 0) throw bad(`--sweep must be a sweep of ${name}, got ${sweep}`);
  const held = [...(await part.cellKeys())].filter(sweep === null ? () => true : isAskedBy(sweeps[0]));
  const made = await taker.begin(
    sweeps,
    held.map(([, values]) => values),
  );
  /** Its own cell keys by the part's. Of trajectories nothing is remembered: there may be millions. */
  const cellKeys = new Map(held.map(([id], i) => [id, made[i]]));
  let [merged, looked]: [Merged, number] = [{ trialRows: 0, epochs: 0 }, 0];
  try {
    for await (const some of batchesOf(part.trajectories((cellKey) => cellKeys.has(cellKey)))) {
      const placed = some.map(({ stored, what }) => {
        return { what, stored: { ...stored, cellKey: cellKeys.get(stored.cellKey) as number } };
      });
      for (const { trialRows, epochs } of await taker.land(placed))
        merged = { trialRows: merged.trialRows + trialRows, epochs: merged.epochs + epochs };
      looked += some.length;
      tell(looked, merged);
    }
  } catch (error) {
    throw metInRun(error);
  }
  return merged;
}

/** Whether a cell key is of what a sweep asks for. */
function isAskedBy({ sweep: { plan, profile } }: PartSweep): (entry: readonly [number, readonly Value[]]) => boolean {
  const asked = new Set<string>();
  for (const { template } of plannedCells(plan)) asked.add(JSON.stringify(keyOf(template, profile)));
  return ([, values]) => asked.has(JSON.stringify(values.slice(0, KEY_NAMES.length)));
}

/** In batches: what a copy repeats is in one before its own. */
async function* batchesOf(trajectories: AsyncIterable<Given>): AsyncGenerator<Given[]> {
  let [some, epochs]: [Given[], number] = [[], 0];
  for await (const { stored, what } of trajectories) {
    const isFirstCopy = stored.source !== null && some.at(-1)?.stored.source === null;
    if (some.length === AT_ONCE || epochs >= EPOCHS_AT_ONCE || isFirstCopy) {
      yield some;
      [some, epochs] = [[], 0];
    }
    some.push({ stored, what });
    epochs += stored.contents.curve.length;
  }
  if (some.length > 0) yield some;
}

/** Throws that what is given differs from what is there. */
export function givenDiffers(there: string, part: string, what: string): Differ {
  return (epoch) => {
    throw new SweepError(
      "check",
      `${part} differs from ${there} in ${what}, at epoch ${epoch}, so one of the two is wrong: what had come before is kept; gmm-sweep verify says of either whether it is that one`,
    );
  };
}
