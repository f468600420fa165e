/** Files of version 2, whose tables are those of version 3: two of their views knew methods by their names. */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import { type SchemaItem, schemaItems, VERSION } from "./schema.js";
import { VIEWS } from "./views.js";

/** SHA-256 of the tables and views of version 2, as `schemaItems` lists them. */
const ITEMS_2 = "d43972b5a287651650aa2bba4bc2fa6d33a6bd7cce118907aeb629557aafbbc4";

export function isVersion2(items: readonly SchemaItem[]): boolean {
  return createHash("sha256").update(JSON.stringify(items)).digest("hex") === ITEMS_2;
}

/** Takes a file of version 2 to version 3, all of it or nothing: its views are made anew, and no row is touched. */
export function upgradeFromVersion2(db: Database.Database): void {
  const views = schemaItems(db).filter(({ type }) => type === "view");
  db.transaction(() => {
    for (const { name } of views) db.exec(`drop view ${name}`);
    db.exec(VIEWS);
    db.pragma(`user_version = ${VERSION}`);
  }).immediate();
}
