/** Sweeps as a file has them: their plans, their cells, and the commands that asked for them. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import { grown, identityOf } from "../../plan/growth.js";
import { canonicalText, type SweepPlan } from "../../plan/plan.js";
import { parsePlan, textOfPlan } from "../../plan/stored.js";
import { type Shard, WHOLE } from "../../plan/trajectories.js";
import type { OpenRequest, StoredCommand, Sweep } from "../contract.js";
import type { CellKeys } from "./cell-keys.js";
import { Decisions } from "./decisions.js";
import { badFile, type FileFault } from "./faults.js";
import { askable, QUESTION_COLUMNS, type QuestionColumns, Questions, storedQuestion } from "./questions.js";
import { readShard, refuseOtherShard, shardText } from "./shards.js";
import { SweepCells } from "./sweep-cells.js";

interface SweepRow extends QuestionColumns {
  readonly id: number;
  readonly plan: string;
  readonly profile: string;
  readonly shard: string | null;
}

/** When a sweep of a part was opened, first and last. */
export interface OpeningTimes {
  readonly createdAt: string;
  readonly openedAt: string;
}

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
    return (this.#sql.all.all() as SweepRow[]).map((row) => this.#sweepOf(row));
  }

  /** The same. Throws usage where something else stands beside a plan than it says: what is counted is counted by that. */
  asPlanned(): Sweep[] {
    const sweeps = this.all();
    for (const sweep of sweeps) if (this.hasOtherNotes(sweep)) throw otherNotes(sweep.id);
    return sweeps;
  }

  commands(sweep: number): StoredCommand[] {
    const commands = this.#sql.commands.all(sweep) as StoredCommand[];
    const other = commands.find((command) => Object.values(command).some((value) => typeof value !== "string"));
    if (other !== undefined) throw new TypeError(`a command of sweep ${sweep} is no text`);
    return commands;
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
    const held = row === undefined ? null : this.#sweepOf(row);
    if (held !== null && this.cells.areOthers(held)) throw otherCells(held.id);
    if (held !== null) refuseOtherShard(held.shard, how.shard);
    const whole = held === null ? plan : grown(held.plan, plan, how.grow);
    const values = {
      identity,
      name: whole.name,
      plan: textOfPlan(whole),
      trials: whole.trials,
      engine: whole.engine.name,
      profile,
      record: whole.record,
      shard: shardText(how.shard),
      createdAt: how.createdAt,
      openedAt: how.openedAt,
    };
    const id = this.#sql.upsert.get(values) as number;
    if (row?.plan !== values.plan) this.cells.add(id, whole, profile);
    return { id, plan: whole, profile, shard: how.shard, question: held === null ? null : held.question };
  }

  addCommand(sweep: number, command: StoredCommand): void {
    this.#sql.insertCommand.run({ ...command, sweep });
  }

  /** Whether what stands beside the plan of a sweep is what the plan says. */
  hasOtherNotes({ id, plan, profile }: Sweep): boolean {
    const { identity, ...there } = this.#sql.notes.get(id) as { identity: string };
    const { name, trials, record } = plan;
    const expected = { name, trials, engine: plan.engine.name, record };
    const own = identityOf(plan, profile);
    // Files of version 1 may hold a second sweep of one identity.
    return (identity !== own && identity !== `${own} ${id}`) || canonicalText(there) !== canonicalText(expected);
  }

  #sweepOf({ id, plan, profile, shard, ...asked }: SweepRow): Sweep {
    return { id, plan: storedPlan(plan), profile, shard: readShard(id, shard), question: storedQuestion(id, asked) };
  }
}

function storedPlan(text: string): SweepPlan {
  try {
    return parsePlan(text);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw badFile(
      (file) =>
        `${file} must hold a plan as gmm-sweep writes it, but its ${error.message}: take another copy of the file, or read it with the gmm-sweep that wrote it`,
      { cause: error },
    );
  }
}

function otherNotes(sweep: number): FileFault {
  return badFile(
    (file) =>
      `${file} says another name, trials, engine or record level of sweep ${sweep} than its plan, so it was changed by another program: take another copy of it, or name another file with --db`,
  );
}

/** That the cells of a sweep are not those of its plan. */
export function otherCells(sweep: number): FileFault {
  return badFile(
    (file) =>
      `${file} holds other cells of sweep ${sweep} than its plan has, so it was changed by another program: take another copy of it, or name another file with --db`,
  );
}

function statements(db: Database.Database) {
  const columns = `s.id, s.plan, s.profile, s.shard, ${QUESTION_COLUMNS}`;
  const asked = "from sweeps s left join questions q on q.sweep_id = s.id";
  return {
    all: db.prepare(`select ${columns} ${asked} order by s.id`),
    find: db.prepare(`select ${columns} ${asked} where s.identity = ?`),
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
