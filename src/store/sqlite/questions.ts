/** What a sweep was asked when it was opened, as a file has it. */
import type Database from "better-sqlite3";
import { bad, SweepError } from "../../errors.js";
import { fieldsOf, number, oneOf, type Reader } from "../../plan/json.js";
import { ESTIMANDS, type Question } from "../../plan/question.js";
import { READ } from "../../plan/values.js";
import { badFile, OTHER_COPY } from "./faults.js";

/** A row of questions beside its sweep's; all null where it was asked nothing. */
export interface QuestionColumns {
  readonly estimand: unknown;
  readonly margin_forget: unknown;
  readonly margin_accuracy: unknown;
}

/** Those of `q`, where it is joined to its sweep. */
export const QUESTION_COLUMNS = "q.estimand, q.margin_forget, q.margin_accuracy";

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

/** Reads it as strictly as what is typed, since a file may come from anywhere. Throws usage. */
export function storedQuestion(sweep: number, columns: QuestionColumns): Question | null {
  if (columns.estimand === null) return null;
  const margins = { forget: columns.margin_forget, accuracy: columns.margin_accuracy };
  try {
    return readQuestion("question", { estimand: columns.estimand, margins });
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw badFile(
      (file) =>
        `${file} must hold the question of sweep ${sweep} as gmm-sweep writes it, but its ${fieldIn(error)}: ${OTHER_COPY}`,
      { cause: error },
    );
  }
}

/** Throws usage where a question could not be read back. */
export function askable(question: Question): Question {
  try {
    return readQuestion("question", question);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(`the question of a sweep must be one that can be read back, but its ${fieldIn(error)}`, { cause: error });
  }
}

const readQuestion: Reader<Question> = (field, given) =>
  fieldsOf(field, given, {
    estimand: oneOf(ESTIMANDS),
    margins: (place, margins) =>
      fieldsOf(place, margins, { forget: number(READ.margin), accuracy: number(READ.margin) }),
  });

/** What an error says, without the name of the whole that its field is in. */
function fieldIn(error: SweepError): string {
  return error.message.replace(/^question\./, "");
}
