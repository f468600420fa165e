/** The store on one machine: a SQLite file in WAL mode, one writer, any number of readers. */
import { existsSync, rmSync } from "node:fs";
import type Database from "better-sqlite3";
import { SweepError } from "../errors.js";
import { effectiveLambda, isOneRun, methodNamed } from "../methods.js";
import {
  drawKey,
  type EpochCurve,
  lastEpoch,
  type Outcome,
  startKey,
  type TrainedOutcome,
  type TrajectorySpec,
  type TrialRow,
} from "../trial.js";
import type { OpenSweep, Reader, Store, SweepRecord } from "./contract.js";
import { guarded, lockFor, lockPath, openForWriting } from "./file.js";

type Value = number | null;

export class SqliteStore implements Store, Reader {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #lock: Database.Database | null;
  readonly #armIds = new Map<string, number>();

  /** Opens `path` for writing, making it and its folder where there is none; ':memory:' keeps all in memory. */
  constructor(path: string) {
    this.#path = path;
    const locked = existsSync(lockPath(path));
    this.#lock = path === ":memory:" ? null : lockFor(path);
    try {
      this.#db = guarded(path, () => openForWriting(path));
    } catch (error) {
      this.#lock?.close();
      // A refused path is left as it was found.
      if (this.#lock !== null && !locked) rmSync(lockPath(path));
      throw error;
    }
  }

  async openSweep({ identity, config, trials, engine, profile, version, machine }: SweepRecord): Promise<OpenSweep> {
    return this.#write(() => {
      const now = new Date().toISOString();
      this.#db
        .prepare(
          `insert into sweeps (identity, config, trials, engine, profile, version, machine, opened_at) values (?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (identity) do update set opened_at = excluded.opened_at, version = excluded.version, machine = excluded.machine,
             config = iif(excluded.trials >= trials, excluded.config, config), trials = max(trials, excluded.trials)`,
        )
        .run(identity, config, trials, engine, profile, version, machine, now);
      return this.#db
        .prepare("select id, trials, engine, profile from sweeps where identity = ?")
        .get(identity) as OpenSweep;
    });
  }

  async enroll(sweep: OpenSweep, specs: readonly TrajectorySpec[]): Promise<void> {
    const cell = this.#db.prepare("insert or ignore into sweep_cells (sweep_id, arm_id, epochs) values (?, ?, ?)");
    this.#write(() => {
      for (const spec of specs) {
        const arm = this.#armId(sweep, spec);
        for (const epochs of spec.asked) cell.run(sweep.id, arm, epochs);
      }
    });
  }

  async missing(sweep: OpenSweep, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<TrajectorySpec[]> {
    const finished = this.#db
      .prepare(
        `select r.epochs from trial_rows r join trajectories t on t.id = r.trajectory_id
         where t.arm_id = ? and t.trial = ? and t.start_trial = ? and (r.state <> 'failed' or ?)`,
      )
      .pluck();
    return specs.flatMap((spec) => {
      const arm = this.#armId(sweep, spec);
      // The copies land with the run they repeat, so the last of them speaks for all.
      const rows = new Set(
        finished.all(arm, spec.trial + spec.copies, startTrial(spec), retryFailed ? 0 : 1) as number[],
      );
      const last = spec.asked.findLastIndex((epochs) => !rows.has(epochs));
      return last === -1 ? [] : [{ ...spec, asked: spec.asked.slice(0, last + 1) }];
    });
  }

  async record(sweep: OpenSweep, outcomes: readonly Outcome[]): Promise<void> {
    this.#write(() => {
      for (const outcome of outcomes) {
        if (outcome.state === "failed") this.#recordFailed(sweep, outcome.spec, outcome.reason);
        else if (outcome.wanted) this.#recordTrained(sweep, outcome);
        else this.#compareStored(sweep, outcome);
      }
    });
  }

  async all<Row>(sql: string, ...values: readonly (string | number | null)[]): Promise<Row[]> {
    return this.#db.prepare(sql).all(...values) as Row[];
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#lock?.close();
  }

  #recordTrained(sweep: OpenSweep, { spec, rows, curve, elapsedMs }: TrainedOutcome): void {
    const source = this.#trajectoryId(sweep, spec, spec.trial, null, null);
    this.#landCurve(spec, source, curve);
    this.#landRows(spec, source, rows, elapsedMs);
    for (let copy = 1; copy <= spec.copies; copy++) {
      this.#landRows(spec, this.#trajectoryId(sweep, spec, spec.trial + copy, spec.trial, source), rows, null);
    }
  }

  #recordFailed(sweep: OpenSweep, spec: TrajectorySpec, reason: string): void {
    const row = this.#db.prepare(
      `insert into trial_rows (trajectory_id, epochs, state, error, attempts) values (?, ?, 'failed', ?, 1)
       on conflict do update set error = excluded.error, attempts = attempts + 1, finished_at = excluded.finished_at where state = 'failed'`,
    );
    const source = this.#trajectoryId(sweep, spec, spec.trial, null, null);
    for (const epochs of spec.asked) row.run(source, epochs, reason);
    for (let copy = 1; copy <= spec.copies; copy++) {
      const id = this.#trajectoryId(sweep, spec, spec.trial + copy, spec.trial, source);
      for (const epochs of spec.asked) row.run(id, epochs, reason);
    }
  }

  /** A start that was trained again: what the file has of it must be what came out. */
  #compareStored(sweep: OpenSweep, { spec, rows, curve }: TrainedOutcome): void {
    const id = this.#db
      .prepare("select id from trajectories where arm_id = ? and trial = ? and start_trial = ?")
      .pluck()
      .get(this.#armId(sweep, spec), spec.trial, startTrial(spec)) as number | undefined;
    if (id === undefined) return;
    this.#compareCurve(spec, id, curve);
    for (const row of rows) this.#compareRow(spec, id, row);
  }

  /** Lands the epochs that are not there, and compares those that are. */
  #landCurve(spec: TrajectorySpec, id: number, curve: EpochCurve): void {
    const insert = this.#db.prepare("insert into epochs values (?, ?, ?, ?, ?, ?, ?)");
    for (let e = this.#compareCurve(spec, id, curve); e < lastEpoch(spec); e++)
      insert.run(id, e + 1, ...epochValues(curve, e));
  }

  /** How many epochs of the curve are stored already; each is compared to the bit. */
  #compareCurve(spec: TrajectorySpec, id: number, curve: EpochCurve): number {
    const stored = this.#db
      .prepare(
        "select epoch, penalty, cross_entropy, train_accuracy, forget_probability, forget_logit from epochs where trajectory_id = ? order by epoch",
      )
      .raw()
      .all(id) as Value[][];
    for (const [epoch, ...values] of stored.slice(0, lastEpoch(spec))) {
      this.#mustEqual(spec, epoch as number, values, epochValues(curve, (epoch as number) - 1));
    }
    return stored.length;
  }

  #landRows(spec: TrajectorySpec, id: number, rows: readonly TrialRow[], elapsedMs: number | null): void {
    const insert = this.#db.prepare(
      `insert into trial_rows (trajectory_id, epochs, state, train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty, attempts, elapsed_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
       on conflict do update set state = excluded.state, train_accuracy = excluded.train_accuracy, test_accuracy = excluded.test_accuracy,
         forget_probability = excluded.forget_probability, forget_logit = excluded.forget_logit, cross_entropy = excluded.cross_entropy,
         penalty = excluded.penalty, error = null, attempts = attempts + 1, elapsed_ms = excluded.elapsed_ms, finished_at = excluded.finished_at
       where state = 'failed'`,
    );
    for (const row of rows) {
      if (insert.run(id, row.epochs, row.state, ...rowValues(row), elapsedMs).changes === 0)
        this.#compareRow(spec, id, row);
    }
  }

  #compareRow(spec: TrajectorySpec, id: number, row: TrialRow): void {
    const stored = this.#db
      .prepare(
        `select train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty
         from trial_rows where trajectory_id = ? and epochs = ? and state <> 'failed'`,
      )
      .raw()
      .get(id, row.epochs) as Value[] | undefined;
    if (stored !== undefined) this.#mustEqual(spec, row.epochs, stored, rowValues(row));
  }

  #mustEqual(spec: TrajectorySpec, epoch: number, stored: readonly Value[], trained: readonly Value[]): void {
    const differs = stored.findIndex((value, i) => value !== trained[i]);
    if (differs === -1) return;
    throw new SweepError(
      "BAD_STORE",
      `${this.#path} holds ${stored[differs]} where ${spec.method} trial ${spec.trial} now gave ${trained[differs]} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db`,
    );
  }

  #trajectoryId(
    sweep: OpenSweep,
    spec: TrajectorySpec,
    trial: number,
    replicateOf: number | null,
    source: number | null,
  ): number {
    const arm = this.#armId(sweep, spec);
    this.#db
      .prepare(
        "insert or ignore into trajectories (arm_id, trial, start_trial, replicate_of, source_id) values (?, ?, ?, ?, ?)",
      )
      .run(arm, trial, startTrial(spec), replicateOf, source);
    return this.#db
      .prepare("select id from trajectories where arm_id = ? and trial = ? and start_trial = ?")
      .pluck()
      .get(arm, trial, startTrial(spec)) as number;
  }

  #armId(sweep: OpenSweep, spec: TrajectorySpec): number {
    const { draw, preset, lambda, seed, learningRate } = spec;
    const hidden = spec.hidden.join(",");
    const key = JSON.stringify([
      drawKey(draw),
      draw.samples,
      draw.features,
      draw.forgetRows,
      hidden,
      learningRate,
      preset,
      spec.method,
      lambda,
      seed,
      startKey(spec),
      sweep.profile,
    ]);
    const known = this.#armIds.get(key);
    if (known !== undefined) return known;
    const method = methodNamed(spec.method);
    const dataSeed = draw.kind === "seeded" ? draw.dataSeed : null;
    const place = [drawKey(draw), draw.samples, draw.features, draw.forgetRows] as const;
    this.#db
      .prepare("insert or ignore into draws (draw, samples, features, forget_rows, data_seed) values (?, ?, ?, ?, ?)")
      .run(...place, dataSeed);
    const drawId = this.#db
      .prepare("select id from draws where draw = ? and samples = ? and features = ? and forget_rows = ?")
      .pluck()
      .get(...place) as number;
    const arm = [
      drawId,
      hidden,
      learningRate,
      preset,
      spec.method,
      lambda,
      seed,
      startKey(spec),
      sweep.profile,
    ] as const;
    this.#db
      .prepare(
        `insert or ignore into arms (draw_id, hidden, learning_rate, preset, method, lambda_reg, seed, start, profile, lambda_effective, one_run, engine)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(...arm, effectiveLambda(preset, method, lambda), isOneRun(preset, method) ? 1 : 0, sweep.engine);
    const id = this.#db
      .prepare(
        `select id from arms where draw_id = ? and hidden = ? and learning_rate = ? and preset = ? and method = ? and lambda_reg = ? and seed = ? and start = ? and profile = ?`,
      )
      .pluck()
      .get(...arm) as number;
    this.#armIds.set(key, id);
    return id;
  }

  /** One transaction, all or nothing. */
  #write<Result>(body: () => Result): Result {
    return guarded(this.#path, () => this.#db.transaction(body).immediate());
  }
}

/** 0 for a fresh start, because SQL's unique takes two nulls for different. */
function startTrial(spec: TrajectorySpec): number {
  return spec.start === null ? 0 : spec.start.trial;
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
