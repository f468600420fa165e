/**
 * What a file lacks of some trajectories. It only reads, so that a dry run can ask too. The view `missing` says the same of
 * the cells of sweeps that are in the file; these trajectories may be of none, as those of a dry run.
 */
import type Database from "better-sqlite3";
import { lastEpoch, startTrial, type TrajectorySpec } from "../../trial.js";
import type { Missing, RowState } from "../contract.js";
import type { CellKeys } from "./cell-keys.js";
import { isRowOf, isTrialOf } from "./layout.js";

/** Answers `Results.missing` for one file. */
export class MissingRows {
  readonly #keys: CellKeys;
  readonly #states: Database.Statement;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
    this.#states = db
      .prepare(
        `select r.epochs, r.state
         from trajectories t cross join trial_rows r on ${isRowOf("r.id", "t.id", ["?", "?"])}
         where ${isTrialOf("?", "?", "?")}`,
      )
      .raw();
  }

  of(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Missing {
    const missing: TrajectorySpec[] = [];
    const counts = { rows: 0, failed: 0 };
    for (const spec of specs) {
      const states = this.#statesOf(profile, spec);
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

  #statesOf(profile: string, spec: TrajectorySpec): ReadonlyMap<number, RowState> {
    const key = this.#keys.find(profile, spec);
    if (key === null) return new Map();
    // The copies land with the run they repeat, so the last of them speaks for all.
    const trial = [key.id, spec.trial + spec.copies, startTrial(spec)];
    return new Map(this.#states.all(spec.asked[0], lastEpoch(spec), ...trial) as [number, RowState][]);
  }
}
