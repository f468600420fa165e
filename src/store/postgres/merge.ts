/** Unites parts in a database: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type { Merged } from "../contract.js";
import { type Part, type PartSweep, partDiffers, refuseOtherDecisions } from "../part.js";
import { type Differ, givenBy, type Stored } from "../trajectories.js";
import { type Column, given } from "./arrays.js";
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
  const land = async (some: readonly Looked[]): Promise<void> => {
    const places = some.map(({ stored }) => ({ ...stored, cellKey: keyIds.get(stored.cellKey) as number }));
    const landed = await landStored({ place, session, keys }, places, (i) => partDiffers(place, name, some[i].what));
    for (const { trialRows, epochs } of landed) {
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

/** Lands trajectories of a part whose cell keys are the database's own, and of which the runs that copies repeat are there by now; `differ` is asked for by their places. */
export async function landStored(
  { session, keys }: Whole,
  some: readonly Stored[],
  differ: (place: number) => Differ,
): Promise<Merged[]> {
  const ofTheirRuns = await withSources(session, some);
  const batch = await Batch.of(session, keys, ofTheirRuns);
  const landed = ofTheirRuns.map((stored, i) => {
    const { id, rows, epochs } = batch.put(stored, givenBy(stored), differ(i));
    const failed = stored.contents.rows.filter(({ state }) => state === "failed");
    return { trialRows: rows.length + batch.failWhereNone(id, failed), epochs };
  });
  await batch.write();
  return landed;
}

/** Trajectories whose sources are the database's own ids. */
async function withSources(session: Session, some: readonly Stored[]): Promise<readonly Stored[]> {
  const copies = some.filter(({ source }) => source !== null);
  if (copies.length === 0) return some;
  const runs = copies.map(({ id, cellKey, replicateOf, startTrial }) => [id, cellKey, replicateOf, startTrial]);
  const { sql, parameters } = given("g", RUN_COLUMNS, runs);
  const sources = new Map(
    (await session.lists(
      `select g.copy, t.id from ${sql} join trajectories t using (cell_key_id, trial, start_trial)`,
      parameters,
    )) as [number, number][],
  );
  return some.map((stored) => {
    if (stored.source === null) return stored;
    const source = sources.get(stored.id);
    if (source === undefined) throw new Error("a copy came before the run that it repeats");
    return { ...stored, source };
  });
}

const RUN_COLUMNS: readonly Column[] = [
  ["copy", "bigint"],
  ["cell_key_id", "bigint"],
  ["trial", "integer"],
  ["start_trial", "integer"],
];

interface Looked {
  readonly stored: Stored;
  readonly what: string;
}
