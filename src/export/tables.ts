/** The tables of an export: each is what the views that are documented say, in no order. */
import type { Results, Sweep } from "../store/contract.js";

export interface TablePlan {
  /** The name of its file, without its ending. */
  readonly name: string;
  /** Whether there is a file even where there is no row. */
  readonly always: boolean;
  /** The select that gives its rows, of one sweep or of all. */
  readonly sql: (results: Results, sweep: Sweep | null) => Promise<string>;
}

const ofView =
  (view: string) =>
  async (_results: Results, sweep: Sweep | null): Promise<string> =>
    `select * from ${view}${ofSweep(view, sweep)}`;

export const TABLES: readonly TablePlan[] = [
  { name: "results", always: true, sql: ofView("trial_results") },
  { name: "epochs", always: true, sql: ofView("epoch_results") },
  { name: "cells", always: true, sql: cellsSql },
  { name: "forget", always: false, sql: ofView("forget_results") },
];

/** Every cell with what became of its trials, and the means where any is done. */
async function cellsSql(results: Results, sweep: Sweep | null): Promise<string> {
  const [status, summary] = [await columnsOf(results, "cell_status"), await columnsOf(results, "cell_summary")];
  const means = summary.filter((name) => !status.includes(name));
  // A draw's data_seed may be null, which equals nothing, and follows from the draw; trials are those that are done.
  const key = summary.filter((name) => status.includes(name) && !["data_seed", "trials"].includes(name));
  const same = key.map((name) => `m.${name} = s.${name}`).join(" and ");
  return `select s.*, ${means.map((name) => `m.${name}`).join(", ")} from cell_status s left join cell_summary m on ${same}${ofSweep("s", sweep)}`;
}

async function columnsOf(results: Results, view: string): Promise<readonly string[]> {
  const { columns, rows } = await results.query(`select * from ${view} limit 0`);
  for await (const _ of rows); // lets go of the file
  return columns;
}

function ofSweep(table: string, sweep: Sweep | null): string {
  return sweep === null ? "" : ` where ${table}.sweep = ${sweep.id}`;
}
