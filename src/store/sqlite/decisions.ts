/** What was decided after each round of a sweep, as a file has it. */
import type Database from "better-sqlite3";
import type { StoredDecision } from "../contract.js";
import { decisionsOf, mustBeDecision } from "../sweeps.js";

export class Decisions {
  readonly #select: Database.Statement;
  readonly #add: Database.Statement;

  constructor(db: Database.Database) {
    this.#select = db.prepare(
      "select round, at, decision as text from decisions where sweep_id = ? order by round, at, id",
    );
    this.#add = db.prepare(
      `insert into decisions (sweep_id, round, at, decision) values (@sweep, @round, @at, @text)
       on conflict (sweep_id, round, decision) do update set at = min(at, excluded.at)`,
    );
  }

  /** Throws usage where one of them is none that can be read. */
  of(sweep: number): StoredDecision[] {
    return decisionsOf(sweep, this.#select.all(sweep) as StoredDecision[]);
  }

  add(sweep: number, decision: StoredDecision): void {
    mustBeDecision(decision);
    this.#add.run({ ...decision, sweep });
  }
}
