/** Sweeps as a database has them: their plans, their cells, and the commands that asked for them. */
import { grown, identityOf } from "../../plan/growth.js";
import type { SweepPlan } from "../../plan/plan.js";
import type { Question } from "../../plan/question.js";
import { plannedCells, type Shard, WHOLE } from "../../plan/trajectories.js";
import { derivedOf, keyOf } from "../cell-keys.js";
import type { OpenRequest, StoredCommand, StoredDecision, Sweep } from "../contract.js";
import { columnOf, HELD_NAMES } from "../sql/columns.js";
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
import { insertRows, withoutNul } from "./arrays.js";
import { type CellKeys, textOf } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { READS } from "./reads.js";

export async function allSweeps(session: Session): Promise<Sweep[]> {
  return (await session.rows<SweepRow>(`select ${SWEEP_ROW.columns} ${SWEEP_ROW.from} order by s.id`)).map(sweepOf);
}

/** The same. Throws usage where something else stands beside a plan than it says: what is counted is counted by that. */
export async function plannedSweeps(session: Session): Promise<Sweep[]> {
  const sweeps = await allSweeps(session);
  for (const sweep of sweeps) if (await hasOthersNoted(session, sweep)) throw otherNotes(sweep.id);
  return sweeps;
}

/** The plan of a sweep that is there, as it is now. */
export async function planIn(session: Session, id: number): Promise<SweepPlan> {
  const sql = `select ${SWEEP_ROW.columns} ${SWEEP_ROW.from} where s.id = @id`;
  const [row] = await session.rows<SweepRow>(sql, { id });
  return sweepOf(row).plan;
}

/** Whether what stands beside the plan of a sweep is not what the plan says. */
export async function hasOthersNoted(session: Session, sweep: Sweep): Promise<boolean> {
  const [notes] = await session.rows<SweepNotes>(
    "select identity, name, trials, engine, record from sweeps where id = @id",
    { id: sweep.id },
  );
  return hasOtherNotes(sweep, notes);
}

export async function commandsIn(session: Session, sweep: number): Promise<StoredCommand[]> {
  return commandsOf(sweep, await session.rows(READS.commands.sql, { sweep }));
}

export async function decisionsIn(session: Session, sweep: number): Promise<StoredDecision[]> {
  return decisionsOf(sweep, await session.rows<StoredDecision>(READS.decisions.sql, { sweep }));
}

/** Whether the cells that are stored of a sweep are others than its plan's. */
export async function hasOthersCells(session: Session, { id, plan, profile }: Sweep): Promise<boolean> {
  const rows = await session.lists(
    `select ${HELD_NAMES.map(columnOf).join(", ")}, c.epochs, w.trials
     from sweep_cells c ${FEWER_TRIALS} join cell_keys k on k.id = c.cell_key_id join draws d on d.id = k.draw_id
     where c.sweep_id = @id`,
    { id },
  );
  const there = new Set(rows.map((row) => JSON.stringify(row)));
  let lacking = 0;
  for (const { template, trials } of plannedCells(plan)) {
    const held = [...keyOf(template, profile), ...derivedOf(template, plan.engine.name)];
    for (const epochs of template.asked) if (!there.delete(JSON.stringify([...held, epochs, trials]))) lacking += 1;
  }
  return lacking > 0 || there.size > 0;
}

/** Writes sweeps, inside a transaction of the caller's that keeps other submitters out. */
export class SweepWriter {
  readonly #session: Session;
  readonly #keys: CellKeys;

  constructor(session: Session, keys: CellKeys) {
    this.#session = session;
    this.#keys = keys;
  }

  /** `Store.open`. */
  async open({ plan, profile, shard, grow, question, command, decision }: OpenRequest): Promise<Sweep> {
    const at = new Date().toISOString();
    const checked = askable(question);
    const isNew = (await this.#find(plan, profile)) === undefined;
    const sweep = await this.#unite(plan, profile, { shard, grow, createdAt: at, openedAt: at });
    if (isNew) await this.#ask(sweep.id, checked, at);
    await this.addCommand(sweep.id, { ...command, at });
    if (decision !== undefined) await this.addDecision(sweep.id, { ...decision, at });
    return isNew ? { ...sweep, question: checked } : sweep;
  }

  /** A sweep of a part: the one that is there grows. Returns its id. */
  async take({ plan, profile, question }: Sweep, times: OpeningTimes): Promise<number> {
    const [before] = await this.#session.rows<{ at: string }>(
      "select created_at as at from sweeps where identity = @identity",
      { identity: identityOf(plan, profile) },
    );
    const { id } = await this.#unite(plan, profile, { shard: WHOLE, grow: true, ...times });
    // Who opened it first asked beforehand, or did not.
    if (before !== undefined && before.at <= times.createdAt) return id;
    await this.#session.run("update sweeps set created_at = @at where id = @id", { id, at: times.createdAt });
    // Of one that is new nothing is to be deleted, and who asks for sweeps may not.
    if (before !== undefined) await this.#session.run("delete from questions where sweep_id = @id", { id });
    if (question !== null) await this.#ask(id, question, times.createdAt);
    return id;
  }

  async addCommand(sweep: number, { command, at, version, machine }: StoredCommand): Promise<void> {
    await this.#session.run(
      `insert into commands (sweep_id, command, at, version, machine) values (@sweep, @command, @at, @version, @machine)
       on conflict do nothing`,
      { sweep, command: withoutNul(command), at, version, machine: withoutNul(machine) },
    );
  }

  async addDecision(sweep: number, decision: StoredDecision): Promise<void> {
    mustBeDecision(decision);
    await this.#session.run(
      `insert into decisions as there (sweep_id, round, at, decision) values (@sweep, @round, @at, @text)
       on conflict (sweep_id, round, decision) do update set at = least(there.at, excluded.at)`,
      { sweep, ...decision },
    );
  }

  async #find(plan: SweepPlan, profile: string): Promise<SweepRow | undefined> {
    const sql = `select ${SWEEP_ROW.columns} ${SWEEP_ROW.from} where s.identity = @identity`;
    return (await this.#session.rows<SweepRow>(sql, { identity: identityOf(plan, profile) }))[0];
  }

  async #ask(sweep: number, { estimand, margins }: Question, askedAt: string): Promise<void> {
    await this.#session.run(
      `insert into questions (sweep_id, estimand, margin_forget, margin_accuracy, asked_at)
       values (@sweep, @estimand, @forget, @accuracy, @askedAt)`,
      { sweep, estimand, forget: margins.forget, accuracy: margins.accuracy, askedAt },
    );
  }

  /** The sweep of this plan, made or grown, with its cells. */
  async #unite(plan: SweepPlan, profile: string, how: OpeningTimes & { shard: Shard; grow: boolean }): Promise<Sweep> {
    const row = await this.#find(plan, profile);
    const held = row === undefined ? null : sweepOf(row);
    if (held !== null && (await hasOthersCells(this.#session, held))) throw otherCells(held.id);
    if (held !== null) refuseOtherShard(held.shard, how.shard);
    const whole = held === null ? plan : grown(held.plan, plan, how.grow);
    const values = sweepValues(whole, profile, how.shard, how);
    const id = held === null ? await this.#insert(values) : await this.#update(held.id, values);
    if (row?.plan !== values.plan) await this.#addCells(id, whole, profile);
    return { id, plan: whole, profile, shard: how.shard, question: held === null ? null : held.question };
  }

  async #insert(values: ReturnType<typeof sweepValues>): Promise<number> {
    // The next number, whatever was refused before it: a sequence would leave gaps.
    const [{ id }] = await this.#session.rows<{ id: number }>(
      `insert into sweeps (id, identity, name, plan, trials, engine, profile, record, shard, created_at, opened_at)
       select coalesce(max(id), 0) + 1, @identity, @name, @plan, @trials, @engine, @profile, @record, @shard, @createdAt, @openedAt from sweeps
       returning id`,
      values,
    );
    return id;
  }

  async #update(id: number, values: ReturnType<typeof sweepValues>): Promise<number> {
    const { plan, trials, engine, record, shard, openedAt } = values;
    await this.#session.run(
      `update sweeps set plan = @plan, trials = @trials, engine = @engine, record = @record, shard = @shard,
         opened_at = greatest(opened_at, @openedAt) where id = @id`,
      { id, plan, trials, engine, record, shard, openedAt },
    );
    return id;
  }

  async #addCells(id: number, plan: SweepPlan, profile: string): Promise<void> {
    await this.#session.run("delete from fewer_trials where sweep_id = @id", { id });
    const cells = [...plannedCells(plan)];
    const keys = await this.#keys.make(
      this.#session,
      plan.engine.name,
      profile,
      cells.map(({ template }) => template),
    );
    const rows = cells.flatMap(({ template, trials }) => {
      const key = keys.get(textOf(profile, template))?.id;
      const { method, lambda } = template.cell;
      return template.asked.map((epochs) => ({ key, epochs, method, lambda, trials }));
    });
    await insertRows(
      this.#session,
      "sweep_cells",
      [
        ...([
          ["sweep_id", "bigint"],
          ["cell_key_id", "bigint"],
          ["epochs", "integer"],
        ] as const),
        ...([
          ["method", "text"],
          ["lambda_reg", "float8"],
        ] as const),
      ],
      rows.map(({ key, epochs, method, lambda }) => [id, key, epochs, method, lambda]),
      "on conflict do nothing",
    );
    await insertRows(
      this.#session,
      "fewer_trials",
      [
        ["sweep_id", "bigint"],
        ["cell_key_id", "bigint"],
        ["epochs", "integer"],
        ["trials", "integer"],
      ],
      rows.flatMap(({ key, epochs, trials }) => (trials === null ? [] : [[id, key, epochs, trials]])),
    );
  }
}
