/** What one place has is taken in by another, batch by batch: pull and push. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import { gridPlan } from "../src/plan/request.js";
import { QUIETLY, type Store, type TakeOptions } from "../src/store/contract.js";
import { openResults, openStore } from "../src/store/open.js";
import { folder, programmed } from "./command-line.js";
import { database, NO_SERVER, run } from "./fixtures/postgres.js";
import { openRequest, specsIn, trained } from "./fixtures/sweeps.js";

const GRID = {
  ...{ samples: "20", features: "2", hidden: "4,3", preset: "notebook,paired", trials: "60" },
  ...{ methods: "original,retrain_scratch,unlearn", lambda: "1,2", epochs: "1:2,original=3,retrain_scratch=3" },
};
const ALL: TakeOptions = { sweep: null, tell: () => {} };

/** A file of one sweep with made-up outcomes of its first `share`. */
async function fileOf(t: TestContext, grid: Record<string, string> = GRID, share = 1): Promise<string> {
  const path = join(folder(t), "from.db");
  await land(path, grid, share);
  return path;
}

async function land(path: string, grid: Record<string, string>, share = 1): Promise<void> {
  const store = await openStore(path);
  const plan = gridPlan(grid, null);
  const sweep = await store.open(openRequest(plan));
  const specs = specsIn(plan);
  const some = specs.slice(0, Math.ceil(share * specs.length)).map((spec) => trained(spec));
  await store.record(sweep, some);
  await store.close();
}

async function digestOf(place: string, sweep = 0): Promise<string> {
  const results = await openResults(place);
  try {
    return await results.digest((await results.sweeps())[sweep]);
  } finally {
    await results.close();
  }
}

async function taking<Result>(place: string, body: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(place, QUIETLY);
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

type Place = (t: TestContext) => Promise<string>;

function testTaking(kind: string, placeOf: Place): void {
  test(`${kind}: what was taken has the digest of where it came from, copies, commands and question included`, async (t) => {
    const [from, to] = [await fileOf(t), await placeOf(t)];
    const taken = await taking(to, (store) => store.take(from, ALL));
    assert.ok(taken.trialRows > 600, `${taken.trialRows}`);
    assert.equal(await digestOf(to), await digestOf(from));
    const [a, b] = [await openResults(from), await openResults(to)];
    const [[sweep], [there]] = [await a.sweeps(), await b.sweeps()];
    assert.deepEqual({ ...there, id: 0 }, { ...sweep, id: 0 });
    assert.deepEqual(await b.commands(there), await a.commands(sweep));
    assert.deepEqual(await b.stateCounts(there), await a.stateCounts(sweep));
    await a.close();
    await b.close();
    const again = await taking(to, (store) => store.take(from, ALL));
    assert.deepEqual(again, { trialRows: 0, epochs: 0 });
  });

  test(`${kind}: who is killed between two batches leaves a store that says what it lacks, and goes on`, async (t) => {
    const [from, to] = [await fileOf(t), await placeOf(t)];
    let batches = 0;
    const dying: TakeOptions = {
      sweep: null,
      tell: () => {
        batches += 1;
        if (batches === 2) throw new Error("killed");
      },
    };
    await assert.rejects(
      taking(to, (store) => store.take(from, dying)),
      { message: "killed" },
    );
    const results = await openResults(to);
    const lacks = (await results.methodStatus((await results.sweeps())[0])).reduce(
      (sum, { missing }) => sum + missing,
      0,
    );
    await results.close();
    assert.ok(lacks > 0);
    const { trialRows } = await taking(to, (store) => store.take(from, ALL));
    assert.equal(trialRows, lacks);
    assert.equal(await digestOf(to), await digestOf(from));
  });

  test(`${kind}: a sweep that grew brings what is new, and one of several comes alone`, async (t) => {
    const [from, to] = [await fileOf(t, GRID, 0.5), await placeOf(t)];
    const first = await taking(to, (store) => store.take(from, ALL));
    await land(from, { ...GRID, lambda: "1:3" });
    await land(from, { ...GRID, name: "other" });
    const second = await taking(to, (store) => store.take(from, { ...ALL, sweep: 1 }));
    assert.ok(first.trialRows > 0 && second.trialRows > 0);
    assert.equal(await digestOf(to), await digestOf(from));
    const results = await openResults(to);
    assert.deepEqual(
      (await results.sweeps()).map(({ plan }) => plan.name),
      ["grid"],
    );
    await results.close();
  });

  test(`${kind}: rows that differ are a fault of the check, and what is no more as its hash says is refused`, async (t) => {
    const [from, to] = [await fileOf(t), await placeOf(t)];
    await taking(to, (store) => store.take(from, ALL));
    const other = join(folder(t), "other.db");
    const plan = gridPlan(GRID, null);
    await taking(other, async (store) => {
      const sweep = await store.open(openRequest(plan));
      const outcome = trained(specsIn(plan)[0]);
      const rows = outcome.rows.map((row) => ({ ...row, measures: { ...row.measures, forget_margin: 0.125 } }));
      await store.record(sweep, [{ ...outcome, rows }]);
    });
    await assert.rejects(
      taking(to, (store) => store.take(other, ALL)),
      { fault: "check", message: /differs from .* in original .*, at epoch \d+, so one of the two is wrong/ },
    );
    const db = new Database(from);
    db.exec(
      "update trial_rows set forget_margin = forget_margin + 1 where rowid = (select max(rowid) from trial_rows)",
    );
    db.close();
    await assert.rejects(
      taking(to, (store) => store.take(from, ALL)),
      { fault: "check", message: /holds of unlearn of λ 2 on draw .*, trial 60 something else than what landed/ },
    );
  });
}

testTaking("file", async (t) => join(folder(t), "to.db"));
if (NO_SERVER !== null) test("pull and push with PostgreSQL", { skip: NO_SERVER }, () => {});
else {
  testTaking("postgres", database);

  test("push and pull: there and back the digest is the same, and --json says what is there", async (t) => {
    const [from, store, back] = [await fileOf(t), await database(t), join(folder(t), "back.db")];
    const digest = await digestOf(from);
    const pushed = await programmed(80, "push", from, "--store", store, "--quiet");
    assert.deepEqual([pushed.code, pushed.err], [0, ""]);
    assert.match(
      pushed.out,
      new RegExp(
        `trial rows and \\d+ epochs are new in ${store}\nsweep 1: (\\d+) of \\1 trial rows, digest ${digest}\n$`,
      ),
    );
    const pulled = await programmed(80, "pull", back, "--store", store, "--json");
    const said = JSON.parse(pulled.out) as { from: string; to: string; sweeps: { digest: string; missing: number }[] };
    assert.deepEqual(
      [said.from, said.to, said.sweeps.map((sweep) => [sweep.digest, sweep.missing])],
      [store, back, [[digest, 0]]],
    );
    assert.match((await programmed(80, "diff", from, back)).out, /^no difference/);
  });

  for (const way of ["pull", "push"])
    test(`${way} --sweep is not held up by what another sweep has that is damaged, and refuses that one by name`, async (t) => {
      const [file, store, back] = [await fileOf(t), await database(t), join(folder(t), "back.db")];
      await land(file, { ...GRID, name: "other", lambda: "7" });
      if (way === "pull") await programmed(80, "push", file, "--store", store, "--quiet");
      const damaging =
        "update trial_rows set forget_margin = 0 where id in (select r.id from trial_rows r join trajectories t on t.id = r.trajectory_id join cell_keys k on k.id = t.cell_key_id where k.lambda_reg = 7)";
      if (way === "pull") await run(`set search_path = gmm_sweep; ${damaging}`, store);
      else new Database(file).exec(damaging).close();
      const words = [way, way === "pull" ? back : file, "--store", store, "--quiet", "--sweep"];
      const [from, to] = way === "pull" ? [store, back] : [file, store];
      assert.equal((await programmed(80, ...words, "1")).code, 0);
      assert.equal(await digestOf(to), await digestOf(from));
      await assert.rejects(programmed(80, ...words, "2"), {
        message: /^.* holds of unlearn of λ 7 on draw .*, trial \d+.* something else than what landed/,
      });
    });

  test("what is refused before anything came leaves no file", async (t) => {
    const [store, file] = [await database(t), join(folder(t), "none.db")];
    await programmed(80, "push", await fileOf(t), "--store", store, "--quiet");
    // Which is met where the cells are held against the plan, after the file was made.
    await run("delete from gmm_sweep.sweep_cells", store);
    await assert.rejects(programmed(80, "pull", file, "--store", store), {
      fault: "usage",
      message: /holds other cells/,
    });
    assert.equal(existsSync(file), false);
  });

  test("a database in which nothing is has nothing to pull, and another one is named with --store", async (t) => {
    const [store, file] = [await database(t), join(folder(t), "none.db")];
    await assert.rejects(programmed(80, "pull", file, "--store", store), {
      fault: "usage",
      message: `${store} must hold a sweep, but it has none yet: run gmm-sweep first, or name another database with --store`,
    });
    assert.equal(existsSync(file), false);
  });

  test("a sweep that is not there is refused before a file is made", async (t) => {
    const [store, file] = [await database(t), join(folder(t), "none.db")];
    await programmed(80, "push", await fileOf(t), "--store", store, "--quiet");
    await assert.rejects(programmed(80, "pull", file, "--store", store, "--sweep", "7"), {
      fault: "usage",
      message: `--sweep must be a sweep of ${store}, one of 1, got 7`,
    });
    assert.equal(existsSync(file), false);
  });
}

test("pull and push take a file and a database, in that order, and say so", async (t) => {
  const db = join(folder(t), "x.db");
  for (const [words, message] of [
    [["pull", db], /^--store must name the database, .*, got none: of files, gmm-sweep merge unites several$/],
    [["push", db, "--store", db], /^--store must name the database, .*, got .*x\.db: /],
    [["pull", ""], /^OUT must not be empty, got '': leave it out, or write it as in gmm-sweep pull /],
    [["push", "postgres://me@db/sweeps"], /^FILE must be a database file, got postgres:\/\/me@db\/sweeps$/],
  ] as const)
    await assert.rejects(programmed(80, ...words), { fault: "usage", message });
  assert.equal(existsSync(db), false);
});
