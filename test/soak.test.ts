/** The soak in short (`npm run soak` is the long form): kills at chosen points, and the checks by which the soak finds a fault. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { faultsOf, gridFlags, startGrid, undisturbed } from "../scripts/soak/product.js";
import { deathsIn, startMortal } from "../scripts/soak/proofs.js";
import { folder, rowsIn, startHeld } from "./command-line.js";
import { change } from "./fixtures/grids.js";

const FLAGS = gridFlags(2, 40);
const TRIAL_ROWS = 120;
const TRAJECTORIES = 76;
/** How many chunks each thread trains before a run is killed inside a training, and how many threads there are. */
const KILLED_AFTER: [chunks: number, workers: number][] = [
  [1, 1],
  [2, 2],
  [3, 1],
];
/** The training in which each thread dies. */
const LAST = 7;

let whole: Promise<string> | null = null;

/** The digest of the grid that nobody disturbs. */
function digest(t: TestContext): Promise<string> {
  whole ??= undisturbed(join(folder(t), "undisturbed.db"), FLAGS);
  return whole;
}

test("a grid that is killed by SIGKILL again and again, under other worker counts, lacks nothing and has nothing twice", async (t) => {
  const cwd = folder(t);
  const database = join(cwd, "killed.db");
  let before = 0;
  for (const [chunks, workers] of KILLED_AFTER) {
    const words = ["grid", ...FLAGS, "--db", database, "--quiet", "--workers", `${workers}`];
    const run = await startHeld(t, cwd, { chunks, until: "drain" }, ...words);
    run.child.kill("SIGKILL");
    assert.equal((await run.ended).signal, "SIGKILL");
    const rows = rowsIn(database);
    assert.ok(rows > before && rows < TRIAL_ROWS, `${rows} rows after ${before}`);
    before = rows;
  }
  assert.equal((await startGrid(database, FLAGS).ended).code, 0);
  assert.deepEqual(await faultsOf(database, await digest(t)), []);
});

test("a grid whose threads die by process.exit inside a training ends in the same bits", async (t) => {
  const database = join(folder(t), "mortal.db");
  const { code, out, err } = await startMortal(database, FLAGS, { soonest: LAST, latest: LAST, seed: 0 }).ended;
  assert.equal(code, 0, err);
  // However the trainings are shared, all of them but the last few of the two threads that live on were those of threads that died.
  const least = Math.ceil((TRAJECTORIES - 2 * (LAST - 1)) / LAST);
  assert.ok(deathsIn(out) >= least, `${deathsIn(out)} deaths of at least ${least}`);
  assert.match(out, /^its thread died: worker exited with code: 9$/m);
  // One that was unlucky twice is recorded as failed.
  assert.equal((await startGrid(database, [...FLAGS, "--retry-failed"]).ended).code, 0);
  assert.deepEqual(await faultsOf(database, await digest(t)), []);
});

const FAULTS: [what: string, sql: string, found: RegExp][] = [
  ["a row that is missing", "delete from trial_rows where epochs = 8 returning epochs", /^\d+ rows missing$/],
  [
    "a changed bit",
    "update trial_rows set penalty = penalty * (1 + 4e-16) where epochs = 8 returning epochs",
    /^digest \w+… instead of \w+…$/,
  ],
];

for (const [what, sql, found] of FAULTS) {
  test(`the soak's check finds ${what}`, async (t) => {
    const database = join(folder(t), "faulty.db");
    assert.equal((await startGrid(database, FLAGS).ended).code, 0);
    await change(database, sql);
    assert.ok((await faultsOf(database, await digest(t))).some((fault) => found.test(fault)));
  });
}
