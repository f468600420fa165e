/** Readers that leave, disks that are full and terminals that close under real processes: none of it changes what is stored, nor the exit code. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { LastWords } from "../src/commands/command.js";
import { gridCommand } from "../src/commands/grid.js";
import { CLI, type Ended, folder, rowsIn, start, started, startHeld, startHeldBy } from "./command-line.js";
import { SMALL_GRID } from "./fixtures/grids.js";

const GRID = ["grid", ...SMALL_GRID, "--trials", "4", "--epochs", "original=12,retrain_scratch=10,unlearn=3"];
const ALL = 12;
const NOTHING_MUCH = {
  samples: "20",
  features: "2",
  hidden: "4,3",
  trials: "1",
  methods: "original",
  epochs: "original=1",
};

function lastLine(path: string): { event: string; exit_code: number; reason: string | null } {
  return JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) as string);
}

/** Runs with its stdout or stderr at an open file. */
function runTo(streams: { out?: number; err?: number }, cwd: string, ...args: readonly string[]): Promise<Ended> {
  const stdio = ["ignore", streams.out ?? "pipe", streams.err ?? "pipe"] as const;
  return started(spawn(process.execPath, [CLI, ...args], { cwd, stdio: [...stdio] })).ended;
}

test("a run whose stderr nobody reads ends with everything there, and exit code 0", async (t) => {
  const cwd = folder(t);
  const run = start(cwd, ...GRID, "--db", "a.db");
  run.child.stderr?.destroy();
  const { code, out } = await run.ended;
  assert.equal(code, 0);
  assert.match(out, /12 trial rows done/);
  assert.equal(rowsIn(join(cwd, "a.db")), ALL);
});

test("the exit code is the command's though nobody reads what it prints", async (t) => {
  const cwd = folder(t);
  const db = join(cwd, "a.db");
  const held = await startHeld(
    t,
    cwd,
    { chunks: 1, until: "drain" },
    ...GRID,
    "--workers",
    "1",
    "--db",
    db,
    "--log",
    "a.log",
  );
  held.child.stdout?.destroy();
  held.child.stderr?.destroy();
  held.child.kill("SIGINT");
  assert.equal((await held.ended).code, 130, "as of Ctrl-C that ends tee, too");
  const { event, exit_code, reason } = lastLine(join(cwd, "a.log"));
  assert.deepEqual([event, exit_code, reason], ["end", 130, "stopped by SIGINT"]);
  const status = start(cwd, "status", "a.db");
  status.child.stdout?.destroy();
  const { code, err } = await status.ended;
  assert.deepEqual([code, err], [1, ""]);
});

test("on a full disk stdout costs one sentence and exit code 3, and stderr nothing", {
  skip: !existsSync("/dev/full"),
}, async (t) => {
  const cwd = folder(t);
  const full = openSync("/dev/full", "w");
  const silent = await runTo({ err: full }, cwd, ...GRID, "--db", "a.db");
  assert.deepEqual([silent.code, rowsIn(join(cwd, "a.db"))], [0, ALL]);
  const { code, err } = await runTo({ out: full }, cwd, ...GRID, "--db", "a.db", "--quiet", "--log", "a.log");
  const sentence = "what is to be printed cannot be written (ENOSPC: no space left on device, write): make room";
  assert.deepEqual([code, err], [3, `gmm-sweep: ${sentence}\n`]);
  assert.deepEqual(lastLine(join(cwd, "a.log")).reason, sentence);
});

test("SIGHUP lets what is running finish as SIGTERM does, and the log names it", {
  skip: process.platform === "win32",
}, async (t) => {
  const cwd = folder(t);
  // The tests themselves may have been started by nohup.
  const run = await heldBy(["env", "_=gmm-sweep"], t, cwd);
  run.child.kill("SIGHUP");
  assert.equal((await run.ended).code, 130);
  const log = readFileSync(join(cwd, "a.log"), "utf8");
  assert.match(log, /"event":"stopping","signal":"SIGHUP","now":false/);
  assert.equal(lastLine(join(cwd, "a.log")).reason, "stopped by SIGHUP");
});

function heldBy(starter: readonly string[], t: TestContext, cwd: string): ReturnType<typeof startHeld> {
  const words = [...GRID, "--workers", "1", "--db", "a.db", "--log", "a.log"];
  return startHeldBy(starter, t, cwd, { chunks: 1, until: "drain" }, ...words);
}

const hasShell = spawnSync("bash", ["-c", "nohup true"], { stdio: "ignore" }).status === 0;

test("SIGHUP is ignored under nohup", { skip: !hasShell }, async (t) => {
  const cwd = folder(t);
  const run = await heldBy(["bash", "-c", 'nohup "$0" "$@"'], t, cwd);
  run.child.kill("SIGHUP");
  run.child.kill("SIGTERM");
  assert.equal((await run.ended).code, 130);
  assert.doesNotMatch(readFileSync(join(cwd, "a.log"), "utf8"), /SIGHUP/);
  assert.equal(lastLine(join(cwd, "a.log")).reason, "stopped by SIGTERM");
});

const CLOSED_TERMINAL = fileURLToPath(new URL("../../test/fixtures/closed-terminal.py", import.meta.url));
const hasPython = spawnSync("python3", ["-c", "import os; os.openpty()"], { stdio: "ignore" }).status === 0;

test("a terminal that closes while a run without SIGHUP prints on it ends nothing", { skip: !hasPython }, async (t) => {
  const cwd = folder(t);
  const words = [CLOSED_TERMINAL, process.execPath, CLI, ...GRID, "--db", "a.db"];
  const { code, err } = await started(spawn("python3", words, { cwd, stdio: ["ignore", "pipe", "pipe"] })).ended;
  assert.deepEqual([code, err, rowsIn(join(cwd, "a.db"))], [0, "", ALL]);
});

test("a log has its end where the process ends while results are printed", async (t) => {
  const cwd = folder(t);
  const log = join(cwd, "a.log");
  const saying = new Set<LastWords>();
  const flags = { ...NOTHING_MUCH, db: join(cwd, "a.db"), log, quiet: true };
  const code = await gridCommand.run(flags, {
    out: async () => {
      for (const say of saying) say(70, "it broke");
      assert.deepEqual([lastLine(log).event, lastLine(log).exit_code, lastLine(log).reason], ["end", 70, "it broke"]);
    },
    exact: async () => {},
    isRead: true,
    err: () => {},
    stderr: process.stderr,
    columns: null,
    atEnd: (say) => {
      saying.add(say);
      return () => saying.delete(say);
    },
    end: () => assert.fail("nobody ended it"),
  });
  assert.deepEqual([code, saying.size], [0, 0]);
});
