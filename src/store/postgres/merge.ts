/** Unites parts in a database: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type { Merged } from "../contract.js";
import { type Part, partDiffers, refuseOtherDecisions } from "../part.js";
import { givenBy, type Stored } from "../trajectories.js";
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
  const writer = new SweepWriter(session, keys);
  for (const given of await part.sweeps()) {
    const { sweep, times, commands, decisions } = given;
    const id = await writer.take(sweep, times);
    refuseOtherDecisions(place, name, given, await decisionsIn(session, id));
    for (const command of commands) await writer.addCommand(id, command);
    for (const decision of decisions) await writer.addDecision(id, decision);
  }
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
    const batch = await Batch.of(session, keys, places);
    for (const [i, { stored, what }] of some.entries()) {
      const put = batch.put(places[i], givenBy(stored), partDiffers(place, name, what));
      ids.set(stored.id, put.id);
      const failed = stored.contents.rows.filter(({ state }) => state === "failed");
      merged.trialRows += put.rows.length + batch.failWhereNone(put.id, failed);
      merged.epochs += put.epochs;
    }
    await batch.write();
  };
  let some: Looked[] = [];
  for await (const looked of part.trajectories()) {
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

interface Looked {
  readonly stored: Stored;
  readonly what: string;
}
