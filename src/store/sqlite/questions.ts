/** What a sweep was asked when it was opened, as a file has it. */
import type Database from "better-sqlite3";
import type { Question } from "../../plan/question.js";

export class Questions {
  readonly #add: Database.Statement;
  readonly #remove: Database.Statement;

  constructor(db: Database.Database) {
    this.#add = db.prepare(
      `insert into questions (sweep_id, estimand, margin_forget, margin_accuracy, asked_at)
       values (@sweep, @estimand, @forget, @accuracy, @askedAt)`,
    );
    this.#remove = db.prepare("delete from questions where sweep_id = ?");
  }

  add(sweep: number, { estimand, margins }: Question, askedAt: string): void {
    this.#add.run({ sweep, estimand, forget: margins.forget, accuracy: margins.accuracy, askedAt });
  }

  remove(sweep: number): void {
    this.#remove.run(sweep);
  }
}
