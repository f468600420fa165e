/** The SQLite store: the shared contract, and each way in which a file can fail. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { clipped } from "../src/printable.js";
import { QUIETLY, type Results } from "../src/store/contract.js";
import { cellDifferences } from "../src/store/difference.js";
import { digestOf } from "../src/store/digest.js";
import { badPlace, PlaceFault } from "../src/store/faults.js";
import { openResults, openStore } from "../src/store/open.js";
import { guarded, guardedOpening } from "../src/store/sqlite/faults.js";
import { SCHEMA, VERSION } from "../src/store/sqlite/schema.js";
import { CLI, type Ended, folder, gmm, type Running, SMALL, smallDisk, started, TINY } from "./command-line.js";
import { openRequest, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";
import { gridPlan, listOf, type Make, OF_FILES, type Opened, opened, testStoreContract } from "./store-contract.js";
import { testStoreViews } from "./store-views.js";

const inMemory: Make = async (t) => {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  return { store, place: ":memory:", read: null, words: OF_FILES };
};
const inFile: Make = async (t) => {
  const place = join(folder(t), "sweep.db");
  const store = await openStore(place);
  t.after(() => store.close());
  return { store, place, read: () => openResults(place), words: OF_FILES };
};

testStoreContract("sqlite in memory", inMemory);
testStoreContract("sqlite in a file", inFile);
// The views are one text of SQL, wherever the pages lie.
testStoreViews("sqlite in memory", inMemory);

const HOLDER = fileURLToPath(new URL("fixtures/hold-store.js", import.meta.url));
const NOBODY = 65534;

/** A file with a recorded sweep. */
async function recorded(path: string): Promise<void> {
  const store = await openStore(path);
  const sweep = await store.open(openRequest(smallPlan()));
  await store.record(sweep, specsIn(smallPlan()).map(trained));
  await store.close();
}

/** A file with a sweep of which nothing has landed. */
async function openedOnly(path: string): Promise<Opened> {
  const store = await openStore(path);
  const made = await opened({ store, place: path });
  await store.close();
  return made;
}

/** How many trial rows a reader sees. */
async function countTrials(results: Results): Promise<number> {
  return (await listOf(results.rows(null))).length;
}

/** That a place is refused for writing and for reading, in this sentence, and not a byte of it changes. */
async function assertRefused(path: string, message: string | RegExp): Promise<void> {
  const before = readFileSync(path);
  const refusal = { name: "SweepError", fault: "usage", message };
  await assert.rejects(openStore(path), refusal);
  await assert.rejects(openResults(path), refusal);
  assert.deepEqual(readFileSync(path), before);
}

test("what was recorded is there when the file is opened again", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const store = await openStore(path);
  t.after(() => store.close());
  const sweep = await store.open(openRequest(smallPlan()));
  assert.deepEqual(await store.missing(sweep.profile, specsIn(smallPlan()), false), { specs: [], rows: 0, failed: 0 });
});

test("the folder of the file is made where there is none", async (t) => {
  const path = join(folder(t), "a", "b", "sweep.db");
  await recorded(path);
  assert.ok(existsSync(path));
});

test("the file is in WAL mode, and is one file again once it is closed", async (t) => {
  const path = join(folder(t), "sweep.db");
  const store = await openStore(path);
  assert.deepEqual(await listOf((await store.query("pragma journal_mode")).rows), [["wal"]]);
  await store.close();
  assert.equal(existsSync(`${path}-wal`), false);
});

test("the file says that it is ours, and its schema's version", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const db = new Database(path, { readonly: true });
  t.after(() => db.close());
  assert.equal(db.pragma("application_id", { simple: true }), Buffer.from("gmm1").readInt32BE());
  assert.equal(db.pragma("user_version", { simple: true }), 5);
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
});

test("the tables and views of schema 5 are one text: another is another schema, and files of this one would be refused", () => {
  const digest = createHash("sha256").update(SCHEMA).digest("hex");
  assert.equal(VERSION, 5);
  assert.equal(digest, "4ca8211412bf661d4634d272d1c995c13d65a4f127ee321e9a638674d8271aa2");
});

test("a second process on one file is refused while the first one lives, and welcome after its kill -9", async (t) => {
  const path = join(folder(t), "sweep.db");
  const holder = await hold(t, path);
  await assert.rejects(openStore(path), {
    name: "SweepError",
    fault: "usage",
    message: `${path} is being written by another gmm-sweep: wait until it ends, or name another file with --db`,
  });
  holder.child.kill("SIGKILL");
  await holder.ended;
  await recorded(path);
});

test("a store that is discarded leaves no file where none was, and one that was there as it is", async (t) => {
  const cwd = folder(t);
  const path = join(cwd, "sweep.db");
  const store = await openStore(path);
  await store.open(openRequest(smallPlan()));
  await store.discard();
  assert.deepEqual(readdirSync(cwd), []);
  await recorded(path);
  await (await openStore(path)).discard();
  const results = await openResults(path);
  t.after(() => results.close());
  assert.equal(await countTrials(results), 12);
});

test("a run on a file that another process writes exits 2 and says so", async (t) => {
  const cwd = folder(t);
  const holder = await hold(t, join(cwd, "sweep.db"));
  const { code, out, err } = await gmm(cwd, ...TINY, "--trials", "1", "--db", "sweep.db");
  assert.deepEqual(
    [code, out, err],
    [
      2,
      "",
      "gmm-sweep: sweep.db is being written by another gmm-sweep: wait until it ends, or name another file with --db\n",
    ],
  );
  holder.child.stdin?.end();
  assert.equal((await holder.ended).code, 0);
  assert.equal((await gmm(cwd, ...TINY, "--trials", "1", "--db", "sweep.db")).code, 0);
});

test("a reader reads while another connection writes, and sees what has landed", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const writer = new Database(path);
  t.after(() => writer.close());
  writer.exec("begin immediate; delete from trial_rows;");
  const reader = await openResults(path);
  t.after(() => reader.close());
  assert.equal(await countTrials(reader), 12);
  writer.exec("rollback");
});

test("a query is answered while a run holds the file", async (t) => {
  const cwd = folder(t);
  await recorded(join(cwd, "sweep.db"));
  await hold(t, join(cwd, "sweep.db"));
  const { code, out } = await gmm(
    cwd,
    "query",
    "select count(*) as n from trial_results",
    "--format",
    "csv",
    "--db",
    "sweep.db",
  );
  assert.deepEqual([code, out], [0, "n\n12\n"]);
});

test("a file that is not SQLite's is refused, and not a byte of it changes", async (t) => {
  const path = join(folder(t), "notes.txt");
  writeFileSync(path, "These are my notes, and they are not a database. ".repeat(50));
  await assertRefused(
    path,
    `${path} must be a gmm-sweep database, but is not a SQLite file: name another file with --db`,
  );
  assert.deepEqual(readdirSync(dirname(path)), ["notes.txt"]);
});

test("another program's SQLite file is refused, and not a byte of it changes", async (t) => {
  const path = join(folder(t), "other.db");
  const other = new Database(path);
  other.exec("create table recipes (name text); insert into recipes values ('soup')");
  other.close();
  await assertRefused(
    path,
    `${path} must be a gmm-sweep database, but another program made it: name another file with --db`,
  );
});

test("an empty SQLite file that another program marked as its own is refused", async (t) => {
  const path = join(folder(t), "other.db");
  const other = new Database(path);
  other.pragma("application_id = 77");
  other.close();
  await assertRefused(
    path,
    `${path} must be a gmm-sweep database, but another program made it: name another file with --db`,
  );
});

test("an empty file becomes a database", async (t) => {
  const path = join(folder(t), "sweep.db");
  writeFileSync(path, "");
  await recorded(path);
});

test("a file of a newer schema is refused with the two versions, and not a byte of it changes", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  edit(path, "pragma user_version = 9");
  await assertRefused(
    path,
    `${path} was written by a newer gmm-sweep (schema 9, this one knows 5): update gmm-sweep, or name another file with --db`,
  );
});

const OTHER_ITEMS: readonly (readonly [what: string, sql: string, found: string])[] = [
  ["a table more", "create table notes (text text)", "the table notes is not of it"],
  ["an index more", "create index by_state on trial_rows (state)", "the index by_state is not of it"],
  [
    "a trigger that changes what lands",
    "create trigger landed after insert on trial_rows begin update trial_rows set penalty = 0 where id = new.id; end",
    "the trigger landed is not of it",
  ],
  ["a view more", "create view mine as select 1", "the view mine is not of it"],
  ["a view less", "drop view missing", "the view missing is not there"],
  [
    "another view of a name",
    "drop view missing; create view missing as select 1 as sweep",
    "the view missing is another",
  ],
  ["an index less", "drop index sweep_cells_by_method", "the index sweep_cells_by_method is not there"],
  [
    "a trigger under a name of SQLite's own",
    `create trigger tq after insert on cell_keys begin select 1; end; pragma writable_schema = 1;
     update sqlite_master set name = 'sqlite_tq', sql = replace(sql, 'TRIGGER tq', 'TRIGGER sqlite_tq') where name = 'tq'`,
    "the trigger sqlite_tq is not of it",
  ],
  ["a column more", "alter table epochs add column note text", "the table epochs is another"],
];
for (const [what, sql, found] of OTHER_ITEMS) {
  test(`a file with ${what} is refused, for writing and for reading`, async (t) => {
    const path = join(folder(t), "sweep.db");
    await recorded(path);
    edit(path, sql);
    await assertRefused(
      path,
      `${path} must have the tables and views that gmm-sweep made and no others, but ${found}: take a copy of it from before another program changed it, or name another file with --db`,
    );
  });
}

test("a file that does not say its schema version is refused, for writing and for reading", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  edit(path, "pragma user_version = 0");
  await assertRefused(
    path,
    `${path} must say its schema version, got 0: take a copy of it from before another program changed it`,
  );
});

const SHARDS = ["junk", "0/0", "9/3", "1/2/3", "-1/2"];
for (const shard of SHARDS) {
  test(`a sweep whose shard is said to be ${shard} is refused where it is read`, async (t) => {
    const path = join(folder(t), "sweep.db");
    await recorded(path);
    edit(path, `update sweeps set shard = '${shard}'`);
    const results = await openResults(path);
    t.after(() => results.close());
    await assert.rejects(results.sweeps(), {
      fault: "usage",
      message: `${path} must say the shard of sweep 1 as I/N, got ${shard}: take a copy of it from before another program changed it`,
    });
  });
}

for (const [what, sql] of [
  ["with a blank more", "plan = plan || ' '"],
  ["with a value twice", `plan = replace(plan, '"trials":', '"trials":9,"trials":')`],
]) {
  test(`a plan ${what} is not read as one without`, async (t) => {
    const path = join(folder(t), "sweep.db");
    await recorded(path);
    edit(path, `update sweeps set ${sql}`);
    const results = await openResults(path);
    t.after(() => results.close());
    await assert.rejects(results.sweeps(), { fault: "usage" });
  });
}

test("statistics that a user has SQLite gather are no reason to refuse a file", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  edit(path, "analyze");
  const results = await openResults(path);
  assert.equal(await countTrials(results), 12);
  await results.close();
});

test("a damaged file is told as such", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096);
  writeFileSync(path, bytes);
  await assertRefused(path, `${path} is damaged: restore it from a backup, or name another file with --db`);
});

test("a path that is a folder, or lies below a file, is refused", async (t) => {
  const path = join(folder(t), "results");
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  for (const bad of [path, join(path, "file", "sweep.db")]) {
    await assert.rejects(openStore(bad), {
      fault: "usage",
      message: `${bad} cannot be opened as a database file: check the path, or name another file with --db`,
    });
  }
});

test("a name that is too long, or a link to itself, is refused by who writes and who reads", async (t) => {
  const cwd = folder(t);
  symlinkSync("loop.db", join(cwd, "loop.db"));
  for (const bad of [join(cwd, "loop.db"), join(cwd, `${"x".repeat(300)}.db`)])
    for (const open of [openStore, openResults])
      await assert.rejects(open(bad), {
        fault: "usage",
        message: `${bad} cannot be opened as a database file: check the path, or name another file with --db`,
      });
});

test("a reader of a file that is not there is refused, and makes none", async (t) => {
  const path = join(folder(t), "sweep.db");
  await assert.rejects(openResults(path), {
    fault: "usage",
    message: `${path} is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid`,
  });
  assert.equal(existsSync(path), false);
});

test("a read-only file is refused before anything is trained", async (t) => {
  const cwd = folder(t);
  await recorded(join(cwd, "sweep.db"));
  const before = readFileSync(join(cwd, "sweep.db"));
  asNobodys(cwd);
  chmodSync(join(cwd, "sweep.db"), 0o444);
  const { code, out, err } = await unprivileged(t, cwd, ...TINY, "--trials", "1", "--db", "sweep.db");
  assert.deepEqual(
    [code, out, err],
    [
      2,
      "",
      "gmm-sweep: sweep.db must be a file that can be written, but it or its folder is read-only: change its permissions, or name another file with --db\n",
    ],
  );
  assert.deepEqual(readFileSync(join(cwd, "sweep.db")), before);
});

test("a read-only folder is refused before anything is trained", async (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, "results"));
  asNobodys(cwd);
  const attempt = (db: string): Promise<Ended> => unprivileged(t, cwd, ...TINY, "--trials", "1", "--db", db);
  const [below, inside] = await whileReadOnly(join(cwd, "results"), async () => [
    await attempt("results/more/sweep.db"),
    await attempt("results/sweep.db"),
  ]);
  assert.deepEqual(
    [below.code, below.out, below.err],
    [
      2,
      "",
      "gmm-sweep: results/more/sweep.db must be a file that can be written, but it or its folder is read-only: change its permissions, or name another file with --db\n",
    ],
  );
  assert.deepEqual(
    [inside.code, inside.out, inside.err],
    [
      2,
      "",
      "gmm-sweep: results/sweep.db must be a file that can be written, but it or its folder is read-only: change its permissions, or name another file with --db\n",
    ],
  );
});

test("a file in a read-only folder is read through a copy, and so is one beside which a killed run left a -wal", async (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, "results"));
  const path = join(cwd, "results", "sweep.db");
  await recorded(path);
  const counted = ["query", "select count(*) as n from trial_rows", "--db", "results/sweep.db"];
  const read = (): Promise<Ended> => {
    asNobodys(cwd);
    return whileReadOnly(join(cwd, "results"), () => unprivileged(t, cwd, ...counted));
  };
  assert.deepEqual(await read(), { code: 0, signal: null, out: " n\n--\n12\n", err: "" });
  const kept = ["sweep.db", "sweep.db-wal"].map((name) => join(cwd, "results", name));
  const db = new Database(path);
  db.exec("delete from trial_rows where id = (select max(id) from trial_rows)");
  const bytes = kept.map((file) => readFileSync(file));
  db.close();
  for (const [i, file] of kept.entries()) writeFileSync(file, bytes[i]);
  assert.deepEqual(await read(), { code: 0, signal: null, out: " n\n--\n11\n", err: "" });
  assert.deepEqual(readdirSync(join(cwd, "results")).sort(), ["sweep.db", "sweep.db-wal"]);
});

test("SQLite's own word for a full disk becomes a sentence, and the batch does not land", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const db = new Database(path);
  t.after(() => db.close());
  db.pragma(`max_page_count = ${db.pragma("page_count", { simple: true })}`);
  const fill = (): void => {
    const insert = db.prepare("insert into epochs (trajectory_id, epoch) select min(id), ? from trajectories");
    for (let epoch = 1000; epoch < 9000; epoch++) insert.run(epoch);
  };
  assert.throws(() => guarded(path, () => db.transaction(fill).immediate()), {
    fault: "environment",
    message: `${path} could not be written because the disk is full: make room and run the same command again; what had finished is kept`,
  });
  assert.equal(db.prepare("select max(epoch) from epochs").pluck().get(), 4);
});

test("a run on a full disk says so, keeps what had finished, and goes on from there when there is room", async (t) => {
  const disk = smallDisk(t, "400k");
  if (disk === null) return;
  const path = join(disk, "sweep.db");
  const args = [...SMALL, "--trials", "200", "--methods", "original", "--epochs", "original=9", "--db", path];
  const full = await gmm(disk, ...args);
  assert.deepEqual(
    [full.code, full.out, full.err],
    [
      3,
      "",
      `gmm-sweep: ${path} could not be written because the disk is full: make room and run the same command again; what had finished is kept\n`,
    ],
  );
  execFileSync("mount", ["-o", "remount,size=16m", disk]);
  const { code, out } = await gmm(disk, ...args, "--json");
  const { trained: ran, skipped } = JSON.parse(out) as { trained: number; skipped: number };
  assert.deepEqual([code, ran + skipped], [0, 200]);
  assert.ok(skipped > 0 && ran > 0, `${skipped} had finished, ${ran} were trained`);
});

const KINDS: readonly (readonly [code: string, opening: string])[] = [
  ["SQLITE_FULL", "environment"],
  ["SQLITE_IOERR_WRITE", "environment"],
  ["SQLITE_NOTADB", "usage"],
  ["SQLITE_CANTOPEN", "usage"],
  ["SQLITE_READONLY_DIRECTORY", "usage"],
  ["SQLITE_CORRUPT_VTAB", "usage"],
  ["SQLITE_BUSY_SNAPSHOT", "usage"],
  ["EACCES", "usage"],
  ["EROFS", "usage"],
  ["EMFILE", "environment"],
];
for (const [code, opening] of KINDS) {
  test(`${code} is a fault of ${opening} while a file is being opened, and of environment once it is open`, () => {
    const fail = (): never => {
      throw Object.assign(new Error("as SQLite says it"), { code });
    };
    const message = /^x\.db [^:]*: .*[^.]$/;
    assert.throws(() => guardedOpening("x.db", fail), { name: "SweepError", fault: opening, message });
    assert.throws(() => guarded("x.db", fail), { name: "SweepError", fault: "environment", message });
  });
}

test("what is found in a file is told under the name of who opened it first, and keeps whose fault it is", () => {
  const found = (fault: PlaceFault) => () => {
    throw fault;
  };
  const odd = badPlace((file) => `${file} must be plain, got ${file}.lock beside it`);
  const torn = new PlaceFault("check", (file) => `${file} is torn`);
  for (const told of [guarded, guardedOpening]) {
    assert.throws(() => guarded("whole.db", () => told("part.db", found(odd))), {
      name: "SweepError",
      fault: "usage",
      message: "part.db must be plain, got part.db.lock beside it",
      cause: odd,
    });
    assert.throws(() => told("part.db", found(torn)), { fault: "check", message: "part.db is torn" });
  }
});

test("a file that another program holds while results land is the machine's fault: what had finished is kept", async (t) => {
  const path = join(folder(t), "sweep.db");
  const { store, sweep, specs } = await opened({
    store: await openStore(path, { ...QUIETLY, lockWaitMs: 0 }),
    place: path,
  });
  t.after(() => store.close());
  const [first, ...others] = specs.map(trained);
  await store.record(sweep, [first]);
  const other = new Database(path);
  other.exec("begin immediate");
  await assert.rejects(store.record(sweep, others), {
    fault: "environment",
    message: `${path} is held by another program: wait until it ends, or wait longer with --lock-wait, and run the same command again; what had finished is kept`,
  });
  other.close();
  assert.equal(await countTrials(store), 1);
  await store.record(sweep, others);
  assert.equal(await countTrials(store), 12);
});

test("a file that is damaged under an open store is the machine's fault", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const results = await openResults(path);
  t.after(() => results.close());
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 8 * 4096);
  writeFileSync(path, bytes);
  await assert.rejects(listOf(results.rows(null)), {
    fault: "environment",
    message: `${path} is damaged: restore it from a backup and run the same command again`,
  });
});

test("what nobody knows a remedy for stays as it was thrown", () => {
  const thrown = Object.assign(new Error("as SQLite says it"), { code: "SQLITE_MISUSE" });
  assert.throws(
    () =>
      guarded("x.db", () => {
        throw thrown;
      }),
    thrown,
  );
});

// Below: what another program changed in a file.

/** Runs SQL as another program would. */
function edit(path: string, sql: string): void {
  const db = new Database(path);
  db.unsafeMode(true); // as other programs may
  db.pragma("foreign_keys = off");
  db.exec(sql);
  db.close();
}

/** A file of two sweeps: copies of one run, and starts of their own on two forget rows. */
async function edited(t: TestContext, sql: string): Promise<string> {
  const path = join(folder(t), "sweep.db");
  const store = await openStore(path);
  for (const plan of [smallPlan(), gridPlan("paired", { "forget-rows": "2" })]) {
    const { sweep, specs } = await opened({ store, place: path }, plan);
    await store.record(sweep, specs.map(trained));
  }
  await store.close();
  const before = new Database(path, { readonly: true });
  const dump = TABLES.map((table) => before.prepare(`select * from ${table}`).raw().all());
  before.close();
  edit(path, sql);
  const after = new Database(path, { readonly: true });
  t.after(() => after.close());
  assert.notDeepEqual(
    TABLES.map((table) => after.prepare(`select * from ${table}`).raw().all()),
    dump,
    "the edit must change something",
  );
  return path;
}

const TABLES = [
  "sweeps",
  "draws",
  "cell_keys",
  "sweep_cells",
  "trajectories",
  "trial_rows",
  "epochs",
  "forget_margins",
  "questions",
  "decisions",
];

/** An id of a trajectory of unlearn that is its own run, of one that is a copy, and of one with two forget rows. */
const RUN =
  "(select t.id from trajectories t join cell_keys k on k.id = t.cell_key_id where k.method = 'unlearn' and k.preset = 'notebook' and t.source_id is null)";
const COPY = "(select max(t.id) from trajectories t where t.source_id is not null)";
const KEY = `(select cell_key_id from trajectories where id = ${RUN})`;
const MARGIN = "trial_row_id = (select min(trial_row_id) from forget_margins)";

const EDITS: readonly (readonly [what: string, sql: string])[] = [
  ["an epoch that went", `delete from epochs where trajectory_id = ${RUN} and epoch = 1`],
  [
    "an epoch more",
    `insert into epochs select trajectory_id, 3, penalty, cross_entropy, train_accuracy, forget_probability, forget_margin from epochs where trajectory_id = ${RUN} and epoch = 2`,
  ],
  ["another number of an epoch", `update epochs set epoch = 7 where trajectory_id = ${RUN} and epoch = 2`],
  [
    "another value at an epoch",
    `update epochs set penalty = penalty + 1e-16 where trajectory_id = ${RUN} and epoch = 1`,
  ],
  [
    "a value at an epoch that went",
    `update epochs set cross_entropy = null where trajectory_id = ${RUN} and epoch = 1`,
  ],
  [
    "another margin of a forget row",
    `update forget_margins set forget_margin = forget_margin * 2 where ${MARGIN} and forget_row = 2`,
  ],
  ["a forget row that went", `delete from forget_margins where ${MARGIN} and forget_row = 2`],
  ["another number of a forget row", `update forget_margins set forget_row = 3 where ${MARGIN} and forget_row = 2`],
  ["another λ in the gradient", `update cell_keys set lambda_effective = 1 where id = ${KEY}`],
  ["another engine", `update cell_keys set engine = 'reference' where id = ${KEY}`],
  ["another profile", `update cell_keys set profile = 'other/f64/r1' where id = ${KEY}`],
  [
    "another method",
    `update cell_keys set method = 'relabel' where id = ${KEY}; update sweep_cells set method = 'relabel' where cell_key_id = ${KEY}`,
  ],
  ["another preset", `update cell_keys set preset = 'paired' where id = ${KEY}`],
  ["other widths", `update cell_keys set hidden = '5,5' where id = ${KEY}`],
  ["another seed", `update cell_keys set seed = 1 where id = ${KEY}`],
  ["another start", `update cell_keys set start = 'original@0x5' where id = ${KEY}`],
  ["copies said to be runs of their own", `update cell_keys set one_run = 0 where id = ${KEY}`],
  ["other samples of a draw", "update draws set samples = 22 where forget_rows = 1"],
  ["another data seed of a draw", "update draws set data_seed = 1 where forget_rows = 1"],
  ["another measure", `update trial_rows set train_accuracy = train_accuracy / 2 where id = ${RUN} + 4 * 2`],
  ["a measure that went", `update trial_rows set test_accuracy = null where id = ${RUN} + 4 * 2`],
  ["another measure of a copy", `update trial_rows set penalty = 0.5 where id = ${COPY} + 4 * 3`],
  ["another state", `update trial_rows set state = 'diverged' where id = ${RUN} + 4 * 2`],
  ["a row said to have failed", `update trial_rows set state = 'failed' where id = ${RUN} + 4 * 2`],
  ["another epoch count of a row", `update trial_rows set id = id + 4 where id = ${RUN} + 4 * 2`],
  ["a row that went", `delete from trial_rows where id = ${RUN} + 4 * 2`],
  [
    "a row more",
    `insert into trial_rows (id, state, attempts, finished_at) select id + 4, 'done', 1, '' from trial_rows where id = ${RUN} + 4 * 2`,
  ],
  ["another run that a copy repeats", `update trajectories set replicate_of = 2 where id = ${COPY}`],
  ["a copy said to be its own run", `update trajectories set replicate_of = null, source_id = null where id = ${COPY}`],
  [
    "another source of a copy",
    `update trajectories set source_id = (select min(id) from trajectories) where id = ${COPY}`,
  ],
  ["another trial of a start", `update trajectories set start_trial = 2 where id = ${RUN}`],
  ["another trial", `update trajectories set trial = 9 where id = ${RUN}`],
  ["another hash", `update trajectories set hash = zeroblob(16) where id = ${RUN}`],
  ["a trajectory that went, but not its rows", `delete from trajectories where id = ${COPY}`],
  ["a cell of a sweep that went", `delete from sweep_cells where cell_key_id = ${KEY}`],
  [
    "a cell of a sweep more",
    `insert into sweep_cells select sweep_id, cell_key_id, 9, method, lambda_reg from sweep_cells where cell_key_id = ${KEY}`,
  ],
  ["another epoch count of a cell", `update sweep_cells set epochs = 9 where cell_key_id = ${KEY}`],
  ["another λ of a cell", `update sweep_cells set lambda_reg = 9 where cell_key_id = ${KEY}`],
  ["other trials of a sweep", "update sweeps set trials = 2 where id = 1"],
  [
    "another plan of a sweep",
    `update sweeps set plan = replace(plan, '"unlearn":[4.2]', '"unlearn":[5]') where id = 1`,
  ],
  ["another profile of a sweep", "update sweeps set profile = 'other/f64/r1' where id = 1"],
  ["a question of a sweep that is not there", "update questions set sweep_id = 9 where sweep_id = 1"],
  ["a decision of a sweep that is not there", "insert into decisions values (1, 9, 1, '', '{}')"],
];
for (const [what, sql] of EDITS) {
  test(`${what} is found without training`, async (t) => {
    const results = await openResults(await edited(t, sql));
    t.after(() => results.close());
    const damages = await listOf(results.damages());
    assert.notDeepEqual(damages, []);
    for (const { what: where, sentence } of damages) assert.ok(sentence.startsWith(`${where}: `), sentence);
  });
}

test("what was changed is named by what it was trained under", async (t) => {
  const results = await openResults(await edited(t, `delete from epochs where trajectory_id = ${RUN} and epoch = 1`));
  t.after(() => results.close());
  const what = "unlearn of λ 4.2 on draw 0, trial 1, from the start of trial 3";
  assert.deepEqual(await listOf(results.damages()), [
    { what, sentence: `${what}: what is stored of it is not what landed, as its hash says` },
  ]);
});

test("what is changed while a sweep runs is met when it is landed on, and stays as it is", async (t) => {
  const { store, place } = await inFile(t);
  const { sweep, specs } = await opened({ store, place }, smallPlan());
  await store.record(sweep, specs.map(trained));
  const other = new Database(place);
  t.after(() => other.close());
  assert.equal(other.prepare(`delete from epochs where trajectory_id = ${RUN} and epoch = 1`).run().changes, 1);
  const before = await listOf(store.rows(sweep));
  const met = { name: "SweepError", fault: "check" };
  await assert.rejects(store.record(sweep, specs.map(trained)), met);
  const start = { ...trained({ ...specs[6], copies: 0 }), wanted: false };
  await assert.rejects(store.record(sweep, [start]), met);
  assert.deepEqual(await listOf(store.rows(sweep)), before);
});

test("nothing is built on what was changed: neither a sweep that is opened again or grows, nor merging of it or into it, nor a comparison", async (t) => {
  const path = await edited(t, `delete from epochs where trajectory_id = ${RUN} and epoch = 1`);
  const refusal = {
    name: "SweepError",
    fault: "usage",
    message: `${path} holds of unlearn of λ 4.2 on draw 0, trial 1, from the start of trial 3 something else than what landed, so it was changed by another program or is damaged: take another copy of it; gmm-sweep verify names all that was changed`,
  };
  const { store, place } = await inFile(t);
  await assert.rejects(store.merge([path]), refusal);
  assert.deepEqual(await store.sweeps(), []);
  const changed = await openStore(path);
  t.after(() => changed.close());
  const before = await listOf(changed.rows(null));
  await assert.rejects(changed.merge([place]), refusal);
  for (const plan of [smallPlan(), gridPlan("notebook")])
    await assert.rejects(opened({ store: changed, place: path }, plan), refusal);
  assert.deepEqual(await listOf(changed.rows(null)), before);
  for (const pair of [
    [changed, store],
    [store, changed],
  ] as const)
    await assert.rejects(cellDifferences(...pair), { fault: "usage" });
});

test("a sweep whose cells are not its plan's is not opened and not merged", async (t) => {
  const path = await edited(t, `delete from sweep_cells where cell_key_id = ${KEY}`);
  const message = `${path} holds other cells of sweep 1 than its plan has, so it was changed by another program: take another copy of it, or name another file with --db`;
  const { store } = await inFile(t);
  await assert.rejects(store.merge([path]), { fault: "usage", message });
  const changed = await openStore(path);
  t.after(() => changed.close());
  await assert.rejects(changed.open(openRequest(smallPlan())), { fault: "usage", message });
});

/** What follows from the key of a cell, changed before anything landed under it; and what is said of it. */
const OTHER_DERIVED: readonly (readonly [what: string, sql: string, found: string])[] = [
  [
    "another λ in the gradient",
    "update cell_keys set lambda_effective = 1 where method = 'unlearn'",
    "the lambda_effective 1 of unlearn of λ 4.2, which has 4.2",
  ],
  [
    "copies said to be runs of their own",
    "update cell_keys set one_run = 0 where method = 'unlearn'",
    "the one_run 0 of unlearn of λ 4.2, which has 1",
  ],
  [
    "another engine",
    "update cell_keys set engine = 'reference' where method = 'unlearn'",
    "the engine reference of unlearn of λ 4.2, which has fused",
  ],
  ["another data seed", "update draws set data_seed = 1", "the data_seed 1 of original of λ 0, which has 0"],
];
for (const [what, sql, found] of OTHER_DERIVED) {
  test(`${what}, changed before anything landed, is found, and nothing lands under it or is merged`, async (t) => {
    const path = join(folder(t), "sweep.db");
    const { sweep, specs } = await openedOnly(path);
    edit(path, sql);
    const other = `${path} holds other cells of sweep 1 than its plan has, so it was changed by another program: take another copy of it, or name another file with --db`;
    const { store: whole } = await inFile(t);
    await assert.rejects(whole.merge([path]), { fault: "usage", message: other });
    assert.deepEqual(await whole.sweeps(), []);
    const changed = await openStore(path);
    t.after(() => changed.close());
    const damages = await listOf(changed.damages());
    assert.deepEqual(
      damages.map(({ sentence }) => sentence),
      ["sweep 1: its cells are not those of its plan"],
    );
    await assert.rejects(changed.open(openRequest(smallPlan())), { fault: "usage", message: other });
    await assert.rejects(changed.record(sweep, specs.map(trained)), {
      fault: "check",
      message: `${path} holds ${found}, so it was changed by another program: take another copy of it, or name another file with --db`,
    });
    assert.equal(await countTrials(changed), 0);
  });
}

test("cell keys that two files share are held against each other in a merge, though no sweep names them", async (t) => {
  const [strays, whole] = [join(folder(t), "sweep.db"), join(folder(t), "whole.db")];
  for (const path of [strays, whole]) await openedOnly(path);
  edit(
    strays,
    "delete from sweep_cells; delete from commands; delete from questions; delete from sweeps; update cell_keys set lambda_effective = 1 where method = 'unlearn'",
  );
  for (const [into, part, found, right] of [
    [whole, strays, "4.2", "1"],
    [strays, whole, "1", "4.2"],
  ]) {
    const store = await openStore(into);
    t.after(() => store.close());
    const before = await store.sweeps();
    await assert.rejects(store.merge([part]), {
      fault: "usage",
      message: `${into} holds the lambda_effective ${found} of unlearn of λ 4.2, which has ${right}, so it was changed by another program: take another copy of it, or name another file with --db`,
    });
    assert.deepEqual(await store.sweeps(), before);
    await store.close();
  }
});

test("a plan that is not as a plan is written is refused in a sentence", async (t) => {
  const path = await edited(t, "update sweeps set plan = replace(plan, 'trials', 'trails') where id = 1");
  const results = await openResults(path);
  t.after(() => results.close());
  await assert.rejects(results.sweeps(), {
    fault: "usage",
    message: new RegExp(
      `^${path} must hold a plan as gmm-sweep writes it, but its plan .*: take another copy of the file, or read it with the gmm-sweep that wrote it$`,
    ),
  });
});

const QUESTIONS: readonly (readonly [what: string, sql: string, fault: string])[] = [
  [
    "of another estimand",
    "estimand = 'forget[31m'",
    "estimand must be one of forget_probability, forget_margin, got forget\\u001b[31m",
  ],
  ["with a margin of 0", "margin_accuracy = 0", "margins.accuracy must be a number above 0, got 0"],
  [
    "with a margin of 1",
    "margin_accuracy = 1",
    "margins.accuracy must be below 1, the most that two values of it can differ by, got 1: 1 % is 0.01",
  ],
  [
    "with a margin of more than a probability",
    "estimand = 'forget_probability', margin_forget = 2",
    "margins.forget must be below 1, the most that two values of it can differ by, got 2: 1 % is 0.01",
  ],
  ["with a margin without end", "margin_forget = 9e999", "margins.forget must be a number above 0, got Infinity"],
];
for (const [what, sql, fault] of QUESTIONS) {
  test(`a question ${what} is refused in a sentence where its sweep is read`, async (t) => {
    const path = await edited(t, `update questions set ${sql} where sweep_id = 2`);
    const results = await openResults(path);
    t.after(() => results.close());
    await assert.rejects(results.sweeps(), {
      fault: "usage",
      message: `${path} must hold the question of sweep 2 as gmm-sweep writes it, but its ${fault}: take a copy of it from before another program changed it`,
    });
  });
}

const DECISIONS: readonly (readonly [what: string, values: string, fault: string])[] = [
  ["that is no JSON", "1, '', '{'", "that of round 1 must be canonical JSON, got {\\u001b"],
  [
    "nested without end",
    "1, '', replace(hex(zeroblob(50000)), '00', '[') || replace(hex(zeroblob(50000)), '00', ']')",
    `that of round 1 must be canonical JSON, got ${clipped("[".repeat(50_000) + "]".repeat(50_000))}`,
  ],
  ["with a blank", "2, '', '{ }'", "that of round 2 must be canonical JSON, got { }"],
  ["of round 0", "0, '', '{}'", "a round must be a whole number from 1 up, got 0"],
];
for (const [what, values, fault] of DECISIONS) {
  test(`a decision ${what} is refused in a sentence where it is read, and where the file is looked through or merged`, async (t) => {
    const path = await edited(t, `insert into decisions (sweep_id, round, at, decision) values (2, ${values})`);
    const results = await openResults(path);
    t.after(() => results.close());
    const refusal = {
      fault: "usage",
      message: `${path} must hold the decisions of sweep 2 as gmm-sweep writes them, but ${fault}: take a copy of it from before another program changed it`,
    };
    const [, sweep] = await results.sweeps();
    await assert.rejects(results.decisions(sweep), refusal);
    await assert.rejects(listOf(results.damages()), refusal);
    const { store } = await inFile(t);
    await assert.rejects(store.merge([path]), refusal);
    assert.deepEqual(await store.sweeps(), []);
  });
}

// Below: files of schema 1. Their README has the digests.

const VERSION_1 = fileURLToPath(new URL("../../test/fixtures/schema-v1", import.meta.url));

const DIGESTS = [
  "8d3d9f4def5dc974e6a3f0589921ccafc5479708e5dccdb77bf33b9fd6fa45fc",
  "b86d96e0ee34ed130620487a1751993abece5d76fed296075de8b26b93833f0d",
  "2d1dec775b1ae23298643a2ec7fe993174d0ce1a931dcc491f31a8c626021dec",
  "36b323b6a44e320cdf7891036a9004e922c2cd22dfc214317a6b616d735e97ac",
];

/** A copy of a file of schema 1. */
function copied(t: TestContext, name: string): string {
  const path = join(folder(t), name);
  copyFileSync(join(VERSION_1, name), path);
  return path;
}

async function assertMigrated(results: Results): Promise<void> {
  const sweeps = await results.sweeps();
  assert.deepEqual(
    sweeps.map(({ id, plan }) => [id, plan.name, plan.trials, plan.record]),
    [
      [1, null, 8, "all"],
      [2, "sets", 3, "all"],
      [3, "wild", 2, "all"],
      [4, "thin", 4, "asked"],
    ],
  );
  for (const [i, sweep] of sweeps.entries()) {
    assert.equal(await results.digest(sweep), DIGESTS[i]);
    assert.equal(await digestOf(results.rows(sweep), results.margins(sweep)), DIGESTS[i]);
    assert.deepEqual(await results.incompleteCells(sweep, 10), []);
    assert.deepEqual((await results.missing(sweep.profile, specsIn(sweep.plan), false)).rows, 0);
    const [command, ...others] = await results.commands(sweep);
    assert.deepEqual([others, command.version], [[], "0.1.0"]);
  }
  assert.deepEqual(await results.stateCounts(sweeps[2]), { done: 5, diverged: 5, failed: 0 });
  assert.deepEqual(
    (await results.commands(sweeps[0]))[0].command,
    "gmm-sweep run --trials 8 --samples 60 --features 3 --hidden 5,4 --db a.db",
  );
  assert.deepEqual(
    (await results.methodSummary(sweeps[0])).map(({ method, trials }) => [method, trials]),
    [
      ["original", 8],
      ["retrain_scratch", 8],
      ["unlearn", 8],
      ["retrain_original", 8],
    ],
  );
  const [relearned] = await results.trajectories(sweeps[1], "relearn", 2);
  assert.equal((await results.curve(relearned.source, relearned.epochs)).length, 50);
  assert.equal((await results.marginsAt(relearned.source, relearned.epochs)).length, 3);
  assert.deepEqual(await listOf(results.damages()), []);
}

test("a file of schema 1 is read as it is, and not a byte of it changes", async (t) => {
  const path = copied(t, "sweeps.db");
  const before = readFileSync(path);
  const results = await openResults(path);
  await assertMigrated(results);
  const { rows } = await results.query("select count(*) from trial_results");
  assert.deepEqual(await listOf(rows), [[BigInt(await countTrials(results))]]);
  await results.close();
  assert.deepEqual(readFileSync(path), before);
});

test("a file of schema 1 is read as it is with what its writer has not yet taken from the log into it", async (t) => {
  const path = copied(t, "sweeps.db");
  const writer = new Database(path);
  t.after(() => writer.close());
  writer.pragma("journal_mode = wal");
  writer.exec("update sweeps set command = 'in the log' where id = 4");
  assert.ok(statSync(`${path}-wal`).size > 0);
  const results = await openResults(path);
  t.after(() => results.close());
  await assertMigrated(results);
  const [, , , last] = await results.sweeps();
  assert.deepEqual(
    (await results.commands(last)).map(({ command }) => command),
    ["in the log"],
  );
});

test("a file of schema 1 that is opened for writing is of the present schema from then on, with every number", async (t) => {
  const path = copied(t, "sweeps.db");
  const store = await openStore(path);
  await assertMigrated(store);
  await store.close();
  const db = new Database(path, { readonly: true });
  assert.equal(db.pragma("user_version", { simple: true }), 5);
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
  assert.deepEqual(db.pragma("foreign_key_check"), []);
  db.close();
  const results = await openResults(path);
  await assertMigrated(results);
  await results.close();
});

test("a sweep of schema 1 grows, and what it has is found finished and held", async (t) => {
  const path = copied(t, "sweeps.db");
  const store = await openStore(path);
  t.after(() => store.close());
  for (const sweep of await store.sweeps()) {
    const { plan, profile } = sweep;
    const asked = plan.name === null ? plan : { ...plan, trials: plan.trials + 1 };
    const grown = await store.open({
      ...openRequest(asked, profile),
      command: { command: "again", version: "2", machine: "m" },
    });
    assert.equal(grown.id, sweep.id);
    assert.deepEqual(grown.plan, asked);
    const missing = (await store.missing(profile, specsIn(grown.plan), false)).specs;
    assert.equal(missing.length === 0, plan.name === null);
    assert.ok(missing.every(({ trial, cell }) => trial > plan.trials || cell.oneRun));
    await store.record(grown, missing.map(trained));
    assert.deepEqual(await store.incompleteCells(grown, 1), []);
  }
  assert.deepEqual(await listOf(store.damages()), []);
});

test("a sweep of schema 1 that had grown has a plan of all of its cells", async (t) => {
  const path = copied(t, "part1of3.db");
  // As after another command of the same name: its config names neither λ 3 nor two of the epochs.
  const db = new Database(path);
  db.exec(
    `update sweeps set config = replace(replace(config, '"unlearn":[0,3]', '"unlearn":[0]'), '"unlearn":[1,2,3]', '"unlearn":[2]')`,
  );
  db.close();
  const results = await openResults(path);
  t.after(() => results.close());
  const [sweep] = await results.sweeps();
  assert.deepEqual(await listOf(results.damages()), []);
  assert.equal((await results.cellStatus(sweep)).length, 2 + 2 * 3);
  const whole = await openResults(copied(t, "part1of3.db"));
  t.after(() => whole.close());
  const [untouched] = await whole.sweeps();
  assert.equal(await results.digest(sweep), await whole.digest(untouched));
});

test("a sweep of schema 1 whose config asks for more than its cells is those cells", async (t) => {
  const path = copied(t, "part1of3.db");
  const db = new Database(path);
  db.exec(`update sweeps set config = replace(config, '"unlearn":[0,3]', '"unlearn":[0,3,7]')`);
  db.close();
  const results = await openResults(path);
  t.after(() => results.close());
  const [sweep] = await results.sweeps();
  assert.equal((await results.cellStatus(sweep)).length, 2 + 2 * 3);
  assert.deepEqual(await listOf(results.damages()), []);
});

test("a file of schema 1 whose tables are not exactly ours is refused", async (t) => {
  const path = copied(t, "part1of3.db");
  edit(path, "create trigger landed after insert on trial_rows begin select 1; end");
  await assertRefused(
    path,
    /must have the tables and views that gmm-sweep made and no others, but some are not those: /,
  );
});

test("a file of schema 1 whose config is none is refused in a sentence, and stays as it was", async (t) => {
  const path = copied(t, "part1of3.db");
  edit(path, "update sweeps set config = 'none'");
  await assertRefused(path, /must hold sweeps as gmm-sweep 0\.1 wrote them, but sweep 1 is none/);
});

test("two shards of schema 1 and a third that is trained now make the whole that they were cut from", async (t) => {
  const cwd = folder(t);
  const grid = "grid --name part --lambda 0,3 --epochs 1:3 --samples 30 --features 2 --hidden 3,3 --trials 5".split(
    " ",
  );
  const third = await gmm(cwd, ...grid, "--shard", "3/3", "--db", "third.db", "--quiet");
  assert.deepEqual([third.code, third.err], [0, ""]);
  const { store } = await inFile(t);
  await store.merge([copied(t, "part1of3.db"), copied(t, "part2of3.db"), join(cwd, "third.db")]);
  const [sweep, ...others] = await store.sweeps();
  assert.deepEqual(others, []);
  assert.equal(await store.digest(sweep), "a6d994e2f562a733e24d235de452f1a8cf56b84c957405efd3eeea652d2f4ab3");
  assert.deepEqual(await store.incompleteCells(sweep, 1), []);
  assert.equal((await store.commands(sweep)).length, 3);
  assert.deepEqual(await listOf(store.damages()), []);
});

/** Starts a process that holds `path` for writing. */
async function hold(t: TestContext, path: string): Promise<Running> {
  const holder = started(spawn(process.execPath, [HOLDER, path], { stdio: ["pipe", "pipe", "pipe"] }));
  t.after(() => holder.child.kill("SIGKILL"));
  await holder.said("held");
  return holder;
}

/** Gives a folder and all in it to nobody, where this process may: root is above permissions, so it runs the command as nobody. */
function asNobodys(path: string): void {
  if (process.geteuid?.() !== 0) return;
  chownSync(path, NOBODY, NOBODY);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) asNobodys(join(path, name));
}

/** Runs the command line as a user whom permissions bind. */
function unprivileged(t: TestContext, cwd: string, ...args: readonly string[]): Promise<Ended> {
  const user = process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  t.diagnostic(`as ${"uid" in user ? "nobody" : "this user"}`);
  return started(spawn(process.execPath, [CLI, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"], ...user })).ended;
}

/** Takes a folder's write permission for as long as `body` runs. */
async function whileReadOnly<Result>(path: string, body: () => Promise<Result>): Promise<Result> {
  chmodSync(path, 0o555);
  try {
    return await body();
  } finally {
    chmodSync(path, 0o755);
  }
}
