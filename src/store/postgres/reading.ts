/** A database opened for reading. */
import { Connections } from "./connection.js";
import { toldOfOpening } from "./faults.js";
import { checkStore } from "./opening.js";
import { PostgresResults } from "./results.js";

/** Null: nothing has been written there yet. */
export async function openForReading(place: string): Promise<PostgresResults | null> {
  let connections: Connections | null = null;
  try {
    connections = await Connections.to(place);
    if (await connections.with(checkStore)) return new PostgresResults(place, connections);
    await connections.close();
    return null;
  } catch (error) {
    await connections?.close();
    throw toldOfOpening(place, error);
  }
}
