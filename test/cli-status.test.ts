/** `gmm-sweep status`: what of a sweep is there, cell by cell, and whether that is all of it. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { statusCommand } from "../src/commands/status.js";
import { loadEngine } from "../src/engine/engines.js";
import { engineFrom, type Flags } from "../src/plan/flags.js";
import { gridPlan } from "../src/plan/request.js";
import { openStore } from "../src/store/open.js";
import { drawKey } from "../src/trial.js";
import { assertGolden, folder, gmm, programmed, rows, spoken, startHeld } from "./command-line.js";
import { retold, SMALL_GRID, type Tell, trainedFile } from "./fixtures/grids.js";
import { failed, openRequest } from "./fixtures/sweeps.js";

const FLAGS: Flags = {
  samples: "40",
  features: "3",
  hidden: "6,4",
  engine: "reference",
  trials: "3",
  workers: "1",
  lambda: "0,4.2",
  epochs: "1:2,original=12,retrain_scratch=10",
  "data-seeds": "1",
  quiet: true,
};

interface Cell {
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly trials: number;
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  readonly missing: number;
}

/** A file with a finished grid. */
function trained(t: TestContext, flags: Flags = {}): Promise<string> {
  return trainedFile(t, { ...FLAGS, ...flags });
}

/** The same, in which it went otherwise. */
async function changed(t: TestContext, flags: Flags, tell: Tell): Promise<string> {
  return retold(t, await trained(t, flags), tell);
}

/** Trial 2 of unlearn at λ 4.2 is not there. */
const FORGOTTEN: Tell = (outcome) => {
  const { cell, trial } = outcome.spec;
  return cell.method === "unlearn" && cell.lambda === 4.2 && trial === 2 ? null : outcome;
};

/** Neither is trial 3 of the original, which failed. */
const FORGOTTEN_AND_FAILED: Tell = (outcome) => {
  const { spec } = outcome;
  return spec.cell.method === "original" && spec.trial === 3 ? failed(spec, "its thread died") : FORGOTTEN(outcome);
};

/** What status says of a file, wherever and whenever that was made. */
function withoutPlace(out: string, db: string): string {
  return out.replaceAll(db, "sweep.db").replace(/^ {2}\S+Z, gmm-sweep \d.*$/gm, "  TIME, gmm-sweep VERSION, MACHINE");
}

async function cells(db: string, code: number, flags: Flags = {}): Promise<Cell[]> {
  const told = await spoken(statusCommand, { file: db, json: true, ...flags });
  assert.deepEqual([told.code, told.err], [code, ""]);
  return JSON.parse(told.out) as Cell[];
}

test("the status of a finished grid", async (t) => {
  const db = await trained(t);
  const { code, out, err } = await spoken(statusCommand, { file: db });
  assert.deepEqual([code, err], [0, ""]);
  assertGolden("the status of a finished grid", withoutPlace(out, db));
});

test("the status of a grid with missing and failed trials", async (t) => {
  const db = await changed(t, {}, FORGOTTEN_AND_FAILED);
  const { code, out, err } = await spoken(statusCommand, { file: db });
  assert.deepEqual([code, err], [1, ""]);
  assertGolden("the status of a grid with missing and failed trials", withoutPlace(out, db));
});

test("--json counts done, diverged, failed and missing of each cell, which add up to its trials", async (t) => {
  const all = await cells(await changed(t, {}, FORGOTTEN_AND_FAILED), 1);
  for (const { trials, done, diverged, failed, missing } of all)
    assert.equal(done + diverged + failed + missing, trials);
  assert.deepEqual(
    all.map(({ method, lambda_reg, epochs, done, failed, missing }) =>
      [method, lambda_reg, epochs, done, failed, missing].join(" "),
    ),
    [
      "original 0 12 2 1 0",
      "retrain_scratch 0 10 3 0 0",
      "unlearn 0 1 3 0 0",
      "unlearn 0 2 3 0 0",
      "unlearn 4.2 1 2 0 1",
      "unlearn 4.2 2 2 0 1",
    ],
  );
});

test("the view missing lists exactly the rows that status counts", async (t) => {
  const db = await changed(t, {}, FORGOTTEN_AND_FAILED);
  assert.deepEqual(await rows(db, "select method, trial, lambda_reg, epochs from missing order by epochs"), [
    ["unlearn", 2, 4.2, 1],
    ["unlearn", 2, 4.2, 2],
  ]);
});

test("trials that diverged are there: the sweep is complete", async (t) => {
  const all = await cells(await trained(t, { "learning-rate": "1e300", lambda: "4.2", epochs: "original=5" }), 0);
  assert.ok(all.some(({ diverged }) => diverged > 0));
  assert.ok(all.every(({ missing }) => missing === 0));
});

test("copies that a larger count of trials superseded are not counted", async (t) => {
  const db = await trained(t, { preset: "notebook" });
  assert.equal((await spoken(gridCommand, { ...FLAGS, preset: "notebook", trials: "5", db })).code, 0);
  const all = await cells(db, 0);
  assert.deepEqual(new Set(all.map(({ trials, done }) => `${done} of ${trials}`)), new Set(["5 of 5"]));
});

test("more than 20 cells that are not complete are cut, and it says how to list each row", async (t) => {
  const flags = { lambda: "4.2", epochs: "1:30,original=3,retrain_scratch=3" };
  const db = await changed(t, flags, FORGOTTEN);
  const { code, out } = await spoken(statusCommand, { file: db });
  const lines = out.trimEnd().split("\n");
  assert.deepEqual(
    [code, lines.at(-1)],
    [1, `… and more: gmm-sweep query "select * from missing" --db ${db} lists each missing row`],
  );
  assert.deepEqual(lines.slice(-23, -20), [
    "preset  method     λ  epochs  done  diverged  failed  missing",
    "------  -------  ---  ------  ----  --------  ------  -------",
    "paired  unlearn  4.2       1     2         0       0        1",
  ]);
});

test("cells that are not complete are told apart by all that the grid has several of", async (t) => {
  const flags = {
    hidden: ["6,4", "4,6"],
    "data-seeds": "1:2",
    lambda: "4.2",
    epochs: "2,original=3,retrain_scratch=3",
  };
  const { out } = await spoken(statusCommand, { file: await changed(t, flags, FORGOTTEN) });
  assert.match(out, /\ndraw {2}hidden {2}preset {2}method {5}λ {2}epochs {2}done {2}diverged {2}failed {2}missing\n/);
});

test("a column stays where the grid has several, though the cells that are shown are of one draw, net and start", async (t) => {
  const flags = {
    ...{
      "data-seeds": "1:3",
      hidden: ["6,4", "4,6"],
      lambda: "0,4.2",
      methods: "original,retrain_scratch,unlearn,relearn",
    },
    epochs: "1:2,original=3,retrain_scratch=3,relearn=2",
  };
  const onFirst: Tell = (outcome) => {
    const { cell, trial } = outcome.spec;
    const isLost = cell.method === "relearn" && trial === 2 && String(cell.widths) === "6,4";
    return isLost && cell.start.startsWith("unlearn@0x1") && drawKey(cell.draw) === "1" ? null : outcome;
  };
  const { out } = await programmed(200, "status", await changed(t, flags, onFirst));
  const [header, , ...cells] = out
    .slice(out.indexOf("\ndraw ") + 1)
    .trimEnd()
    .split("\n");
  assert.match(header, /^draw {2}hidden {2}preset {2}method {3}λ {2}epochs {2}start +done /);
  assert.equal(cells.length, 1, "they are of one draw, one net and one start");
});

test("all sweeps of a file are told, or the one of --sweep; as JSON they are one array", async (t) => {
  const db = await trained(t);
  const other = { name: "other", methods: "original", epochs: "original=12", lambda: undefined };
  assert.equal((await spoken(gridCommand, { ...FLAGS, db, ...other })).code, 0);
  const { out } = await spoken(statusCommand, { file: db });
  assert.deepEqual(out.match(/^(sweep|gmm-sweep) .*/gm), [
    "sweep 1, grid: 3 trials a cell, reference/f64/r1",
    "gmm-sweep grid --trials 3 --lambda 0,4.2 --epochs 1:2,original=12,retrain_scratch=10 --data-seeds 1 --samples 40 --features 3 --hidden 6,4 --engine reference",
    "sweep 2, other: 3 trials a cell, reference/f64/r1",
    "gmm-sweep grid --trials 3 --methods original --epochs original=12 --data-seeds 1 --samples 40 --features 3 --hidden 6,4 --engine reference --name other",
  ]);
  assert.ok(!(await spoken(statusCommand, { file: db, sweep: "2" })).out.includes("sweep 1,"));
  assert.deepEqual([(await cells(db, 0)).length, (await cells(db, 0, { sweep: "2" })).length], [7, 1]);
});

test("each command that opened or grew a sweep is told once, with its time, version and machine", async (t) => {
  const db = await trained(t);
  for (const flags of [{ lambda: "7" }, {}])
    assert.equal((await spoken(gridCommand, { ...FLAGS, ...flags, db })).code, 0);
  const { out } = await spoken(statusCommand, { file: db });
  const rest = "--epochs 1:2,original=12,retrain_scratch=10 --data-seeds 1 --samples 40 --features 3 --hidden 6,4";
  assert.deepEqual(
    out.match(/^gmm-sweep .*/gm),
    ["0,4.2", "7"].map((lambda) => `gmm-sweep grid --trials 3 --lambda ${lambda} ${rest} --engine reference`),
  );
  assert.equal(out.match(/^ {2}\d{4}-\d\d-\d\dT[\d:.]+Z, gmm-sweep \d+\.\d+\.\d+, .+, Node \d.*$/gm)?.length, 2);
});

test("a sweep that was opened and never trained lacks all of its rows", async (t) => {
  const db = join(folder(t), "sweep.db");
  const { profile } = await loadEngine(engineFrom(FLAGS));
  const store = await openStore(db);
  await store.open(openRequest(gridPlan(FLAGS, null), profile));
  await store.close();
  const { code, out } = await spoken(statusCommand, { file: db });
  assert.equal(code, 1);
  assert.match(out, new RegExp(`\\n18 of 18 trial rows are missing, 0 failed\\ngmm-sweep resume ${db} goes on\\n`));
});

test("a shard is complete when its own part is there, and says who trains the rest", async (t) => {
  const flags = { shard: "1/2", lambda: "4.2", epochs: "2,original=3,retrain_scratch=3" };
  const db = await trained(t, flags);
  const whole = await spoken(statusCommand, { file: db });
  assert.equal(whole.code, 0);
  assert.match(
    whole.out,
    /, shard 1\/2\n[\s\S]*\n\d of 9 trial rows are missing, 0 failed\nshard 1\/2 of it is complete: other shards train what is missing, gmm-sweep merge unites them\n$/,
  );
  let told = 0;
  const partial = await changed(t, flags, (outcome) => (told++ === 0 ? null : outcome));
  const lacking = await spoken(statusCommand, { file: partial });
  assert.equal(lacking.code, 1);
  assert.match(
    lacking.out,
    /\nshard 1\/2 of it lacks 1, other shards train the rest\ngmm-sweep resume \S+ goes on\n\npreset /,
  );
  await spoken(gridCommand, { ...FLAGS, ...flags, db: partial });
  assert.equal((await spoken(gridCommand, { ...FLAGS, ...flags, shard: undefined, db: partial })).code, 0);
  const both = await spoken(statusCommand, { file: partial });
  assert.equal(both.code, 0);
  assert.match(both.out, /\ncomplete: each of the 9 trial rows is there\n$/);
});

test("status answers while a run is writing the file, and its counts grow", async (t) => {
  const cwd = folder(t);
  const db = join(cwd, "sweep.db");
  const args = ["--lambda", "4.2", "--epochs", "5,original=12", "--trials", "40", "--workers", "2", "--db", "sweep.db"];
  const released = join(cwd, "released");
  const run = await startHeld(t, cwd, { chunks: 1, until: { file: released } }, "grid", ...SMALL_GRID, ...args);
  const before = await cells(db, 1);
  const done = (found: readonly Cell[]): number => found.reduce((sum, cell) => sum + cell.done, 0);
  assert.ok(done(before) > 0 && done(before) < 120);
  writeFileSync(released, "");
  assert.equal((await run.ended).code, 0);
  assert.equal(done(await cells(db, 0)), 120);
});

const REFUSED: [what: string, flags: (cwd: string) => Flags, message: (cwd: string) => string][] = [
  [
    "a file that is not there",
    (cwd) => ({ file: join(cwd, "none.db") }),
    (cwd) => `${cwd}/none.db is not there: name a file that is, such as ${cwd}/new.db, ${cwd}/empty.db`,
  ],
  [
    "a folder",
    (cwd) => ({ db: cwd }),
    (cwd) => `${cwd} cannot be opened as a database file: check the path, or name another file with --db`,
  ],
  [
    "an empty file",
    (cwd) => ({ file: join(cwd, "empty.db") }),
    (cwd) => `${cwd}/empty.db must hold results, but it is empty: run gmm-sweep first, or name another file with --db`,
  ],
  [
    "a file without a sweep",
    (cwd) => ({ file: join(cwd, "new.db") }),
    (cwd) =>
      `${cwd}/new.db must hold a sweep, but it has none yet: run gmm-sweep first, or name another file with --db`,
  ],
  [
    "a file that is named twice",
    (cwd) => ({ file: join(cwd, "new.db"), db: "other.db" }),
    (cwd) =>
      `FILE must not be given with --db, which names the file too, got ${cwd}/new.db and other.db: leave one of them out`,
  ],
];

for (const [what, flags, message] of REFUSED) {
  test(`refused in one sentence: ${what}`, async (t) => {
    const cwd = folder(t);
    writeFileSync(join(cwd, "empty.db"), "");
    await (await openStore(join(cwd, "new.db"))).close();
    await assert.rejects(spoken(statusCommand, flags(cwd)), { name: "SweepError", message: message(cwd) });
  });
}

test("a sweep that the file does not have is refused with those that it has", async (t) => {
  const db = await trained(t, { methods: "original", epochs: "original=12", lambda: undefined });
  await assert.rejects(spoken(statusCommand, { file: db, sweep: "2" }), {
    fault: "usage",
    message: `--sweep must be a sweep of ${db}, one of 1, got 2`,
  });
  await assert.rejects(spoken(statusCommand, { file: db, sweep: "first" }), {
    message: "--sweep must be a whole number from 1 up to 2^53 − 1, got first",
  });
});

test("the exit code of a process is that of the command", async (t) => {
  const cwd = folder(t);
  assert.deepEqual(await gmm(cwd, "status", "none.db"), {
    code: 2,
    signal: null,
    out: "",
    err: "gmm-sweep: none.db is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid\n",
  });
  assert.deepEqual(readdirSync(cwd), []);
});

test("before a terminal of 80 columns no line is wider, but a command that is to be copied", async (t) => {
  const path = await trainedFile(t, FLAGS);
  const less = await trainedFile(t, { ...FLAGS, trials: "1" });
  for (const words of [
    ["status", path],
    ["diff", path, less],
    ["verify", "--sample", "0", path],
    ["replay", "unlearn", "1", path, "--lambda", "4.2", "--epoch", "1"],
    ["backup", path, `${path}.copy`],
    ["query", "select * from trial_results limit 2", path],
    ["grid", "--lambda", "0:10:0.25", "--epochs", "1:9", "--samples", "8", "--engine", "reference", "--dry-run"],
    ["doctor"],
  ])
    for (const line of (await programmed(80, ...words)).out.split("\n"))
      assert.ok(line.length <= 80 || line.startsWith("gmm-sweep "), line);
});
