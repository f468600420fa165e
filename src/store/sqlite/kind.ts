/** SQLite files as a kind of store. */
import Database from "better-sqlite3";
import { messageOf } from "../../errors.js";
import type { StoreKind } from "../contract.js";
import { backUpFile, mergeFiles } from "./build.js";
import { guardedOpening, openForReading } from "./file.js";
import { SqliteResults } from "./results.js";
import { SqliteStore } from "./store.js";

/** Any path is a file's; ':memory:' is a store that ends with its process. */
export const SQLITE: StoreKind = {
  takes: () => true,
  open: SqliteStore.open,
  read: async (place) => {
    const db = guardedOpening(place, () => openForReading(place));
    return db === null ? null : new SqliteResults(place, db);
  },
  merge: mergeFiles,
  backUp: backUpFile,
  report: () => {
    const name = "SQLite";
    try {
      // better-sqlite3 loads what is compiled of it with the first file.
      const db = new Database(":memory:");
      const detail = db.prepare("select sqlite_version()").pluck().get() as string;
      db.close();
      return { name, works: true, detail };
    } catch (error) {
      const [reason] = messageOf(error).split("\n");
      return { name, works: false, detail: `${reason}: npm rebuild better-sqlite3 compiles it anew` };
    }
  },
};
