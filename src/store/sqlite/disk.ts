/** What SQLite needs of a disk: locks. It says of one that has none (ENOLCK, ENOSYS) that the file is busy, or that the disk fails. */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { PlaceFault } from "../faults.js";
import { SqliteDatabase } from "./driver.js";
import { NO_LOCKS } from "./faults.js";

/** What is to be thrown where locking `file` failed because its disk has no locks; null where it has. */
export function withoutLocks(file: string, cause: unknown): PlaceFault | null {
  return offersLocks(dirname(file)) ? null : new PlaceFault("environment", (name) => `${name} ${NO_LOCKS}`, { cause });
}

/** Whether a file that nobody else knows can be locked; a folder that may not be written is not asked. */
function offersLocks(folder: string): boolean {
  const probe = join(folder, `.gmm-sweep-${process.pid}.lock`);
  let db: Database.Database;
  try {
    db = new SqliteDatabase(probe, { timeout: 0 });
  } catch {
    return true;
  }
  try {
    db.exec("pragma journal_mode = memory; begin exclusive");
    return true;
  } catch {
    return false;
  } finally {
    db.close();
    rmSync(probe, { force: true });
  }
}
