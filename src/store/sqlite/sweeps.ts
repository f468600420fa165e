/** Sweeps as a file has them: their plans, their cells, and the commands that asked for them. */
import type Database from "better-sqlite3";
import { bad, SweepError } from "../../errors.js";
import { grown, identityOf } from "../../plan/growth.js";
import { fieldsOf, number, oneOf, type Reader } from "../../plan/json.js";
import { canonicalText, type SweepPlan } from "../../plan/plan.js";
import { ESTIMANDS, type Question } from "../../plan/question.js";
import { parsePlan, textOfPlan } from "../../plan/stored.js";
import { plannedCells, type Shard, WHOLE } from "../../plan/trajectories.js";
import { READ } from "../../plan/values.js";
import { clipped, escaped } from "../../printable.js";
import type { OpenRequest, StoredCommand, StoredDecision, Sweep } from "../contract.js";
import type { CellKeys } from "./cell-keys.js";
import { badFile, type FileFault } from "./faults.js";
import { FEWER_TRIALS } from "./layout.js";

interface SweepRow {
  readonly id: number;
  readonly plan: string;
  readonly profile: string;
  readonly shard: string | null;
  readonly estimand: unknown;
  readonly margin_forget: unknown;
  readonly margin_accuracy: unknown;
}

/** When a sweep of a part was opened, first and last. */
export interface OpeningTimes {
  readonly createdAt: string;
  readonly openedAt: string;
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
    const decisions = this.#sql.decisions.all(sweep) as { round: number; at: string; text: string }[];
    for (const { round, text } of decisions) {
      const fault = faultOfDecision(round, text);
      if (fault !== null)
        throw badFile(
          (file) =>
            `${file} must hold the decisions of sweep ${sweep} as gmm-sweep writes them, but ${fault}: ${OTHER_COPY}`,
        );
    }
    return decisions;
  }

  addDecision(sweep: number, decision: StoredDecision): void {
    const fault = faultOfDecision(decision.round, decision.text);
    if (fault !== null) throw new TypeError(`a decision could not be read back: ${fault}`);
    this.#sql.addDecision.run({ ...decision, sweep });
  }

  /** The sweep of this plan, made or grown, with its cells. */
  #unite(plan: SweepPlan, profile: string, how: OpeningTimes & { shard: Shard; grow: boolean }): Sweep {
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
    this.#sql.noFewer.run(id);
    for (const { template, trials } of plannedCells(plan)) {
      const key = this.#keys.make(plan.engine.name, profile, template);
      for (const epochs of template.asked) {
        this.#sql.insertCell.run({ sweep: id, key: key.id, epochs });
        if (trials !== null) this.#sql.insertFewer.run({ sweep: id, key: key.id, epochs, trials });
      }
    }
  }

  #sweepOf({ id, plan, profile, shard, ...asked }: SweepRow): Sweep {
    const read = { id, plan: storedPlan(plan), profile, shard: this.#shardOf(id, shard) };
    if (asked.estimand === null) return { ...read, question: null };
    const margins = { forget: asked.margin_forget, accuracy: asked.margin_accuracy };
    return { ...read, question: this.#questionOf(id, { estimand: asked.estimand, margins }) };
  }

  /** A question as strictly as what is typed, since a file may come from anywhere. */
  #questionOf(sweep: number, given: unknown): Question {
    try {
      return readQuestion("question", given);
    } catch (error) {
      if (!(error instanceof SweepError)) throw error;
      throw badFile(
        (file) =>
          `${file} must hold the question of sweep ${sweep} as gmm-sweep writes it, but its ${fieldIn(error)}: ${OTHER_COPY}`,
        { cause: error },
      );
    }
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

const OTHER_COPY = "take a copy of it from before another program changed it";

const readQuestion: Reader<Question> = (field, given) =>
  fieldsOf(field, given, {
    estimand: oneOf(ESTIMANDS),
    margins: (place, margins) =>
      fieldsOf(place, margins, { forget: number(READ.margin), accuracy: number(READ.margin) }),
  });

/** Throws usage where a question could not be read back. */
function askable(question: Question): Question {
  try {
    return readQuestion("question", question);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(`the question of a sweep must be one that can be read back, but its ${fieldIn(error)}`, { cause: error });
  }
}

/** What an error says, without the name of the whole that its field is in. */
function fieldIn(error: SweepError): string {
  return error.message.replace(/^question\./, "");
}

/** What says why a decision is none that can be read; null: it can. */
function faultOfDecision(round: number, text: string): string | null {
  if (!Number.isSafeInteger(round) || round < 1) return `a round must be a whole number from 1 up, got ${round}`;
  try {
    if (canonicalText(JSON.parse(text)) === text) return null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return `that of round ${round} must be canonical JSON, got ${clipped(escaped(text))}`;
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
  const columns = "s.id, s.plan, s.profile, s.shard, q.estimand, q.margin_forget, q.margin_accuracy";
  const asked = "from sweeps s left join questions q on q.sweep_id = s.id";
  return {
    all: db.prepare(`select ${columns} ${asked} order by s.id`),
    find: db.prepare(`select ${columns} ${asked} where s.identity = ?`),
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
