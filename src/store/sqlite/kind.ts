/** SQLite files as a kind of store. */
import { messageOf } from "../../errors.js";
import type { StoreKind } from "../contract.js";

/**
 * Any path is a file's; ':memory:' is a store that ends with its process. What needs better-sqlite3 is loaded with the
 * first file, so that a program on a machine where it does not load can say so.
 */
export const SQLITE: StoreKind = {
  takes: () => true,
  open: async (place, opening) => (await import("./store.js")).SqliteStore.open(place, opening),
  read: async (place) => {
    const { SqliteResults } = await import("./results.js");
    const { guardedOpening } = await import("./faults.js");
    const { openForReading } = await import("./reading.js");
    const db = guardedOpening(place, () => openForReading(place));
    return db === null ? null : new SqliteResults(place, db);
  },
  merge: async (...given) => (await import("./build.js")).mergeFiles(...given),
  backUp: async (...given) => (await import("./build.js")).backUpFile(...given),
  report: async () => {
    const name = "SQLite";
    try {
      const { SqliteDatabase } = await import("./driver.js");
      // better-sqlite3 loads what is compiled of it with the first file.
      const db = new SqliteDatabase(":memory:");
      const detail = db.prepare("select sqlite_version()").pluck().get() as string;
      db.close();
      return { name, works: true, detail };
    } catch (error) {
      const [reason] = messageOf(error).split("\n");
      const remedy =
        "npm rebuild better-sqlite3 compiles it anew; where npm runs no install scripts, npm ci --ignore-scripts=false does";
      return { name, works: false, detail: `${reason}: ${remedy}` };
    }
  },
};
