/** Sweeps as a file has them: their plans, their cells, and the commands that asked for them. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import { grown } from "../../plan/growth.js";
import { canonicalText, identityOf, type SweepPlan } from "../../plan/plan.js";
import { parsePlan, textOfPlan } from "../../plan/stored.js";
import { cellTemplates, type Shard, WHOLE } from "../../plan/trajectories.js";
import type { OpenRequest, StoredCommand, Sweep } from "../contract.js";
import type { CellKeys } from "./cell-keys.js";
import { badFile, type FileFault } from "./faults.js";

interface SweepRow {
  readonly id: number;
  readonly plan: string;
  readonly profile: string;
  readonly shard: string | null;
}

export class Sweeps {
  readonly #keys: CellKeys;
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
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
  open({ plan, profile, shard, grow, command }: OpenRequest): Sweep {
    const at = new Date().toISOString();
    const sweep = this.unite(plan, profile, { shard, grow, createdAt: at, openedAt: at });
    this.#sql.insertCommand.run({ ...command, sweep: sweep.id, at });
    return sweep;
  }

  /** The sweep of this plan, made or grown, with its cells. */
  unite(
    plan: SweepPlan,
    profile: string,
    how: { shard: Shard; grow: boolean; createdAt: string; openedAt: string },
  ): Sweep {
    const identity = identityOf(plan, profile);
    const row = this.#sql.find.get(identity) as SweepRow | undefined;
    const held = row === undefined ? null : this.#sweepOf(row);
    if (held !== null && this.hasOtherCells(held)) throw otherCells(held.id);
    if (held !== null) this.#refuseOtherShard(held.shard, how.shard);
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
    if (row?.plan !== values.plan) this.#addCells(id, whole, profile);
    return { id, plan: whole, profile, shard: how.shard };
  }

  addCommand(sweep: number, command: StoredCommand): void {
    this.#sql.insertCommand.run({ ...command, sweep });
  }

  /** Whether the cells that are stored of a sweep are others than its plan's. */
  hasOtherCells({ id, plan, profile }: Sweep): boolean {
    const there = new Set(this.#sql.cells.all(id) as string[]);
    let lacking = 0;
    for (const spec of cellTemplates(plan)) {
      const key = this.#keys.findEqual(plan.engine.name, profile, spec);
      for (const epochs of spec.asked) if (key === null || !there.delete(`${key.id} ${epochs}`)) lacking += 1;
    }
    return lacking > 0 || there.size > 0;
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

  /** A file forgets nothing that it was to hold: of a sweep it holds one shard, or all. */
  #refuseOtherShard(held: Shard, asked: Shard): void {
    const [there, now] = [shardText(held), shardText(asked)];
    if (now === null || now === there) return;
    const sentence = (file: string): string =>
      there === null
        ? `--shard must be left out where ${file} is to hold the whole sweep, got ${now}: give the shard a file of its own with --db`
        : `--shard must be ${there}, which ${file} is to hold of the sweep, got ${now}: give it a file of its own with --db, or leave --shard out for the whole`;
    throw badFile(sentence);
  }

  #addCells(id: number, plan: SweepPlan, profile: string): void {
    for (const spec of cellTemplates(plan)) {
      const key = this.#keys.make(plan.engine.name, profile, spec);
      for (const epochs of spec.asked) this.#sql.insertCell.run({ sweep: id, key: key.id, epochs });
    }
  }

  #sweepOf({ id, plan, profile, shard }: SweepRow): Sweep {
    return { id, plan: storedPlan(plan), profile, shard: this.#shardOf(id, shard) };
  }

  #shardOf(id: number, text: string | null): Shard {
    if (text === null) return WHOLE;
    const [, number, count] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text)?.map(Number) ?? [];
    if (number !== undefined && number <= count) return { index: number - 1, count };
    throw badFile(
      (file) =>
        `${file} must say the shard of sweep ${id} as I/N, got ${text}: take a copy of it from before another program changed it`,
    );
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

function shardText({ index, count }: Shard): string | null {
  return count === 1 ? null : `${index + 1}/${count}`;
}

function statements(db: Database.Database) {
  const columns = "id, plan, profile, shard";
  return {
    all: db.prepare(`select ${columns} from sweeps order by id`),
    find: db.prepare(`select ${columns} from sweeps where identity = ?`),
    notes: db.prepare("select identity, name, trials, engine, record from sweeps where id = ?"),
    cells: db.prepare("select cell_key_id || ' ' || epochs from sweep_cells where sweep_id = ?").pluck(),
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
    insertCommand: db.prepare(
      "insert or ignore into commands (sweep_id, command, at, version, machine) values (@sweep, @command, @at, @version, @machine)",
    ),
  };
}
