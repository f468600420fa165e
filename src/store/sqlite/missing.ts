/**
 * What a file lacks of some trajectories. It only reads, so that a dry run can ask too. The view `missing` says the same of
 * the cells of sweeps that are in the file; these trajectories may be of none, as those of a dry run.
 */
import type Database from "better-sqlite3";
import { lastEpoch, startTrial, type TrajectorySpec } from "../../trial.js";
import type { Missing, RowState } from "../contract.js";
import { missingOf } from "../missing.js";
import type { CellKeys } from "./cell-keys.js";
import { FIND_TRIAL, isRowOf } from "./layout.js";

/** Answers `Results.missing` for one file. */
export class MissingRows {
  readonly #keys: CellKeys;
  readonly #trajectory: Database.Statement;
  readonly #states: Database.Statement;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
    this.#trajectory = db.prepare(FIND_TRIAL).pluck();
    this.#states = db
      .prepare(`select epochs, state from trial_rows where ${isRowOf("id", "@id", ["@first", "@last"])}`)
      .raw();
  }

  of(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Missing {
    return missingOf(specs, retryFailed, (spec) => this.#statesOf(profile, spec));
  }

  #statesOf(profile: string, spec: TrajectorySpec): ReadonlyMap<number, RowState> {
    const key = this.#keys.find(profile, spec);
    if (key === null) return new Map();
    // The copies land with the run they repeat, so the last of them speaks for all.
    const id = this.#trajectory.get(key.id, spec.trial + spec.copies, startTrial(spec)) as number | undefined;
    if (id === undefined) return new Map();
    return new Map(this.#states.all({ id, first: spec.asked[0], last: lastEpoch(spec) }) as [number, RowState][]);
  }
}
