/** Files of versions 2 to 4: their tables are as they were, those of 2 and 3 lack some, and the views are made anew. */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import { type SchemaItem, schemaItems, TABLES_SINCE_3, VERSION, VIEWS } from "./schema.js";

/** SHA-256 of the tables and views of each of these versions, as `schemaItems` lists them. */
const ITEMS: Readonly<Record<number, string>> = {
  2: "d43972b5a287651650aa2bba4bc2fa6d33a6bd7cce118907aeb629557aafbbc4",
  3: "e6609513e9fa9eb3969f858b03bc3945aeffcc953c0c7e421fa41926c95b8e2f",
  4: "e6f3535cf57244fc33ab8b3b0859339edb24c89daf1348817819284e91a27d41",
};

/** What a file of one of these versions lacks, its own views being dropped or hidden. */
function lackingIn(db: Database.Database): string {
  return (db.pragma("user_version", { simple: true }) as number) <= 3 ? TABLES_SINCE_3 + VIEWS : VIEWS;
}

/** Whether tables and views are those of this version, which is one of these. */
export function isEarlier(version: number, items: readonly SchemaItem[]): boolean {
  return createHash("sha256").update(JSON.stringify(items)).digest("hex") === ITEMS[version];
}

/** Takes a file of one of these versions to the present one, all of it or nothing; no row is touched. */
export function upgradeEarlier(db: Database.Database): void {
  const views = schemaItems(db).filter(({ type }) => type === "view");
  const lacking = lackingIn(db);
  db.transaction(() => {
    for (const { name } of views) db.exec(`drop view ${name}`);
    db.exec(lacking);
    db.pragma(`user_version = ${VERSION}`);
  }).immediate();
}

/** Has a connection that only reads see a file of one of these versions as if it were of the present one, for as long as it is open. */
export function showAsPresent(db: Database.Database): void {
  if (!((db.pragma("user_version", { simple: true }) as number) in ITEMS)) return;
  const own = lackingIn(db).replace(/^create (?=table|view)/gm, "create temp ");
  db.pragma("query_only = off"); // or the connection could not have what is its own
  db.exec(own.replaceAll(" references sweeps", "")); // a table refers to none of another database
  db.pragma("query_only = on");
}
