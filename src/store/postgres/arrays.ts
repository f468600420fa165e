/** Many rows in one statement: each column is an array, which the server takes apart. */
import type { Parameters, Session } from "./connection.js";

/** A column of rows that are inserted or looked for: its name and type. */
export type Column = readonly [name: string, type: string];

/** The text of an array, as PostgreSQL reads it. */
function arrayText(values: readonly unknown[]): string {
  return `{${values.map(itemText).join(",")}}`;
}

function itemText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number") return String(value);
  if (Buffer.isBuffer(value)) return `"\\\\x${value.toString("hex")}"`;
  return `"${withoutNul(String(value)).replace(/["\\]/g, "\\$&")}"`;
}

/** A text as PostgreSQL can keep it: of the characters it lacks the first alone, which is shown as its picture. */
export function withoutNul(text: string): string {
  return text.replaceAll("\0", "\u2400");
}

/** Rows as a table of the name given, and the parameters that it takes. */
export function given(
  name: string,
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
): { sql: string; parameters: Parameters } {
  const arrays = columns.map(([column, type]) => `cast(@${column} as ${type}[])`);
  return {
    sql: `unnest(${arrays.join(", ")}) as ${name} (${columns.map(([column]) => column).join(", ")})`,
    parameters: Object.fromEntries(columns.map(([column], i) => [column, arrayText(rows.map((row) => row[i]))])),
  };
}

const ROWS_AT_ONCE = 5000;

/** Inserts rows, some thousands in a statement; returns how many were. */
export async function insertRows(
  session: Session,
  table: string,
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  onConflict = "",
): Promise<number> {
  const names = columns.map(([name]) => name).join(", ");
  let inserted = 0;
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const { sql, parameters } = given("g", columns, rows.slice(at, at + ROWS_AT_ONCE));
    inserted += await session.run(`insert into ${table} (${names}) select * from ${sql} ${onConflict}`, parameters);
  }
  return inserted;
}
