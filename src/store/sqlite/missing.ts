/** What a file lacks of some trajectories. It only reads, so that a dry run can ask too. */
import type Database from "better-sqlite3";
import { startTrial, type TrajectorySpec } from "../../trial.js";
import type { Missing } from "../contract.js";
import type { Arms } from "./arms.js";

/** Answers `Store.missing` for one file. */
export class MissingRows {
  readonly #arms: Arms;
  readonly #states: Database.Statement;

  constructor(db: Database.Database, arms: Arms) {
    this.#arms = arms;
    this.#states = db
      .prepare(
        `select r.epochs, r.state from trial_rows r join trajectories t on t.id = r.trajectory_id
         where t.arm_id = ? and t.trial = ? and t.start_trial = ?`,
      )
      .raw();
  }

  of(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Missing {
    const missing: TrajectorySpec[] = [];
    const counts = { rows: 0, failed: 0 };
    for (const spec of specs) {
      const states = this.#statesOf(profile, spec);
      const failed = spec.asked.filter((epochs) => states.get(epochs) === "failed");
      const wanted = spec.asked.filter((epochs) => !states.has(epochs) || (retryFailed && failed.includes(epochs)));
      counts.rows += wanted.length * (1 + spec.copies);
      counts.failed += failed.length * (1 + spec.copies);
      if (wanted.length === 0) continue;
      const end = spec.asked.indexOf(wanted[wanted.length - 1]) + 1;
      missing.push(end === spec.asked.length ? spec : { ...spec, asked: spec.asked.slice(0, end) });
    }
    return { specs: missing, ...counts };
  }

  #statesOf(profile: string, spec: TrajectorySpec): Map<number, string> {
    const arm = this.#arms.find(profile, spec);
    if (arm === null) return new Map();
    // The copies land with the run they repeat, so the last of them speaks for all.
    const trial = spec.trial + spec.copies;
    return new Map(this.#states.all(arm, trial, startTrial(spec)) as [number, string][]);
  }
}
