/** `gmm-sweep resume`: goes on with a file's sweeps from what is stored alone, and prints what the command that asked for them would. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gridCommand } from "../src/commands/grid.js";
import { mergeCommand } from "../src/commands/merge.js";
import { resumeCommand } from "../src/commands/resume.js";
import { runCommand } from "../src/commands/run.js";
import { loadEngine } from "../src/engine/engines.js";
import type { SweepError } from "../src/errors.js";
import { commandLine, engineFrom, type Flags } from "../src/plan/flags.js";
import { runPlan } from "../src/plan/request.js";
import type { Sweep } from "../src/store/contract.js";
import { openResults, openStore } from "../src/store/open.js";
import { folder, gmm, type RunObject, rows, spoken } from "./command-line.js";
import { change, retold, type Tell, trainedFile } from "./fixtures/grids.js";
import { failed, openRequest } from "./fixtures/sweeps.js";

const NET: Flags = { samples: "40", features: "3", hidden: "6,4", engine: "reference", workers: "1" };
const GRID: Flags = {
  ...NET,
  trials: "3",
  lambda: "0,4.2",
  epochs: "1:2,original=6,retrain_scratch=5",
  "data-seeds": "1",
};
const RUN: Flags = { ...NET, trials: "2", epochs: "original=6,retrain_scratch=5,unlearn=2,retrain_original=3" };

/** In the place of what says a seeded draw. */
const IMPORTED: Flags = {
  ...{ "data-seeds": undefined, samples: undefined, features: undefined },
  data: fileURLToPath(new URL("../../test/golden/small", import.meta.url)),
  "forget-label": "0",
};

/** Of unlearn nothing has come. */
const WITHOUT_UNLEARN: Tell = (outcome) => (outcome.spec.cell.method === "unlearn" ? null : outcome);

function resume(flags: Flags): Promise<{ code: number; out: string; err: string }> {
  return spoken(resumeCommand, { workers: "1", ...flags });
}

test("a grid goes on from its file alone, trains what it lacks, and prints what grid prints", async (t) => {
  const whole = await trainedFile(t, GRID);
  const file = await retold(t, whole, WITHOUT_UNLEARN);
  const { code, out, err } = await resume({ file });
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out.replaceAll(file, whole), (await spoken(gridCommand, { ...GRID, db: whole })).out);
  assert.deepEqual(await rows(file, "select count(*) from missing"), [[0]]);
});

test("a run goes on to the table that run prints; a sweep of which nothing was ever trained goes on from its plan", async (t) => {
  const cwd = folder(t);
  const db = join(cwd, "opened.db");
  const { profile } = await loadEngine(engineFrom(RUN));
  const store = await openStore(db);
  await store.open(openRequest(runPlan(RUN), profile));
  await store.close();
  const { code, out, err } = await resume({ db });
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, (await spoken(runCommand, { ...RUN, db: join(cwd, "run.db") })).out);
});

test("a shard's file goes on with its own part", async (t) => {
  const part = await trainedFile(t, { ...GRID, shard: "1/2" });
  const [before] = await rows(part, "select count(*) from trial_results");
  const file = await retold(t, part, WITHOUT_UNLEARN);
  const { code, out } = await resume({ file, json: true });
  const { trained } = objectIn(out);
  assert.deepEqual([code, await rows(file, "select count(*) from trial_results")], [0, [before]]);
  assert.ok(trained > 0 && trained < Number(before[0]));
});

test("of several sweeps those go on that lack something, or the one that is named", async (t) => {
  const whole = await trainedFile(t, GRID, { ...GRID, name: "other", "data-seeds": "2" }, { ...GRID, name: "third" });
  const file = await retold(t, whole, ({ spec, ...rest }) => {
    const { draw } = spec.cell;
    return draw.kind === "seeded" && draw.dataSeed === 2 ? null : { spec, ...rest };
  });
  const third = await resume({ file, sweep: "3" });
  assert.deepEqual([third.code, third.err], [0, "everything is finished already: nothing to train\n"]);
  const { code, out } = await resume({ file, json: true });
  assert.deepEqual([code, objectIn(out).sweep], [0, 2]);
  const both = JSON.parse((await resume({ file, json: true })).out) as RunObject[];
  assert.deepEqual(
    both.map(({ sweep, trained }) => [sweep, trained]),
    [
      [1, 0],
      [2, 0],
      [3, 0],
    ],
  );
  const all = await resume({ file, quiet: true });
  assert.deepEqual([all.code, all.err], [0, ""]);
  assert.deepEqual(all.out.match(/^sweep \d: gmm-sweep.*$/gm), [
    "sweep 1: gmm-sweep grid",
    "sweep 2: gmm-sweep grid",
    "sweep 3: gmm-sweep grid",
  ]);
});

test("a file of schema 1 is forecast as it is, and goes on", async (t) => {
  const file = join(folder(t), "part.db");
  copyFileSync(fileURLToPath(new URL("../../test/fixtures/schema-v1/part1of3.db", import.meta.url)), file);
  const before = readFileSync(file);
  const asked = {
    name: "part",
    lambda: "0,3",
    epochs: "1:3",
    samples: "30",
    features: "2",
    hidden: "3,3",
    trials: "5",
  };
  const dry = await spoken(gridCommand, { ...asked, db: file, "dry-run": true, json: true });
  const { trial_rows, finished_rows } = JSON.parse(dry.out) as { trial_rows: number; finished_rows: number };
  assert.deepEqual([trial_rows, finished_rows, readFileSync(file).equals(before)], [40, 15, true]);
  const { code, out } = await resume({ file, quiet: true });
  assert.equal(code, 0);
  assert.match(out, /\nsweep 1: 15 trial rows done, 0 diverged, 0 failed\n/, "its own third is there already");
});

test("what failed is trained again with --retry-failed only, and makes the exit code 1 until then", async (t) => {
  const file = await retold(t, await trainedFile(t, GRID), (outcome) =>
    outcome.spec.cell.method === "unlearn" ? failed(outcome.spec, "its thread died") : outcome,
  );
  const first = await resume({ file, quiet: true });
  assert.equal(first.code, 1);
  assert.match(first.err, /^12 of unlearn failed, first trial 1: its thread died\n/);
  assert.equal((await resume({ file, quiet: true, "retry-failed": true })).code, 0);
  assert.deepEqual(await rows(file, "select count(*) from trial_results where state = 'failed'"), [[0]]);
});

test("--log has a start and an end of each sweep that goes on", async (t) => {
  const file = await retold(t, await trainedFile(t, GRID), WITHOUT_UNLEARN);
  const log = join(folder(t), "resume.log");
  assert.equal((await resume({ file, log })).code, 0);
  const events = readFileSync(log, "utf8").trimEnd().split("\n");
  const [begin, end] = [events[0], events[events.length - 1]].map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  assert.deepEqual([begin["event"], begin["command"]], ["start", `gmm-sweep resume ${file}`]);
  assert.deepEqual([end["event"], end["trained"], end["exit_code"], end["reason"]], ["end", 12, 0, null]);
});

test("the commands that asked for a sweep stay those that are stored", async (t) => {
  const file = await retold(t, await trainedFile(t, GRID), WITHOUT_UNLEARN);
  await resume({ file, quiet: true });
  assert.deepEqual(await rows(file, "select command from commands"), [["gmm-sweep grid"]]);
});

test("a sweep whose bits no engine of this machine gives is not gone on with, by the machine's fault", async (t) => {
  const file = await retold(t, await trainedFile(t, GRID), WITHOUT_UNLEARN, "reference/f64/r99");
  await assert.rejects(resume({ file }), {
    fault: "environment",
    message: `${file} was trained with the numerics profile reference/f64/r99, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
  });
});

test("a file that is not there, or has no sweep, is refused, and none is made", async (t) => {
  const cwd = folder(t);
  const none = join(cwd, "none.db");
  await assert.rejects(resume({ file: none }), {
    fault: "usage",
    message: `${none} is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid`,
  });
  assert.deepEqual([existsSync(none), readdirSync(cwd)], [false, []]);
  const empty = join(cwd, "new.db");
  await (await openStore(empty)).close();
  await assert.rejects(resume({ file: empty }), {
    fault: "usage",
    message: /new\.db must hold a sweep, but it has none yet/,
  });
});

// Below: a stored sweep grows without the words that once opened it.

/** The only object of the array that resume prints, or the one that others do. */
function objectIn(out: string): RunObject {
  const [object, ...others] = [JSON.parse(out) as RunObject | RunObject[]].flat();
  assert.deepEqual(others, []);
  return object;
}

/** What is asked of a grid beside GRID, how a grid asks for all of it at once, and how many rows are new under `paired`. */
const GROWTHS: [growth: Flags, whole: Flags, trained: number][] = [
  [{ trials: "5" }, { trials: "5" }, 12],
  [{ "data-seeds": "1:3" }, { "data-seeds": "1:3" }, 36],
  [{ "data-seeds": "7,2" }, { "data-seeds": "1,2,7" }, 36],
  [{ "with-null": true }, { "with-null": true }, 3],
  [{ trials: "4", "data-seeds": "2", "with-null": true }, { trials: "4", "data-seeds": "1,2", "with-null": true }, 38],
];

for (const [growth, whole, trained] of GROWTHS) {
  const words = commandLine(["resume"], growth, Object.keys(resumeCommand.options));
  test(`${words} gives what a grid gives that asked for all of it at once, and is kept with the sweep`, async (t) => {
    const file = await trainedFile(t, GRID);
    const grown = await resume({ file, ...growth, json: true });
    const atOnce = await resume({ file: await trainedFile(t, { ...GRID, ...whole }), json: true });
    const object = objectIn(grown.out);
    assert.deepEqual([grown.code, object.sweep, object.digest], [0, 1, objectIn(atOnce.out).digest]);
    assert.equal(object.trained, trained);
    const kept = await rows(file, "select command, sweep_id from commands order by id");
    assert.deepEqual([kept.length, kept[1]], [2, [words, 1]]);
    const again = await resume({ file, ...growth });
    assert.equal(again.err, "everything is finished already: nothing to train\n");
  });
}

test("in the notebook's preset, too, a sweep that grew is what it would have been at once", async (t) => {
  const [growth, whole] = GROWTHS[GROWTHS.length - 1];
  const grid = { ...GRID, preset: "notebook" };
  const grown = await resume({ file: await trainedFile(t, grid), ...growth, json: true });
  const atOnce = await resume({ file: await trainedFile(t, { ...grid, ...whole }), json: true });
  assert.equal(objectIn(grown.out).digest, objectIn(atOnce.out).digest);
});

test("a sweep of several parts has the new draws in all of them, and the null in those that retrain", async (t) => {
  const parts = [
    { ...GRID, methods: "retrain_scratch", epochs: "retrain_scratch=5,retrain_scratch=3", lambda: undefined },
    { ...GRID, methods: "unlearn", "data-seeds": "2", epochs: "2,original=6", lambda: "0,4.2" },
  ];
  const file = await trainedFile(t, ...parts);
  assert.equal((await resume({ file, "data-seeds": "2:3", "with-null": true, quiet: true })).code, 0);
  const select = "select distinct method, epochs, data_seed from trial_results where state = 'done' order by 1, 2, 3";
  const scratch = ["retrain_scratch", "retrain_twin"].flatMap((method) =>
    [3, 5].flatMap((epochs) => [1, 2, 3].map((seed) => [method, epochs, seed])),
  );
  assert.deepEqual(await rows(file, select), [...scratch, ["unlearn", 2, 2], ["unlearn", 2, 3]]);
});

test("of several sweeps the newest grows, or the one that is named, and the others are left as they are", async (t) => {
  const grids = [GRID, { ...GRID, name: "other" }];
  const newest = await trainedFile(t, ...grids);
  const first = await resume({ file: newest, "with-null": true, quiet: true });
  assert.match(first.out, /^sweep 2: gmm-sweep resume --with-null\n/);
  const methods = "select sweep, count(distinct method) from trial_results group by 1 order by 1";
  assert.deepEqual(await rows(newest, methods), [
    [1, 3],
    [2, 4],
  ]);
  const named = await trainedFile(t, ...grids);
  await resume({ file: named, sweep: "1", "with-null": true, quiet: true });
  assert.deepEqual(await rows(named, methods), [
    [1, 4],
    [2, 3],
  ]);
});

test("a run gets more trials, and its null as the run that run --with-null makes beside it", async (t) => {
  const db = join(folder(t), "run.db");
  await spoken(runCommand, { ...RUN, db, quiet: true });
  const more = objectIn((await resume({ db, trials: "3", json: true })).out);
  // One original and one retraining, and the three copies of each of the others made anew.
  assert.deepEqual([more.sweep, more.trained], [1, 8]);
  const withNull = objectIn((await resume({ db, "with-null": true, json: true })).out);
  assert.deepEqual([withNull.sweep, withNull.trained, withNull.summary.length], [2, 3, 5]);
  const asked = objectIn((await spoken(runCommand, { ...RUN, trials: "3", "with-null": true, db, json: true })).out);
  assert.deepEqual([asked.sweep, asked.trained, asked.digest], [2, 0, withNull.digest]);
});

test("a run that is resumed with its null says that another sweep was made, or was there; one that grows says nothing", async (t) => {
  const db = join(folder(t), "run.db");
  await spoken(runCommand, { ...RUN, db, quiet: true });
  const told = async (flags: Flags): Promise<string> => (await resume({ db, quiet: true, ...flags })).err;
  const beside = "a run with other methods is a sweep of its own, and sweep 1 stays as it was beside it\n";
  assert.equal(await told({ trials: "3" }), "");
  assert.equal(await told({ "with-null": true }), `sweep 2 is new: ${beside}`);
  assert.equal(await told({ sweep: "1", "with-null": true }), `sweep 2 is there already, and goes on: ${beside}`);
  const grid = await trainedFile(t, GRID);
  assert.equal((await resume({ file: grid, "with-null": true, quiet: true })).err, "");
});

/** Files by how they are made, what is asked of them, and what is said. */
const NOT_GROWN: [what: string, grid: Flags, growth: Flags, sentence: string][] = [
  [
    "fewer trials",
    GRID,
    { trials: "2" },
    "--trials must be at least 3, as many as sweep 1 has, since nothing that is stored is given up, got 2",
  ],
  [
    "draws beside imported data",
    { ...GRID, ...IMPORTED },
    { "data-seeds": "2" },
    "--data-seeds must be left out where draws are imported data, but those of sweep 1 are: grid --data trains others",
  ],
  [
    "a null of nothing",
    { ...GRID, methods: "original,unlearn", epochs: "2,original=6" },
    { "with-null": true },
    "--with-null must be given where retrain_scratch is trained, which it trains once more, got original, unlearn: train it too, or leave --with-null out",
  ],
  [
    "more of a shard",
    { ...GRID, shard: "1/2" },
    { trials: "9" },
    "FILE must hold the whole of sweep 1 to let it grow, got shard 1/2: ask every shard for more by the command that opened it, or unite them by gmm-sweep merge first",
  ],
];

for (const [what, grid, growth, sentence] of NOT_GROWN) {
  test(`${what}: refused, and the sweep stays as it is`, async (t) => {
    const file = await trainedFile(t, grid);
    const held = "select plan, (select count(*) from commands) from sweeps";
    const before = await rows(file, held);
    await assert.rejects(resume({ file, ...growth }), { fault: "usage", message: sentence.replace("FILE", file) });
    assert.deepEqual(await rows(file, held), before);
  });
}

test("a run has one draw, and gets no other", async (t) => {
  const db = join(folder(t), "run.db");
  await spoken(runCommand, { ...RUN, db, quiet: true });
  await assert.rejects(resume({ db, "data-seeds": "2" }), {
    fault: "usage",
    message:
      "--data-seeds must be left out where a sweep is of one draw, as a run is, but sweep 1 is one: gmm-sweep grid --preset notebook --data-seeds 2 --samples 40 --features 3 --hidden 6,4 --methods original,retrain_scratch,unlearn,retrain_original --epochs original=6,retrain_scratch=5,2,retrain_original=3 --trials 2 --engine reference trains the same on that one, as a sweep of its own",
  });
});

test("a complete file that another program changed is not gone on with: one sentence, and nothing is written", async (t) => {
  const file = await trainedFile(t, GRID);
  await change(file, "update trial_rows set penalty = 0.5 where epochs = 2 returning id");
  const before = readFileSync(file);
  await assert.rejects(resume({ file }), (error: SweepError) => {
    assert.equal(error.fault, "usage");
    const start = `${file} must hold what landed in it, but it was changed by another program or is damaged: unlearn of λ 0 on draw 1, trial 1: `;
    assert.ok(error.message.startsWith(start), error.message);
    return true;
  });
  assert.ok(before.equals(readFileSync(file)));
});

test("of several sweeps the JSON array holds those that are trained where a later one cannot be trained here", async (t) => {
  const cwd = folder(t);
  const { plan, profile } = await sweepIn(await trainedFile(t, GRID));
  const store = await openStore(join(cwd, "sweep.db"));
  await store.open(openRequest(plan, profile));
  await store.open(openRequest({ ...plan, name: "other" }, "reference/f64/r99"));
  await store.close();
  const { code, out, err } = await gmm(cwd, "resume", "sweep.db", "--json", "--quiet");
  assert.deepEqual([code, objectIn(out).sweep], [3, 1]);
  assert.match(err, /reference\/f64\/r99/);
});

test("what no engine of this machine could train is not asked for", async (t) => {
  const file = await retold(t, await trainedFile(t, GRID), WITHOUT_UNLEARN, "reference/f64/r99");
  await assert.rejects(resume({ file, trials: "9" }), { fault: "environment" });
  assert.deepEqual(await rows(file, "select trials, (select count(*) from commands) from sweeps"), [[3, 1]]);
});

test("merge says how to go on with what a resume asked for: by what is stored of it", async (t) => {
  const file = await trainedFile(t, GRID, { ...GRID, name: "other" });
  const { plan, profile, shard } = await sweepIn(file);
  const store = await openStore(file);
  const command = { ...openRequest(plan).command, command: "gmm-sweep resume --trials 4" };
  await store.open({ ...openRequest({ ...plan, trials: 4 }, profile), shard, command });
  await store.close();
  const out = join(folder(t), "whole.db");
  const said = await spoken(mergeCommand, { out, parts: [file] });
  assert.equal(said.code, 1);
  assert.ok(said.out.includes(`; this trains them:\n  gmm-sweep resume --sweep 1 --db ${out}\n`), said.out);
});

/** The first sweep of a file. */
async function sweepIn(file: string): Promise<Sweep> {
  const results = await openResults(file);
  const [sweep] = await results.sweeps();
  await results.close();
  return sweep;
}

test("an empty file is refused and stays empty", async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, "sweep.db"), "");
  for (const more of [[], ["--trials", "5"]]) {
    const { code, err } = await gmm(cwd, "resume", "sweep.db", ...more);
    assert.deepEqual(
      [code, err],
      [
        2,
        "gmm-sweep: sweep.db must hold results, but it is empty: run gmm-sweep first, or name another file with --db\n",
      ],
    );
    assert.deepEqual([statSync(join(cwd, "sweep.db")).size, readdirSync(cwd)], [0, ["sweep.db"]]);
  }
});
