/** What PostgreSQL says otherwise than other databases. */
import type { Dialect } from "../sql/dialect.js";

/** How many ids of trial rows a trajectory has: an epoch count is at most a million. */
const ROWS = 1 << 20;

/** A trial row's id is 2^20 times its trajectory's plus its epoch count. */
export function rowId(trajectory: string, epochs: string): string {
  return `cast(${trajectory} as bigint) * ${ROWS} + ${epochs}`;
}

/** The trajectory of a trial row's id. */
export function trajectoryOf(row: string): string {
  return `${row} / ${ROWS}`;
}

/** The epoch count of a trial row's id. */
export function epochsOf(row: string): string {
  return `cast(${row} % ${ROWS} as integer)`;
}

/**
 * The rows of `table` whose `column` is the id of a trial row of `trajectory`, which stands before it, as `name`. Without
 * the offset PostgreSQL, which takes each range of ids for a ninth of the table, reads all of it for a few hundred.
 */
export function rowsOf(trajectory: string, table: string, column: string, name: string): string {
  const isIts = `${column} between ${rowId(trajectory, "0")} and ${rowId(trajectory, `${ROWS - 1}`)}`;
  return `cross join lateral (select * from ${table} where ${isIts} offset 0) ${name}`;
}

export const POSTGRES_DIALECT: Dialect = {
  // The planner chooses the loops.
  loop: "join",
  real: "double precision",
  find: "strpos",
  rowId,
  isRowOf: (row, trajectory, [first, last]) =>
    `${row} between ${rowId(trajectory, first)} and ${rowId(trajectory, last ?? `${ROWS - 1}`)}`,
  isSet: (column) => `${column} = 1`,
  choose: (condition, then, otherwise) => `case when ${condition} then ${then} else ${otherwise} end`,
  notNegative: (x) => `not_negative(${x})`,
  // A product too small or too large for a double is an error, and not 0 or Infinity.
  square: (x) => `square(${x})`,
  least: (a, b) => `least(${a}, ${b})`,
  list: (x) => `cast(json_agg(${x}) as text)`,
  alsoBy: (columns) => `, ${columns}`,
  named: (name) => ` ${name}`,
  ownColumn: (_name, expression) => expression,
  plannedMethods: `(
  select s.id as sweep, m.place, m.value ->> 'name' as method, m.value ->> 'start' as start,
    -- As texts, since JSON knows no equality; a plan is canonical.
    concat_ws(' ', m.value -> 'crossEntropy', m.value -> 'penalty', m.value -> 'forgetLabels', m.value -> 'parameters') as training
  from sweeps s cross join lateral json_array_elements(cast(s.plan as json) -> 'methods') with ordinality as m (value, place)
)`,
};
