/** A database opened: whether its schema is ours and whole, and made where there is none. */
import { createHash } from "node:crypto";
import { badPlace } from "../faults.js";
import { SCHEMA_NAME, type Session } from "./connection.js";
import { ITEMS, LEAST_SERVER, MIGRATIONS, SCHEMA, VERSION } from "./schema.js";

/** What keeps submitters and makers of one store apart, for as long as a transaction lasts ('gmm1'). */
const LOCK = `select pg_advisory_xact_lock(${0x676d6d31})`;

interface Made {
  readonly version: number;
  readonly server: number;
  readonly fingerprint: string;
}

export async function lockSubmitters(session: Session): Promise<void> {
  await session.script(LOCK);
}

/** Whether there is a store of the present version; false: nothing of one. Throws usage for anything else. */
export async function checkStore(session: Session): Promise<boolean> {
  const version = await versionThere(session);
  if (version === null || version === VERSION) return version !== null;
  throw badPlace(
    (place) =>
      `${place} was written by an earlier gmm-sweep (schema ${version}, this one knows ${VERSION}): any command of its owner that writes, as gmm-sweep resume ${place}, brings it up to date`,
  );
}

/** The version of the store that is there, whole; null: nothing of one. Throws usage for anything else. */
async function versionThere(session: Session): Promise<number | null> {
  // From the catalog's tables: to_regnamespace may not yet know what another process made while this one waited for it.
  const [{ server, encoding, schema, made }] = await session.rows<{
    server: number;
    encoding: string;
    schema: boolean;
    made: boolean;
  }>(
    `select cast(current_setting('server_version_num') as integer) as server, current_setting('server_encoding') as encoding,
       exists (select 1 from pg_namespace where nspname = '${SCHEMA_NAME}') as schema,
       exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = '${SCHEMA_NAME}' and c.relname = 'made') as made`,
  );
  if (server < LEAST_SERVER)
    throw badPlace(
      (place) =>
        `${place} must be of PostgreSQL ${LEAST_SERVER / 10000} or newer, got ${Math.floor(server / 10000)}: update the server, or name another with --store`,
    );
  if (encoding !== "UTF8")
    throw badPlace(
      (place) => `${place} must be a database in UTF8, got ${encoding}: make one with createdb --encoding UTF8`,
    );
  if (!schema) return null;
  if (!made)
    throw badPlace(
      (place) =>
        `${place} must have a schema ${SCHEMA_NAME} that gmm-sweep made or none, but another program made it: name another database with --store`,
    );
  const found = await madeIn(session);
  if (found === undefined || found.version < 1) throw changed("it does not say its version");
  if (found.version > VERSION)
    throw badPlace(
      (place) =>
        `${place} was written by a newer gmm-sweep (schema ${found.version}, this one knows ${VERSION}): update gmm-sweep, or name another database with --store`,
    );
  // Another version of PostgreSQL writes the same otherwise.
  if (
    Math.floor(found.server / 10000) === Math.floor(server / 10000) &&
    (await fingerprint(session)) !== found.fingerprint
  ) {
    // Another process may have brought it up to date between the two.
    if ((await madeIn(session))?.fingerprint !== found.fingerprint) return versionThere(session);
    throw changed("some are not those");
  }
  return found.version;
}

async function madeIn(session: Session): Promise<Made | undefined> {
  const [made] = await session.rows<Made>("select version, server, fingerprint from made");
  return made;
}

function changed(what: string): Error {
  return badPlace(
    (place) =>
      `${place} must have the tables, views and functions that gmm-sweep made and no others, but ${what}: restore it from a backup of before another program changed it, or name another database with --store`,
  );
}

async function fingerprint(session: Session): Promise<string> {
  const items = await session.lists(ITEMS);
  return createHash("sha256").update(JSON.stringify(items)).digest("hex");
}

/** Makes the store where there is none, and brings one of an earlier version up to date: by one process at a time. */
export async function makeStore(session: Session): Promise<void> {
  if ((await versionThere(session)) === VERSION) return;
  await session.transaction("", async () => {
    await lockSubmitters(session);
    const version = await versionThere(session);
    if (version === VERSION) return;
    if (version === null) await session.script(SCHEMA);
    else await upgrade(session, version);
    await session.run("delete from made");
    await session.run(
      `insert into made (version, server, fingerprint)
       values (@version, cast(current_setting('server_version_num') as integer), @fingerprint)`,
      { version: VERSION, fingerprint: await fingerprint(session) },
    );
  });
}

async function upgrade(session: Session, from: number): Promise<void> {
  for (let version = from; version < VERSION; version++) await session.script(MIGRATIONS[version]);
}
