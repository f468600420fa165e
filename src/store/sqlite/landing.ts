/** Lands outcomes in a file: what is new is inserted, what is there is compared to the bit, nothing finished is rewritten. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import {
  type EpochCurve,
  lastEpoch,
  type Outcome,
  startTrial,
  type TrainedOutcome,
  type TrajectorySpec,
  type TrialRow,
} from "../../trial.js";
import type { Landed, OpenSweep, RecordLevel } from "../contract.js";
import type { Arms } from "./arms.js";

type Value = number | null;

/** Runs inside a transaction of its caller's. */
export class Landing {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #arms: Arms;
  readonly #sql: ReturnType<typeof statements>;
  #landed = { trained: 0, diverged: 0, failed: 0 };

  constructor(path: string, db: Database.Database, arms: Arms) {
    this.#path = path;
    this.#db = db;
    this.#arms = arms;
    this.#sql = statements(db);
  }

  land(sweep: OpenSweep, outcomes: readonly Outcome[]): Landed {
    this.#landed = { trained: 0, diverged: 0, failed: 0 };
    for (const outcome of outcomes) {
      if (outcome.state === "failed") this.#landFailed(sweep, outcome.spec, outcome.reason);
      else if (outcome.wanted) this.#landTrained(sweep, outcome);
      else this.#compareStored(sweep, outcome);
    }
    return this.#landed;
  }

  #landTrained(sweep: OpenSweep, { spec, rows, curve, elapsedMs }: TrainedOutcome): void {
    const { id: source, isNew } = this.#trajectory(sweep, spec, spec.trial, null, null);
    this.#landCurve(sweep.record, spec, source, curve, isNew);
    this.#landRows(spec, source, rows, elapsedMs);
    for (let copy = 1; copy <= spec.copies; copy++) {
      const { id } = this.#trajectory(sweep, spec, spec.trial + copy, spec.trial, source);
      this.#landRows(spec, id, rows, null);
    }
  }

  #landFailed(sweep: OpenSweep, spec: TrajectorySpec, reason: string): void {
    const { id: source } = this.#trajectory(sweep, spec, spec.trial, null, null);
    const ids = [source];
    for (let copy = 1; copy <= spec.copies; copy++)
      ids.push(this.#trajectory(sweep, spec, spec.trial + copy, spec.trial, source).id);
    for (const id of ids)
      for (const epochs of spec.asked) this.#landed.failed += this.#sql.insertFailed.run(id, epochs, reason).changes;
  }

  /** A start that was trained again: what the file has of it must be what came out. */
  #compareStored(sweep: OpenSweep, { spec, rows, curve }: TrainedOutcome): void {
    const arm = this.#arms.find(sweep.profile, spec);
    const id = arm === null ? undefined : (this.#sql.trajectory.get(arm, spec.trial, startTrial(spec)) as number);
    if (id === undefined) return;
    this.#compareCurve(spec, id, curve);
    for (const row of rows) this.#compareRow(spec, id, row);
  }

  /** Lands the epochs that are to be kept and are not there, and compares those that are. */
  #landCurve(record: RecordLevel, spec: TrajectorySpec, id: number, curve: EpochCurve, isNew: boolean): void {
    const there = isNew ? new Set<number>() : this.#compareCurve(spec, id, curve);
    for (const epoch of epochsToKeep(record, spec))
      if (!there.has(epoch)) this.#sql.insertEpoch.run(id, epoch, ...epochValues(curve, epoch - 1));
  }

  /** The epochs that are stored already; each is compared to the bit. */
  #compareCurve(spec: TrajectorySpec, id: number, curve: EpochCurve): Set<number> {
    const stored = this.#sql.epochs.all(id) as [number, ...Value[]][];
    for (const [epoch, ...values] of stored)
      if (epoch <= lastEpoch(spec)) this.#mustEqual(spec, epoch, values, epochValues(curve, epoch - 1));
    return new Set(stored.map(([epoch]) => epoch));
  }

  #landRows(spec: TrajectorySpec, id: number, rows: readonly TrialRow[], elapsedMs: number | null): void {
    for (const row of rows) {
      if (this.#sql.insertRow.run(id, row.epochs, row.state, ...rowValues(row), elapsedMs).changes === 0) {
        this.#compareRow(spec, id, row);
        continue;
      }
      this.#landed[row.state === "done" ? "trained" : "diverged"] += 1;
      if (spec.draw.forgetRows > 1 && elapsedMs !== null)
        for (const [i, logit] of row.forgetLogits.entries())
          this.#sql.insertLogit.run(id, row.epochs, i + 1, stored(logit));
    }
  }

  #compareRow(spec: TrajectorySpec, id: number, row: TrialRow): void {
    const there = this.#sql.row.get(id, row.epochs) as Value[] | undefined;
    if (there === undefined) return;
    this.#mustEqual(spec, row.epochs, there, rowValues(row));
    const logits = this.#sql.logits.all(id, row.epochs) as Value[];
    this.#mustEqual(spec, row.epochs, logits, Array.from(row.forgetLogits, stored));
  }

  #mustEqual(spec: TrajectorySpec, epoch: number, there: readonly Value[], trained: readonly Value[]): void {
    const differs = there.findIndex((value, i) => value !== trained[i]);
    if (differs === -1) return;
    throw new SweepError(
      "BAD_STORE",
      `${this.#path} holds ${there[differs]} where ${spec.method} trial ${spec.trial} now gave ${trained[differs]} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db`,
    );
  }

  #trajectory(
    sweep: OpenSweep,
    spec: TrajectorySpec,
    trial: number,
    replicateOf: number | null,
    source: number | null,
  ): { id: number; isNew: boolean } {
    const arm = this.#arms.make(this.#db, sweep.engine, sweep.profile, spec);
    const start = startTrial(spec);
    const { changes, lastInsertRowid } = this.#sql.insertTrajectory.run(arm, trial, start, replicateOf, source);
    if (changes === 1) return { id: Number(lastInsertRowid), isNew: true };
    return { id: this.#sql.trajectory.get(arm, trial, start) as number, isNew: false };
  }
}

/** The epochs of a curve that a record level keeps. */
export function epochsToKeep(record: RecordLevel, spec: TrajectorySpec): readonly number[] {
  if (record === "final") return [lastEpoch(spec)];
  if (record === "asked") return spec.asked;
  return Array.from({ length: lastEpoch(spec) }, (_, e) => e + 1);
}

/** Prepared once: a chunk may land thousands of rows. */
function statements(db: Database.Database) {
  return {
    insertTrajectory: db.prepare(
      "insert or ignore into trajectories (arm_id, trial, start_trial, replicate_of, source_id) values (?, ?, ?, ?, ?)",
    ),
    trajectory: db.prepare("select id from trajectories where arm_id = ? and trial = ? and start_trial = ?").pluck(),
    insertEpoch: db.prepare("insert into epochs values (?, ?, ?, ?, ?, ?, ?)"),
    epochs: db
      .prepare(
        "select epoch, penalty, cross_entropy, train_accuracy, forget_probability, forget_logit from epochs where trajectory_id = ?",
      )
      .raw(),
    insertRow: db.prepare(
      `insert into trial_rows (trajectory_id, epochs, state, train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty, attempts, elapsed_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
       on conflict do update set state = excluded.state, train_accuracy = excluded.train_accuracy, test_accuracy = excluded.test_accuracy,
         forget_probability = excluded.forget_probability, forget_logit = excluded.forget_logit, cross_entropy = excluded.cross_entropy,
         penalty = excluded.penalty, error = null, attempts = attempts + 1, elapsed_ms = excluded.elapsed_ms, finished_at = excluded.finished_at
       where state = 'failed'`,
    ),
    insertFailed: db.prepare(
      `insert into trial_rows (trajectory_id, epochs, state, error, attempts) values (?, ?, 'failed', ?, 1)
       on conflict do update set error = excluded.error, attempts = attempts + 1, finished_at = excluded.finished_at where state = 'failed'`,
    ),
    row: db
      .prepare(
        `select train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty
         from trial_rows where trajectory_id = ? and epochs = ? and state <> 'failed'`,
      )
      .raw(),
    logits: db
      .prepare("select forget_logit from forget_logits where trajectory_id = ? and epochs = ? order by forget_row")
      .pluck(),
    insertLogit: db.prepare("insert into forget_logits values (?, ?, ?, ?)"),
  };
}

/** As SQLite keeps it: NaN is null. */
function stored(value: number): Value {
  return Number.isNaN(value) ? null : value;
}

function rowValues(row: TrialRow): Value[] {
  const { trainAccuracy, testAccuracy, forgetProbability, forgetLogit, crossEntropy, penalty } = row;
  return [
    stored(trainAccuracy),
    testAccuracy,
    stored(forgetProbability),
    stored(forgetLogit),
    stored(crossEntropy),
    stored(penalty),
  ];
}

function epochValues(
  { penalty, crossEntropy, trainAccuracy, forgetProbability, forgetLogit }: EpochCurve,
  e: number,
): Value[] {
  return [penalty, crossEntropy, trainAccuracy, forgetProbability, forgetLogit].map((column) => stored(column[e]));
}
