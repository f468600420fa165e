/** Unites files: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type Database from "better-sqlite3";
import type { Merged } from "../contract.js";
import { type PartSweep, partDiffers, refuseOtherDecisions } from "../part.js";
import { type OpeningTimes, otherCells } from "../sweeps.js";
import { type Differ, givenBy, type Stored } from "../trajectories.js";
import { CellKeys } from "./cell-keys.js";
import { guardedOpening, toldOfOpening } from "./faults.js";
import { Sweeps } from "./sweeps.js";
import { Trajectories } from "./trajectories.js";

/** A file that takes in others, inside a transaction. */
export interface Whole {
  readonly path: string;
  readonly db: Database.Database;
  readonly keys: CellKeys;
  readonly sweeps: Sweeps;
  readonly trajectories: Trajectories;
}

/** A part as it was when it was opened: another process may be writing it. */
export class FilePart {
  readonly path: string;
  readonly db: Database.Database;
  readonly keys: CellKeys;
  readonly sweeps: Sweeps;
  readonly trajectories: Trajectories;

  constructor(path: string, db: Database.Database) {
    this.path = path;
    this.db = db;
    this.keys = new CellKeys(db);
    this.sweeps = new Sweeps(db, this.keys);
    this.trajectories = new Trajectories(db, this.keys);
  }
}

/**
 * Lands all of the part in the whole. Throws check where the two differ in a bit, usage where what the part holds does
 * not match its hash. The part is read over a connection of its own and not attached: SQLite detaches nothing inside a
 * transaction and attaches ten files at most, and whatever is wrong with the part is then said of the part.
 */
export function mergePart(whole: Whole, path: string, db: Database.Database): Merged {
  const part = new FilePart(path, db);
  mergeSweeps(whole, part);
  const keys = mergeCellKeys(whole, part);
  return mergeTrajectories(whole, part, keys);
}

/** The whole's id for each id of the part, of cell keys. */
function mergeCellKeys({ keys }: Whole, part: FilePart): Map<number, number> {
  const there = guardedOpening(part.path, () => part.keys.all());
  return new Map([...there].map(([id, held]) => [id, keys.put(held).id]));
}

/** Copies, or all others. What fails while a part is read is said of the part, which the user named; nothing was written. */
export function* trajectoriesOf({ path, trajectories }: FilePart, areCopies: boolean): Generator<Stored> {
  try {
    yield* trajectories.all((source) => (source !== null) === areCopies);
  } catch (error) {
    throw toldOfOpening(path, error);
  }
}

/** Sweeps with their cells, commands, questions and decisions. A sweep that is in both grows. */
function mergeSweeps({ path, sweeps }: Whole, part: FilePart): void {
  for (const given of guardedOpening(part.path, () => sweepsOf(part))) takeSweep(path, sweeps, part.path, given);
}

/** Lands a sweep of a part in the file `path`. */
export function takeSweep(path: string, sweeps: Sweeps, part: string, given: PartSweep): void {
  const id = sweeps.take(given.sweep, given.times);
  refuseOtherDecisions(path, part, given, sweeps.decisions.of(id));
  for (const command of given.commands) sweeps.addCommand(id, command);
  for (const decision of given.decisions) sweeps.decisions.add(id, decision);
}

export function sweepsOf({ db, sweeps }: FilePart): PartSweep[] {
  const times = db.prepare("select created_at as createdAt, opened_at as openedAt from sweeps where id = ?");
  return sweeps.all().map((sweep) => {
    if (sweeps.cells.areOthers(sweep)) throw otherCells(sweep.id);
    return {
      ...{ sweep, times: times.get(sweep.id) as OpeningTimes },
      ...{ commands: sweeps.commands(sweep.id), decisions: sweeps.decisions.of(sweep.id) },
    };
  });
}

function mergeTrajectories({ path, trajectories }: Whole, part: FilePart, keys: ReadonlyMap<number, number>): Merged {
  const merged = { trialRows: 0, epochs: 0 };
  for (const areCopies of [false, true])
    for (const stored of trajectoriesOf(part, areCopies)) {
      const place = { ...stored, cellKey: keys.get(stored.cellKey) as number };
      const differ = partDiffers(path, part.path, part.trajectories.nameOf(stored));
      const { trialRows, epochs } = landStored(trajectories, place, differ);
      merged.trialRows += trialRows;
      merged.epochs += epochs;
    }
  return merged;
}

/** Lands a trajectory of a part whose cell key is the file's own; the run that it repeats, if it is a copy, is there by now. */
export function landStored(trajectories: Trajectories, stored: Stored, differ: Differ): Merged {
  const { id, rows, epochs } = trajectories.put(ofItsRun(trajectories, stored), givenBy(stored), differ);
  const failed = stored.contents.rows.filter(({ state }) => state === "failed");
  return { trialRows: rows.length + trajectories.failWhereNone(id, failed), epochs };
}

/** A trajectory whose source is the file's own id. */
function ofItsRun(trajectories: Trajectories, stored: Stored): Stored {
  const { cellKey, startTrial, replicateOf, source } = stored;
  if (source === null || replicateOf === null) return stored;
  const own = trajectories.find(cellKey, replicateOf, startTrial);
  if (own === null) throw new Error("a copy came before the run that it repeats");
  return { ...stored, source: own };
}
