/** scripts/slurm.sbatch, run by bash as a task of an array is: Slurm itself only sets the environment and runs it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { CLI, type Ended, folder, gmm, started } from "./command-line.js";

const SCRIPT = fileURLToPath(new URL("../../scripts/slurm.sbatch", import.meta.url));
const GRID = [
  ...["--data-seeds", "1", "--samples", "40", "--features", "3", "--hidden", "6,4", "--engine", "reference"],
  ...["--trials", "3", "--epochs", "2,original=12,retrain_scratch=10", "--quiet"],
];

/** A task of an array; null: not as a task of one. */
function task(cwd: string, id: number | null, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, GMM_SWEEP: `${process.execPath} ${CLI}`, SLURM_CPUS_PER_TASK: "1" };
  const array = id === null ? {} : { SLURM_ARRAY_TASK_ID: `${id}` };
  return started(
    spawn("bash", [SCRIPT, ...args], { cwd, env: { ...env, ...array }, stdio: ["ignore", "pipe", "pipe"] }),
  ).ended;
}

test("the tasks of an array train the shards, which merge into the whole grid", async (t) => {
  const cwd = folder(t);
  for (const id of [1, 2, 3]) assert.equal((await task(cwd, id, "3", ...GRID)).code, 0);
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name.endsWith(".db")),
    ["part1.db", "part2.db", "part3.db"],
  );
  const merged = await gmm(cwd, "merge", "whole.db", "part1.db", "part2.db", "part3.db");
  assert.equal(merged.code, 0, merged.out);
  assert.equal((await gmm(cwd, "grid", ...GRID, "--db", "alone.db")).code, 0);
  assert.equal((await gmm(cwd, "diff", "whole.db", "alone.db")).code, 0);
});

test("outside of an array the script says how it is run, and writes nothing", async (t) => {
  const cwd = folder(t);
  const { code, out, err } = await task(cwd, null, "3", ...GRID);
  assert.deepEqual(
    [code, out, err, readdirSync(cwd)],
    [2, "", "slurm.sbatch must be run as: sbatch --array=1-N slurm.sbatch N [what gmm-sweep grid is given]\n", []],
  );
});

test("the script's options are those that sbatch reads: before its first command", () => {
  const lines = readFileSync(join(SCRIPT), "utf8").split("\n");
  const firstCommand = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  const options = lines.flatMap((line, i) => (line.startsWith("#SBATCH ") ? [i] : []));
  assert.ok(options.length > 0 && options.every((i) => i < firstCommand));
});
