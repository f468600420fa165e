/** The store in PostgreSQL: the suites that every store passes, what is its own, and commands that are given one. */
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { withoutPasswords } from "../src/errors.js";
import { placeNamed } from "../src/files/places.js";
import { AGGREGATES } from "../src/stats/aggregates.js";
import { QUIETLY, type Results, type Store, type Sweep } from "../src/store/contract.js";
import { cellDifferences } from "../src/store/difference.js";
import { withCode } from "../src/store/faults.js";
import { backUp, mergeStores, openBegun, openResults, openStore } from "../src/store/open.js";
import { toldOfOpening } from "../src/store/postgres/faults.js";
import { folder, programmed, TINY } from "./command-line.js";
import { database, emptyDatabase, emptyStore, NO_SERVER, run, transaction } from "./fixtures/postgres.js";
import { freePort } from "./fixtures/postgres-programs.js";
import { nextUp, openRequest, smallPlan, specsIn, trained, withLastEpoch } from "./fixtures/sweeps.js";
import { gridPlan, listOf, type Make, testStoreContract, type Words } from "./store-contract.js";
import { testStoreViews } from "./store-views.js";

const OF_STORES: Words = { what: "store", option: "--store", anyAggregate: false };

const inDatabase: Make = async (t) => {
  const { store, place } = await emptyStore(t);
  return { store, place, read: () => openResults(place), words: OF_STORES };
};

async function storeAt(t: TestContext, place: string): Promise<Store> {
  const store = await openStore(place);
  t.after(() => store.close());
  return store;
}

if (NO_SERVER !== null) test("a store in PostgreSQL", { skip: NO_SERVER }, () => {});
else {
  testStoreContract("postgres", inDatabase);
  testStoreViews("postgres", inDatabase);
  testWriters();
  testPatience();
  testOpening();
  testQueries();
  testCommands();
}

function testWriters(): void {
  test("many who make one store and open one sweep at once make one of each", async (t) => {
    const place = await emptyDatabase();
    const stores = await Promise.all([1, 2, 3, 4].map(() => storeAt(t, place)));
    const sweeps = await Promise.all(stores.map((store) => store.open(openRequest(gridPlan("paired")))));
    assert.deepEqual(new Set(sweeps.map(({ id }) => id)), new Set([1]));
    assert.equal((await stores[0].sweeps()).length, 1);
    assert.equal((await stores[0].commands(sweeps[0])).length >= 1, true);
  });

  test("what several writers land at once is there once: each row is one writer's, and all of them are told it is done", async (t) => {
    for (const preset of ["notebook", "paired"]) {
      const place = await database(t);
      const stores = await Promise.all([1, 2, 3, 4].map(() => storeAt(t, place)));
      const plan = gridPlan(preset, { "forget-rows": "2" });
      const sweep = await stores[0].open(openRequest(plan));
      const specs = specsIn(plan);
      // Each begins elsewhere, so that every one of them meets what another makes.
      const landed = await Promise.all(
        stores.map((store, i) =>
          recordAll(store, sweep, [...specs.slice(i * 5), ...specs.slice(0, i * 5)].map(trained)),
        ),
      );
      const { done } = await stores[0].stateCounts(sweep);
      assert.equal(
        done,
        specs.reduce((sum, { asked, copies }) => sum + asked.length * (1 + copies), 0),
      );
      assert.equal(
        landed.reduce((sum, rows) => sum + rows, 0),
        done,
      );
      assert.deepEqual(await listOf(stores[0].damages()), []);
      assert.equal(await stores[0].digest(sweep), await fileDigest(t, plan));
    }
  });

  test("of two writers who differ in a bit one is refused, whoever comes first", async (t) => {
    const place = await database(t);
    const [first, second] = [await storeAt(t, place), await storeAt(t, place)];
    const sweep = await first.open(openRequest(smallPlan()));
    const [spec] = specsIn(smallPlan());
    const penalty = trained(spec).rows[0].measures.penalty as number;
    const ended = await Promise.allSettled([
      first.record(sweep, [trained(spec)]),
      second.record(sweep, [withLastEpoch(trained(spec), { penalty: nextUp(penalty) })]),
    ]);
    const refused = ended.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    assert.deepEqual(
      refused.map(({ reason }) => reason.fault),
      ["check"],
    );
  });

  test("what another writer is changing is waited for, and is then read as it became", async (t) => {
    const place = await database(t);
    const store = await storeAt(t, place);
    const sweep = await store.open(openRequest(smallPlan()));
    const [spec] = specsIn(smallPlan());
    await store.record(sweep, [trained(spec)]);
    const other = await transaction(place, "select 1 from gmm_sweep.trajectories for update");
    const landing = assert.rejects(store.record(sweep, [trained({ ...spec, asked: [4, 6] })]), {
      fault: "check",
      message: /holds of original of λ 0 on draw 0, trial 1 something else than what landed/,
    });
    await other.commitOnceWaitedFor("update gmm_sweep.trajectories set hash = '\\x00'");
    await landing;
  });

  test("a store lands on when its connections were cut, and says once that it waits", async (t) => {
    const place = await database(t);
    const said: string[] = [];
    const store = await openStore(place, { ...QUIETLY, tell: (sentence) => said.push(sentence) });
    t.after(() => store.close());
    const sweep = await store.open(openRequest(smallPlan()));
    await run(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      place,
    );
    const specs = specsIn(smallPlan());
    await store.record(sweep, specs.map(trained));
    assert.equal((await store.stateCounts(sweep)).done, 12);
    assert.ok(said.length <= 1, said.join());
  });

  test("a database gives a file all that it has, and takes it back, with the digest that both have", async (t) => {
    const [place, other] = [await database(t), await database(t)];
    const store = await storeAt(t, place);
    const plan = gridPlan("notebook", { "forget-rows": "2" });
    const sweep = await store.open(openRequest(plan));
    await store.record(sweep, specsIn(plan).map(trained));
    const file = join(folder(t), "whole.db");
    const [{ trialRows }] = await mergeStores(file, [place]);
    assert.equal(trialRows, (await store.stateCounts(sweep)).done);
    assert.deepEqual(await mergeStores(file, [place]), [{ trialRows: 0, epochs: 0 }]);
    assert.deepEqual(await mergeStores(other, [file, place]), [
      { trialRows, epochs: (await mergeStores(await database(t), [file]))[0].epochs },
      { trialRows: 0, epochs: 0 },
    ]);
    for (const from of [file, other]) {
      const results = await openResults(from);
      t.after(() => results.close());
      const [found] = await results.sweeps();
      assert.equal(await results.digest(found), await store.digest(sweep));
      assert.deepEqual(await listOf(results.damages()), []);
      const { cells } = await cellDifferences(store, results);
      assert.ok(cells.every(({ differing, only_first, only_second }) => differing + only_first + only_second === 0));
    }
  });

  for (const [what, sql] of [
    [
      "a number of a row",
      "update gmm_sweep.trial_rows set penalty = penalty + 1 where id = (select min(id) from gmm_sweep.trial_rows)",
    ],
    [
      "an epoch of a curve",
      "delete from gmm_sweep.epochs where epoch = 1 and trajectory_id = (select min(id) from gmm_sweep.trajectories)",
    ],
    ["a cell key", "update gmm_sweep.cell_keys set lambda_effective = 7 where method = 'original'"],
  ] as const) {
    test(`${what} that was changed is found, and nothing is built on it`, async (t) => {
      const place = await database(t);
      const store = await storeAt(t, place);
      const sweep = await store.open(openRequest(smallPlan()));
      await store.record(sweep, specsIn(smallPlan()).map(trained));
      await run(sql, place);
      const again = await storeAt(t, place);
      assert.ok((await listOf(again.damages())).length > 0);
      await assert.rejects(again.open(openRequest(smallPlan())), { fault: "usage" });
      await assert.rejects(again.record(sweep, [trained(specsIn(smallPlan())[0])]), { fault: "check" });
      await assert.rejects(mergeStores(join(folder(t), "whole.db"), [place]), { fault: "usage" });
    });
  }

  test("a reason with a character that PostgreSQL cannot keep is kept with its picture", async (t) => {
    const store = await storeAt(t, await database(t));
    const sweep = await store.open(openRequest(smallPlan()));
    await store.record(sweep, [{ state: "failed", spec: specsIn(smallPlan())[0], reason: 'a\0b "c" \\d {e}' }]);
    assert.deepEqual(
      (await store.failures(sweep)).map(({ error }) => error),
      ['a\u2400b "c" \\d {e}'],
    );
  });
}

async function recordAll(store: Store, sweep: Sweep, outcomes: readonly ReturnType<typeof trained>[]): Promise<number> {
  let rows = 0;
  for (let at = 0; at < outcomes.length; at += 3)
    rows += (await store.record(sweep, outcomes.slice(at, at + 3))).trained;
  return rows;
}

/** The digest of a plan's outcomes in a file. */
async function fileDigest(t: TestContext, plan: ReturnType<typeof smallPlan>): Promise<string> {
  const store = await openStore(join(folder(t), "sweep.db"));
  t.after(() => store.close());
  const sweep = await store.open(openRequest(plan));
  await store.record(sweep, specsIn(plan).map(trained));
  return store.digest(sweep);
}

function testPatience(): void {
  test("who waits to open a store has it once its server is there; others are told at once that it is not", async (t) => {
    const there = new URL(await database(t));
    const away = new URL(there);
    away.port = String(await freePort());
    await assert.rejects(openStore(away.href), { fault: "environment", message: /cannot be reached: see that/ });
    const told: string[] = [];
    const way = createServer((client) => {
      const server = connect(Number(there.port), there.hostname);
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) socket.on("error", () => {});
    });
    t.after(() => way.close());
    const tell = (sentence: string): void => {
      told.push(sentence);
      way.listen(Number(away.port), away.hostname);
    };
    const store = await openStore(away.href, { ...QUIETLY, waitsToOpen: true, tell });
    assert.deepEqual(await store.sweeps(), []);
    await store.close();
    assert.deepEqual(told, [`${away.href} cannot be reached: waiting 600 seconds at most until it can`]);
  });

  test("a run waits where the server may not be written for a while, says so once, and lands what it had", async (t) => {
    const place = await database(t);
    const [told, heal] = [[] as string[], [] as Promise<unknown>[]];
    const name = new URL(place).pathname.slice(1);
    const setTo = async (value: "on" | "off"): Promise<void> => {
      await run(`alter database ${name} set default_transaction_read_only = ${value}`);
      await run(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
      );
    };
    const tell = (sentence: string): void => {
      told.push(sentence);
      heal.push(setTo("off"));
    };
    const store = await openStore(place, { ...QUIETLY, tell });
    const plan = smallPlan();
    const sweep = await store.open(openRequest(plan));
    await setTo("on");
    const outcomes = specsIn(plan).map((spec) => trained(spec));
    assert.ok((await store.record(sweep, outcomes)).trained > 0);
    await Promise.all(heal);
    assert.deepEqual(told, [`${place} cannot be reached or written: waiting 600 seconds at most until it can`]);
    await store.close();
  });
}

function testOpening(): void {
  test("a database in which nothing is yet is told as such by who reads, and stays as it is", async () => {
    const place = await emptyDatabase();
    assert.equal(await openBegun(place), null);
    assert.deepEqual((await run("select to_regnamespace('gmm_sweep') as there", place)).rows, [{ there: null }]);
  });

  for (const [what, sql, refusal] of [
    [
      "a newer schema",
      "update gmm_sweep.made set version = 9",
      /was written by a newer gmm-sweep \(schema 9, this one knows 3\): update gmm-sweep, or name another database with --store$/,
    ],
    [
      "a table more",
      "create table gmm_sweep.notes (x text)",
      /must have the tables, views and functions that gmm-sweep made and no others, but some are not those: /,
    ],
    [
      "a trigger",
      "create trigger x before update on gmm_sweep.trial_rows for each row execute function suppress_redundant_updates_trigger()",
      /must have the tables/,
    ],
    ["a column more", "alter table gmm_sweep.trial_rows add column note text", /must have the tables/],
    [
      "a schema of that name that another made",
      "drop schema gmm_sweep cascade; create schema gmm_sweep",
      /must have a schema gmm_sweep that gmm-sweep made or none, but another program made it: name another database with --store$/,
    ],
  ] as const) {
    test(`a store with ${what} is refused, for writing and for reading`, async () => {
      const place = await emptyDatabase();
      await (await openStore(place)).close();
      await run(sql, place);
      await assert.rejects(openStore(place), { fault: "usage", message: refusal });
      await assert.rejects(openResults(place), { fault: "usage", message: refusal });
    });
  }

  test("a database in another encoding is refused, and nothing is made in it", async () => {
    const place = await emptyDatabase("LATIN1");
    await assert.rejects(openStore(place), {
      fault: "usage",
      message: `${place} must be a database in UTF8, got LATIN1: make one with createdb --encoding UTF8`,
    });
  });

  test("a database that is not there is a fault of usage, a server that is not of the environment, and no password is told", async (t) => {
    const place = await database(t);
    const other = place.replace(/\/[^/]*$/, "/no_such_database");
    await assert.rejects(openStore(other), {
      fault: "usage",
      message: `${other} must be a database that is there, but the server has none of this name: make it with createdb, or name another with --store`,
    });
    for (const opening of [openStore, openResults]) {
      await assert.rejects(opening("postgres://me:secret@127.0.0.1:1/sweeps"), {
        fault: "environment",
        message:
          "postgres://me@127.0.0.1:1/sweeps cannot be reached: see that PostgreSQL runs there and takes connections from this machine, and run the same command again",
      });
      await assert.rejects(opening("postgres://me:sec ret@[/sweeps?password=secret"), {
        fault: "usage",
        message:
          "the store must be a database as in postgres://user@host:5432/database, got one that is not: percent-encode what is special in its parts, and let the port be from 1 to 65535",
      });
    }
  });

  test("where the package pg is not installed, a sentence says what to install", () => {
    const { message } = toldOfOpening("postgres://me@there/sweeps", withCode("NO_PG", "")) as Error;
    assert.equal(
      message,
      "postgres://me@there/sweeps is a database of PostgreSQL, which takes the npm package pg, and that is not installed: npm install pg installs it",
    );
  });

  test("a store that is backed up is a fault of usage that says how it is done", async (t) => {
    const place = await database(t);
    await assert.rejects(
      backUp(place, "copy.db", () => {}),
      {
        fault: "usage",
        message:
          /back it up with pg_dump --schema=gmm_sweep, or bring what it has into a file with gmm-sweep merge copy\.db postgres:/,
      },
    );
  });

  test("no text that is said has the password of a URL", () => {
    for (const url of [
      "postgres://me:secret@there/x",
      "postgresql://me:se@cret@there/x",
      "POSTGRES://me@there/x?password=secret&a=b",
    ])
      assert.ok(!/secret|se@|cret/.test(withoutPasswords(`at ${url}: no`)), withoutPasswords(url));
    assert.equal(
      placeNamed("--store", "postgres://me:secret@there/x?password=secret&a=b"),
      "postgres://me@there/x?a=b",
    );
    assert.equal(withoutPasswords("postgres://me@there:5432/x"), "postgres://me@there:5432/x");
  });
}

async function only(results: Results, sql: string): Promise<unknown[]> {
  const [row] = await listOf((await results.query(sql, AGGREGATES)).rows);
  return row;
}

async function all(results: Results, sql: string): Promise<unknown[]> {
  return listOf((await results.query(sql, AGGREGATES)).rows);
}

function testQueries(): void {
  test("the statistics that SQL may call give what they give in SQLite, to the bit", async (t) => {
    const [postgres, sqlite] = [await storeAt(t, await database(t)), await openStore(":memory:")];
    t.after(() => sqlite.close());
    const columns =
      "std(x), sd(x), stddev_samp(x), mcse(x), quantile(x, 0.1), quantile(x, 0.5), quantile(x, 1), ci_low(x, 0.9), ci_high(x, 0.9), ci_high(x, 0.95)";
    for (const values of [
      [0.1, 0.25, 0.25, 0.9, 0.97, -3, 7],
      [2, 2, 2],
      [1e-170, 3e-170, 0.1 + 0.2],
      [5],
      Array.from({ length: 40 }, (_, i) => ((i * i) % 17) / 7),
    ]) {
      const table = `(select ${values
        .map((value) => `${value}e0 as x`)
        .join(" union all select ")
        .replaceAll(/(e-\d+)e0/g, "$1")} union all select null)`;
      const sql = `select ${columns} from ${table} v`;
      assert.deepEqual(
        await only(postgres, sql.replaceAll(/(\S+) as x/g, "cast($1 as double precision) as x")),
        await only(sqlite, sql),
        String(values),
      );
    }
    assert.deepEqual(
      await only(postgres, `select ${columns} from (select cast(null as double precision) as x) v`),
      Array(10).fill(null),
    );
    assert.deepEqual(
      await only(postgres, `select ${columns} from (select cast(1 as double precision) as x) v where false`),
      Array(10).fill(null),
    );
    await assert.rejects(only(postgres, "select quantile(1, 2)"), {
      fault: "usage",
      message: /: q must be from 0 to 1, got 2; data\/docs\/columns\.md/,
    });
    await assert.rejects(only(postgres, "select quantile(x, x) from (values (0), (1)) v (x)"), {
      message: /one value beside the column for all rows of a group/,
    });
  });

  test("what an aggregate copies for each row does not grow with its group", async (t) => {
    const place = await database(t);
    const counting =
      "create aggregate pg_temp.held (double precision, double precision) (sfunc = gathered, stype = double precision[])";
    const [, , { rows }] = (await run(
      `set search_path = gmm_sweep; ${counting}; select max(cardinality(state)) as most from (select pg_temp.held(i, 0.5) as state from generate_series(1, 30000) i group by i % 3) v`,
      place,
    )) as unknown as { rows: { most: number }[] }[];
    assert.ok(rows[0].most <= 2051, `${rows[0].most}`);
  });

  test("of groups of any size they give what they give in SQLite, to the bit, one beside another and over a window", async (t) => {
    const place = await database(t);
    const [postgres, sqlite] = [await storeAt(t, place), await openStore(":memory:")];
    t.after(() => sqlite.close());
    const columns = "quantile(x, 0.1), quantile(x, 0.999), ci_low(x, 0.9), ci_high(x, 0.95)";
    // Around what a state holds, and many times that; the last digits of a sum hang on its order.
    for (const [groups, rows] of [
      [1, 2047],
      [1, 2048],
      [1, 2049],
      [3, 20_000],
    ]) {
      const x = (i: string): string =>
        `case when ${i} % 11 = 5 then null else cast((${i} * 7919) % 10007 as double precision) / 3 end`;
      const grouped = (from: string): string =>
        `select g, ${columns} from (select i % ${groups} as g, ${x("i")} as x from ${from}) v group by g order by g`;
      const series = `(with recursive s (i) as (select 1 union all select i + 1 from s where i < ${rows}) select i from s) s`;
      const [there, here] = [
        await all(postgres, grouped(`generate_series(1, ${rows}) i`)),
        await all(sqlite, grouped(series)),
      ];
      assert.deepEqual(there, here);
    }
    const running =
      "select max(q) from (select quantile(i, 0.5) over (order by i rows between 2999 preceding and current row) as q";
    assert.deepEqual(
      await only(
        postgres,
        `${running} from (select cast(i as double precision) as i from generate_series(1, 3010) i) v) w`,
      ),
      [1510.5],
    );
  });

  test("an aggregate that the store does not have is a bug", async (t) => {
    const store = await storeAt(t, await database(t));
    await assert.rejects(
      store.query("select 1", [{ name: "other", of: () => 0, takes: null }]),
      /has no aggregate other/,
    );
  });

  for (const sql of [
    "with gone as (delete from sweeps returning 1) select * from gone",
    "select nextval('trajectories_id_seq')",
    "select set_config('transaction_read_only', 'off', true) union all select cast(pg_notify('a', 'b') as text)",
    "select 1; drop table sweeps",
    "commit",
    "explain select 1",
  ]) {
    test(`what writes or is no select is refused: ${sql}`, async (t) => {
      const store = await storeAt(t, await database(t));
      await assert.rejects(async () => listOf((await store.query(sql)).rows), { fault: "usage" });
      assert.deepEqual(await store.sweeps(), []);
    });
  }

  test("the rows of a query come in their order, however many there are, and a name that is a slip is told", async (t) => {
    const store = await storeAt(t, await database(t));
    const { rows } = await store.query(
      "select i, i % 2 = 0, sum(i) over (order by i) from generate_series(1, 2500) i; ",
    );
    const list = await listOf(rows);
    assert.equal(list.length, 2500);
    assert.deepEqual(
      [list[0], list[2499]],
      [
        [1n, 0n, 1n],
        [2500n, 1n, 3126250n],
      ],
    );
    await assert.rejects(store.query("select * from trial_result"), {
      message: /: did you mean trial_results; data\/docs\/columns\.md/,
    });
    await assert.rejects(store.query("select forget_probabilty from trial_results"), {
      message: /: did you mean forget_probability; data\/docs\/columns\.md/,
    });
  });
}

function testCommands(): void {
  const SMALL = ["--samples", "20", "--features", "2", "--hidden", "4,3", "--workers", "1", "--quiet"];
  const GRID = [
    "grid",
    ...SMALL,
    "--trials",
    "2",
    "--lambda",
    "1,2",
    "--epochs",
    "original=3,retrain_scratch=3,unlearn=1:2",
    "--methods",
    "original,retrain_scratch,unlearn",
  ];

  test("a grid in a database has the digest of the same grid in a file, and every command that reads takes either", async (t) => {
    const [place, file] = [await database(t), join(folder(t), "grid.db")];
    const inFile = await programmed(80, ...GRID, "--db", file);
    const there = await programmed(80, ...GRID, "--store", place);
    assert.deepEqual([there.code, there.out.replaceAll(place, file)], [0, inFile.out]);
    assert.match(there.out, /^digest [0-9a-f]{64}$/m);
    for (const words of [
      ["digest"],
      ["verdict", "--all"],
      ["show", "unlearn", "2", "--lambda", "2"],
      [
        "query",
        "select method, lambda_reg, epochs, forget_probability from trial_results order by 1, 2, 3, 4",
        "--format",
        "csv",
      ],
    ]) {
      const [a, b] = [await programmed(80, ...words, file), await programmed(80, ...words, place)];
      // Lines are as long as the place is.
      const named = (text: string): string =>
        text.replaceAll(/\s+/g, " ").replaceAll(file, "PLACE").replaceAll(place, "PLACE");
      assert.deepEqual([b.code, named(b.out)], [a.code, named(a.out)], words.join(" "));
    }
    for (const [words, said] of [
      [["status", place], /complete: each of the 12 trial rows is there/],
      [["verify", "--store", place], /12 of 12 trial rows came out equal to the bit/],
      [["replay", place, "--method", "unlearn", "--trial", "1", "--lambda", "2", "--epoch", "2"], /equal to the bit/],
      [["diff", file, place], /no difference: 12 trial rows in 6 cells are equal to the bit/],
      [["export", join(folder(t), "out"), place, "--format", "csv", "--quiet"], /./],
      [[...GRID, "--dry-run", "--store", place], /./],
      [["resume", place, "--quiet"], /12 trial rows done/],
    ] as const) {
      const { code, out, err } = await programmed(80, ...words);
      assert.equal(code, 0, `${words.join(" ")}: ${err}`);
      assert.match(out.replaceAll(/\s+/g, " "), said);
    }
  });

  test("a sweep in a database goes on where it was stopped, and grows", async (t) => {
    const place = await database(t);
    const plan = await programmed(null, ...TINY, "--trials", "1", "--store", place);
    assert.equal(plan.code, 0, plan.err);
    const grown = await programmed(null, "resume", place, "--trials", "2", "--quiet");
    assert.equal(grown.code, 0, grown.err);
    assert.match((await programmed(null, "status", place)).out, /complete/);
  });

  test("merge names a database as it names a file", async (t) => {
    const [place, whole] = [await database(t), join(folder(t), "whole.db")];
    await programmed(null, ...GRID, "--store", place);
    const { code, out } = await programmed(null, "merge", whole, place);
    assert.equal(code, 0);
    assert.ok(out.startsWith(`${place}: 12 trial rows and `), out);
    await assert.rejects(programmed(null, "merge", place, place), {
      fault: "usage",
      message: /^OUT must be another file than the parts/,
    });
  });

  for (const [words, message] of [
    [
      ["status", "--store", "a.db"],
      "--store must be a database as in postgres://user@host:5432/database, got a.db: name a file with --db",
    ],
    [
      ["status", "--db", "postgres://me:secret@there/x"],
      "--db must be a file, got postgres://me@there/x: name a database with --store",
    ],
    [
      ["status", "--db", "a.db", "--store", "postgres://me:secret@there/x"],
      "--store must not be given with --db, since results go to one place, got postgres://me@there/x and a.db: leave one of them out",
    ],
    [
      ["status", "postgres://me:secret@there/x", "--db", "a.db"],
      "FILE must not be given with --db, which names the file too, got postgres://me@there/x and a.db: leave one of them out",
    ],
    [
      ["status", "a.db", "--store", "postgres://me:secret@there/x"],
      "FILE must not be given with --store, which names the store too, got a.db and postgres://me@there/x: leave one of them out",
    ],
    [
      ["run", "postgres://there"],
      "DATABASE must be a database as in postgres://user@host:5432/database, got one without the name of a database after the host",
    ],
    [
      ["worker", "postgres:///sweeps"],
      "DATABASE must be a database as in postgres://user@host:5432/database, got one without a host: name localhost where it is this machine",
    ],
    [
      ["worker", "postgres://me:secret@there:99999/sweeps"],
      "DATABASE must be a database as in postgres://user@host:5432/database, got one that is not: percent-encode what is special in its parts, and let the port be from 1 to 65535",
    ],
    [["backup", "a.db", "postgres://me:secret@there/x"], "OUT must be a file, got postgres://me@there/x"],
  ] as const) {
    test(`${withoutPasswords(words.join(" "))} is refused in a sentence`, async () => {
      await assert.rejects(programmed(null, ...words), { fault: "usage", message });
    });
  }
}
