/** Any one select of a user's, read through a cursor of a transaction that only reads. */
import type pg from "pg";
import { bad, messageOf, type SweepError } from "../../errors.js";
import type { Aggregate } from "../../stats/aggregates.js";
import { meantNames } from "../meant.js";
import { AGGREGATE_NAMES, quantilesOf, T_KNOWN, T_WANTED } from "./aggregates.js";
import { BOOL, BYTEA, FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, type Session, typesBy } from "./connection.js";
import { codeOf, isAnswer, isAway } from "./faults.js";

const ROWS_AT_ONCE = 1000;

const PARSERS: ReadonlyMap<number, ((text: string) => unknown) | null> = new Map<
  number,
  ((text: string) => unknown) | null
>([
  ...[INT2, INT4, INT8].map((type) => [type, BigInt] as const),
  // A sum of whole numbers is one.
  [NUMERIC, (text: string) => (/^-?\d+$/.test(text) ? BigInt(text) : Number(text))],
  // As in SQLite, where a condition is 0 or 1.
  [BOOL, (text: string) => (text === "t" ? 1n : 0n)],
  ...[FLOAT4, FLOAT8, BYTEA].map((type) => [type, null] as const),
]);
const TYPES: pg.CustomTypesConfig = typesBy((type) =>
  PARSERS.has(type) ? (PARSERS.get(type) ?? null) : (text) => text,
);

/** A query whose columns are known, and whose rows are still to be read. */
export interface Asked {
  readonly columns: string[];
  readonly rows: AsyncGenerator<unknown[]>;
}

/** `session` is in a transaction that only reads; names of columns are known once it is understood. */
export async function ask(session: Session, sql: string, aggregates: readonly Aggregate[]): Promise<Asked> {
  const other = aggregates.find(({ name }) => !AGGREGATE_NAMES.includes(name));
  if (other !== undefined) throw new Error(`a store in PostgreSQL has no aggregate ${other.name}`);
  return understood(session, async () => {
    if (/ci_(low|high)/i.test(sql)) await answerQuantiles(session, sql);
    await declare(session, sql);
    const { fields, rows } = await fetch(session);
    // PostgreSQL takes a bare select for one row of nothing.
    if (fields.length === 0) throw notOne("it selects nothing", "");
    return { columns: fields.map(({ name }) => name), rows: rest(session, rows) };
  });
}

async function declare(session: Session, sql: string): Promise<void> {
  // What a comment at its end would hide stands on a line of its own.
  await session.exactly(`declare asked no scroll cursor for ${sql.replace(/;\s*$/, "")}\n`, TYPES);
}

function fetch(session: Session): Promise<pg.QueryArrayResult> {
  return session.exactly(`fetch forward ${ROWS_AT_ONCE} from asked`, TYPES);
}

async function* rest(session: Session, first: unknown[][]): AsyncGenerator<unknown[]> {
  for (let rows = first; ; { rows } = await understood(session, () => fetch(session))) {
    yield* rows;
    if (rows.length < ROWS_AT_ONCE) return;
  }
}

const MOST_PASSES = 10; // one, but where quantiles of quantiles are asked for

/** Runs a query to hear which quantiles of Student's t it wants, until it wants none that is not known. */
async function answerQuantiles(session: Session, sql: string): Promise<void> {
  let known: Record<string, number> = { none: 0 };
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    await session.rows(`select set_config('${T_KNOWN}', @known, true), set_config('${T_WANTED}', '', true)`, {
      known: JSON.stringify(known),
    });
    await declare(session, sql);
    await session.script("move forward all from asked");
    await session.script("close asked");
    const [{ wanted }] = await session.rows<{ wanted: string }>(`select current_setting('${T_WANTED}') as wanted`);
    if (wanted === "") return;
    known = { ...known, ...quantilesOf(wanted) };
  }
}

/** Runs `body`; what PostgreSQL says against a user's SQL becomes one sentence. */
async function understood<Result>(session: Session, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    // What the server itself lacks is no fault of the SQL.
    if (!isAnswer(error) || isAway(error) || /^(5[378]|XX|25P03|57014)/.test(codeOf(error))) throw error;
    throw notOne(messageOf(error), await meantName(session, error), error);
  }
}

function notOne(said: string, meant: string, cause?: unknown): SweepError {
  return bad(
    `SQL must be one select that PostgreSQL understands, got an error: ${said}${meant}; data/docs/columns.md lists the views and their columns`,
    { cause },
  );
}

/** Which name of a view, a table or a column is probably meant, where PostgreSQL says that there is none of a name. */
async function meantName(session: Session, error: unknown): Promise<string> {
  const [, what, name] = /^(relation|column) "?(?:\w+\.)?(\w+)"? does not exist$/.exec(messageOf(error)) ?? [];
  if (name === undefined) return "";
  await session.script("rollback");
  const kinds = what === "relation" ? "select c.relname as name" : "select distinct a.attname as name";
  const names = await session.rows<{ name: string }>(
    `${kinds} from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = to_regnamespace('gmm_sweep') and c.relkind in (${what === "relation" ? "'r', 'v'" : "'v'"})`,
  );
  return meantNames(name, [...new Set(names.map((row) => String(row.name)))]);
}
