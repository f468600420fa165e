/** SQLite's driver: better-sqlite3 12, or 13 on versions of Node that 12 does not survive. */
import { createRequire } from "node:module";
import type Database from "better-sqlite3";

const require = createRequire(import.meta.url);

/** From here on a database of better-sqlite3 12 that is collected ends the process (ObjectWrap's cleanup hooks); 13 crashes on Node 20, and needs 22. */
const SINCE = [24, 19] as const;

/** The package that drives SQLite in a version of Node. */
export function driverFor(node: string): string {
  const [major, minor] = node.split(".").map(Number);
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]) ? "better-sqlite3-next" : "better-sqlite3";
}

/** What opens databases; a module that imports it does not load where the driver does not. */
export const SqliteDatabase = require(driverFor(process.versions.node)) as typeof Database;
