/** `npm run agree`: do fused and reference give one distribution over whole runs? Equal seeds, n = 500, 100 trials; exit code 1 if not. */
import type { Flags } from "../src/plan/flags.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { runPlan } from "../src/plan/request.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { alignedTable } from "../src/report/table.js";
import type { Runner } from "../src/run/runner.js";
import { kolmogorovSmirnov } from "../src/stats/kolmogorov-smirnov.js";
import type { TrajectorySpec } from "../src/trial.js";
import { threadsFor } from "./runner.js";

const FLAGS: Flags = { samples: "500", trials: "100", methods: "original,retrain_scratch" };
const SIGNIFICANCE = 0.01; // of each Kolmogorov–Smirnov test
const STANDARD_ERRORS = 2; // that two means may lie apart

interface Sample {
  readonly accuracy: number;
  readonly probability: number;
}

/** The trials of each method, in the order of their numbers. */
async function samples(plan: SweepPlan): Promise<Map<string, Sample[]>> {
  const runner = threadsFor(plan);
  try {
    const trained = await Promise.all([...trajectoriesOf(plan)].flat().map((spec) => sampleOf(spec, runner)));
    const byMethod = new Map<string, Sample[]>();
    for (const [method, sample] of trained) byMethod.set(method, [...(byMethod.get(method) ?? []), sample]);
    return byMethod;
  } finally {
    await runner.close();
  }
}

async function sampleOf(spec: TrajectorySpec, runner: Runner): Promise<readonly [string, Sample]> {
  const [outcome] = await runner.run([spec]);
  if (outcome.state === "failed") throw new Error(outcome.reason);
  const { train_accuracy, forget_probability } = outcome.rows[0].measures;
  return [spec.cell.method, { accuracy: train_accuracy ?? Number.NaN, probability: forget_probability ?? Number.NaN }];
}

/** (mean a − mean b) in standard errors of that difference. */
function standardErrors(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = (values: readonly number[]): number => mean(values.map((value) => (value - mean(values)) ** 2));
  const error = Math.sqrt(variance(a) / (a.length - 1) + variance(b) / (b.length - 1));
  return (mean(a) - mean(b)) / error;
}

async function agree(): Promise<boolean> {
  const fused = await samples(runPlan({ ...FLAGS, engine: "fused" }));
  const reference = await samples(runPlan({ ...FLAGS, engine: "reference" }));
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
