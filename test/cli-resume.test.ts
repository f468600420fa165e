/** `gmm-sweep resume`: goes on with a file's sweeps from what is stored alone, and prints what the command that asked for them would. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gridCommand } from "../src/commands/grid.js";
import { resumeCommand } from "../src/commands/resume.js";
import { runCommand } from "../src/commands/run.js";
import { loadEngine } from "../src/engine/engines.js";
import { engineFrom, type Flags } from "../src/plan/flags.js";
import { runPlan } from "../src/plan/request.js";
import { openStore } from "../src/store/open.js";
import { folder, rows, spoken } from "./command-line.js";
import { retold, type Tell, trainedFile } from "./fixtures/grids.js";
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
  assert.equal(out, (await spoken(gridCommand, { ...GRID, db: whole })).out);
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
  const { trained } = JSON.parse(out) as { trained: number };
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
  const objects = out.trimEnd().split("\n");
  assert.deepEqual([code, objects.length, (JSON.parse(objects[0]) as { sweep: number }).sweep], [0, 1, 2]);
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
    message: `${none} is not there, nor is any .db file in its folder: check the path`,
  });
  assert.deepEqual([existsSync(none), readdirSync(cwd)], [false, []]);
  const empty = join(cwd, "new.db");
  await (await openStore(empty)).close();
  await assert.rejects(resume({ file: empty }), {
    fault: "usage",
    message: /new\.db must hold a sweep, but it has none yet/,
  });
});
