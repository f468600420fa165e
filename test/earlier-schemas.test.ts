/** Files of schemas 2 to 4, whose tables are among the present ones and whose views are not: they are read, and renewed, with every number. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { Results, Store } from "../src/store/contract.js";
import { openResults, openStore } from "../src/store/open.js";
import { freshItems, type SchemaItem, schemaItems } from "../src/store/sqlite/schema.js";
import { folder } from "./command-line.js";
import { openRequest } from "./fixtures/sweeps.js";
import { listOf } from "./store-contract.js";

/** Four methods of two trials on one draw, trained and written by the gmm-sweep of schema 3. */
const SCHEMA_3 = fileURLToPath(new URL("../../test/fixtures/schema-3.db", import.meta.url));
const DIGEST = "dfc3e07d9c0b292bdebc8a549d41a4cb14e20cf730e41a28398b07b145dab313";
/** The views of schema 2 that were others than those of schema 3. */
const VIEWS_2 = readFileSync(new URL("../../test/fixtures/schema-2.sql", import.meta.url), "utf8");

/** The views of schema 4 that are others today. */
const VIEWS_4 = readFileSync(new URL("../../test/fixtures/schema-4.sql", import.meta.url), "utf8");

function fileOfSchema(version: number, t: TestContext): string {
  const path = join(folder(t), `schema-${version}.db`);
  copyFileSync(SCHEMA_3, path);
  if (version === 2)
    edit(path, `drop view method_summary; drop view relearn_epochs; ${VIEWS_2}; pragma user_version = 2`);
  return path;
}

function edit(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

/** What reading says of a file's one sweep. */
async function saidOf(results: Results): Promise<unknown> {
  const [sweep] = await results.sweeps();
  const { rows } = await results.query(
    "select trial, relearn_epochs, trained_epochs from relearn_epochs order by trial",
  );
  return {
    ...{ question: sweep.question, decisions: await results.decisions(sweep), digest: await results.digest(sweep) },
    methods: (await results.methodSummary(sweep)).map(({ method }) => method),
    ...{ relearned: await listOf(rows), damages: await listOf(results.damages()) },
  };
}

const SAID = {
  ...{ question: null, decisions: [], digest: DIGEST },
  methods: ["original", "retrain_scratch", "fine_tune", "relearn"],
  relearned: [
    [1n, 1n, 6n],
    [2n, 1n, 6n],
  ],
  damages: [],
};

function itemsOf(path: string): SchemaItem[] {
  const db = new Database(path, { readonly: true });
  const items = schemaItems(db);
  db.close();
  return items;
}

async function closing<Opened extends Results, Result>(
  opened: Opened,
  body: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  try {
    return await body(opened);
  } finally {
    await opened.close();
  }
}

for (const version of [2, 3]) {
  test(`a file of schema ${version} is read as if it were of the present one, and not a byte of it changes`, async (t) => {
    const path = fileOfSchema(version, t);
    const before = readFileSync(path);
    assert.deepEqual(await closing(await openResults(path), saidOf), SAID);
    assert.deepEqual(readFileSync(path), before);
  });

  test(`a file of schema ${version} that is opened for writing is of the present schema from then on, with every number`, async (t) => {
    const path = fileOfSchema(version, t);
    assert.deepEqual(await closing(await openStore(path), saidOf), SAID);
    assert.deepEqual(itemsOf(path), freshItems());
    assert.deepEqual(await closing(await openResults(path), saidOf), SAID);
  });

  test(`a file of schema ${version} that a writer renews is read on by who was reading it`, async (t) => {
    const path = fileOfSchema(version, t);
    await closing(await openResults(path), async (results) => {
      await closing(await openStore(path), saidOf);
      assert.deepEqual(await saidOf(results), SAID);
    });
  });

  test(`the sweep of a file of schema ${version} was asked nothing, and is asked nothing by who opens it again`, async (t) => {
    const path = fileOfSchema(version, t);
    await closing(await openStore(path), async (store: Store) => {
      const [{ plan, profile }] = await store.sweeps();
      assert.equal((await store.open(openRequest(plan, profile))).question, null);
      assert.equal((await store.sweeps())[0].question, null);
    });
  });

  test(`a sweep that a file of schema ${version} has longer than another file is asked nothing once the two are merged, and else what the other was asked`, async (t) => {
    for (const [at, asked] of [
      ["2020-01-01T00:00:00.000Z", openRequest],
      ["2030-01-01T00:00:00.000Z", null],
    ] as const) {
      const [older, newer] = [fileOfSchema(version, t), join(folder(t), "newer.db")];
      const [{ plan, profile }] = await closing(await openResults(older), (results) => results.sweeps());
      const request = openRequest(plan, profile);
      t.mock.timers.enable({ apis: ["Date"], now: Date.parse(at) });
      await closing(await openStore(newer), (store) => store.open(request));
      t.mock.timers.reset();
      for (const parts of [
        [older, newer],
        [newer, older],
      ]) {
        const store = await openStore(":memory:");
        await closing(store, async () => {
          await store.merge(parts);
          const [sweep] = await store.sweeps();
          assert.deepEqual(sweep.question, asked === null ? null : request.question);
          assert.equal(await store.digest(sweep), DIGEST);
        });
      }
    }
  });

  for (const [what, sql] of [
    ["a view less", "drop view missing"],
    ["a table more", "create table notes (text text)"],
    ["a table of the present schema", "create table decisions (id integer primary key)"],
  ]) {
    test(`a file of schema ${version} with ${what} is refused, for writing and for reading`, async (t) => {
      const path = fileOfSchema(version, t);
      edit(path, sql);
      const before = readFileSync(path);
      const message = `${path} must have the tables and views that gmm-sweep made and no others, but some are not those: take a copy of it from before another program changed it, or name another file with --db`;
      for (const open of [openStore, openResults])
        await assert.rejects(open(path), { name: "SweepError", fault: "usage", message });
      assert.deepEqual(readFileSync(path), before);
    });
  }
}

/** A file as the gmm-sweep of schema 4 would have made it of one of schema 3. */
async function fileOfSchema4(t: TestContext): Promise<string> {
  const path = fileOfSchema(3, t);
  await (await openStore(path)).close();
  const views = [...VIEWS_4.matchAll(/^CREATE VIEW (\w+)/gm)].map(([, name]) => `drop view ${name};`);
  edit(path, `${views.join("\n")} ${VIEWS_4} pragma user_version = 4`);
  return path;
}

test("a file of schema 4 is read as if it were of the present one, and not a byte of it changes", async (t) => {
  const path = await fileOfSchema4(t);
  assert.notDeepEqual(itemsOf(path), freshItems());
  const before = readFileSync(path);
  assert.deepEqual(await closing(await openResults(path), saidOf), SAID);
  assert.deepEqual(readFileSync(path), before);
});

test("a file of schema 4 that is opened for writing is of the present schema from then on, with every number", async (t) => {
  const path = await fileOfSchema4(t);
  assert.deepEqual(await closing(await openStore(path), saidOf), SAID);
  assert.deepEqual(itemsOf(path), freshItems());
  assert.deepEqual(await closing(await openResults(path), saidOf), SAID);
});
