/** Which kinds of stores work on this machine. */
import Database from "better-sqlite3";
import { messageOf } from "../errors.js";

export interface StoreReport {
  readonly name: string;
  readonly works: boolean;
  /** Its version; where it does not work, why, and what to do. */
  readonly detail: string;
}

export function storeReports(): StoreReport[] {
  return [sqliteReport()];
}

/** better-sqlite3 loads what is compiled of it with the first file. */
function sqliteReport(): StoreReport {
  const name = "SQLite";
  try {
    const db = new Database(":memory:");
    const version = db.prepare("select sqlite_version()").pluck().get() as string;
    db.close();
    return { name, works: true, detail: version };
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    return { name, works: false, detail: `${reason}: npm rebuild better-sqlite3 compiles it anew` };
  }
}
