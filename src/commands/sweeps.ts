/** Which file, and which of its sweeps, a command that reads is about. */

import type { Engine } from "../engine/contract.js";
import { loadProfile } from "../engine/engines.js";
import { SweepError } from "../errors.js";
import { bad, type Flags, text, wholeNumber } from "../plan/flags.js";
import { databaseFrom } from "../plan/options.js";
import { type SweepNote, sweepNotes } from "../store/sqlite/queries.js";
import type { SqliteReader } from "../store/sqlite/reader.js";

/** The database file, named bare or by --db. */
export function fileFrom(flags: Flags): string {
  if (flags["file"] === "") throw bad("FILE must be the name of a database file, got an empty one");
  const file = text(flags, "file");
  if (file === null) return databaseFrom(flags);
  const db = text(flags, "db");
  if (db === null) return file;
  throw bad(`FILE must not be given with --db, which names the file too, got ${file} and ${db}: leave one of them out`);
}

/** The engine that gives the bits of what a file holds; throws UNAVAILABLE, with the numerics profile's name, where there is none. */
export async function engineOf(trained: { engine: string; profile: string }, path: string): Promise<Engine> {
  const engine = await loadProfile(trained.engine, trained.profile);
  if (engine !== null) return engine;
  throw new SweepError(
    "UNAVAILABLE",
    `${path} was trained with the numerics profile ${trained.profile}, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
  );
}

/** The sweep of --sweep, or all of the file's. */
export async function sweepsFrom(reader: SqliteReader, flags: Flags, path: string): Promise<SweepNote[]> {
  const id = wholeNumber(flags, "sweep", 1, Number.MAX_SAFE_INTEGER, 1);
  const sweeps = await sweepNotes(reader);
  if (sweeps.length === 0)
    throw new SweepError(
      "BAD_STORE",
      `${path} must hold a sweep, but it has none yet: run gmm-sweep first, or name another file with --db`,
    );
  if (text(flags, "sweep") === null) return sweeps;
  const found = sweeps.filter((sweep) => sweep.id === id);
  if (found.length > 0) return found;
  throw bad(`--sweep must be a sweep of ${path}, one of ${sweeps.map((sweep) => sweep.id).join(", ")}, got ${id}`);
}
