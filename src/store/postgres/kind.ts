/** Databases of PostgreSQL as a kind of store. */
import { bad, messageOf } from "../../errors.js";
import { isDatabase, placeNamed } from "../../files/places.js";
import type { StoreKind } from "../contract.js";

const named = (place: string): string => placeNamed("the store", place);

/** A place is postgres://user@host:port/database; what needs pg is loaded with the first of them. */
export const POSTGRES: StoreKind = {
  takes: isDatabase,
  open: async (place, opening) => (await import("./store.js")).PostgresStore.open(named(place), opening),
  read: async (place) => (await import("./reading.js")).openForReading(named(place)),
  merge: async (place, parts, opening) => {
    const { PostgresStore } = await import("./store.js");
    const store = await PostgresStore.open(named(place), opening);
    try {
      return await store.merge(parts);
    } finally {
      await store.close();
    }
  },
  backUp: async (place, copy) => {
    throw bad(
      `${named(place)} must be a file to be copied to ${copy}, but it is a database: back it up with pg_dump --schema=gmm_sweep, or bring what it has into a file with gmm-sweep merge ${copy} ${named(place)}`,
    );
  },
  report: async () => {
    const name = "PostgreSQL";
    try {
      const { loadDriver } = await import("./connection.js");
      await loadDriver();
      const workers = await bossText();
      return { name, works: true, detail: `for --store postgres://…${workers}` };
    } catch (error) {
      const [reason] = messageOf(error).split("\n");
      return { name, works: false, detail: `${reason}: npm install pg installs it, for --store postgres://… alone` };
    }
  },
};

/** What is said where one machine has the store to itself. */
async function bossText(): Promise<string> {
  const { loadBoss } = await import("./queue.js");
  try {
    await loadBoss();
    return "";
  } catch {
    return ", but it hands out no work: npm install pg-boss@12.38.0 installs what does (npm leaves it out on Node below 22.12)";
  }
}
