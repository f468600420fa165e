/** Section `scale`: what the coordinator costs a trajectory, and how time, file and memory grow with their number. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { loadFused } from "../../src/engine/fused/fused.js";
import type { Flags } from "../../src/plan/flags.js";
import { trajectoriesOf } from "../../src/plan/trajectories.js";
import { openStore } from "../../src/store/open.js";
import type { Outcome, TrajectorySpec } from "../../src/trial.js";
import type { Finding, Findings } from "./finding.js";
import type { BenchOptions, Section } from "./section.js";
import { openRequest, sweepInto } from "./sweep.js";
import { EPOCHS, NOTEBOOK_SHAPE, taskOf, trainTrials } from "./task.js";

const COUNTS = [100, 1000, 10_000, 100_000]; // of trajectories
/** The smallest training there is, so that what is left is the coordinator's. */
const TINY: Flags = { samples: "4", features: "1", hidden: "1,1", methods: "original", epochs: "original=1" };
const COST_MS = 0.3; // a trajectory, the durable write included
const MEMORY = 1.1; // the largest against the smallest, once the run has come to its size
const ROWS_PER_MS = 200; // epoch rows into the file
const UNIT_MS = 20; // of work, which is to keep the threads busy
const BUSY_TARGET = 0.95;
const UNITS = 400;

export const scaleSection: Section = {
  name: "scale",
  describe:
    "100 to 100,000 trajectories: cost of each, file and memory; epoch rows a second; threads busy on units of 20 ms",
  run,
};

async function run({ progress }: BenchOptions): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  const findings: Finding[] = [];
  try {
    for (const count of COUNTS) {
      progress(`scale: ${count} trajectories`);
      findings.push(...(await growth(count, join(folder, `${count}.db`))));
    }
    progress("scale: epoch rows");
    findings.push(await epochRows(join(folder, "rows.db")));
    progress(`scale: units of ${UNIT_MS} ms`);
    findings.push(await busyOnUnits(join(folder, "units.db")));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { findings, notes: [], leftOut: [] };
}

/** What a sweep took, and how its memory went. */
interface Swept {
  readonly wallMs: number;
  /** Of all workers together. */
  readonly trainingMs: number;
  readonly workers: number;
  readonly bytes: number;
  /** Resident bytes of the process, at each chunk that landed. */
  readonly memory: readonly { readonly landed: number; readonly rss: number }[];
}

async function growth(count: number, database: string): Promise<Finding[]> {
  const { wallMs, trainingMs, workers, bytes, memory } = await sweep(database, { ...TINY, trials: `${count}` });
  const costMs = (wallMs - trainingMs / workers) / count;
  const largest = count === COUNTS[COUNTS.length - 1];
  const cost: Finding = {
    what: `${count.toLocaleString("en")} trajectories, each with its durable write`,
    measured: wallMs / 1000,
    unit: "s",
    ratio: costMs / COST_MS,
    ratioIs: "share",
    against: `${COST_MS} ms a trajectory`,
    // A short run is mostly the start of its threads.
    target: largest ? { atMost: 1 } : null,
  };
  const size: Finding = {
    ...{ what: "  its file", measured: bytes / 1e6, unit: "MB", ratio: bytes / count / 1000, ratioIs: "times" },
    ...{ against: "1 kB a trajectory", target: null },
  };
  if (!largest) return [cost, size];
  // The first fifth is the heap's growing to its size.
  const settled = memory.filter(({ landed }) => landed > count / 5).map(({ rss }) => rss);
  const flat: Finding = {
    what: "  its memory, from the first fifth on",
    measured: settled[settled.length - 1] / 1e6,
    unit: "MB",
    ratio: mean(settled.slice(-settled.length / 4)) / mean(settled.slice(0, settled.length / 4)),
    ratioIs: "share",
    against: "its last quarter against its first",
    target: { atMost: MEMORY },
  };
  return [cost, size, flat];
}

/** Lands curves that nobody has to train. */
async function epochRows(database: string): Promise<Finding> {
  const epochs = 1000;
  const store = await openStore(database);
  try {
    const opened = await store.open(openRequest({ ...TINY, epochs: `original=${epochs}`, trials: "500" }));
    const outcomes = [...trajectoriesOf(opened.plan)].flat().map(curveOf);
    const began = performance.now();
    for (let i = 0; i < outcomes.length; i += 50) await store.record(opened, outcomes.slice(i, i + 50));
    const perMs = (outcomes.length * epochs) / (performance.now() - began);
    return {
      what: "epoch rows into the file",
      measured: perMs,
      unit: "rows/ms",
      ratio: perMs / ROWS_PER_MS,
      ratioIs: "times",
      against: `${ROWS_PER_MS * 1000} rows/s`,
      target: { atLeast: 1 },
    };
  } finally {
    await store.close();
  }
}

function curveOf(spec: TrajectorySpec): Outcome {
  const column = (): Float64Array => Float64Array.from({ length: spec.asked[0] }, (_, e) => Math.sqrt(e + spec.trial));
  const curve = {
    ...{ penalty: column(), crossEntropy: column(), trainAccuracy: column() },
    ...{ forgetProbability: column(), forgetMargin: column() },
  };
  return { state: "trained", spec, wanted: true, rows: [], curve, elapsedMs: 0 };
}

async function busyOnUnits(database: string): Promise<Finding> {
  const engine = loadFused({ precision: "f32" });
  const task = taskOf(NOTEBOOK_SHAPE);
  trainTrials(engine, task, 1);
  const began = performance.now();
  trainTrials(engine, task, 5);
  const epochMs = (performance.now() - began) / 5 / EPOCHS;
  const epochs = Math.max(1, Math.round(UNIT_MS / epochMs));
  const flags = { methods: "original", epochs: `original=${epochs}`, trials: `${UNITS}` };
  const { wallMs, trainingMs, workers } = await sweep(database, flags);
  return {
    what: `threads busy on units of ${UNIT_MS} ms`,
    measured: trainingMs / 1000,
    unit: "s of threads",
    ratio: trainingMs / (workers * wallMs),
    ratioIs: "share",
    against: "threads × time",
    target: { atLeast: BUSY_TARGET },
  };
}

/** Trains a grid as `gmm-sweep grid` does; the time runs from the first chunk that lands, when the threads have started. */
async function sweep(database: string, flags: Flags): Promise<Swept> {
  const workers = availableParallelism();
  const memory: { landed: number; rss: number }[] = [];
  let [began, trainingMs, ended] = [Number.NaN, 0, 0];
  await sweepInto(database, flags, workers, (event) => {
    if (event.kind !== "landed") return;
    ended = performance.now();
    if (Number.isNaN(began)) began = ended;
    else for (const outcome of event.outcomes) if (outcome.state === "trained") trainingMs += outcome.elapsedMs;
    memory.push({ landed: event.progress.landed.trajectories, rss: process.memoryUsage.rss() });
  });
  return { wallMs: ended - began, trainingMs, workers, bytes: statSync(database).size, memory };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
