/** What of a file is not as it landed: without training anything. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import type { Damage, Sweep } from "../contract.js";
import { otherCells } from "../sweeps.js";
import { damaged, FAULTS, type Stored } from "../trajectories.js";
import { CellKeys } from "./cell-keys.js";
import { toldOf } from "./faults.js";
import { unsound, unsoundness } from "./soundness.js";
import { Sweeps } from "./sweeps.js";
import { Trajectories } from "./trajectories.js";

/** Answers `Results.damages` for one file, `db` of which is as one writer left it. */
export function* damagesOf(db: Database.Database): Generator<Damage> {
  const found = unsoundness(db);
  // Then nothing can be relied on that is said of the rest.
  if (found === null) yield* damagesOfContents(db);
  else yield { what: "the file", sentence: `the file: ${found}` };
}

function* damagesOfContents(db: Database.Database): Generator<Damage> {
  const keys = new CellKeys(db);
  const sweeps = new Sweeps(db, keys);
  for (const sweep of sweeps.all()) yield* damagesOfSweep(sweeps, sweep);
  const trajectories = new Trajectories(db, keys);
  const faultOf = faultsIn(db, trajectories);
  for (const stored of trajectories.all()) {
    const fault = faultOf(stored);
    if (fault === null) continue;
    const what = trajectories.nameOf(stored);
    yield { what, sentence: `${what}: ${fault}` };
  }
  yield* strays(db);
}

/** What is wrong with a trajectory of a file; null: nothing is. */
export function faultsIn(db: Database.Database, trajectories: Trajectories): (stored: Stored) => string | null {
  const source = db
    .prepare(
      `select s.source_id is null and s.cell_key_id = t.cell_key_id and s.start_trial = t.start_trial and s.trial = t.replicate_of
       from trajectories t join trajectories s on s.id = t.source_id where t.id = ?`,
    )
    .pluck();
  return (stored) => (!trajectories.matches(stored) ? FAULTS.hash : isOfItsRun(stored, source) ? null : FAULTS.copy);
}

/** Throws usage where anything of a file is not as it landed: nothing is built on what was changed. */
export function refuseDamages(db: Database.Database): void {
  const sweeps = new Sweeps(db, new CellKeys(db));
  for (const sweep of sweeps.all()) if (sweeps.cells.areOthers(sweep)) throw otherCells(sweep.id);
  for (const { what } of damagesOfContents(db)) throw damaged(what);
}

/** Throws usage where a file's values are not of the kinds that its tables promise: what is copied from it would be refused one by one. */
export function refuseUnsound(db: Database.Database): void {
  const found = unsoundness(db);
  if (found !== null) throw unsound(found);
}

/** What is to be thrown of what was thrown while a file was read: a sentence, where the file is the reason; else it is a bug. */
export function toldOfReading(path: string, db: Database.Database, error: unknown): unknown {
  const told = toldOf(path, error);
  if (told instanceof SweepError) return told;
  try {
    const found = unsoundness(db);
    return found === null ? error : toldOf(path, unsound(found, error));
  } catch {
    return error; // SQLite says why it cannot be read
  }
}

function* damagesOfSweep(sweeps: Sweeps, sweep: Sweep): Generator<Damage> {
  sweeps.decisions.of(sweep.id); // throws where one cannot be read, as of a plan
  const what = `sweep ${sweep.id}`;
  if (sweeps.hasOtherNotes(sweep))
    yield { what, sentence: `${what}: its name, trials, engine or record level is not that of its plan` };
  if (sweeps.cells.areOthers(sweep)) yield { what, sentence: `${what}: its cells are not those of its plan` };
}

/** Whether a copy names the run that it repeats, and what is none names no other. */
function isOfItsRun({ id, source, replicateOf }: Stored, right: Database.Statement): boolean {
  return source === null ? replicateOf === null : right.get(id) === 1;
}

/** Rows of no trajectory and cells of no key: nothing else that is read here meets them. */
function* strays(db: Database.Database): Generator<Damage> {
  const tables = new Set((db.pragma("foreign_key_check") as { table: string }[]).map(({ table }) => table));
  for (const what of tables) yield { what, sentence: `${what}: it has rows of something that is not there` };
}
