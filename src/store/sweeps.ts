/** What a store keeps of sweeps, as it is read and written whatever keeps it: a store may come from anywhere. */
import { bad, SweepError } from "../errors.js";
import { identityOf } from "../plan/growth.js";
import { fieldsOf, number, oneOf, type Reader } from "../plan/json.js";
import { canonicalText, type SweepPlan } from "../plan/plan.js";
import { ESTIMANDS, type Question, refuseWide } from "../plan/question.js";
import { parsePlan, textOfPlan } from "../plan/stored.js";
import { type Shard, WHOLE } from "../plan/trajectories.js";
import { READ } from "../plan/values.js";
import { clipped, escaped } from "../printable.js";
import type { StoredCommand, StoredDecision, Sweep } from "./contract.js";
import { badPlace, OTHER_COPY, type PlaceFault } from "./faults.js";

/** A sweep as tables have it, with its question, of which there may be none. */
export interface SweepRow {
  readonly id: number;
  readonly plan: string;
  readonly profile: string;
  readonly shard: string | null;
  readonly estimand: unknown;
  readonly margin_forget: unknown;
  readonly margin_accuracy: unknown;
}

/** The columns of a SweepRow, and where they are selected from. */
export const SWEEP_ROW = {
  columns: "s.id, s.plan, s.profile, s.shard, q.estimand, q.margin_forget, q.margin_accuracy",
  from: "from sweeps s left join questions q on q.sweep_id = s.id",
};

/** When a sweep of a part was opened, first and last. */
export interface OpeningTimes {
  readonly createdAt: string;
  readonly openedAt: string;
}

/** What stands beside the plan of a sweep. */
export interface SweepNotes {
  readonly identity: string;
  readonly name: string | null;
  readonly trials: number;
  readonly engine: string;
  readonly record: string;
}

/** Throws usage where it is none that gmm-sweep wrote. */
export function sweepOf({ id, plan, profile, shard, ...asked }: SweepRow): Sweep {
  const read = { id, plan: storedPlan(plan), profile, shard: shardOf(id, shard) };
  if (asked.estimand === null) return { ...read, question: null };
  const margins = { forget: asked.margin_forget, accuracy: asked.margin_accuracy };
  return { ...read, question: questionOf(id, { estimand: asked.estimand, margins }) };
}

/** The columns of a sweep. */
export function sweepValues(plan: SweepPlan, profile: string, shard: Shard, { createdAt, openedAt }: OpeningTimes) {
  return {
    identity: identityOf(plan, profile),
    name: plan.name,
    plan: textOfPlan(plan),
    trials: plan.trials,
    engine: plan.engine.name,
    profile,
    record: plan.record,
    shard: shardText(shard),
    createdAt,
    openedAt,
  };
}

/** Commands, which must be texts. */
export function commandsOf(sweep: number, rows: readonly unknown[]): StoredCommand[] {
  const commands = rows as StoredCommand[];
  const other = commands.find((command) => Object.values(command).some((value) => typeof value !== "string"));
  if (other !== undefined) throw new TypeError(`a command of sweep ${sweep} is no text`);
  return commands;
}

/** Decisions, which must be such as gmm-sweep writes. */
export function decisionsOf(sweep: number, decisions: readonly StoredDecision[]): StoredDecision[] {
  for (const { round, text } of decisions) {
    const fault = faultOfDecision(round, text);
    if (fault !== null)
      throw badPlace(
        (place) =>
          `${place} must hold the decisions of sweep ${sweep} as gmm-sweep writes them, but ${fault}: ${OTHER_COPY}`,
      );
  }
  return [...decisions];
}

/** Throws where a decision could not be read back, which is a bug. */
export function mustBeDecision({ round, text }: Pick<StoredDecision, "round" | "text">): void {
  const fault = faultOfDecision(round, text);
  if (fault !== null) throw new TypeError(`a decision could not be read back: ${fault}`);
}

/** Whether what stands beside the plan of a sweep is what the plan says. */
export function hasOtherNotes({ id, plan, profile }: Sweep, { identity, ...there }: SweepNotes): boolean {
  const { name, trials, record } = plan;
  const expected = { name, trials, engine: plan.engine.name, record };
  const own = identityOf(plan, profile);
  // Files of version 1 may hold a second sweep of one identity.
  return (identity !== own && identity !== `${own} ${id}`) || canonicalText(there) !== canonicalText(expected);
}

/** A place forgets nothing that it was to hold: of a sweep it holds one shard, or all. */
export function refuseOtherShard(held: Shard, asked: Shard): void {
  const [there, now] = [shardText(held), shardText(asked)];
  if (now === null || now === there) return;
  throw badPlace((place, { what, option }) =>
    there === null
      ? `--shard must be left out where ${place} is to hold the whole sweep, got ${now}: give the shard a ${what} of its own with ${option}`
      : `--shard must be ${there}, which ${place} is to hold of the sweep, got ${now}: give it a ${what} of its own with ${option}, or leave --shard out for the whole`,
  );
}

/** A question as it can be read back; throws usage where it could not be. */
export function askable(question: Question): Question {
  try {
    return readQuestion("question", question);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(`the question of a sweep must be one that can be read back, but its ${fieldIn(error)}`, { cause: error });
  }
}

export function otherNotes(sweep: number): PlaceFault {
  return badPlace(
    (place, { what, option }) =>
      `${place} says another name, trials, engine or record level of sweep ${sweep} than its plan, so it was changed by another program: take another copy of it, or name another ${what} with ${option}`,
  );
}

/** That the cells of a sweep are not those of its plan. */
export function otherCells(sweep: number): PlaceFault {
  return badPlace(
    (place, { what, option }) =>
      `${place} holds other cells of sweep ${sweep} than its plan has, so it was changed by another program: take another copy of it, or name another ${what} with ${option}`,
  );
}

function shardText({ index, count }: Shard): string | null {
  return count === 1 ? null : `${index + 1}/${count}`;
}

function storedPlan(text: string): SweepPlan {
  try {
    return parsePlan(text);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw badPlace(
      (place, { what }) =>
        `${place} must hold a plan as gmm-sweep writes it, but its ${error.message}: take another copy of the ${what}, or read it with the gmm-sweep that wrote it`,
      { cause: error },
    );
  }
}

const readQuestion: Reader<Question> = (field, given) => {
  const question = fieldsOf(field, given, {
    estimand: oneOf(ESTIMANDS),
    margins: (place, margins) =>
      fieldsOf(place, margins, { forget: number(READ.margin), accuracy: number(READ.margin) }),
  });
  refuseWide(`${field}.margins.`, question.margins, question.estimand);
  return question;
};

/** A question as strictly as what is typed. */
function questionOf(sweep: number, given: unknown): Question {
  try {
    return readQuestion("question", given);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw badPlace(
      (place) =>
        `${place} must hold the question of sweep ${sweep} as gmm-sweep writes it, but its ${fieldIn(error)}: ${OTHER_COPY}`,
      { cause: error },
    );
  }
}

function shardOf(id: number, text: string | null): Shard {
  if (text === null) return WHOLE;
  const [, number, count] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text)?.map(Number) ?? [];
  if (number !== undefined && number <= count) return { index: number - 1, count };
  throw badPlace((place) => `${place} must say the shard of sweep ${id} as I/N, got ${text}: ${OTHER_COPY}`);
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
    // Nested so deep that no stack holds it, it was not written here either.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  return `that of round ${round} must be canonical JSON, got ${clipped(escaped(text))}`;
}
