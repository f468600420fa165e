/** The queue in PostgreSQL: what every queue keeps, what is its own, and processes that train what it hands out. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import test from "node:test";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { openStore } from "../src/store/open.js";
import { isShared, type Lease, type SharedStore } from "../src/store/queue.js";
import { database, NO_SERVER } from "./fixtures/postgres.js";
import { type MakeQueue, testQueueContract } from "./queue-contract.js";

const inDatabase: MakeQueue = async (t) => {
  const place = await database(t);
  const [store, another] = [await storeAt(t, place), await storeAt(t, place)];
  const lose = (lease: Lease): Promise<void> => lost(place, lease);
  return { store, queue: await store.queue(), other: await another.queue(), lose };
};

async function storeAt(t: TestContext, place: string): Promise<SharedStore> {
  const store = await openStore(place);
  t.after(() => store.close());
  assert.ok(isShared(store));
  return store;
}

/** Has the leases lost whose holders are not heard of, as pg-boss does: an hour in which nothing was heard of them is over. */
async function lost(place: string, { sweep }: Pick<Lease, "sweep">, which = "true"): Promise<void> {
  const client = new pg.Client({ connectionString: place });
  await client.connect();
  const boss = new PgBoss({
    db: { executeSql: (text, values) => client.query(text, values) },
    ...{ schema: "gmm_sweep_queue", migrate: false, supervise: false, schedule: false, registerInstance: false },
  });
  await boss.start();
  const name = `sweep-${sweep.id}`;
  const ids = (
    await client.query(`select id from gmm_sweep_queue.job where name = $1 and state = 'active' and ${which}`, [name])
  ).rows.map(({ id }) => id);
  const held = "select 1 from gmm_sweep_queue.job where id = any($1) and state = 'active'";
  // Its holder may be heard of between the two.
  while ((await client.query(held, [ids])).rows.length > 0) {
    await client.query("update gmm_sweep_queue.queue set monitor_on = null, monitor_claim_on = null");
    await client.query("update gmm_sweep_queue.job set heartbeat_on = now() - interval '1 hour' where id = any($1)", [
      ids,
    ]);
    await boss.supervise(name);
  }
  await boss.stop({ graceful: false, close: false });
  await client.end();
}

if (NO_SERVER !== null) test("a queue in PostgreSQL", { skip: NO_SERVER }, () => {});
else {
  testQueueContract("postgres", inDatabase);
}
