/** The SQLite store: the shared contract, and each way in which a file can fail. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { guarded } from "../src/store/sqlite/file.js";
import { SqliteReader } from "../src/store/sqlite/reader.js";
import { SqliteStore } from "../src/store/sqlite/store.js";
import { CLI, type Ended, folder, gmm, type Running, SMALL, started, TINY } from "./command-line.js";
import { smallConfig, specsIn, sweepRecord, trained } from "./fixtures/sweeps.js";
import { type Open, type OpenedStore, testStoreContract } from "./store-contract.js";
import { testStoreViews } from "./store-views.js";

const STORES: [name: string, open: Open][] = [
  ["sqlite in memory", (t) => opened(t, ":memory:")],
  ["sqlite in a file", (t) => opened(t, join(folder(t), "sweep.db"))],
];

for (const [name, open] of STORES) testStoreContract(name, open);
// The views are one text of SQL, wherever the pages lie.
testStoreViews(...STORES[0]);

function opened(t: TestContext, place: string): OpenedStore {
  const store = new SqliteStore(place);
  t.after(() => store.close());
  return { store, place };
}

const HOLDER = fileURLToPath(new URL("fixtures/hold-store.js", import.meta.url));
const NOBODY = 65534;

/** A file with a recorded sweep. */
async function recorded(path: string): Promise<void> {
  const store = new SqliteStore(path);
  const sweep = await store.openSweep(sweepRecord(smallConfig()));
  const specs = specsIn(smallConfig());
  await store.enroll(sweep, specs);
  await store.record(sweep, specs.map(trained));
  await store.close();
}

async function countTrials(reader: SqliteReader): Promise<number> {
  const [{ trials }] = await reader.all<{ trials: number }>("select count(*) as trials from trial_results");
  return trials;
}

test("what was recorded is there when the file is opened again", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const store = new SqliteStore(path);
  t.after(() => store.close());
  const sweep = await store.openSweep(sweepRecord(smallConfig()));
  assert.deepEqual(await store.missing(sweep, specsIn(smallConfig()), false), { specs: [], rows: 0, failed: 0 });
});

test("the folder of the file is made where there is none", async (t) => {
  const path = join(folder(t), "a", "b", "sweep.db");
  await recorded(path);
  assert.ok(existsSync(path));
});

test("the file is in WAL mode, and is one file again once it is closed", async (t) => {
  const path = join(folder(t), "sweep.db");
  const store = new SqliteStore(path);
  assert.deepEqual(await store.all("pragma journal_mode"), [{ journal_mode: "wal" }]);
  await store.close();
  assert.equal(existsSync(`${path}-wal`), false);
});

test("the file says that it is ours, and its schema's version", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const db = new Database(path, { readonly: true });
  t.after(() => db.close());
  assert.equal(db.pragma("application_id", { simple: true }), Buffer.from("gmm1").readInt32BE());
  assert.equal(db.pragma("user_version", { simple: true }), 1);
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
});

test("a second process on one file is refused while the first one lives, and welcome after its kill -9", async (t) => {
  const path = join(folder(t), "sweep.db");
  const holder = await hold(t, path);
  assert.throws(() => new SqliteStore(path), {
    name: "SweepError",
    code: "BAD_STORE",
    message: `${path} is being written by another gmm-sweep: wait until it ends, or name another file with --db`,
  });
  holder.child.kill("SIGKILL");
  await holder.ended;
  await recorded(path);
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
  const reader = new SqliteReader(path);
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

test("a file that is not SQLite's is refused, and not a byte of it changes", (t) => {
  const path = join(folder(t), "notes.txt");
  writeFileSync(path, "These are my notes, and they are not a database. ".repeat(50));
  const before = readFileSync(path);
  const refusal = {
    code: "BAD_STORE",
    message: `${path} must be a gmm-sweep database, but is not a SQLite file: name another file with --db`,
  };
  assert.throws(() => new SqliteStore(path), refusal);
  assert.throws(() => new SqliteReader(path), refusal);
  assert.deepEqual(readFileSync(path), before);
  assert.deepEqual(readdirSync(dirname(path)), ["notes.txt"]);
});

test("another program's SQLite file is refused, and not a byte of it changes", (t) => {
  const path = join(folder(t), "other.db");
  const other = new Database(path);
  other.exec("create table recipes (name text); insert into recipes values ('soup')");
  other.close();
  const before = readFileSync(path);
  const refusal = {
    code: "BAD_STORE",
    message: `${path} must be a gmm-sweep database, but another program made it: name another file with --db`,
  };
  assert.throws(() => new SqliteStore(path), refusal);
  assert.throws(() => new SqliteReader(path), refusal);
  assert.deepEqual(readFileSync(path), before);
});

test("an empty SQLite file that another program marked as its own is refused", (t) => {
  const path = join(folder(t), "other.db");
  const other = new Database(path);
  other.pragma("application_id = 77");
  other.close();
  assert.throws(() => new SqliteStore(path), {
    message: `${path} must be a gmm-sweep database, but another program made it: name another file with --db`,
  });
});

test("an empty file becomes a database", async (t) => {
  const path = join(folder(t), "sweep.db");
  writeFileSync(path, "");
  await recorded(path);
});

test("a file of a newer schema is refused with the two versions, and not a byte of it changes", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const newer = new Database(path);
  newer.pragma("user_version = 9");
  newer.close();
  const before = readFileSync(path);
  const refusal = {
    code: "BAD_STORE",
    message: `${path} was written by a newer gmm-sweep (schema 9, this one knows 1): update gmm-sweep, or name another file with --db`,
  };
  assert.throws(() => new SqliteStore(path), refusal);
  assert.throws(() => new SqliteReader(path), refusal);
  assert.deepEqual(readFileSync(path), before);
});

test("a damaged file is told as such", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096);
  writeFileSync(path, bytes);
  assert.throws(() => new SqliteStore(path), {
    code: "BAD_STORE",
    message: `${path} is damaged: restore it from a backup, or name another file with --db`,
  });
});

test("a path that is a folder, or lies below a file, is refused", (t) => {
  const path = join(folder(t), "results");
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  for (const bad of [path, join(path, "file", "sweep.db")]) {
    assert.throws(() => new SqliteStore(bad), {
      code: "BAD_STORE",
      message: `${bad} cannot be opened as a database file: check the path, or name another file with --db`,
    });
  }
});

test("a reader of a file that is not there is refused, and makes none", (t) => {
  const path = join(folder(t), "sweep.db");
  assert.throws(() => new SqliteReader(path), {
    code: "BAD_STORE",
    message: `${path} cannot be opened as a database file: check the path, or name another file with --db`,
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

// SQLite reads a WAL file only where it may make the -shm file beside it.
test("a query of a file in a read-only folder is refused in a sentence", async (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, "results"));
  await recorded(join(cwd, "results", "sweep.db"));
  asNobodys(cwd);
  const { code, out, err } = await whileReadOnly(join(cwd, "results"), () =>
    unprivileged(t, cwd, "query", "select 1", "--db", "results/sweep.db"),
  );
  assert.deepEqual(
    [code, out, err],
    [
      2,
      "",
      "gmm-sweep: results/sweep.db cannot be read where it is, because SQLite keeps files beside the one it reads and the folder is read-only: copy it, with results/sweep.db-wal where there is one, to another folder\n",
    ],
  );
});

test("SQLite's own word for a full disk becomes a sentence, and the batch does not land", async (t) => {
  const path = join(folder(t), "sweep.db");
  await recorded(path);
  const db = new Database(path);
  t.after(() => db.close());
  db.pragma(`max_page_count = ${db.pragma("page_count", { simple: true })}`);
  const fill = (): void => {
    const insert = db.prepare("insert into epochs (trajectory_id, epoch) values (1, ?)");
    for (let epoch = 1000; epoch < 9000; epoch++) insert.run(epoch);
  };
  assert.throws(() => guarded(path, () => db.transaction(fill).immediate()), {
    code: "BAD_STORE",
    message: `${path} could not be written because the disk is full: make room and run the same command again; what had finished is kept`,
  });
  assert.equal(db.prepare("select max(epoch) from epochs").pluck().get(), 4);
});

test("a run on a full disk says so, keeps what had finished, and goes on from there when there is room", async (t) => {
  const disk = smallDisk(t);
  if (disk === null) return;
  const path = join(disk, "sweep.db");
  const args = [...SMALL, "--trials", "200", "--methods", "original", "--epochs", "original=9", "--db", path];
  const full = await gmm(disk, ...args);
  assert.deepEqual(
    [full.code, full.out, full.err],
    [
      2,
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

/** A disk of 160 kB; null, after skipping the test aloud, where none can be mounted. */
function smallDisk(t: TestContext): string | null {
  const path = mkdtempSync(join(tmpdir(), "gmm-sweep-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=160k", "gmm-sweep-test", path], { stdio: "ignore" });
  } catch {
    rmdirSync(path);
    t.skip("no small disk can be mounted here: that takes root on Linux");
    return null;
  }
  t.after(() => {
    execFileSync("umount", [path]);
    rmdirSync(path);
  });
  return path;
}
