/** Files of schema 2, whose tables are the present ones and whose views are not: they are read, and renewed, with every number. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import type { Results } from "../src/store/contract.js";
import { openResults, openStore } from "../src/store/open.js";
import { type SchemaItem, schemaItems } from "../src/store/sqlite/schema.js";
import { folder } from "./command-line.js";
import { openRequest, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";
import { listOf } from "./store-contract.js";

const VIEWS_2 = readFileSync(new URL("../../test/fixtures/schema-2.sql", import.meta.url), "utf8");
const PLAN = smallPlan({ methods: "original,fine_tune,relearn" });

/** What reading says of a file. */
async function saidOf(results: Results): Promise<unknown> {
  const [sweep] = await results.sweeps();
  const { rows } = await results.query("select original_mean, relearn_epochs, trained_epochs from relearn_epochs");
  const [digest, summary] = [await results.digest(sweep), await results.methodSummary(sweep)];
  return { digest, summary, relearned: await listOf(rows), damages: await listOf(results.damages()) };
}

/** A file of schema 2 with a recorded sweep, what reading said of it before its views were those of schema 2, and its tables and views then. */
async function fileOfSchema2(t: TestContext): Promise<{ path: string; said: unknown; items: SchemaItem[] }> {
  const path = join(folder(t), "sweep.db");
  const store = await openStore(path);
  const sweep = await store.open(openRequest(PLAN));
  await store.record(sweep, specsIn(PLAN).map(trained));
  const said = await saidOf(store);
  await store.close();
  const items = itemsOf(path);
  const db = new Database(path);
  db.exec("drop view method_summary; drop view relearn_epochs");
  db.exec(VIEWS_2);
  db.pragma("user_version = 2");
  db.close();
  return { path, said, items };
}

function itemsOf(path: string): SchemaItem[] {
  const db = new Database(path, { readonly: true });
  const items = schemaItems(db);
  db.close();
  return items;
}

test("a file of schema 2 is read as it is, and not a byte of it changes", async (t) => {
  const { path, said } = await fileOfSchema2(t);
  const before = readFileSync(path);
  const results = await openResults(path);
  assert.deepEqual(await saidOf(results), said);
  await results.close();
  assert.deepEqual(readFileSync(path), before);
});

test("a file of schema 2 that is opened for writing is of the present schema from then on, with every number", async (t) => {
  const { path, said, items } = await fileOfSchema2(t);
  assert.notDeepEqual(itemsOf(path), items);
  const store = await openStore(path);
  assert.deepEqual(await saidOf(store), said);
  await store.close();
  assert.deepEqual(itemsOf(path), items);
  const results = await openResults(path);
  assert.deepEqual(await saidOf(results), said);
  await results.close();
});

for (const [what, sql] of [
  ["a view less", "drop view missing"],
  ["a table more", "create table notes (text text)"],
]) {
  test(`a file of schema 2 with ${what} is refused, for writing and for reading`, async (t) => {
    const { path } = await fileOfSchema2(t);
    const db = new Database(path);
    db.exec(sql);
    db.close();
    const before = readFileSync(path);
    const message = `${path} must have the tables and views that gmm-sweep made and no others, but some are not those: take a copy of it from before another program changed it, or name another file with --db`;
    for (const open of [openStore, openResults])
      await assert.rejects(open(path), { name: "SweepError", fault: "usage", message });
    assert.deepEqual(readFileSync(path), before);
  });
}
