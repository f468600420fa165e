/** `gmm-sweep grid` from end to end: what it trains, keeps, prints, logs and says, and that the results do not depend on how it got there. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { runCommand } from "../src/commands/run.js";
import { loadEngine } from "../src/engine/engines.js";
import { engineFrom, type Flags } from "../src/plan/flags.js";
import { gridPlan } from "../src/plan/request.js";
import { openStore } from "../src/store/open.js";
import { assertGolden, folder, gmm, rows, spoken, startHeld } from "./command-line.js";
import { change, retold, SMALL_GRID, trainedFile, withMeasures } from "./fixtures/grids.js";
import { failed, openRequest, specsIn } from "./fixtures/sweeps.js";

/** A grid of 8 cells that is trained in a moment. */
const FLAGS: Flags = {
  samples: "40",
  features: "3",
  hidden: "6,4",
  engine: "reference",
  trials: "3",
  workers: "1",
  lambda: "0,4.2",
  epochs: "1:3,original=12,retrain_scratch=10",
  "data-seeds": "1",
};
const CELLS = 8;

interface GridObject {
  readonly sweep: number;
  readonly digest: string;
  readonly trained: number;
  readonly skipped: number;
  readonly failed: number;
  readonly diverged: number;
  readonly elapsed_ms: number;
  readonly nearest: readonly Record<string, unknown>[];
  readonly original: readonly Record<string, unknown>[];
  readonly retrain_scratch: readonly Record<string, unknown>[];
}

/** Runs a grid that must succeed, and gives its object. */
async function grid(flags: Flags): Promise<GridObject> {
  const { code, out, err } = await spoken(gridCommand, { ...FLAGS, quiet: true, ...flags, json: true });
  assert.deepEqual([code, err], [0, ""]);
  return JSON.parse(out) as GridObject;
}

function database(t: TestContext): string {
  return join(folder(t), "sweep.db");
}

test("the nearest cells of a tiny grid", async (t) => {
  const db = database(t);
  const { code, out, err } = await spoken(gridCommand, { ...FLAGS, db });
  assert.deepEqual([code, err], [0, ""]);
  assertGolden("the nearest cells of a tiny grid", out.replaceAll(db, "sweep.db"));
});

test("beside another sweep of the file a grid's list names the command that judges its own alone", async (t) => {
  const db = database(t);
  for (const [name, sweep] of [
    ["first", ""],
    ["second", " --sweep 2"],
  ]) {
    const { out } = await spoken(gridCommand, { ...FLAGS, name, db });
    assert.ok(out.includes(`this judges them:\n  gmm-sweep verdict ${db}${sweep}\n`), out);
  }
});

test("a second run trains nothing, says so, and prints the same", async (t) => {
  const db = await trainedFile(t, FLAGS);
  const first = await spoken(gridCommand, { ...FLAGS, db });
  const second = await spoken(gridCommand, { ...FLAGS, db });
  assert.deepEqual(second, first);
  assert.equal(second.err, "everything is finished already: nothing to train\n");
  assertGolden("the nearest cells of a tiny grid", second.out.replaceAll(db, "sweep.db"));
});

test("--json is one object, with the counts of the run and the nearest cells", async (t) => {
  const db = database(t);
  const { digest, elapsed_ms, nearest, original, retrain_scratch, ...counts } = await grid({ db });
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.ok(elapsed_ms >= 0);
  assert.deepEqual(counts, {
    ...{ sweep: 1, trained: 3 * CELLS, skipped: 0, failed: 0, diverged: 0 },
    ...{ compared: 6, nothing_to_forget: { draws: 0, of: 1 }, on_other_draws: [], left: 0 },
  });
  for (const cell of [nearest[0], original[0], retrain_scratch[0]])
    assert.deepEqual(Object.keys(cell), [
      ...["samples", "features", "forget_rows", "hidden", "learning_rate", "preset", "method", "lambda_reg", "epochs"],
      ...["seed", "start", "profile", "draws", "trials", "train_accuracy_mean"],
      ...["forget_probability_mean", "retrain_mean", "distance", "standard_error"],
    ]);
  const distances = nearest.map(({ distance }) => Number(distance));
  assert.deepEqual(
    distances,
    distances.toSorted((a, b) => a - b),
  );
  assert.deepEqual([nearest.length, nearest[0]["draws"], nearest[0]["trials"]], [6, 1, 3]);
});

test("the digest does not depend on workers, on what is recorded, or on the order of λ", async (t) => {
  const cwd = folder(t);
  const { digest } = await grid({ db: join(cwd, "one.db"), workers: "1" });
  assert.equal((await grid({ db: join(cwd, "many.db"), workers: "3", lambda: "4.2,0" })).digest, digest);
  for (const [record, epochs] of [
    ["final", 12],
    ["asked", 24],
    ["all", 3 * (12 + 10 + 2 * 3)],
  ] as const) {
    const db = join(cwd, `${record}.db`);
    assert.equal((await grid({ db, record })).digest, digest, record);
    assert.deepEqual(await rows(db, "select count(*) from epochs"), [[epochs]], record);
  }
});

const EXTENSIONS: [what: string, flags: Flags, trained: number][] = [
  ["more λ", { lambda: "0,1,4.2" }, 9],
  ["more epochs", { epochs: "1:5,original=12,retrain_scratch=10" }, 12],
  ["more trials", { trials: "4" }, CELLS],
  ["more draws", { "data-seeds": "1:2" }, 3 * CELLS],
  ["other methods", { methods: "original,retrain_scratch,unlearn,fine_tune" }, 3],
  ["another net", { hidden: ["6,4", "4,4"], grow: true }, 3 * CELLS],
  ["another preset", { preset: "paired,notebook", grow: true }, 3 * CELLS],
];

for (const [what, flags, trained] of EXTENSIONS) {
  test(`a grid that is extended by ${what} is that of a fresh file, and trains only what was missing`, async (t) => {
    const grown = await grid({ db: await trainedFile(t, FLAGS), ...flags });
    assert.deepEqual([grown.sweep, grown.trained, grown.skipped], [1, trained, 3 * CELLS]);
    const fresh = await grid({ db: database(t), ...flags });
    assert.deepEqual([fresh.digest, fresh.nearest], [grown.digest, grown.nearest]);
  });
}

test("asking for fewer trials changes nothing, and says that the results cover all of them", async (t) => {
  const db = await trainedFile(t, FLAGS);
  const { digest } = await grid({ db });
  const { code, out, err } = await spoken(gridCommand, { ...FLAGS, db, trials: "2", json: true });
  assert.deepEqual([code, (JSON.parse(out) as GridObject).digest], [0, digest]);
  assert.equal(
    err,
    "this sweep has been asked for 3 trials before: the results cover all of them\neverything is finished already: nothing to train\n",
  );
});

test("what a grid asks for beside its name's earlier cells is trained with what those lack by now", async (t) => {
  const db = await trainedFile(t, FLAGS);
  const { trained, skipped } = await grid({ db, trials: "4", lambda: "7" });
  assert.deepEqual([trained, skipped], [CELLS + 3 * 4, 3 * CELLS], "trial 4 of the first cells, and all of λ = 7");
  assert.deepEqual(await rows(db, "select count(*) from missing"), [[0]]);
  const fresh = await grid({ db: database(t), trials: "4", lambda: "0,4.2,7" });
  assert.equal((await grid({ db, trials: "4" })).digest, fresh.digest);
});

const OTHER_AXES: [option: string, flags: Flags, there: string, got: string][] = [
  ["--samples", { samples: "50" }, "40", "50"],
  ["--features", { features: "2:3" }, "3", "2"],
  ["--forget-rows", { "forget-rows": "2" }, "1", "2"],
  ["--hidden", { hidden: "4,4" }, "6,4", "4,4"],
  ["--learning-rate", { "learning-rate": "0.1" }, "0.01", "0.1"],
  ["--preset", { preset: "notebook" }, "paired", "notebook"],
];

for (const [option, flags, there, got] of OTHER_AXES) {
  test(`${option} that a sweep of this name does not have is refused with both ways on, dry or not, and the file is kept`, async (t) => {
    const db = await trainedFile(t, FLAGS);
    const { digest } = await grid({ db });
    for (const dry of [undefined, true])
      await assert.rejects(spoken(gridCommand, { ...FLAGS, ...flags, db, "dry-run": dry }), {
        fault: "usage",
        message: `${option} must be what the sweep grid has, ${there}, got ${got}: give another sweep its own --name, or --grow where this one is to have both`,
      });
    assert.equal((await grid({ db })).digest, digest);
  });
}

test("another name, seed or precision is another sweep of the same file", async (t) => {
  const db = database(t);
  await grid({ db, name: "one", engine: "fused" });
  const others = [
    await grid({ db, name: "two", engine: "fused" }),
    await grid({ db, name: "one", engine: "fused", seed: "1" }),
    await grid({ db, name: "one", engine: "fused", precision: "f64" }),
  ];
  assert.deepEqual(
    others.map(({ sweep, trained, skipped }) => [sweep, trained, skipped]),
    [
      [2, 0, 24],
      [3, 24, 0],
      [4, 24, 0],
    ],
    "another name asks for rows that are there",
  );
});

test("a sweep file gives the grid and its name, options stand in place of its keys, and the sweep notes the command", async (t) => {
  const cwd = folder(t);
  const file = join(cwd, "night.yaml");
  writeFileSync(file, "lambda: [0, 4.2]\nepochs: 1:3\ntrials: 9\ndata-seeds: 1\n");
  const { lambda: _lambda, epochs: _epochs, "data-seeds": _seeds, ...rest } = FLAGS;
  const db = join(cwd, "sweep.db");
  const { trained } = await grid({ ...rest, lambda: undefined, epochs: undefined, "data-seeds": undefined, file, db });
  assert.equal(trained, 3 * CELLS);
  assert.deepEqual(await rows(db, "select name from sweeps"), [["night"]]);
  const [[command]] = await rows(db, "select command from commands");
  assert.equal(
    command,
    `gmm-sweep grid ${file} --trials 3 --samples 40 --features 3 --hidden 6,4 --engine reference`,
    "without what does not change the results",
  );
});

test("the parts of a grid are disjoint and make the whole", async (t) => {
  const cwd = folder(t);
  const parts = ["1/3", "2/3", "3/3"];
  for (const [i, shard] of parts.entries()) {
    const { trained } = await grid({ shard, db: join(cwd, `part${i}.db`) });
    assert.ok(trained > 0 && trained < 3 * CELLS);
  }
  const whole = await grid({ db: join(cwd, "whole.db") });
  // A file that holds a part takes no other, but the whole.
  const together = join(cwd, "part0.db");
  await assert.rejects(grid({ shard: "2/3", db: together }), {
    fault: "usage",
    message: `--shard must be 1/3, which ${together} is to hold of the sweep, got 2/3: give it a file of its own with --db, or leave --shard out for the whole`,
  });
  assert.equal((await grid({ shard: "1/3", db: together })).trained, 0);
  assert.equal((await grid({ db: together })).digest, whole.digest);
  assert.deepEqual(await rows(join(cwd, "part1.db"), "select shard from sweeps"), [["2/3"]]);
});

test("where there is no retrain to hold cells against, it says what lists them", async (t) => {
  const flags = { methods: "original", epochs: "original=12", lambda: undefined };
  const { code, out } = await spoken(gridCommand, { ...FLAGS, ...flags, db: database(t) });
  assert.equal(code, 0);
  assert.match(
    out,
    /^no finished cell to hold against retrain_scratch: gmm-sweep query "select \* from cell_summary" --db \S+\/sweep\.db lists what is there\n\nsweep 1: 3 trial rows done, 0 diverged, 0 failed\ndigest [0-9a-f]{64}\n$/,
  );
});

test("trials that diverge are results: exit code 0, and nothing of them is trained again", async (t) => {
  const db = database(t);
  const first = await grid({ db, "learning-rate": "1e300" });
  assert.ok(first.diverged > 0);
  assert.equal(first.trained + first.diverged, 3 * CELLS);
  const again = await grid({ db, "learning-rate": "1e300" });
  assert.deepEqual([again.trained, again.skipped, again.diverged, again.digest], [0, 24, 0, first.digest]);
});

/** A file in which trial 2 of the original failed and nothing else was tried. */
async function failedBefore(db: string, flags: Flags, reason: string): Promise<void> {
  const plan = gridPlan(flags, null);
  const { profile } = await loadEngine(engineFrom(flags));
  const store = await openStore(db);
  const sweep = await store.open(openRequest(plan, profile));
  const broken = specsIn(plan).filter(({ cell, trial }) => cell.method === "original" && trial === 2);
  await store.record(
    sweep,
    broken.map((spec) => failed(spec, reason)),
  );
  await store.close();
}

test("a failed trial makes the exit code 1 and names its reason, until --retry-failed trains it", async (t) => {
  const cwd = folder(t);
  const db = join(cwd, "sweep.db");
  const { digest } = await grid({ db: await trainedFile(t, FLAGS) });
  await failedBefore(db, FLAGS, "its thread died: worker exited with code: 9");
  const sentences =
    "1 of original failed, first trial 2: its thread died: worker exited with code: 9\nrun the same command with --retry-failed to train the failed trials again\n";
  for (const said of [sentences, `everything is finished already: nothing to train\n${sentences}`]) {
    const { code, out, err } = await spoken(gridCommand, { ...FLAGS, db });
    assert.deepEqual([code, err], [1, said]);
    assert.match(out, /\nsweep 1: 23 trial rows done, 0 diverged, 1 failed\n/);
  }
  const retried = await grid({ db, "retry-failed": true });
  assert.deepEqual([retried.trained, retried.skipped, retried.failed, retried.digest], [1, 23, 0, digest]);
});

test("results that differ from what the file holds stop the grid, the file is kept, and the log says why", async (t) => {
  const told = await retold(t, await trainedFile(t, FLAGS), (outcome) =>
    outcome.spec.cell.method === "unlearn" ? withMeasures(outcome, 2, { penalty: 0.5 }) : outcome,
  );
  const log = join(folder(t), "sweep.log");
  const asked = grid({ db: told, epochs: "1:4,original=12,retrain_scratch=10", log });
  const message =
    /^.*sweep\.db holds 0\.5 where unlearn trial [123] now gave 0\.\d+ at epoch 2, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db$/;
  await assert.rejects(asked, { fault: "check", message });
  const [[kept]] = await rows(told, "select count(*) from trial_results where epochs = 2 and penalty = 0.5");
  assert.equal(kept, 6);
  const end = logged(log).at(-1);
  assert.deepEqual([end?.["event"], end?.["exit_code"]], ["end", 1]);
  assert.match(String(end?.["reason"]), message);
});

test("a trajectory that another program changed is not built on", async (t) => {
  const db = await trainedFile(t, FLAGS);
  await change(db, "update trial_rows set penalty = 0.5 where epochs = 2 returning epochs");
  await assert.rejects(grid({ db, epochs: "1:4,original=12,retrain_scratch=10" }), { fault: "usage" });
});

/** The lines of a log, each an event with what the test looks at. */
function logged(path: string): Record<string, unknown>[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("--log appends a line of JSON for each event, from start to end", async (t) => {
  const cwd = folder(t);
  const [db, log] = [join(cwd, "sweep.db"), join(cwd, "sweep.log")];
  await grid({ db, log });
  const [begin, ...events] = logged(log);
  const end = events.pop();
  assert.deepEqual(Object.keys(begin), ["time", "event", "sweep", "command", "profile", "missing"]);
  assert.deepEqual(
    [begin["event"], begin["sweep"], begin["missing"]],
    ["start", 1, { rows: 24, trajectories: 12, epochs: 3 * (12 + 10 + 2 * 3) }],
  );
  for (const event of events) assert.deepEqual(Object.keys(event), ["time", "event", "trajectories", "progress"]);
  const landed = events.reduce((sum, { trajectories }) => sum + Number(trajectories), 0);
  assert.equal(landed, 12, "each trajectory once");
  assert.deepEqual(
    { ...end, time: "", elapsed_ms: 0 },
    {
      time: "",
      event: "end",
      trained: 24,
      failed: 0,
      diverged: 0,
      stopped: false,
      skipped: 0,
      elapsed_ms: 0,
      exit_code: 0,
      reason: null,
    },
  );
  for (const { time } of logged(log)) assert.equal(new Date(String(time)).toISOString(), time);
  const before = readFileSync(log, "utf8");
  await grid({ db, log });
  assert.ok(readFileSync(log, "utf8").startsWith(before));
  assert.deepEqual(
    logged(log)
      .slice(-2)
      .map(({ event }) => event),
    ["start", "end"],
  );
});

test("a run has a log, too, and keeps it out of its database", async (t) => {
  const cwd = folder(t);
  const [db, log] = [join(cwd, "sweep.db"), join(cwd, "sweep.log")];
  const small = { ...{ samples: "8", features: "2", hidden: "3,2", engine: "reference" }, methods: "original" };
  await spoken(runCommand, { ...small, epochs: "original=2", trials: "1", workers: "1", quiet: true, db, log });
  const events = logged(log);
  assert.deepEqual([events[0]["event"], events.at(-1)?.["event"], events.at(-1)?.["trained"]], ["start", "end", 1]);
  await assert.rejects(spoken(runCommand, { db, log: db }), {
    message: `--log must be another file than the database, got ${db} for both: name a file of its own`,
  });
});

test("a log that cannot be written, or that is a file of the grid, is refused before anything is written", async (t) => {
  const cwd = folder(t);
  const [db, file] = [join(cwd, "sweep.db"), join(cwd, "night.yaml")];
  writeFileSync(file, "trials: 3\n");
  const refused: [log: string, message: string][] = [
    [cwd, `--log must be a file that can be written, got ${cwd} (it is a folder)`],
    [
      join(cwd, "none/sweep.log"),
      `--log must be a file that can be written, got ${cwd}/none/sweep.log (ENOENT: no such file or directory, access '${cwd}/none')`,
    ],
    [db, `--log must be another file than the database, got ${db} for both: name a file of its own`],
    [
      `${cwd}/./sweep.db`,
      `--log must be another file than the database, got ${cwd}/./sweep.db for both: name a file of its own`,
    ],
    [file, `--log must be another file than the sweep file, got ${file} for both: name a file of its own`],
  ];
  for (const [log, message] of refused)
    await assert.rejects(spoken(gridCommand, { file, db, log }), { fault: "usage", message });
  assert.deepEqual(readdirSync(cwd), ["night.yaml"]);
});

test("a log whose disk is full stops the grid with a sentence, and what had finished is kept", {
  skip: !existsSync("/dev/full"),
}, async (t) => {
  await assert.rejects(spoken(gridCommand, { ...FLAGS, db: database(t), log: "/dev/full" }), {
    fault: "environment",
    message:
      "--log could not be written any more (ENOSPC: no space left on device, write): make room and run the same command again; what had finished is kept",
  });
});

test("a database that is refused leaves no log behind", async (t) => {
  const cwd = folder(t);
  const [db, log] = [join(cwd, "notes.txt"), join(cwd, "sweep.log")];
  writeFileSync(db, "these are notes, and no database, of more than a hundred bytes".repeat(10));
  for (const dry of [true, undefined])
    await assert.rejects(spoken(gridCommand, { ...FLAGS, db, log, "dry-run": dry }), {
      fault: "usage",
      message: `${db} must be a gmm-sweep database, but is not a SQLite file: name another file with --db`,
    });
  assert.deepEqual(readdirSync(cwd), ["notes.txt"]);
});

test("Ctrl-C ends a grid with exit code 130 and keeps what finished; the same command goes on to what an undisturbed one gives", async (t) => {
  const cwd = folder(t);
  const args = [
    "grid",
    ...SMALL_GRID,
    "--lambda",
    "0:4",
    "--epochs",
    "1:20,original=12",
    "--trials",
    "40",
    "--log",
    "sweep.log",
  ];
  const db = join(cwd, "sweep.db");
  const hold = { chunks: 1, until: "drain" } as const;
  const run = await startHeld(t, cwd, hold, ...args, "--db", "sweep.db", "--workers", "2", "--quiet");
  run.child.kill("SIGINT");
  const { code, err } = await run.ended;
  assert.equal(code, 130);
  assert.equal(
    err,
    "\nstopping: the trajectories that are running will finish; once more to stop now\nstopped: what finished is kept in sweep.db; run the same command again to go on\n",
  );
  const events = logged(join(cwd, "sweep.log")).map(({ event }) => event);
  assert.deepEqual([events.includes("stopping"), events.at(-1)], [true, "end"]);
  const again = await gmm(cwd, ...args, "--db", "sweep.db", "--json");
  const fresh = await gmm(cwd, ...args, "--db", "fresh.db", "--json");
  const [resumed, undisturbed] = [again, fresh].map(({ out }) => JSON.parse(out) as GridObject);
  assert.equal(resumed.digest, undisturbed.digest);
  assert.ok(resumed.skipped > 0 && resumed.trained > 0);
  assert.equal(resumed.skipped + resumed.trained, undisturbed.trained);
  assert.ok(existsSync(db));
});
