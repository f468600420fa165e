/** Opens what a store takes in from another: no store opens stores, and so whoever merges need not know all kinds. */

import { isDatabase, placeNamed } from "../files/places.js";
import type { Part } from "./part.js";

/** Opens a place of any kind as a part of a whole of another kind; null: nothing has been written there yet. */
export async function openPart(place: string): Promise<Part | null> {
  if (isDatabase(place)) return (await import("./postgres/part.js")).partIn(placeNamed("a part", place));
  return (await import("./sqlite/part.js")).partIn(place);
}
