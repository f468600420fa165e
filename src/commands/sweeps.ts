/** Which sweep of a file a command is about. */
import { SweepError } from "../errors.js";
import { type Flags, text, wholeNumber } from "../flags.js";
import { type SweepNote, sweepNotes } from "../queries.js";
import type { SqliteReader } from "../store/reader.js";

/** The sweep of --sweep, or all of the file's. */
export async function sweepsFrom(reader: SqliteReader, flags: Flags, path: string): Promise<SweepNote[]> {
  const sweeps = await sweepNotes(reader);
  if (text(flags, "sweep") === null) return sweeps;
  const id = wholeNumber(flags, "sweep", 1, Number.MAX_SAFE_INTEGER, 1);
  const found = sweeps.filter((sweep) => sweep.id === id);
  if (found.length > 0) return found;
  throw new SweepError(
    "BAD_USAGE",
    `--sweep must be one of ${path}'s, ${sweeps.map((sweep) => sweep.id).join(", ")}, got ${id}`,
  );
}
