/** One state of a file, as a part of a whole of another kind. */
import type { Part } from "../part.js";
import { damaged } from "../trajectories.js";
import { faultsIn, refuseDamages, refuseUnsound } from "./damages.js";
import { guardedOpening, toldOfOpening } from "./faults.js";
import { FilePart, sweepsOf, trajectoriesOf } from "./merge.js";
import { closeDatabase, openForReading } from "./reading.js";

/** Opens a file as a part; null: nothing has been written there yet. Throws usage where its values are not of the kinds that its tables promise. */
export async function partIn(path: string): Promise<Part | null> {
  const db = guardedOpening(path, () => openForReading(path));
  if (db === null) return null;
  try {
    guardedOpening(path, () => {
      db.exec("begin");
      refuseUnsound(db);
    });
    const part = new FilePart(path, db);
    const faultOf = faultsIn(db, part.trajectories);
    return {
      sweeps: async () => guardedOpening(path, () => sweepsOf(part)),
      cellKeys: async () => guardedOpening(path, () => part.keys.all()),
      trajectories: async function* (isMeant) {
        for (const isCopy of [false, true])
          for (const stored of trajectoriesOf(part, isCopy)) {
            if (!isMeant(stored.cellKey)) continue;
            const what = part.trajectories.nameOf(stored);
            if (faultOf(stored) !== null) throw toldOfOpening(path, damaged(what));
            yield { stored, what };
          }
      },
      refuseDamages: async () => guardedOpening(path, () => refuseDamages(db)),
      close: async () => closeDatabase(db),
    };
  } catch (error) {
    closeDatabase(db);
    throw error;
  }
}
