/** One state of a database, as a part of a whole. */
import type { Part, PartSweep } from "../part.js";
import type { OpeningTimes } from "../sweeps.js";
import { otherCells } from "../sweeps.js";
import { damaged } from "../trajectories.js";
import { CellKeys } from "./cell-keys.js";
import { Connections, type Session } from "./connection.js";
import { refuseDamages } from "./damages.js";
import { toldOfOpening } from "./faults.js";
import { checkStore } from "./opening.js";
import { allSweeps, commandsIn, decisionsIn, hasOthersCells } from "./sweeps.js";
import { trajectoriesIn } from "./trajectories.js";

/** Opens a database as a part; null: nothing has been written there yet. */
export async function partIn(place: string): Promise<Part | null> {
  let connections: Connections | null = null;
  try {
    connections = await Connections.to(place);
    const { session } = await connections.snapshot();
    if (await checkStore(session)) return partOf(place, session, connections);
    await connections.close();
    return null;
  } catch (error) {
    await connections?.close();
    throw toldOfOpening(place, error);
  }
}

function partOf(place: string, session: Session, connections: Connections): Part {
  const keys = new CellKeys();
  const guarded = async <Result>(body: () => Promise<Result>): Promise<Result> => {
    try {
      return await body();
    } catch (error) {
      throw toldOfOpening(place, error);
    }
  };
  return {
    sweeps: () => guarded(() => sweepsIn(session)),
    cellKeys: () => guarded(() => keys.all(session)),
    trajectories: async function* (isMeant) {
      try {
        for (const areCopies of [false, true])
          for await (const looked of trajectoriesIn(session, keys, { areCopies, isMeant })) {
            if (!(looked.isSound && looked.isOfItsRun)) throw damaged(looked.what);
            yield looked;
          }
      } catch (error) {
        throw toldOfOpening(place, error);
      }
    },
    refuseDamages: () => guarded(() => refuseDamages(session, keys)),
    close: () => connections.close(),
  };
}

async function sweepsIn(session: Session): Promise<PartSweep[]> {
  const found: PartSweep[] = [];
  for (const sweep of await allSweeps(session)) {
    if (await hasOthersCells(session, sweep)) throw otherCells(sweep.id);
    const [times] = await session.rows<OpeningTimes>(
      `select created_at as "createdAt", opened_at as "openedAt" from sweeps where id = @id`,
      { id: sweep.id },
    );
    const [commands, decisions] = [await commandsIn(session, sweep.id), await decisionsIn(session, sweep.id)];
    found.push({ sweep, times, commands, decisions });
  }
  return found;
}
