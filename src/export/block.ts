/** Some rows of a table by columns, as files that keep columns take them. */
import type { Cell } from "../report/pieces.js";
import type { Column } from "./columns.js";

/** The values of a column; where one is null, `isNull` has a 1 and `values` a 0, a NaN or an empty text. */
export type Values = { readonly column: Column; readonly isNull: Uint8Array; nulls: number } & (
  | { readonly type: "integer"; readonly values: BigInt64Array }
  | { readonly type: "real"; readonly values: Float64Array }
  | { readonly type: "text"; readonly values: string[] }
);

export class Block {
  readonly columns: readonly Values[];
  readonly capacity: number;
  #rows = 0;

  constructor(columns: readonly Column[], capacity: number) {
    this.capacity = capacity;
    this.columns = columns.map((column) => emptyValues(column, capacity));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row as SQLite gives it: whole numbers of a column of reals come as reals. */
  add(row: readonly Cell[]): void {
    const at = this.#rows++;
    for (let i = 0; i < row.length; i++) put(this.columns[i], at, row[i]);
  }

  /** Makes it empty; what its columns had is written over. */
  clear(): void {
    this.#rows = 0;
    for (const column of this.columns) column.nulls = 0;
  }
}

function emptyValues(column: Column, capacity: number): Values {
  const shared = { column, isNull: new Uint8Array(capacity), nulls: 0 };
  if (column.type === "integer") return { ...shared, type: "integer", values: new BigInt64Array(capacity) };
  if (column.type === "real") return { ...shared, type: "real", values: new Float64Array(capacity) };
  return { ...shared, type: "text", values: new Array<string>(capacity).fill("") };
}

function put(into: Values, at: number, cell: Cell): void {
  into.isNull[at] = cell === null ? 1 : 0;
  if (cell === null) {
    if (!into.column.nullable) throw new Error(`a row has no ${into.column.name}`);
    into.nulls += 1;
    if (into.type === "integer") into.values[at] = 0n;
    else if (into.type === "real") into.values[at] = Number.NaN;
    else into.values[at] = "";
  } else if (into.type === "integer" && typeof cell === "bigint") into.values[at] = cell;
  else if (into.type === "real" && typeof cell === "number") into.values[at] = cell;
  else if (into.type === "text" && typeof cell === "string") into.values[at] = cell;
  else throw new Error(`a row's ${into.column.name} is no ${into.type}`);
}
