/** Finds and makes the rows of arms: what a trajectory is trained under, whatever its trial. */
import type Database from "better-sqlite3";
import { effectiveLambda, isOneRun, methodNamed } from "../../plan/methods.js";
import { armKey, type TrajectorySpec } from "../../trial.js";

/** Ids of arms, each looked up once. */
export class Arms {
  readonly #ids = new Map<string, number>();
  readonly #find: Database.Statement;

  constructor(db: Database.Database) {
    this.#find = db
      .prepare(
        `select a.id from arms a join draws d on d.id = a.draw_id
         where d.draw = ? and d.samples = ? and d.features = ? and d.forget_rows = ? and a.hidden = ? and a.learning_rate = ?
           and a.preset = ? and a.method = ? and a.lambda_reg = ? and a.seed = ? and a.start = ? and a.profile = ?`,
      )
      .pluck();
  }

  /** The id of the arm that `spec` is trained under; null where there is none yet. */
  find(profile: string, spec: TrajectorySpec): number | null {
    const key = [...armKey(spec), profile];
    const text = key.join("|");
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#find.get(...key) as number | undefined;
    if (id === undefined) return null;
    this.#ids.set(text, id);
    return id;
  }

  /** The same, made where there is none. */
  make(db: Database.Database, engine: string, profile: string, spec: TrajectorySpec): number {
    const known = this.find(profile, spec);
    if (known !== null) return known;
    const [draw, samples, features, forgetRows, ...arm] = [...armKey(spec), profile];
    const place = [draw, samples, features, forgetRows];
    db.prepare(
      "insert or ignore into draws (draw, samples, features, forget_rows, data_seed) values (?, ?, ?, ?, ?)",
    ).run(...place, spec.draw.kind === "seeded" ? spec.draw.dataSeed : null);
    db.prepare(
      `insert into arms (draw_id, hidden, learning_rate, preset, method, lambda_reg, seed, start, profile, lambda_effective, one_run, engine)
       select id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? from draws where draw = ? and samples = ? and features = ? and forget_rows = ?`,
    ).run(...arm, ...derived(spec), engine, ...place);
    return this.find(profile, spec) as number;
  }
}

/** What follows from an arm's key, and is kept for the reader. */
function derived({ preset, method, lambda }: TrajectorySpec): [lambdaEffective: number, oneRun: number] {
  const record = methodNamed(method);
  return [effectiveLambda(preset, record, lambda), isOneRun(preset, record) ? 1 : 0];
}
