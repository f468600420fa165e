/** What is missing of some trajectories, whatever keeps their rows. */
import type { TrajectorySpec } from "../trial.js";
import type { Missing, RowState } from "./contract.js";

/** `statesOf` says the states of a trajectory's rows by their epochs, of the i-th of `specs`. */
export function missingOf(
  specs: readonly TrajectorySpec[],
  retryFailed: boolean,
  statesOf: (spec: TrajectorySpec, i: number) => ReadonlyMap<number, RowState>,
): Missing {
  const missing: TrajectorySpec[] = [];
  const counts = { rows: 0, failed: 0 };
  for (const [i, spec] of specs.entries()) {
    const states = statesOf(spec, i);
    const failed = spec.asked.filter((epochs) => states.get(epochs) === "failed");
    const wanted = spec.asked.filter(
      (epochs) => !states.has(epochs) || (retryFailed && states.get(epochs) === "failed"),
    );
    counts.rows += wanted.length * (1 + spec.copies);
    counts.failed += failed.length * (1 + spec.copies);
    if (wanted.length === 0) continue;
    const end = spec.asked.indexOf(wanted[wanted.length - 1]) + 1;
    missing.push(end === spec.asked.length ? spec : { ...spec, asked: spec.asked.slice(0, end) });
  }
  return { specs: missing, ...counts };
}
