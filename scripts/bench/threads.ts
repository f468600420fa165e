/** Section `threads`: what workers add, and what the default run costs beyond its training. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { loadFused } from "../../src/engine/fused/fused.js";
import { runPlan } from "../../src/plan/request.js";
import { epochsToTrain, trajectoriesOf } from "../../src/plan/trajectories.js";
import { ThreadRunner, TRIAL_WORKER } from "../../src/run/threads.js";
import type { Finding, Findings } from "./finding.js";
import { type Contestant, median, oneSample, repeated, SAMPLES, sampleRates } from "./sampling.js";
import type { BenchOptions, Section } from "./section.js";
import { EPOCHS, NOTEBOOK_SHAPE, taskOf, trainTrials } from "./task.js";

const WORKERS_TARGET = 1.9; // of two against one
const OVERHEAD = 1.15; // times the run's training
const FIXED_MS = 500; // beside it
const FIRST_TRIAL_MS = 400;
const BUSY_TARGET = 0.95;
const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

export const threadsSection: Section = {
  name: "threads",
  describe: "two workers against one, and the default run: its wall time, its start and how busy its threads are",
  run,
};

async function run({ seconds, progress }: BenchOptions): Promise<Findings> {
  const findings: Finding[] = [];
  const leftOut: string[] = [];
  if (availableParallelism() < 2) leftOut.push("two workers (this machine has one core)");
  else {
    progress("threads: two workers against one");
    findings.push(await twoWorkers(seconds));
  }
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  try {
    findings.push(...(await defaultRuns(folder, seconds, progress)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { findings, notes: [], leftOut };
}

async function twoWorkers(seconds: number): Promise<Finding> {
  const engine = { ...runPlan({}).engine, isa: null };
  const lost = (reason: string): void => {
    throw new Error(reason);
  };
  const runners = [1, 2].map(
    (workers) => new ThreadRunner({ workers, engine, profile: null, entry: TRIAL_WORKER, lost }),
  );
  try {
    for (const runner of runners) await runnerContestant(runner)(0); // threads start and load
    const samples = await sampleRates(runners.map(runnerContestant), seconds);
    return {
      what: "two workers",
      measured: median(samples.map(([, two]) => two)),
      unit: "epochs/ms",
      ratio: median(samples.map(([one, two]) => two / one)),
      ratioIs: "times",
      against: "one worker",
      target: { atLeast: WORKERS_TARGET },
    };
  } finally {
    for (const runner of runners) await runner.close();
  }
}

/** Keeps each lane of a runner training trials; their rates add up, so that none is charged for another's end. */
function runnerContestant(runner: ThreadRunner): Contestant {
  const { spec } = taskOf(NOTEBOOK_SHAPE);
  const work = async (enoughMs: number): Promise<number> => {
    const began = performance.now();
    let epochs = 0;
    do {
      const [outcome] = await runner.run([spec]);
      if (outcome.state === "failed") throw new Error(outcome.reason);
      epochs += EPOCHS;
    } while (performance.now() - began < enoughMs);
    return epochs / (performance.now() - began);
  };
  return async (ms) => {
    const began = performance.now();
    const rates = await Promise.all(Array.from({ length: runner.lanes }, () => work(ms)));
    const took = performance.now() - began;
    return { work: rates.reduce((sum, rate) => sum + rate, 0) * took, ms: took };
  };
}

/** What one default run showed; its training phase: from the start of the first trial to the landing of the last row. */
interface DefaultRun {
  readonly wallMs: number;
  readonly firstTrialMs: number;
  /** Of all workers together. */
  readonly trainingMs: number;
  /** The share of the training phase that the workers spent inside training. */
  readonly busy: number;
}

async function defaultRuns(
  folder: string,
  seconds: number,
  progress: BenchOptions["progress"],
): Promise<readonly Finding[]> {
  const workers = availableParallelism();
  const planned = [...trajectoriesOf(runPlan({}))];
  const epochs = planned.reduce((sum, group) => sum + epochsToTrain(group), 0);
  const task = taskOf(NOTEBOOK_SHAPE);
  const engine = loadFused({ precision: "f32" });
  const onOneCore = repeated((count) => trainTrials(engine, task, count), EPOCHS);
  const runs: (DefaultRun & { readonly epochMs: number; readonly allowedMs: number })[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    progress(`threads: default run ${i + 1} of ${SAMPLES}`);
    const [epochsPerMs] = await oneSample([onOneCore], seconds);
    const allowedMs = (OVERHEAD * epochs) / epochsPerMs / workers + FIXED_MS;
    const epochMs = 1 / epochsPerMs;
    runs.push({ ...(await defaultRun(join(folder, `${i}.db`), workers)), epochMs, allowedMs });
  }
  const over = (figure: (run: (typeof runs)[number]) => number): number => median(runs.map(figure));
  const epochMs = over((run) => run.epochMs).toFixed(3);
  const allowance = `${OVERHEAD} × ${epochs.toLocaleString("en")} × ${epochMs} ms ÷ ${workers} + ${FIXED_MS / 1000} s`;
  return [
    {
      what: `default run, ${workers} workers`,
      measured: over(({ wallMs }) => wallMs) / 1000,
      unit: "s",
      ratio: over(({ wallMs, allowedMs }) => wallMs / allowedMs),
      ratioIs: "share",
      against: allowance,
      target: { atMost: 1 },
    },
    {
      what: "from the start of node to the first trial",
      measured: over(({ firstTrialMs }) => firstTrialMs) / 1000,
      unit: "s",
      ratio: over(({ firstTrialMs }) => firstTrialMs / FIRST_TRIAL_MS),
      ratioIs: "share",
      against: `${FIRST_TRIAL_MS / 1000} s`,
      target: { atMost: 1 },
    },
    {
      what: "workers inside training",
      measured: over(({ trainingMs }) => trainingMs) / 1000,
      unit: "s of threads",
      ratio: over(({ busy }) => busy),
      ratioIs: "share",
      against: "threads × training phase",
      target: { atLeast: BUSY_TARGET },
    },
  ];
}

/** The default run, in a process and a database of its own. */
async function defaultRun(database: string, workers: number): Promise<DefaultRun> {
  const began = Date.now(); // the database keeps the time of day
  const child = spawn(process.execPath, [CLI, "--db", database, "--workers", `${workers}`, "--json", "--quiet"], {
    stdio: "ignore",
  });
  const [code] = (await once(child, "close")) as [number | null];
  const wallMs = Date.now() - began;
  if (code !== 0) throw new Error(`the default run ended with exit code ${code}`);
  const db = new Database(database, { readonly: true });
  try {
    const row = db
      .prepare(
        `select min(unixepoch(finished_at, 'subsec') * 1000 - elapsed_ms) as first,
           max(unixepoch(finished_at, 'subsec') * 1000) as last, sum(elapsed_ms) as training
         from trial_rows where elapsed_ms is not null`,
      )
      .get() as { first: number; last: number; training: number };
    return {
      wallMs,
      firstTrialMs: row.first - began,
      trainingMs: row.training,
      busy: row.training / (workers * (row.last - row.first)),
    };
  } finally {
    db.close();
  }
}
