/** The soak in short (`npm run soak` is the long form): kills at chosen points, and the checks by which the soak finds a fault. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { faultsOf, gridFlags, startGrid, undisturbed, untilRows } from "../scripts/soak/product.js";
import { startMortal } from "../scripts/soak/proofs.js";
import { folder } from "./command-line.js";
import { change } from "./fixtures/grids.js";

const FLAGS = gridFlags(2, 40);
/** Trial rows that have landed when a run is killed. */
const KILLED_AT = [1, 30, 70];

let whole: Promise<string> | null = null;

/** The digest of the grid that nobody disturbs. */
function digest(t: TestContext): Promise<string> {
  whole ??= undisturbed(join(folder(t), "undisturbed.db"), FLAGS);
  return whole;
}

test("a grid that is killed by SIGKILL again and again, under other worker counts, lacks nothing and has nothing twice", async (t) => {
  const database = join(folder(t), "killed.db");
  for (const [i, rows] of KILLED_AT.entries()) {
    const run = startGrid(database, [...FLAGS, "--workers", `${1 + (i % 2)}`]);
    await untilRows(database, rows, run);
    run.child.kill("SIGKILL");
    await run.ended;
  }
  assert.equal((await startGrid(database, FLAGS).ended).code, 0);
  assert.deepEqual(await faultsOf(database, await digest(t)), []);
});

test("a grid whose threads die by process.exit inside a training ends in the same bits", async (t) => {
  const database = join(folder(t), "mortal.db");
  const { code, out, err } = await startMortal(database, FLAGS).ended;
  assert.equal(code, 0, err);
  assert.match(out, /^its thread died: /);
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
