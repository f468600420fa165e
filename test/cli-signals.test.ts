/** Signals and kills, sent to real processes: what is finished is kept, and going on gives what an undisturbed run gives. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { openStore } from "../src/store/open.js";
import { folder, type Running, rowsIn, start, startHeld, sweepObject } from "./command-line.js";

/** Eight trajectories for one thread, each a chunk until the first one is back. */
const SWEEP = [
  ...["--engine", "reference", "--samples", "100", "--workers", "1", "--trials", "8", "--quiet"],
  ...["--methods", "original", "--epochs", "original=60"],
];
const STOPPING = "\nstopping: the trajectories that are running will finish; once more to stop now\n";
const STOPPED = "stopped: what finished is kept in data/gmm-sweep.db; run the same command again to go on\n";

let undisturbed: Promise<string> | null = null;

/** The digest of SWEEP that nobody stops. */
function digest(t: TestContext): Promise<string> {
  undisturbed ??= sweepObject(folder(t), ...SWEEP).then((object) => object.digest);
  return undisturbed;
}

/** A run of SWEEP whose first row has landed, and whose second trajectory is being trained until the run is told to stop. */
function halfWay(t: TestContext, cwd: string, until: "drain" | "cancel", ...args: readonly string[]): Promise<Running> {
  return startHeld(t, cwd, { chunks: 1, until }, ...SWEEP, ...args);
}

/** Goes on with a run that kept so many rows, to the end that nobody disturbs. */
async function goesOn(t: TestContext, cwd: string, kept: number): Promise<void> {
  assert.equal(rowsIn(join(cwd, "data", "gmm-sweep.db")), kept);
  const second = await sweepObject(cwd, ...SWEEP);
  assert.deepEqual([second.trained, second.skipped, second.digest], [8 - kept, kept, await digest(t)]);
}

test("a run that is killed half-way goes on from what had finished, and ends in the digest of a run that was not", async (t) => {
  const cwd = folder(t);
  const run = await halfWay(t, cwd, "drain");
  run.child.kill("SIGKILL");
  assert.equal((await run.ended).signal, "SIGKILL");
  await goesOn(t, cwd, 1);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} lets what is running finish, says how to go on, and exits 130; going on gives the same digest`, async (t) => {
    const cwd = folder(t);
    const run = await halfWay(t, cwd, "drain");
    run.child.kill(signal);
    const { code, out, err } = await run.ended;
    assert.deepEqual([code, err], [130, STOPPING + STOPPED]);
    assert.match(out, /^original +2 /m, "the table of what there is");
    await goesOn(t, cwd, 2);
  });
}

test("a second SIGINT gives up what is running, and keeps what had finished", async (t) => {
  const cwd = folder(t);
  const run = await halfWay(t, cwd, "cancel");
  run.child.kill("SIGINT");
  await run.said("once more to stop now");
  run.child.kill("SIGINT");
  const { code, err } = await run.ended;
  assert.deepEqual([code, err], [130, STOPPING + STOPPED]);
  await goesOn(t, cwd, 1);
});

test("--json of a stopped run is still one object, and its exit code 130", async (t) => {
  const cwd = folder(t);
  const run = await halfWay(t, cwd, "drain", "--json");
  run.child.kill("SIGTERM");
  const { code, out } = await run.ended;
  const { trained, failed } = JSON.parse(out) as { trained: number; failed: number };
  assert.deepEqual([code, trained, failed], [130, 2, 0]);
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
