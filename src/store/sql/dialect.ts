/** What one text of SQL says otherwise in each database: the views and the reads of every store are written with these. */

export interface Dialect {
  /** A join whose loops are to be nested as they are written, where the database lets that be said. */
  readonly loop: string;
  /** The type of a float64. */
  readonly real: string;
  /** What finds a text in another, from 1. */
  readonly find: string;
  /** The id of a trajectory's trial row of so many epochs. */
  rowId(trajectory: string, epochs: string): string;
  /** Whether a row's id is one of a trajectory's, of `first` to `last` epochs; null: however many. */
  isRowOf(row: string, trajectory: string, epochs: readonly [first: string, last: string | null]): string;
  /** Whether a column that is 0 or 1 is 1. */
  isSet(column: string): string;
  choose(condition: string, then: string, otherwise: string): string;
  /** A number, or 0 where it is below; null of null. */
  notNegative(x: string): string;
  square(x: string): string;
  least(a: string, b: string): string;
  /** A list of a group's whole numbers, as JSON. */
  list(x: string): string;
  /** What `group by` has to name beside the key of a group, of columns that are one for all of its rows. */
  alsoBy(columns: string): string;
  /** The name of a select that stands in the place of a table, where it must have one. */
  named(name: string): string;
  /** How a condition names a column of its own select. */
  ownColumn(name: string, expression: string): string;
  /** The methods of each sweep's plan: their places in it, and how each trains, as a text that is equal where they train alike. */
  readonly plannedMethods: string;
}
