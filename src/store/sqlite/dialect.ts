/** What SQLite says otherwise than other databases. */
import type { Dialect } from "../sql/dialect.js";
import { isRowOf, rowId } from "./layout.js";

export const SQLITE_DIALECT: Dialect = {
  loop: "cross join",
  real: "real",
  find: "instr",
  rowId,
  isRowOf,
  isSet: (column) => column,
  choose: (condition, then, otherwise) => `iif(${condition}, ${then}, ${otherwise})`,
  notNegative: (x) => `max(0.0, ${x})`,
  square: (x) => `${x} * ${x}`,
  least: (a, b) => `min(${a}, ${b})`,
  list: (x) => `json_group_array(${x})`,
  // It takes the other columns from any row of a group, and sorts by what it groups by.
  alsoBy: () => "",
  named: () => "",
  ownColumn: (name) => name,
  plannedMethods: `(
  select s.id as sweep, m.key as place, m.value ->> 'name' as method, m.value ->> 'start' as start,
    json_array(m.value -> 'crossEntropy', m.value -> 'penalty', m.value -> 'forgetLabels', m.value -> 'parameters') as training
  from sweeps s join json_each(s.plan, '$.methods') m
)`,
};
