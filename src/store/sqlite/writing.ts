/** A file of ours opened for writing: made where there is none, and brought to the present version. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { withCode } from "../faults.js";
import { mustBeFile, refuseInTheWay, refuseSecondName } from "./access.js";
import { SqliteDatabase } from "./driver.js";
import { upgradeEarlier } from "./earlier.js";
import { checkOwner } from "./owner.js";
import { dropBuildingName } from "./place.js";
import { APPLICATION_ID, SCHEMA, VERSION } from "./schema.js";
import { upgradeFromVersion1 } from "./version1.js";

const CACHE_KIB = 4000; // of a writer: rows land no slower than with 16,000, and a run comes to its size early

/** Opens `file` for writing, makes it where there is none, and brings it to the present version. */
export function openForWriting(file: string, waitMs: number): Database.Database {
  if (existsSync(file)) {
    mustBeFile(file);
    accessSync(file, constants.W_OK); // SQLite would open it for reading and say nothing
    dropBuildingName(file);
    refuseSecondName(statSync(file));
    refuseInTheWay(file, constants.W_OK);
  }
  const db = new SqliteDatabase(file, { timeout: waitMs });
  try {
    const version = checkOwner(db);
    // Before anything else: what is refused stays as it was, to the byte.
    if (version === 1) upgradeFromVersion1(db);
    if (version !== 0 && version !== VERSION && version !== 1) upgradeEarlier(db);
    const mode = db.pragma("journal_mode = wal", { simple: true });
    if (mode !== "wal" && !db.memory) throw withCode("SQLITE_IOERR_SHMOPEN", `the journal's mode is ${String(mode)}`);
    db.pragma("synchronous = full"); // a landed chunk survives a power cut, at one fsync a chunk
    db.pragma("foreign_keys = on");
    if (version === 0)
      db.transaction(() => {
        db.exec(SCHEMA);
        db.pragma(`user_version = ${VERSION}`);
        db.pragma(`application_id = ${APPLICATION_ID}`);
      }).immediate();
    if (version === 1) db.exec("vacuum"); // or the pages of the old tables would double the file
    db.pragma(`cache_size = -${CACHE_KIB}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
