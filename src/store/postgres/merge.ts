/** Unites parts in a database: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type { Merged } from "../contract.js";
import { type Part, type PartSweep, partDiffers, refuseOtherDecisions } from "../part.js";
import type { Taken } from "../taking.js";
import { type Differ, givenBy, type Stored } from "../trajectories.js";
import type { CellKeys } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { decisionsIn, SweepWriter } from "./sweeps.js";
import { Batch } from "./trajectories.js";

const AT_ONCE = 200; // trajectories

/** The whole: a database, inside a transaction of the caller's that keeps other submitters out. */
export interface Whole {
  readonly place: string;
  readonly session: Session;
  readonly keys: CellKeys;
}

/** Lands all of a part in the whole. */
export async function mergePart({ place, session, keys }: Whole, name: string, part: Part): Promise<Merged> {
  for (const given of await part.sweeps()) await takeSweep({ place, session, keys }, name, given);
  const held = await part.cellKeys();
  const made = await keys.put(session, [...held.values()]);
  const keyIds = new Map([...held.keys()].map((id, i) => [id, made[i]]));
  const merged = { trialRows: 0, epochs: 0 };
  /** The whole's ids. */
  const ids = new Map<number, number>();
  const land = async (some: readonly Looked[]): Promise<void> => {
    const places = some.map(({ stored }) => ({
      ...stored,
      cellKey: keyIds.get(stored.cellKey) as number,
      source: stored.source === null ? null : (ids.get(stored.source) as number),
    }));
    const landed = await landStored({ place, session, keys }, places, (i) => partDiffers(place, name, some[i].what));
    for (const [i, { id, trialRows, epochs }] of landed.entries()) {
      ids.set(some[i].stored.id, id);
      merged.trialRows += trialRows;
      merged.epochs += epochs;
    }
  };
  let some: Looked[] = [];
  for await (const looked of part.trajectories(() => true)) {
    // A copy's run is in the whole before it.
    if (some.length >= AT_ONCE || (looked.stored.source !== null && some.at(-1)?.stored.source === null)) {
      await land(some);
      some = [];
    }
    some.push(looked);
  }
  await land(some);
  return merged;
}

/** Lands a sweep of a part. */
export async function takeSweep({ place, session, keys }: Whole, part: string, given: PartSweep): Promise<void> {
  const writer = new SweepWriter(session, keys);
  const id = await writer.take(given.sweep, given.times);
  refuseOtherDecisions(place, part, given, await decisionsIn(session, id));
  for (const command of given.commands) await writer.addCommand(id, command);
  for (const decision of given.decisions) await writer.addDecision(id, decision);
}

/** Lands trajectories whose cell keys and sources are the database's own; `differ` is asked for by their places. */
export async function landStored(
  { session, keys }: Whole,
  some: readonly Stored[],
  differ: (place: number) => Differ,
): Promise<Taken[]> {
  const batch = await Batch.of(session, keys, some);
  const landed = some.map((stored, i) => {
    const { id, rows, epochs } = batch.put(stored, givenBy(stored), differ(i));
    const failed = stored.contents.rows.filter(({ state }) => state === "failed");
    return { id, trialRows: rows.length + batch.failWhereNone(id, failed), epochs };
  });
  await batch.write();
  return landed;
}

interface Looked {
  readonly stored: Stored;
  readonly what: string;
}
