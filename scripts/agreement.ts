/** `npm run agree`: do fused and reference give one distribution over whole runs? Equal seeds, n = 500, 100 trials; exit code 1 if not. */
import { availableParallelism } from "node:os";
import type { Flags } from "../src/plan/flags.js";
import { configFrom, type SweepConfig } from "../src/plan/options.js";
import { plan } from "../src/plan/trajectories.js";
import { alignedTable } from "../src/report/table.js";
import { TRIAL_WORKER, TrialPool } from "../src/run/threads.js";
import { kolmogorovSmirnov } from "../src/stats/kolmogorov-smirnov.js";
import type { TrajectorySpec } from "../src/trial.js";

const FLAGS: Flags = { samples: "500", trials: "100", methods: "original,retrain_scratch" };
const SIGNIFICANCE = 0.01; // of each Kolmogorov–Smirnov test
const STANDARD_ERRORS = 2; // that two means may lie apart

interface Sample {
  readonly accuracy: number;
  readonly probability: number;
}

/** The trials of each method, in the order of their numbers. */
async function samples(config: SweepConfig): Promise<Map<string, Sample[]>> {
  const pool = new TrialPool({ workers: availableParallelism(), engine: config.engine, entry: TRIAL_WORKER });
  try {
    const trained = await Promise.all(
      [...plan([config], config.trials, config.trials)].flat().map((spec) => sampleOf(spec, pool)),
    );
    const byMethod = new Map<string, Sample[]>(config.methods.map((name) => [name, []]));
    for (const [method, sample] of trained) byMethod.get(method)?.push(sample);
    return byMethod;
  } finally {
    await pool.close();
  }
}

async function sampleOf(spec: TrajectorySpec, pool: TrialPool): Promise<readonly [string, Sample]> {
  const [outcome] = await pool.run([spec]);
  if (outcome.state === "failed") throw new Error(outcome.reason);
  const [row] = outcome.rows;
  return [spec.method, { accuracy: row.trainAccuracy, probability: row.forgetProbability }];
}

/** (mean a − mean b) in standard errors of that difference. */
function standardErrors(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = (values: readonly number[]): number => mean(values.map((value) => (value - mean(values)) ** 2));
  const error = Math.sqrt(variance(a) / (a.length - 1) + variance(b) / (b.length - 1));
  return (mean(a) - mean(b)) / error;
}

async function agree(): Promise<boolean> {
  const fused = await samples(configFrom({ ...FLAGS, engine: "fused" }));
  const reference = await samples(configFrom({ ...FLAGS, engine: "reference" }));
  const rows: (string | number)[][] = [];
  let agreed = true;
  for (const [method, ours] of fused) {
    const theirs = reference.get(method) ?? [];
    for (const measure of ["accuracy", "probability"] as const) {
      const [a, b] = [ours, theirs].map((trials) => trials.map((trial) => trial[measure]));
      const { statistic, p } = kolmogorovSmirnov(a, b);
      const apart = standardErrors(a, b);
      agreed &&= p > SIGNIFICANCE && Math.abs(apart) < STANDARD_ERRORS;
      rows.push([method, measure, statistic.toFixed(3), p.toFixed(3), apart.toFixed(2)]);
    }
  }
  process.stdout.write(alignedTable(["method", "measure", "KS D", "p", "means apart, in standard errors"], rows));
  process.stdout.write(agreed ? "one distribution\n" : "two distributions\n");
  return agreed;
}

process.exitCode = (await agree()) ? 0 : 1;
