/** Whether a SQLite file is one of ours, and of which version. */
import type Database from "better-sqlite3";
import { badPlace, OTHER_COPY } from "../faults.js";
import { isEarlier } from "./earlier.js";
import { APPLICATION_ID, freshItems, type SchemaItem, schemaItems, VERSION } from "./schema.js";
import { refuseOutOfRange } from "./soundness.js";
import { isVersion1 } from "./version1.js";

/** The schema version of a file of ours, 0 of an empty one; throws usage for any other. */
export function checkOwner(db: Database.Database): number {
  const version = db.pragma("user_version", { simple: true }) as number;
  const owner = db.pragma("application_id", { simple: true }) as number;
  const items = schemaItems(db);
  if (owner !== APPLICATION_ID && !(items.length === 0 && owner === 0))
    throw badPlace(
      (file) => `${file} must be a gmm-sweep database, but another program made it: name another file with --db`,
    );
  if (version > VERSION)
    throw badPlace(
      (file) =>
        `${file} was written by a newer gmm-sweep (schema ${version}, this one knows ${VERSION}): update gmm-sweep, or name another file with --db`,
    );
  if (version === 0 && items.length === 0) return 0;
  if (version < 1) throw badPlace((file) => `${file} must say its schema version, got ${version}: ${OTHER_COPY}`);
  const other = version === VERSION ? otherItem(items) : isOlder(version, items) ? null : "some are not those";
  if (other === null) {
    if (version !== 1) refuseOutOfRange(db);
    return version;
  }
  throw badPlace(
    (file) =>
      `${file} must have the tables and views that gmm-sweep made and no others, but ${other}: ${OTHER_COPY}, or name another file with --db`,
  );
}

/** Whether the items of a file are those of an older version. */
function isOlder(version: number, items: readonly SchemaItem[]): boolean {
  return version === 1 ? isVersion1(items) : isEarlier(version, items);
}

/** What says of the first of a file's items that is not as this version makes it; null: all are. */
function otherItem(items: readonly SchemaItem[]): string | null {
  const there = new Map(items.map((item) => [`${item.type} ${item.name}`, item]));
  for (const ours of freshItems()) {
    const name = `${ours.type} ${ours.name}`;
    const found = there.get(name);
    if (found === undefined) return `the ${name} is not there`;
    if (found.sql !== ours.sql || found.tbl_name !== ours.tbl_name) return `the ${name} is another`;
    there.delete(name);
  }
  const [name] = there.keys();
  return name === undefined ? null : `the ${name} is not of it`;
}
