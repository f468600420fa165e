/** Sweeps as a file has them: their plans, their cells, and the commands that asked for them. */
import type Database from "better-sqlite3";
import { grown } from "../../plan/growth.js";
import { identityOf, type SweepPlan } from "../../plan/plan.js";
import type { Question } from "../../plan/question.js";
import { plannedCells, type Shard, WHOLE } from "../../plan/trajectories.js";
import type { OpenRequest, StoredCommand, StoredDecision, Sweep } from "../contract.js";
import { FEWER_TRIALS } from "../sql/layout.js";
import {
  askable,
  commandsOf,
  decisionsOf,
  hasOtherNotes,
  mustBeDecision,
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

export class Sweeps {
  readonly #keys: CellKeys;
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
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
    if (isNew) this.#ask(sweep.id, checked, at);
    this.#sql.insertCommand.run({ ...command, sweep: sweep.id, at });
    if (decision !== undefined) this.addDecision(sweep.id, { ...decision, at });
    return isNew ? { ...sweep, question: checked } : sweep;
  }

  /** A sweep of a part, inside a transaction of the caller's: the one that is there grows. Returns its id. */
  take({ plan, profile, question }: Sweep, times: OpeningTimes): number {
    const before = this.#sql.createdAt.get(identityOf(plan, profile)) as string | undefined;
    const { id } = this.#unite(plan, profile, { shard: WHOLE, grow: true, ...times });
    // Who opened it first asked beforehand, or did not.
    if (before !== undefined && before <= times.createdAt) return id;
    this.#sql.dateBack.run({ id, createdAt: times.createdAt });
    this.#sql.unask.run(id);
    if (question !== null) this.#ask(id, question, times.createdAt);
    return id;
  }

  #ask(sweep: number, { estimand, margins }: Question, askedAt: string): void {
    this.#sql.ask.run({ sweep, estimand, forget: margins.forget, accuracy: margins.accuracy, askedAt });
  }

  decisions(sweep: number): StoredDecision[] {
    return decisionsOf(sweep, this.#sql.decisions.all(sweep) as StoredDecision[]);
  }

  addDecision(sweep: number, decision: StoredDecision): void {
    mustBeDecision(decision);
    this.#sql.addDecision.run({ ...decision, sweep });
  }

  /** The sweep of this plan, made or grown, with its cells. */
  #unite(plan: SweepPlan, profile: string, how: OpeningTimes & { shard: Shard; grow: boolean }): Sweep {
    const identity = identityOf(plan, profile);
    const row = this.#sql.find.get(identity) as SweepRow | undefined;
    const held = row === undefined ? null : sweepOf(row);
    if (held !== null && this.hasOtherCells(held)) throw otherCells(held.id);
    if (held !== null) refuseOtherShard(held.shard, how.shard);
    const whole = held === null ? plan : grown(held.plan, plan, how.grow);
    const values = sweepValues(whole, profile, how.shard, how);
    const id = this.#sql.upsert.get(values) as number;
    if (row?.plan !== values.plan) this.#addCells(id, whole, profile);
    return { id, plan: whole, profile, shard: how.shard, question: held === null ? null : held.question };
  }

  addCommand(sweep: number, command: StoredCommand): void {
    this.#sql.insertCommand.run({ ...command, sweep });
  }

  /** Whether the cells that are stored of a sweep are others than its plan's. */
  hasOtherCells({ id, plan, profile }: Sweep): boolean {
    const there = new Set(this.#sql.cells.all(id) as string[]);
    let lacking = 0;
    for (const { template, trials } of plannedCells(plan)) {
      const key = this.#keys.findEqual(plan.engine.name, profile, template);
      for (const epochs of template.asked)
        if (key === null || !there.delete(`${key.id} ${epochs} ${trials ?? "all"}`)) lacking += 1;
    }
    return lacking > 0 || there.size > 0;
  }

  /** Whether what stands beside the plan of a sweep is what the plan says. */
  hasOtherNotes(sweep: Sweep): boolean {
    return hasOtherNotes(sweep, this.#sql.notes.get(sweep.id) as SweepNotes);
  }

  #addCells(id: number, plan: SweepPlan, profile: string): void {
    this.#sql.noFewer.run(id);
    for (const { template, trials } of plannedCells(plan)) {
      const key = this.#keys.make(plan.engine.name, profile, template);
      for (const epochs of template.asked) {
        this.#sql.insertCell.run({ sweep: id, key: key.id, epochs });
        if (trials !== null) this.#sql.insertFewer.run({ sweep: id, key: key.id, epochs, trials });
      }
    }
  }
}

function statements(db: Database.Database) {
  const { columns, from } = SWEEP_ROW;
  return {
    all: db.prepare(`select ${columns} ${from} order by s.id`),
    find: db.prepare(`select ${columns} ${from} where s.identity = ?`),
    notes: db.prepare("select identity, name, trials, engine, record from sweeps where id = ?"),
    cells: db
      .prepare(
        `select c.cell_key_id || ' ' || c.epochs || ' ' || coalesce(w.trials, 'all')
         from sweep_cells c ${FEWER_TRIALS} where c.sweep_id = ?`,
      )
      .pluck(),
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
    insertCell: db.prepare(
      `insert or ignore into sweep_cells (sweep_id, cell_key_id, epochs, method, lambda_reg)
       select @sweep, id, @epochs, method, lambda_reg from cell_keys where id = @key`,
    ),
    noFewer: db.prepare("delete from fewer_trials where sweep_id = ?"),
    insertFewer: db.prepare(
      "insert into fewer_trials (sweep_id, cell_key_id, epochs, trials) values (@sweep, @key, @epochs, @trials)",
    ),
    createdAt: db.prepare("select created_at from sweeps where identity = ?").pluck(),
    dateBack: db.prepare("update sweeps set created_at = @createdAt where id = @id"),
    ask: db.prepare(
      `insert into questions (sweep_id, estimand, margin_forget, margin_accuracy, asked_at)
       values (@sweep, @estimand, @forget, @accuracy, @askedAt)`,
    ),
    unask: db.prepare("delete from questions where sweep_id = ?"),
    decisions: db.prepare(
      "select round, at, decision as text from decisions where sweep_id = ? order by round, at, id",
    ),
    addDecision: db.prepare(
      `insert into decisions (sweep_id, round, at, decision) values (@sweep, @round, @at, @text)
       on conflict (sweep_id, round, decision) do update set at = min(at, excluded.at)`,
    ),
    insertCommand: db.prepare(
      "insert or ignore into commands (sweep_id, command, at, version, machine) values (@sweep, @command, @at, @version, @machine)",
    ),
  };
}
