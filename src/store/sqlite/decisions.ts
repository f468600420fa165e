/** What was decided after each round of a sweep, as a file has it. */
import type Database from "better-sqlite3";
import { canonicalText } from "../../plan/plan.js";
import { clipped, escaped } from "../../printable.js";
import type { StoredDecision } from "../contract.js";
import { badFile, OTHER_COPY } from "./faults.js";

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
    const decisions = this.#select.all(sweep) as StoredDecision[];
    for (const { round, text } of decisions) {
      const fault = faultOf(round, text);
      if (fault !== null)
        throw badFile(
          (file) =>
            `${file} must hold the decisions of sweep ${sweep} as gmm-sweep writes them, but ${fault}: ${OTHER_COPY}`,
        );
    }
    return decisions;
  }

  add(sweep: number, decision: StoredDecision): void {
    const fault = faultOf(decision.round, decision.text);
    if (fault !== null) throw new TypeError(`a decision could not be read back: ${fault}`);
    this.#add.run({ ...decision, sweep });
  }
}

/** What says why a decision is none that can be read; null: it can. */
function faultOf(round: number, text: string): string | null {
  if (!Number.isSafeInteger(round) || round < 1) return `a round must be a whole number from 1 up, got ${round}`;
  try {
    if (canonicalText(JSON.parse(text)) === text) return null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return `that of round ${round} must be canonical JSON, got ${clipped(escaped(text))}`;
}
