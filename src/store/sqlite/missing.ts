/**
 * What a file lacks of some trajectories. It only reads, so that a dry run can ask too. The view `missing` says the same of
 * the cells of sweeps that are in the file; these trajectories may be of none, as those of a dry run.
 */
import type Database from "better-sqlite3";
import { lastEpoch, startTrial, type TrajectorySpec } from "../../trial.js";
import type { Missing, RowState } from "../contract.js";
import { missingOf } from "../missing.js";
import { isTrialOf } from "../sql/layout.js";
import type { CellKeys } from "./cell-keys.js";
import { isRowOf } from "./layout.js";

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
    return missingOf(specs, retryFailed, (spec) => this.#statesOf(profile, spec));
  }

  #statesOf(profile: string, spec: TrajectorySpec): ReadonlyMap<number, RowState> {
    const key = this.#keys.find(profile, spec);
    if (key === null) return new Map();
    // The copies land with the run they repeat, so the last of them speaks for all.
    const trial = [key.id, spec.trial + spec.copies, startTrial(spec)];
    return new Map(this.#states.all(spec.asked[0], lastEpoch(spec), ...trial) as [number, RowState][]);
  }
}
