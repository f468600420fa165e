/** Aggregates that are not SQLite's, for one connection. */
import type Database from "better-sqlite3";
import { clipped, escaped } from "../../printable.js";
import type { Aggregate } from "../../stats/aggregates.js";

/** The values of a group so far, and what the aggregate was given beside them. */
interface Group {
  readonly values: number[];
  given: number | null;
}

/** Has SQL that runs on `db` know this aggregate: of the values that are not null; null where there are none. */
export function addAggregate(db: Database.Database, { name, of, takes }: Aggregate): void {
  const add = (group: Group, value: unknown): void => {
    if (value !== null) group.values.push(numberOf(name, value));
  };
  // How many arguments a function takes is how many its step has.
  const step =
    takes === null
      ? (group: Group, value: unknown): void => add(group, value)
      : (group: Group, value: unknown, given: unknown): void => {
          const one = numberOf(name, given);
          if (group.given === null) takes.refuse(one);
          else if (one !== group.given)
            throw new TypeError(
              `${name} takes one ${takes.name} for all rows of a group, got ${group.given} and ${one}`,
            );
          group.given = one;
          add(group, value);
        };
  db.aggregate<Group>(name, {
    start: () => ({ values: [], given: null }),
    step: step as (group: Group, ...given: unknown[]) => void,
    // NaN, as of a deviation of a single value, is null in SQLite.
    result: ({ values, given }) => (values.length === 0 ? null : of(values, given ?? Number.NaN)),
    deterministic: true,
    directOnly: true,
  });
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`${name} takes numbers, got ${value === null ? "null" : clipped(escaped(String(value)))}`);
}
