/** The log of a sweep: one JSON line for each event. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { EventLog } from "../src/report/log.js";
import { folder } from "./command-line.js";
import { failed, smallConfig, specsIn, trained } from "./fixtures/sweeps.js";

const SPECS = specsIn(smallConfig({ seed: "7", "data-seed": "8" }));
const UNLEARN = { draw: "8", preset: "notebook", method: "unlearn", trial: 1, lambda: 4.2, seed: 7, epochs: 2 };
const PROGRESS = {
  landed: { rows: 3, trajectories: 2, epochs: 8 },
  missing: { rows: 12, trajectories: 8, epochs: 29 },
};

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
      return rest;
    });
}

test("each event is one JSON line with its time, in the file at once", (t) => {
  const path = join(folder(t), "sweep.log");
  const log = new EventLog(path);
  t.after(() => log.close());
  assert.deepEqual(lines(path), []);
  log.write("start", { sweep: 1, command: "gmm-sweep run" });
  assert.deepEqual(lines(path), [{ event: "start", sweep: 1, command: "gmm-sweep run" }]);
  log.event({ kind: "second try", spec: SPECS[6], reason: "it fell over\non two lines" });
  log.event({ kind: "landed", outcomes: [trained(SPECS[0]), trained(SPECS[3])], progress: PROGRESS });
  assert.deepEqual(lines(path).slice(1), [
    { event: "second_try", ...UNLEARN, reason: "it fell over\non two lines" },
    { event: "landed", trajectories: 2, progress: PROGRESS },
  ]);
});

test("what failed has a line of its own before that of what landed", (t) => {
  const path = join(folder(t), "sweep.log");
  const log = new EventLog(path);
  t.after(() => log.close());
  log.event({ kind: "landed", outcomes: [trained(SPECS[0]), failed(SPECS[6], "no")], progress: PROGRESS });
  assert.deepEqual(lines(path), [
    { event: "failed", ...UNLEARN, reason: "no" },
    { event: "landed", trajectories: 2, progress: PROGRESS },
  ]);
});

test("a log goes on where the last one ended", (t) => {
  const path = join(folder(t), "sweep.log");
  for (const event of ["first", "second"]) {
    const log = new EventLog(path);
    log.write(event, {});
    log.close();
  }
  assert.deepEqual(lines(path), [{ event: "first" }, { event: "second" }]);
});

test("without a file nothing is kept", () => {
  const log = new EventLog(null);
  log.write("start", {});
  log.event({ kind: "second try", spec: SPECS[0], reason: "no" });
  log.close();
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
    assert.throws(() => new EventLog(path), {
      name: "SweepError",
      code: "BAD_USAGE",
      message: `--log must be a file that can be written, got ${path} (${why}, open '${path}')`,
    });
});
