/** The cells of a sweep as a file has them: those of its plan, and how many trials they have where these are fewer. */
import type Database from "better-sqlite3";
import type { SweepPlan } from "../../plan/plan.js";
import { plannedCells } from "../../plan/trajectories.js";
import type { Sweep } from "../contract.js";
import { FEWER_TRIALS } from "../sql/layout.js";
import type { CellKeys } from "./cell-keys.js";

export class SweepCells {
  readonly #keys: CellKeys;
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database.Database, keys: CellKeys) {
    this.#keys = keys;
    this.#sql = statements(db);
  }

  /** Adds those of a plan that are not there; what is said of their trials is what it says. */
  add(sweep: number, plan: SweepPlan, profile: string): void {
    this.#sql.noFewer.run(sweep);
    for (const { template, trials } of plannedCells(plan)) {
      const key = this.#keys.make(plan.engine.name, profile, template);
      for (const epochs of template.asked) {
        this.#sql.insert.run({ sweep, key: key.id, epochs });
        if (trials !== null) this.#sql.insertFewer.run({ sweep, key: key.id, epochs, trials });
      }
    }
  }

  /** Whether those that are stored of a sweep are others than its plan's. */
  areOthers({ id, plan, profile }: Sweep): boolean {
    const there = new Set(this.#sql.all.all(id) as string[]);
    let lacking = 0;
    for (const { template, trials } of plannedCells(plan)) {
      const key = this.#keys.findEqual(plan.engine.name, profile, template);
      for (const epochs of template.asked)
        if (key === null || !there.delete(`${key.id} ${epochs} ${trials ?? "all"}`)) lacking += 1;
    }
    return lacking > 0 || there.size > 0;
  }
}

function statements(db: Database.Database) {
  return {
    all: db
      .prepare(
        `select c.cell_key_id || ' ' || c.epochs || ' ' || coalesce(w.trials, 'all')
         from sweep_cells c ${FEWER_TRIALS} where c.sweep_id = ?`,
      )
      .pluck(),
    insert: db.prepare(
      `insert or ignore into sweep_cells (sweep_id, cell_key_id, epochs, method, lambda_reg)
       select @sweep, id, @epochs, method, lambda_reg from cell_keys where id = @key`,
    ),
    noFewer: db.prepare("delete from fewer_trials where sweep_id = ?"),
    insertFewer: db.prepare(
      "insert into fewer_trials (sweep_id, cell_key_id, epochs, trials) values (@sweep, @key, @epochs, @trials)",
    ),
  };
}
