/** Signals and kills, sent to real processes: what is finished is kept, and going on gives what an undisturbed run gives. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { openStore } from "../src/store/open.js";
import { folder, type Running, rowsIn, start, sweepObject, untilRows } from "./command-line.js";

/** A second of work for one thread of the slowest engine, in several chunks. */
const SWEEP = [
  "--engine",
  "reference",
  "--samples",
  "100",
  "--workers",
  "1",
  "--trials",
  "8",
  "--methods",
  "original",
  "--epochs",
  "original=60",
];
/** A run whose second trajectory ends at once, and whose first one never does. */
const ENDLESS = [
  "--samples",
  "20",
  "--workers",
  "2",
  "--trials",
  "1",
  "--methods",
  "original,retrain_scratch",
  "--epochs",
  "original=1000000,retrain_scratch=1",
];
const STOPPING = "\nstopping: the trajectories that are running will finish; once more to stop now\n";
const STOPPED = "stopped: what finished is kept in data/gmm-sweep.db; run the same command again to go on\n";

let undisturbed: Promise<string> | null = null;

/** The digest of SWEEP that nobody stops. */
function digest(t: TestContext): Promise<string> {
  undisturbed ??= sweepObject(folder(t), ...SWEEP).then((object) => object.digest);
  return undisturbed;
}

/** Starts a run, and returns once `count` rows have landed. */
async function running(t: TestContext, cwd: string, args: readonly string[], count: number): Promise<Running> {
  mkdirSync(join(cwd, "data"), { recursive: true });
  const run = start(cwd, ...args);
  t.after(() => run.child.kill("SIGKILL"));
  await untilRows(join(cwd, "data", "gmm-sweep.db"), count, run);
  return run;
}

test("a run that is killed half-way goes on from what had finished, and ends in the digest of a run that was not", async (t) => {
  const cwd = folder(t);
  const run = await running(t, cwd, SWEEP, 1);
  run.child.kill("SIGKILL");
  assert.equal((await run.ended).signal, "SIGKILL");
  const kept = rowsIn(join(cwd, "data", "gmm-sweep.db"));
  assert.ok(kept >= 1 && kept < 8, `${kept} of 8 had finished`);
  const second = await sweepObject(cwd, ...SWEEP);
  assert.deepEqual([second.trained, second.skipped, second.digest], [8 - kept, kept, await digest(t)]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} lets what is running finish, says how to go on, and exits 130; going on gives the same digest`, async (t) => {
    const cwd = folder(t);
    const run = await running(t, cwd, SWEEP, 1);
    run.child.kill(signal);
    const { code, out, err } = await run.ended;
    assert.deepEqual([code, err], [130, STOPPING + STOPPED]);
    assert.match(out, /^original +[1-7] /m, "the table of what there is");
    const kept = rowsIn(join(cwd, "data", "gmm-sweep.db"));
    const second = await sweepObject(cwd, ...SWEEP);
    assert.deepEqual([second.trained, second.skipped, second.digest], [8 - kept, kept, await digest(t)]);
  });
}

test("a second SIGINT gives up what is running, and keeps what had finished", async (t) => {
  const cwd = folder(t);
  const run = await running(t, cwd, ENDLESS, 1);
  run.child.kill("SIGINT");
  await run.said("once more to stop now");
  run.child.kill("SIGINT");
  const { code, err } = await run.ended;
  assert.deepEqual([code, err], [130, STOPPING + STOPPED]);
  assert.equal(rowsIn(join(cwd, "data", "gmm-sweep.db")), 1);
});

test("--json of a stopped run is still one object, and its exit code 130", async (t) => {
  const cwd = folder(t);
  const run = await running(t, cwd, [...SWEEP, "--json"], 1);
  run.child.kill("SIGTERM");
  const { code, out } = await run.ended;
  const { trained, failed } = JSON.parse(out) as { trained: number; failed: number };
  assert.deepEqual([code, failed], [130, 0]);
  assert.ok(trained >= 1 && trained < 8, `${trained} of 8`);
});

// Neither query ends by itself before a SIGINT comes, but the first one would end some time: it must not fill a disk or a memory.
const RUNAWAYS: [about: string, sql: string, said: string][] = [
  [
    "that prints on and on",
    "with recursive c(x) as (select 1 union all select x + 1 from c limit 3000000) select x from c",
    "\n100\n",
  ],
  [
    "that never prints",
    "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) as endless from c",
    "endless\n",
  ],
];

for (const [about, sql, said] of RUNAWAYS) {
  test(`a runaway query ${about} is ended by SIGINT`, async (t) => {
    const cwd = folder(t);
    await emptyStore(cwd);
    const query = start(cwd, "query", sql, "--format", "csv", "--db", "sweep.db");
    t.after(() => query.child.kill("SIGKILL"));
    await query.said(said);
    query.child.kill("SIGINT");
    const { code, signal } = await query.ended;
    // A shell says 130 of both.
    assert.ok(signal === "SIGINT" || code === 130, `code ${code}, signal ${signal}`);
  });
}

test("a reader that goes away early is no error", async (t) => {
  const cwd = folder(t);
  await emptyStore(cwd);
  const sql = "with recursive c(x) as (select 1 union all select x + 1 from c limit 200000) select x from c";
  const query = start(cwd, "query", sql, "--format", "csv", "--db", "sweep.db");
  await query.said("\n10\n");
  query.child.stdout?.destroy();
  const { code, err } = await query.ended;
  assert.deepEqual([code, err], [0, ""]);
});

/** A database of ours with nothing in it, for a query to run on. */
async function emptyStore(cwd: string): Promise<void> {
  await (await openStore(join(cwd, "sweep.db"))).close();
}
