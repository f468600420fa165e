/** Lands outcomes in a file: what is new is inserted, what is there is compared to the bit, nothing finished is rewritten. */
import { CURVE, MEASURES } from "../../measures.js";
import type { RecordLevel } from "../../plan/plan.js";
import {
  type FailedOutcome,
  lastEpoch,
  type Outcome,
  startTrial,
  type TrainedOutcome,
  type TrajectorySpec,
  type TrialRow,
} from "../../trial.js";
import type { Landed, Sweep } from "../contract.js";
import type { CellKeys } from "./cell-keys.js";
import { FileFault } from "./faults.js";
import { type MarginValue, type RowValues, stored } from "./hash.js";
import type { Differ, Given, Place, Trajectories } from "./trajectories.js";

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
    const rows = outcome.rows.map((row) => this.#rowOf(row, elapsedMs));
    const given = givenOf(sweep.plan.record, outcome, rows);
    const source = this.#put(sweep, spec, null, given);
    const copy = { ...NOTHING, rows: rows.map((row) => ({ ...row, elapsedMs: null })) };
    for (let i = 1; i <= spec.copies; i++) this.#put(sweep, { ...spec, trial: spec.trial + i }, { spec, source }, copy);
  }

  #landFailed(sweep: Sweep, { spec, reason }: FailedOutcome): void {
    const rows = spec.asked.map((epochs) => this.#failedRow(epochs, reason));
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
    const rows = outcome.rows.map((row) => this.#rowOf(row, null));
    this.#trajectories.compare(this.#trajectories.read(id), givenOf("final", outcome, rows), this.#differ(spec));
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
    const { id, rows } = this.#trajectories.put(place, given, this.#differ(spec));
    for (const { state } of rows) this.#landed[state === "done" ? "trained" : "diverged"] += 1;
    return id;
  }

  #differ({ cell, trial }: TrajectorySpec): Differ {
    return (epoch, there, given) => {
      throw new FileFault(
        "check",
        (file) =>
          `${file} holds ${there} where ${cell.method} trial ${trial} now gave ${given} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db`,
      );
    };
  }

  #rowOf({ epochs, state, measures }: TrialRow, elapsedMs: number | null): RowValues {
    const values = MEASURES.map(({ name }) => stored(measures[name]));
    return { epochs, state, values, error: null, attempts: 1, elapsedMs, finishedAt: this.#finishedAt };
  }

  #failedRow(epochs: number, error: string): RowValues {
    const values = MEASURES.map(() => null);
    return { epochs, state: "failed", values, error, attempts: 1, elapsedMs: null, finishedAt: this.#finishedAt };
  }
}

const NOTHING: Given = { rows: [], keep: [], curveAt: null, margins: [] };

function givenOf(record: RecordLevel, { spec, curve, rows }: TrainedOutcome, values: readonly RowValues[]): Given {
  const columns = CURVE.map(({ of }) => of(curve));
  const last = lastEpoch(spec);
  return {
    rows: values,
    keep: epochsToKeep(record, spec),
    curveAt: (epoch) => (epoch > last ? null : columns.map((column) => stored(column[epoch - 1]))),
    margins: spec.cell.draw.forgetRows > 1 ? rows.flatMap(marginsOf) : [],
  };
}

function marginsOf({ epochs, forgetMargins }: TrialRow): MarginValue[] {
  return Array.from(forgetMargins, (margin, i) => ({ epochs, forgetRow: i + 1, margin: stored(margin) }));
}

/** The epochs of a curve that a record level keeps. */
function epochsToKeep(record: RecordLevel, spec: TrajectorySpec): readonly number[] {
  if (record === "final") return [lastEpoch(spec)];
  if (record === "asked") return spec.asked;
  return Array.from({ length: lastEpoch(spec) }, (_, e) => e + 1);
}
