/** Lands outcomes in a file: what is new is inserted, what is there is compared to the bit, nothing finished is rewritten. */
import { type FailedOutcome, type Outcome, startTrial, type TrainedOutcome, type TrajectorySpec } from "../../trial.js";
import type { Landed, Sweep } from "../contract.js";
import { failedRow, type Given, givenOf, NOTHING, type Place, rowOf, trainingDiffers } from "../trajectories.js";
import type { CellKeys } from "./cell-keys.js";
import type { Trajectories } from "./trajectories.js";

/** Runs inside a transaction of its caller's. */
export class Landing {
  readonly #keys: CellKeys;
  readonly #trajectories: Trajectories;
  #landed = { trained: 0, diverged: 0, failed: 0 };
  #finishedAt = "";

  constructor(keys: CellKeys, trajectories: Trajectories) {
    this.#keys = keys;
    this.#trajectories = trajectories;
  }

  land(sweep: Sweep, outcomes: readonly Outcome[]): Landed {
    this.#landed = { trained: 0, diverged: 0, failed: 0 };
    this.#finishedAt = new Date().toISOString();
    for (const outcome of outcomes) {
      if (outcome.state === "failed") this.#landFailed(sweep, outcome);
      else if (outcome.wanted) this.#landTrained(sweep, outcome);
      else this.#compareStored(sweep, outcome);
    }
    return this.#landed;
  }

  #landTrained(sweep: Sweep, outcome: TrainedOutcome): void {
    const { spec, elapsedMs } = outcome;
    const rows = outcome.rows.map((row) => rowOf(row, elapsedMs, this.#finishedAt));
    const given = givenOf(sweep.plan.record, outcome, rows);
    const source = this.#put(sweep, spec, null, given);
    const copy = { ...NOTHING, rows: rows.map((row) => ({ ...row, elapsedMs: null })) };
    for (let i = 1; i <= spec.copies; i++) this.#put(sweep, { ...spec, trial: spec.trial + i }, { spec, source }, copy);
  }

  #landFailed(sweep: Sweep, { spec, reason }: FailedOutcome): void {
    const rows = spec.asked.map((epochs) => failedRow(epochs, reason, this.#finishedAt));
    const source = this.#put(sweep, spec, null, NOTHING);
    this.#landed.failed += this.#trajectories.fail(source, rows);
    for (let i = 1; i <= spec.copies; i++) {
      const id = this.#put(sweep, { ...spec, trial: spec.trial + i }, { spec, source }, NOTHING);
      this.#landed.failed += this.#trajectories.fail(id, rows);
    }
  }

  /** A start that was trained again: what the file has of it must be what came out. */
  #compareStored(sweep: Sweep, outcome: TrainedOutcome): void {
    const { spec } = outcome;
    const key = this.#keys.find(sweep.profile, spec);
    const id = key === null ? null : this.#trajectories.find(key.id, spec.trial, startTrial(spec));
    if (id === null) return;
    const rows = outcome.rows.map((row) => rowOf(row, null, this.#finishedAt));
    this.#trajectories.compare(this.#trajectories.read(id), givenOf("final", outcome, rows), trainingDiffers(spec));
  }

  /** Returns the id of the trajectory; `of` is the run that it repeats. */
  #put(
    { plan, profile }: Sweep,
    spec: TrajectorySpec,
    of: { readonly spec: TrajectorySpec; readonly source: number } | null,
    given: Given,
  ): number {
    const key = this.#keys.make(plan.engine.name, profile, spec);
    const place: Place = {
      cellKey: key.id,
      trial: spec.trial,
      startTrial: startTrial(spec),
      replicateOf: of === null ? null : of.spec.trial,
      source: of === null ? null : of.source,
    };
    const { id, rows } = this.#trajectories.put(place, given, trainingDiffers(spec));
    for (const { state } of rows) this.#landed[state === "done" ? "trained" : "diverged"] += 1;
    return id;
  }
}
