/** Opens stores: the one place that knows which kinds there are. */
import { rmSync } from "node:fs";
import type { Results, Store } from "./contract.js";
import { guarded, lockPath, openForReading } from "./sqlite/file.js";
import { SqliteResults } from "./sqlite/results.js";
import { SqliteStore } from "./sqlite/store.js";

/** Opens a file for writing, and makes it and its folder where there is none; ':memory:' keeps all in memory. Throws usage where another process writes it or it is not ours. */
export async function openStore(place: string): Promise<Store> {
  return SqliteStore.open(place);
}

/** Opens a file for reading, which another process may be writing. Throws usage where there is none or it is not ours. */
export async function openResults(place: string): Promise<Results> {
  return new SqliteResults(
    place,
    guarded(place, () => openForReading(place)),
  );
}

/** Removes what `openStore` made at a place where nothing was, once it is closed. */
export function removeStore(place: string): void {
  for (const path of [place, lockPath(place)]) rmSync(path, { force: true });
}
