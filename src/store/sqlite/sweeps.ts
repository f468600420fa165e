/** Sweeps as a file has them: their plans, their cells, and the commands that asked for them. */
import type Database from "better-sqlite3";
import { grown, identityOf } from "../../plan/growth.js";
import type { SweepPlan } from "../../plan/plan.js";
import { type Shard, WHOLE } from "../../plan/trajectories.js";
import type { OpenRequest, StoredCommand, Sweep } from "../contract.js";
import {
  askable,
  commandsOf,
  hasOtherNotes,
  type OpeningTimes,
  otherCells,
  otherNotes,
  refuseOtherShard,
  SWEEP_ROW,
  type SweepNotes,
  type SweepRow,
  sweepOf,
  sweepValues,
} from "../sweeps.js";
import type { CellKeys } from "./cell-keys.js";
import { Decisions } from "./decisions.js";
import { Questions } from "./questions.js";
import { SweepCells } from "./sweep-cells.js";

export class Sweeps {
  readonly cells: SweepCells;
  readonly decisions: Decisions;
  readonly #questions: Questions;
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database.Database, keys: CellKeys) {
    this.cells = new SweepCells(db, keys);
    this.decisions = new Decisions(db);
    this.#questions = new Questions(db);
    this.#sql = statements(db);
  }

  all(): Sweep[] {
    return (this.#sql.all.all() as SweepRow[]).map(sweepOf);
  }

  /** The same. Throws usage where something else stands beside a plan than it says: what is counted is counted by that. */
  asPlanned(): Sweep[] {
    const sweeps = this.all();
    for (const sweep of sweeps) if (this.hasOtherNotes(sweep)) throw otherNotes(sweep.id);
    return sweeps;
  }

  commands(sweep: number): StoredCommand[] {
    return commandsOf(sweep, this.#sql.commands.all(sweep));
  }

  /** `Store.open`, inside a transaction of the caller's. */
  open({ plan, profile, shard, grow, question, command, decision }: OpenRequest): Sweep {
    const at = new Date().toISOString();
    const checked = askable(question);
    const isNew = this.#sql.find.get(identityOf(plan, profile)) === undefined;
    const sweep = this.#unite(plan, profile, { shard, grow, createdAt: at, openedAt: at });
    if (isNew) this.#questions.add(sweep.id, checked, at);
    this.#sql.insertCommand.run({ ...command, sweep: sweep.id, at });
    if (decision !== undefined) this.decisions.add(sweep.id, { ...decision, at });
    return isNew ? { ...sweep, question: checked } : sweep;
  }

  /** A sweep of a part, inside a transaction of the caller's: the one that is there grows. Returns its id. */
  take({ plan, profile, question }: Sweep, times: OpeningTimes): number {
    const before = this.#sql.createdAt.get(identityOf(plan, profile)) as string | undefined;
    const { id } = this.#unite(plan, profile, { shard: WHOLE, grow: true, ...times });
    // Who opened it first asked beforehand, or did not.
    if (before !== undefined && before <= times.createdAt) return id;
    this.#sql.dateBack.run({ id, createdAt: times.createdAt });
    this.#questions.remove(id);
    if (question !== null) this.#questions.add(id, question, times.createdAt);
    return id;
  }

  /** The sweep of this plan, made or grown, with its cells. */
  #unite(plan: SweepPlan, profile: string, how: OpeningTimes & { shard: Shard; grow: boolean }): Sweep {
    const identity = identityOf(plan, profile);
    const row = this.#sql.find.get(identity) as SweepRow | undefined;
    const held = row === undefined ? null : sweepOf(row);
    if (held !== null && this.cells.areOthers(held)) throw otherCells(held.id);
    if (held !== null) refuseOtherShard(held.shard, how.shard);
    const whole = held === null ? plan : grown(held.plan, plan, how.grow);
    const values = sweepValues(whole, profile, how.shard, how);
    const id = this.#sql.upsert.get(values) as number;
    if (row?.plan !== values.plan) this.cells.add(id, whole, profile);
    return { id, plan: whole, profile, shard: how.shard, question: held === null ? null : held.question };
  }

  addCommand(sweep: number, command: StoredCommand): void {
    this.#sql.insertCommand.run({ ...command, sweep });
  }

  /** Whether what stands beside the plan of a sweep is what the plan says. */
  hasOtherNotes(sweep: Sweep): boolean {
    return hasOtherNotes(sweep, this.#sql.notes.get(sweep.id) as SweepNotes);
  }
}

function statements(db: Database.Database) {
  const { columns, from } = SWEEP_ROW;
  return {
    all: db.prepare(`select ${columns} ${from} order by s.id`),
    find: db.prepare(`select ${columns} ${from} where s.identity = ?`),
    notes: db.prepare("select identity, name, trials, engine, record from sweeps where id = ?"),
    commands: db.prepare("select command, version, machine, at from commands where sweep_id = ? order by at, id"),
    upsert: db
      .prepare(
        `insert into sweeps (identity, name, plan, trials, engine, profile, record, shard, created_at, opened_at)
         values (@identity, @name, @plan, @trials, @engine, @profile, @record, @shard, @createdAt, @openedAt)
         on conflict (identity) do update set plan = excluded.plan, trials = excluded.trials, engine = excluded.engine,
           record = excluded.record, shard = excluded.shard, opened_at = max(opened_at, excluded.opened_at)
         returning id`,
      )
      .pluck(),
    createdAt: db.prepare("select created_at from sweeps where identity = ?").pluck(),
    dateBack: db.prepare("update sweeps set created_at = @createdAt where id = @id"),
    insertCommand: db.prepare(
      "insert or ignore into commands (sweep_id, command, at, version, machine) values (@sweep, @command, @at, @version, @machine)",
    ),
  };
}
