/** The log of a sweep: one JSON line for each event. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { WHOLE } from "../src/plan/trajectories.js";
import { EventLog } from "../src/report/log.js";
import { folder } from "./command-line.js";
import { failed, PROFILE, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";

const PLAN = smallPlan({ seed: "7", "data-seed": "8" });
const SPECS = specsIn(PLAN);
const UNLEARN = { draw: "8", preset: "notebook", method: "unlearn", trial: 1, lambda: 4.2, seed: 7, epochs: 2 };
const MISSING = { rows: 12, trajectories: 8, epochs: 29 };
const PROGRESS = { landed: { rows: 3, trajectories: 2, epochs: 8 }, missing: MISSING };
const SWEEP = { id: 1, plan: PLAN, profile: PROFILE, shard: WHOLE, question: null };
const NOTHING_DONE = { trained: 0, failed: 0, diverged: 0, stopped: false, skipped: 0 };

/** The objects of a log's lines, each without its time, which must be one. */
function lines(path: string): object[] {
  const text = readFileSync(path, "utf8");
  assert.ok(text === "" || text.endsWith("\n"));
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const { time, ...rest } = JSON.parse(line) as { time: string };
      assert.equal(new Date(time).toISOString(), time);
      return "elapsed_ms" in rest ? { ...rest, elapsed_ms: 0 } : rest;
    });
}

function logAt(t: TestContext): { path: string; log: EventLog } {
  const path = join(folder(t), "sweep.log");
  const log = new EventLog(path, "gmm-sweep grid");
  t.after(() => log.close());
  return { path, log };
}

test("each event is one JSON line with its time, in the file at once", (t) => {
  const { path, log } = logAt(t);
  assert.deepEqual(lines(path), []);
  log.observe({ kind: "opened", sweep: SWEEP, missing: MISSING, skipped: 3 });
  const start = { event: "start", sweep: 1, command: "gmm-sweep grid", profile: PROFILE, missing: MISSING };
  assert.deepEqual(lines(path), [start]);
  log.observe({ kind: "second try", spec: SPECS[6], reason: "it fell over\non two lines" });
  log.observe({ kind: "landed", outcomes: [trained(SPECS[0]), trained(SPECS[3])], progress: PROGRESS });
  log.observe({ kind: "lane lost", reason: "too many files are open (EMFILE)", left: 3 });
  log.observe({ kind: "stopping", signal: "SIGINT", now: false });
  assert.deepEqual(lines(path).slice(1), [
    { event: "second_try", ...UNLEARN, reason: "it fell over\non two lines" },
    { event: "landed", trajectories: 2, progress: PROGRESS },
    { event: "lane_lost", reason: "too many files are open (EMFILE)", left: 3 },
    { event: "stopping", signal: "SIGINT", now: false },
  ]);
});

test("what failed has a line of its own before that of what landed", (t) => {
  const { path, log } = logAt(t);
  log.observe({ kind: "landed", outcomes: [trained(SPECS[0]), failed(SPECS[6], "no")], progress: PROGRESS });
  assert.deepEqual(lines(path), [
    { event: "failed", ...UNLEARN, reason: "no" },
    { event: "landed", trajectories: 2, progress: PROGRESS },
  ]);
});

test("the end says what the run did, the exit code, and why it ended early", (t) => {
  const { path, log } = logAt(t);
  log.end(2, "there is no such file");
  const tally = { trained: 5, failed: 1, diverged: 0, stopped: false };
  log.observe({ kind: "ended", tally, skipped: 2, fault: "the disk is full" });
  log.end(3, "the disk is full");
  assert.deepEqual(lines(path), [
    { event: "end", ...NOTHING_DONE, elapsed_ms: 0, exit_code: 2, reason: "there is no such file" },
    { event: "end", ...tally, skipped: 2, elapsed_ms: 0, exit_code: 3, reason: "the disk is full" },
  ]);
});

test("a log goes on where the last one ended", (t) => {
  const path = join(folder(t), "sweep.log");
  for (const code of [1, 0]) {
    const log = new EventLog(path, "gmm-sweep grid");
    log.end(code, null);
    log.close();
  }
  const end = { event: "end", ...NOTHING_DONE, elapsed_ms: 0, reason: null };
  assert.deepEqual(lines(path), [
    { ...end, exit_code: 1 },
    { ...end, exit_code: 0 },
  ]);
});

test("a log that cannot be written is refused", (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, "logs"));
  writeFileSync(join(cwd, "file"), "");
  for (const [path, why] of [
    [join(cwd, "logs"), "EISDIR: illegal operation on a directory"],
    [join(cwd, "none", "sweep.log"), "ENOENT: no such file or directory"],
    [join(cwd, "file", "sweep.log"), "ENOTDIR: not a directory"],
  ])
    assert.throws(() => new EventLog(path, "gmm-sweep grid"), {
      name: "SweepError",
      fault: "usage",
      message: `--log must be a file that can be written, got ${path} (${why}, open '${path}')`,
    });
});
