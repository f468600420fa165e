/** Whole tables for other programs: each is what the views that are documented say, in no order. */
import type { Results, Sweep } from "./contract.js";

export interface WholeTable {
  readonly name: string;
  /** Whether there is one even where it has no row. */
  readonly always: boolean;
  /** Its rows, of one sweep or of all. */
  read(results: Results, sweep: Sweep | null): ReturnType<Results["query"]>;
}

const ofView = (view: string): WholeTable["read"] => {
  return (results, sweep) => results.query(`select * from ${view}${ofSweep(view, sweep)}`);
};

export const TABLES: readonly WholeTable[] = [
  { name: "results", always: true, read: ofView("trial_results") },
  { name: "epochs", always: true, read: ofView("epoch_results") },
  { name: "cells", always: true, read: async (results, sweep) => results.query(await cellsSql(results, sweep)) },
  { name: "forget", always: false, read: ofView("forget_results") },
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
