/** The queue in PostgreSQL: what every queue keeps, what is its own, and processes that train what it hands out. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { EXIT } from "../src/commands/exit-codes.js";
import { kernelReports } from "../src/engine/fused/fused.js";
import { shellWord } from "../src/errors.js";
import { openResults, openStore } from "../src/store/open.js";
import { Connections, QUICK_MS, Session } from "../src/store/postgres/connection.js";
import { BossQueue } from "../src/store/postgres/queue.js";
import { ITEMS } from "../src/store/postgres/schema.js";
import type { PostgresStore } from "../src/store/postgres/store.js";
import { isShared, type Lease, type SharedStore, VANISHED_MS } from "../src/store/queue.js";
import { VERSION } from "../src/version.js";
import { CLI, folder, programmed, type Running, SMALL, started, withEnvironment } from "./command-line.js";
import type { Hold } from "./fixtures/hold.js";
import { database, emptyDatabase, NO_SERVER, run } from "./fixtures/postgres.js";
import { openRequest, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";
import { chunksOf, type MakeQueue, testQueueContract } from "./queue-contract.js";
import { ORIGINALS } from "./runner-contract.js";

const AGGREGATES_2 = readFileSync(new URL("../../test/fixtures/postgres-2.sql", import.meta.url), "utf8");

const inDatabase: MakeQueue = async (t) => {
  const place = await database(t);
  const [store, another] = [await storeAt(t, place), await storeAt(t, place)];
  const lose = (lease: Lease): Promise<void> => lost(place, lease.sweep.id);
  return { store, queue: await store.queue(), other: await another.queue(), lose };
};

async function storeAt(t: TestContext, place: string): Promise<SharedStore> {
  const store = await openStore(place);
  t.after(() => store.close());
  assert.ok(isShared(store));
  return store;
}

/** Has the leases of a sweep lost whose holders are not heard of, as pg-boss does: an hour in which nothing was heard of them is over. */
async function lost(place: string, sweep: number): Promise<void> {
  const client = new pg.Client({ connectionString: place });
  await client.connect();
  const boss = new PgBoss({
    db: { executeSql: (text, values) => client.query(text, values) },
    ...{ schema: "gmm_sweep_queue", migrate: false, supervise: false, schedule: false, registerInstance: false },
  });
  await boss.start();
  const name = `sweep-${sweep}`;
  const ids = (
    await client.query(`select id from gmm_sweep_queue.job where name = $1 and state = 'active'`, [name])
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
  testQueue();
  testMigration();
  testCommands();
  testProcesses();
}

function testQueue(): void {
  for (const [what, data] of [
    ["nothing", "null"],
    ["a text", `'"; drop table sweeps"'`],
    ["a list", "'[1, 2]'"],
    ["no number", `data || '{"first": "0"}'`],
    ["a negative number", `data || '{"first": -1}'`],
    ["a number beyond all", `data || '{"rows": 1e400}'`],
    ["no trajectory", `data || '{"count": 0}'`],
    ["half a trajectory", `data || '{"count": 1.5}'`],
    ["no plan", "data - 'plan'"],
    ["losses that are a list", `data || '{"losses": []}'`],
  ])
    test(`a chunk that another program made ${what} is told in a sentence, and left where it was`, async (t) => {
      const place = await database(t);
      const store = await storeAt(t, place);
      const queue = await store.queue();
      const sweep = await store.open(openRequest(smallPlan(ORIGINALS)));
      await queue.submit(sweep, chunksOf(sweep, 6));
      await run(`update gmm_sweep_queue.job set data = ${data}`, place);
      for (let i = 0; i < 2; i++)
        await assert.rejects(queue.claim(sweep), {
          fault: "check",
          message: `${place} has a chunk that gmm-sweep did not put up: gmm-sweep resume ${shellWord(place)} puts up what is missing once the schema gmm_sweep_queue is dropped`,
        });
      const { waiting, leased } = await queue.up(sweep);
      assert.deepEqual([waiting, leased], [1, 0]);
    });

  test("a lease that was lost counts only where its holder is not heard of: who was cut off or ended in order killed nothing", async (t) => {
    const place = await database(t);
    const [a, b] = [await storeAt(t, place), await storeAt(t, place)];
    const sweep = await a.open(openRequest(smallPlan(ORIGINALS)));
    const [queue, other] = [await a.queue(), await b.queue()];
    const note = { machine: "host", pid: 1, version: VERSION, lanes: 1 };
    const [holder, next] = [await queue.join(note), await other.join(note)];
    await queue.submit(sweep, chunksOf(sweep, 2).slice(0, 1));
    const lossesNow = async (): Promise<number | undefined> => {
      await lost(place, sweep.id);
      return (await other.claim(sweep))?.losses;
    };
    assert.equal((await queue.claim(sweep))?.losses, 0);
    assert.equal(await lossesNow(), 0, "its holder lives");
    const silent = (id: number): Promise<unknown> =>
      run(`update gmm_sweep.workers set seen_at = now() - interval '1 minute' where id = ${id}`, place);
    await silent(holder.id);
    assert.equal(await lossesNow(), 1, "its holder is not heard of");
    await holder.leave("done");
    assert.equal(await lossesNow(), 0, "its holder has come to an end");
    await next.leave("done");
  });

  test("a queue that is cut off while it starts is stopped, so that nothing of it keeps the process, and is started again", async (t) => {
    const start = PgBoss.prototype.start;
    let cuts = 1;
    t.mock.method(PgBoss.prototype, "start", async function (this: PgBoss) {
      await start.call(this);
      cuts -= 1;
      if (cuts >= 0) throw Object.assign(new Error("cut off"), { code: "ECONNRESET" });
      return this;
    });
    const stopped = t.mock.method(PgBoss.prototype, "stop");
    const store = await storeAt(t, await database(t));
    await store.queue();
    assert.equal(stopped.mock.callCount(), 1);
  });

  test("a queue that has started, but of which the server's answer is lost, is stopped too", async (t) => {
    const store = await storeAt(t, await emptyDatabase());
    const { transaction } = Session.prototype;
    let cuts = 1;
    t.mock.method(
      Session.prototype,
      "transaction",
      async function (this: Session, how: string, body: () => Promise<unknown>) {
        const result = await transaction.call(this, how, body);
        if (!(result instanceof PgBoss)) return result;
        cuts -= 1;
        if (cuts >= 0) throw Object.assign(new Error("cut off"), { code: "ECONNRESET" });
        return result;
      },
    );
    const stopped = t.mock.method(PgBoss.prototype, "stop");
    await store.queue();
    assert.equal(cuts, 0, "it was made by one at a time, and cut off once");
    assert.equal(stopped.mock.callCount(), 1);
  });

  test("workers are as old as the server says, whatever the clock of this machine says", async (t) => {
    const store = await storeAt(t, await database(t));
    const queue = await store.queue();
    t.mock.timers.enable({ apis: ["Date"], now: 0 });
    const member = await queue.join({ machine: "a test", pid: 1, version: VERSION, lanes: 1 });
    await member.leave("nothing was left");
    t.mock.timers.reset();
    const [{ joinedMs, seenMs }] = await store.workers();
    assert.ok(joinedMs >= seenMs && seenMs >= 0 && joinedMs < VANISHED_MS, `${joinedMs} ${seenMs}`);
  });

  test("while the database does not answer signs of life do not pile up", async (t) => {
    const place = await database(t);
    const store = (await storeAt(t, place)) as PostgresStore;
    await store.queue();
    t.mock.timers.enable({ apis: ["setInterval"] });
    const connections = await Connections.to(place);
    let [isAway, asked, answer] = [false, 0, (_: unknown): void => {}];
    const cut = {
      with: <Result>(body: (session: Session) => Promise<Result>, answerMs: number): Promise<Result> => {
        if (!isAway) return connections.with(body, answerMs);
        // It is pg-boss that asks.
        if (answerMs === QUICK_MS) return Promise.reject(new Error("away"));
        asked += 1;
        return new Promise((resolve) => (answer = resolve as typeof answer));
      },
    };
    const queue = await BossQueue.open(store, cut as Connections);
    const member = await queue.join({ machine: "a test", pid: 1, version: VERSION, lanes: 1 });
    isAway = true;
    for (let beats = 0; beats < 5; beats++) t.mock.timers.tick(5_000);
    answer(null);
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(asked, 1);
    t.mock.timers.tick(5_000);
    assert.equal(asked, 2);
    answer(null);
    isAway = false;
    await member.leave("nothing was left");
    await queue.close();
    await connections.close();
    // The store that is closed after has real ones.
    t.mock.timers.reset();
  });

  test("chunks go out in the order of the plan: what was lost or given back before all that waits, what may kill its worker after it", async (t) => {
    const place = await database(t);
    const store = await storeAt(t, place);
    const queue = await store.queue();
    const sweep = await store.open(openRequest(smallPlan(ORIGINALS)));
    const next = async (): Promise<Lease> => (await queue.claim(sweep)) as Lease;
    await queue.submit(
      sweep,
      chunksOf(sweep, 1).map((chunk) => ({ ...chunk, losses: chunk.first === 1 ? 1 : 0 })),
    );
    assert.equal((await next()).chunk.first, 0);
    await lost(place, sweep.id);
    const again = await next();
    assert.deepEqual([again.chunk.first, again.losses], [0, 1]);
    await queue.settle(again, [], [again.chunk]);
    const order = [await next(), await next(), await next(), await next(), await next(), await next()];
    assert.deepEqual(
      order.map(({ chunk }) => chunk.first),
      [0, 2, 3, 4, 5, 1],
    );
  });

  test("a writer that stands still in the middle of landing is given up in time for its chunk to be another's within a minute", async (t) => {
    const connections = await Connections.to(await database(t));
    t.after(() => connections.close());
    const [[idle]] = await connections.with((session) =>
      session.lists(
        "select extract(epoch from cast(current_setting('idle_in_transaction_session_timeout') as interval))",
      ),
    );
    const supervisedAndClaimed = 10;
    assert.ok(Number(idle) + supervisedAndClaimed < VANISHED_MS / 1000, `${idle}`);
  });

  test("many who ask for the queue of a new database at once have one", async (t) => {
    const place = await emptyDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => storeAt(t, place)));
    const sweep = await stores[0].open(openRequest(smallPlan(ORIGINALS)));
    const queues = await Promise.all(stores.map((store) => store.queue()));
    const put = await Promise.all(queues.map((queue) => queue.submit(sweep, chunksOf(sweep, 3))));
    assert.deepEqual(put.sort(), [false, false, true]);
    const leases = await Promise.all(queues.map((queue) => queue.claim(sweep)));
    assert.equal(leases.filter((lease) => lease !== null).length, 2);
  });
}

function testMigration(): void {
  for (const [version, sql] of [
    [1, `${AGGREGATES_2}; drop table workers, put_aside`],
    [2, AGGREGATES_2],
  ] as const)
    test(`many who open a store of version ${version} at once bring it up to date, with all that it has`, async (t) => {
      const place = await emptyDatabase();
      const before = await storeAt(t, place);
      const sweep = await before.open(openRequest(smallPlan()));
      await before.record(sweep, specsIn(smallPlan()).map(trained));
      const [digest, items] = [await before.digest(sweep), await itemsIn(place)];
      await run(`set search_path = gmm_sweep, pg_catalog; ${sql}`, place);
      const earlier = await itemsIn(place);
      assert.notEqual(earlier, items);
      await run(`update gmm_sweep.made set version = ${version}, fingerprint = '${earlier}'`, place);
      await assert.rejects(openResults(place), {
        fault: "usage",
        message: new RegExp(`was written by an earlier gmm-sweep \\(schema ${version}, this one knows 3\\)`),
      });
      const stores = await Promise.all([1, 2, 3, 4].map(() => storeAt(t, place)));
      for (const store of stores) assert.equal(await store.digest(sweep), digest);
      assert.equal(await itemsIn(place), items);
      assert.deepEqual(await stores[0].workers(), []);
      assert.deepEqual(await stores[0].aside(sweep), []);
    });
}

/** What says of a store that nobody changed it. */
async function itemsIn(place: string): Promise<string> {
  const client = new pg.Client({ connectionString: place });
  await client.connect();
  await client.query("set search_path = gmm_sweep, pg_catalog");
  const { rows } = await client.query<string[]>({ text: ITEMS, rowMode: "array" });
  await client.end();
  return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
}

const METHODS = ["--methods", "original,retrain_scratch,unlearn"];
const GRID = [
  ...["grid", ...SMALL, ...METHODS, "--workers", "1", "--quiet", "--lambda", "1,2", "--trials", "4"],
  ...["--epochs", "original=3,retrain_scratch=3,unlearn=1:2"],
];
/** Of trajectories that start from no other, which a drain never meets between two trainings. */
const ORIGINAL_GRID = [
  ...["grid", ...SMALL, "--methods", "original", "--workers", "1", "--quiet", "--trials", "8"],
  ...["--epochs", "original=3"],
];
const ONCE = ["--idle-exit", "0", "--workers", "1", "--quiet"];

async function digestOf(place: string): Promise<string> {
  return (await programmed(null, "digest", place)).out.match(/[0-9a-f]{64}/)?.[0] ?? "none";
}

async function digestInFile(t: TestContext, grid = GRID): Promise<string> {
  const file = join(folder(t), "grid.db");
  assert.equal((await programmed(null, ...grid, "--db", file)).code, 0);
  return digestOf(file);
}

function testCommands(): void {
  test("a worker trains what another version asked for only if it is told to, and is known by its own", async (t) => {
    const place = await database(t);
    assert.equal((await programmed(null, ...GRID, "--detach", "--store", place)).code, 0);
    await run("update gmm_sweep.commands set version = '0.0.1'", place);
    await assert.rejects(programmed(null, "worker", place, ...ONCE), {
      fault: "environment",
      message: new RegExp(
        `sweep 1 was asked for by gmm-sweep 0.0.1, and this is ${VERSION}: install that version here, or let both train it with --allow-mixed$`,
      ),
    });
    const { code, err } = await programmed(null, "worker", place, ...ONCE, "--allow-mixed");
    assert.deepEqual([code, err], [0, ""]);
    const { rows } = await run("select version, ending, rows from gmm_sweep.workers", place);
    assert.deepEqual(rows, [{ version: VERSION, ending: "nothing was left", rows: "24" }]);
    assert.equal(await digestOf(place), await digestInFile(t));
  });

  const [other] = kernelReports().flatMap((report) =>
    "kernel" in report && !report.kernel.fusedMultiplyAdd ? [report.isa] : [],
  );
  test("a worker trains a sweep of another numerics profile than its fastest kernel's, with one of that profile", {
    skip: other === undefined && "every kernel here has fused multiply-add",
  }, async (t) => {
    const place = await database(t);
    withEnvironment(t, "GMM_SWEEP_ISA", other ?? "");
    const words = [...GRID.map((word) => (word === "reference" ? "fused" : word)), "--detach", "--store", place];
    assert.equal((await programmed(null, ...words)).code, 0);
    delete process.env["GMM_SWEEP_ISA"];
    const { code, err } = await programmed(null, "worker", place, ...ONCE);
    assert.deepEqual([code, err], [0, ""]);
    assert.equal((await programmed(null, "status", place)).code, 0);
  });

  test("a worker judges a sweep again that another version asked for while it lives: it gives back the chunk that it has, and ends", async (t) => {
    const place = await database(t);
    const store = await storeAt(t, place);
    const queue = await store.queue();
    await programmed(null, ...GRID, "--detach", "--store", place);
    const worker = programmed(null, "worker", place, "--idle-exit", "20", "--workers", "1", "--quiet");
    worker.catch(() => {}); // it is heard below
    const [sweep] = await store.sweeps();
    while ((await queue.up(sweep)).waiting > 0) await turn();
    const { command, ...asked } = openRequest({ ...sweep.plan, trials: sweep.plan.trials + 1 }, sweep.profile);
    const grown = await store.open({ ...asked, grow: true, command: { ...command, version: "0.0.1" } });
    while ((await queue.up(sweep)).leased > 0) await turn();
    await queue.submit(grown, chunksOf(grown, 100));
    await assert.rejects(worker, {
      fault: "environment",
      message: /^no sweep of .* can be trained here: sweep 1 was asked for by gmm-sweep 0\.0\.1, and this is /,
    });
    assert.deepEqual(await upAt(place), { waiting: 1, leased: 0, losses: 0 });
  });

  test("a worker refuses a sweep whose bits no engine gives on this machine", async (t) => {
    const place = await database(t);
    const store = await storeAt(t, place);
    const asked = openRequest(smallPlan(ORIGINALS), "another/profile");
    await store.open({ ...asked, command: { ...asked.command, version: VERSION } });
    await assert.rejects(programmed(null, "worker", place, ...ONCE), {
      fault: "environment",
      message: /with the numerics profile another\/profile, which no engine gives on this machine/,
    });
    assert.deepEqual(await store.workers(), []);
  });

  test("a grid that shares its sweep says what was put aside, ends with a fault, and trains it when it is asked again", async (t) => {
    const place = await database(t);
    await programmed(null, ...GRID, "--detach", "--store", place);
    // A retraining, that no other trajectory starts from.
    await run(`update gmm_sweep_queue.job set data = data || '{"losses": 3}' where data ->> 'first' = '3'`, place);
    const { code, err } = await programmed(null, ...GRID, "--store", place);
    assert.equal(code, EXIT.check, err);
    assert.match(err, /^put aside after 3 workers that trained it did not survive: .*retrain_scratch/m);
    const again = await programmed(null, ...GRID, "--store", place);
    assert.deepEqual([again.code, again.err], [0, ""]);
    assert.equal(await digestOf(place), await digestInFile(t));
  });

  test("a grid in rounds comes in a database to the decisions and the digest that it comes to in a file", async (t) => {
    const [place, file] = [await database(t), join(folder(t), "until.db")];
    const grid = [
      ...["grid", ...SMALL.slice(2), ...METHODS, "--workers", "1", "--quiet", "--data-seeds", "1:8", "--trials", "2"],
      ...["--lambda", "0,4.2", "--epochs", "1:2,original=3,retrain_scratch=3", "--until", "forget=0.000001"],
      ...["--margin", "forget=0.99,accuracy=0.99"],
    ];
    for (const at of [
      ["--store", place],
      ["--db", file],
    ])
      assert.equal((await programmed(null, ...grid, ...at)).code, 0);
    const decisions = await Promise.all(
      [place, file].map(async (at) => {
        const results = await openResults(at);
        const [sweep] = await results.sweeps();
        const made = (await results.decisions(sweep)).map(({ round, text }) => [round, text]);
        await results.close();
        return made;
      }),
    );
    assert.ok(decisions[0].length >= 3, String(decisions[0].length));
    assert.deepEqual(decisions[0], decisions[1]);
    assert.equal(await digestOf(place), await digestOf(file));
  });
}

const HOLD = new URL("fixtures/hold.js", import.meta.url).href;
const WITHOUT_BOSS = new URL("fixtures/without-boss.js", import.meta.url).href;

/** A worker that stands inside a training once it has trained so many chunks. */
async function heldWorker(t: TestContext, place: string, hold: Hold, ...more: readonly string[]): Promise<Running> {
  const words = ["--import", HOLD, CLI, "worker", place, "--workers", "1", "--quiet", ...more];
  const env = { ...process.env, HOLD: JSON.stringify(hold) };
  const worker = started(spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] }));
  t.after(() => worker.child.kill("SIGKILL"));
  await worker.said("held\n");
  return worker;
}

/** What is up, and the most leases that what any of it was cut of has lost. */
async function upAt(place: string): Promise<{ waiting: number; leased: number; losses: number }> {
  const { rows } = await run(
    `select cast(count(*) filter (where state < 'active') as integer) as waiting,
       cast(count(*) filter (where state = 'active') as integer) as leased,
       max(cast(data ->> 'losses' as integer)) as losses
     from gmm_sweep_queue.job where state <= 'active'`,
    place,
  );
  return rows[0];
}

function testProcesses(): void {
  test("what a killed worker had is trained by another, and the digest is that of a file", async (t) => {
    const place = await database(t);
    const { out } = await programmed(null, ...GRID, "--detach", "--store", place);
    assert.match(out, /^sweep 1: 24 trial rows in \d+ chunks are left to workers$/m);
    const never = { file: join(folder(t), "never") };
    const killed = await heldWorker(t, place, { chunks: 2, until: never });
    // Another one trains all but what the first one holds.
    assert.equal((await programmed(null, "worker", place, ...ONCE)).code, 0);
    assert.deepEqual(await upAt(place), { waiting: 0, leased: 1, losses: 0 });
    killed.child.kill("SIGKILL");
    assert.equal((await killed.ended).signal, "SIGKILL");
    await lost(place, 1);
    assert.deepEqual(await upAt(place), { waiting: 1, leased: 0, losses: 0 });
    assert.equal((await programmed(null, "worker", place, ...ONCE)).code, 0);
    assert.equal(await digestOf(place), await digestInFile(t));
    const { rows } = await run("select ending from gmm_sweep.workers order by id", place);
    assert.deepEqual(
      rows.map(({ ending }) => ending),
      [null, "nothing was left", "nothing was left"],
    );
  });

  test("a worker that is told to stop lands what runs within its grace, and gives it up after; neither loses a lease", async (t) => {
    const place = await database(t);
    await programmed(null, ...ORIGINAL_GRID, "--detach", "--store", place);
    const { waiting } = await upAt(place);
    const workers = [
      await heldWorker(t, place, { chunks: 1, until: "drain" }, "--grace", "600"),
      await heldWorker(t, place, { chunks: 1, until: "cancel" }, "--grace", "0"),
    ];
    for (const worker of workers) worker.child.kill("SIGTERM");
    const ended = await Promise.all(workers.map((worker) => worker.ended));
    assert.deepEqual(
      ended.map(({ code, err }) => [code, err]),
      workers.map(() => [EXIT.interrupted, ""]),
    );
    // Each trained one before; the first trained what it held as well.
    assert.deepEqual(await upAt(place), { waiting: waiting - 3, leased: 0, losses: 0 });
    assert.equal((await programmed(null, "worker", place, ...ONCE)).code, 0);
    assert.equal(await digestOf(place), await digestInFile(t, ORIGINAL_GRID));
  });

  test("where pg-boss is not installed work that is to be handed out is refused in a sentence", async (t) => {
    const place = await database(t);
    const words = ["--import", WITHOUT_BOSS, CLI, ...GRID, "--detach", "--store", place];
    const { code, err } = await started(spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] })).ended;
    assert.deepEqual(
      [code, err],
      [
        EXIT.environment,
        `gmm-sweep: ${place} hands out work to several machines with the npm package pg-boss, and that is not installed: npm install pg-boss@12.38.0 installs it\n`,
      ],
    );
  });
}
