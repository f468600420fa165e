/** SQLite files as a kind of store. */
import { rmSync } from "node:fs";
import type { StoreKind } from "../contract.js";
import { guarded, lockPath, openForReading } from "./file.js";
import { SqliteResults } from "./results.js";
import { SqliteStore } from "./store.js";

/** Any path is a file's; ':memory:' is a store that ends with its process. */
export const SQLITE: StoreKind = {
  takes: () => true,
  open: async (place) => SqliteStore.open(place),
  read: async (place) =>
    new SqliteResults(
      place,
      guarded(place, () => openForReading(place)),
    ),
  remove: (place) => {
    for (const path of [place, lockPath(place)]) rmSync(path, { force: true });
  },
};
