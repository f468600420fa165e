/** One state of a file, as a part of a whole of another kind. */
import type { Part } from "../part.js";
import { refuseDamages, refuseUnsound } from "./damages.js";
import { guardedOpening } from "./faults.js";
import { FilePart, sweepsOf, trajectoriesOf } from "./merge.js";
import { closeDatabase, openForReading } from "./reading.js";

/** Opens a file as a part; null: nothing has been written there yet. Throws usage where it does not match its hashes. */
export async function partIn(path: string): Promise<Part | null> {
  const db = guardedOpening(path, () => openForReading(path));
  if (db === null) return null;
  try {
    guardedOpening(path, () => {
      db.exec("begin");
      refuseUnsound(db);
      refuseDamages(db);
    });
    const part = new FilePart(path, db);
    return {
      sweeps: async () => guardedOpening(path, () => sweepsOf(part)),
      cellKeys: async () => guardedOpening(path, () => part.keys.all()),
      trajectories: async function* () {
        for (const isCopy of [false, true])
          for (const stored of trajectoriesOf(part))
            if ((stored.source !== null) === isCopy) yield { stored, what: part.trajectories.nameOf(stored) };
      },
      close: async () => closeDatabase(db),
    };
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
}
