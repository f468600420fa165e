/** How far the cells of a sweep are, and what they have. */
import type Database from "better-sqlite3";
import { CELL_NAMES, type CellKey } from "../../plan/cell.js";
import type { CellMean, CellStatus, CellTrial, Failure, MethodStatus, MethodSummary, RowState } from "../contract.js";
import { CELL_COLUMNS, columnOf } from "./columns.js";
import { COUNTED, FEWER_TRIALS, ROWS_OF_CELLS, rowId, TRIALS_OF_CELL } from "./layout.js";

export function methodSummary(db: Database.Database, sweep: number): MethodSummary[] {
  const rows = db
    .prepare(
      `select m.sweep, m.method, m.trials, m.train_accuracy_mean, m.train_accuracy_std, m.forget_probability_mean, m.forget_probability_std,
         exists (
           select 1 from cells c where c.sweep = m.sweep and c.preset = m.preset and c.method = m.method and c.one_run and m.trials > 1
         ) as copies
       from method_summary m where m.sweep = ?`,
    )
    .all(sweep) as (Omit<MethodSummary, "copies"> & { copies: number })[];
  for (const { method, train_accuracy_mean: accuracy, forget_probability_mean: probability } of rows)
    if (!Number.isFinite(accuracy) || !Number.isFinite(probability))
      throw new TypeError(`the means of ${method} are ${accuracy} and ${probability}`);
  return rows.map((row) => ({ ...row, copies: row.copies === 1 }));
}

export function cellStatus(db: Database.Database, sweep: number): CellStatus[] {
  return db.prepare(statusOfCells("")).all(sweep) as CellStatus[];
}

export function incompleteCells(db: Database.Database, sweep: number, most: number): CellStatus[] {
  const first = `having count(r.state) < ${TRIALS_OF_CELL} or failed > 0 order by k.preset, d.samples, d.data_seed, d.draw, c.method, c.lambda_reg, c.epochs, k.start limit ?`;
  return db.prepare(statusOfCells(first)).all(sweep, most) as CellStatus[];
}

function statusOfCells(which: string): string {
  return `select ${CELL_COLUMNS}, ${TRIALS_OF_CELL} as trials, count(*) filter (where r.state = 'done') as done,
    count(*) filter (where r.state = 'diverged') as diverged, count(*) filter (where r.state = 'failed') as failed,
    ${TRIALS_OF_CELL} - count(r.state) as missing
  ${ROWS_OF_CELLS}
  left join trajectories t on ${COUNTED}
  left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")}
  where c.sweep_id = ?
  group by c.sweep_id, c.cell_key_id, c.epochs ${which}`;
}

export function methodStatus(db: Database.Database, sweep: number): MethodStatus[] {
  return db
    .prepare(
      `select preset, method, count(*) as cells, sum(trials) as rows, sum(done) as done, sum(diverged) as diverged,
         sum(failed) as failed, sum(missing) as missing
       from cell_status where sweep = ? group by preset, method order by preset, method`,
    )
    .all(sweep) as MethodStatus[];
}

export function stateCounts(db: Database.Database, sweep: number): Record<RowState, number> {
  return db
    .prepare(
      `select coalesce(sum(done), 0) as done, coalesce(sum(diverged), 0) as diverged, coalesce(sum(failed), 0) as failed
       from cell_status where sweep = ?`,
    )
    .get(sweep) as Record<RowState, number>;
}

export function failures(db: Database.Database, sweep: number): Failure[] {
  return db
    .prepare(
      `select method, min(trial) as trial, error, count(*) as rows from trial_results where sweep = ? and state = 'failed'
       group by method, error order by method, trial`,
    )
    .all(sweep) as Failure[];
}

export function cellMeans(db: Database.Database, sweep: number): CellMean[] {
  const rows = db
    .prepare(
      `select ${CELL_COLUMNS}, json_group_array(t.trial) as trials, sum(r.state = 'done') as done,
         coalesce(avg(r.train_accuracy) filter (where r.state = 'done'), 0) as train_accuracy,
         coalesce(avg(r.forget_probability) filter (where r.state = 'done'), 0) as forget_probability
       ${ROWS_OF_CELLS}
       cross join trajectories t on ${COUNTED}
       cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state <> 'failed'
       where c.sweep_id = ?
       group by c.sweep_id, c.cell_key_id, c.epochs`,
    )
    .all(sweep) as (Omit<CellMean, "trials"> & { trials: string })[];
  return rows.map((row) => ({ ...row, trials: JSON.parse(row.trials) as number[] }));
}

/** From its draw down, since indexes lead from there to one cell. */
export function cellTrials(db: Database.Database, sweep: number, cell: CellKey): CellTrial[] {
  return db
    .prepare(
      `select t.trial, t.replicate_of, r.forget_probability
       from draws d
       cross join cell_keys k on k.draw_id = d.id
       cross join sweep_cells c on c.sweep_id = @sweep and c.cell_key_id = k.id
       cross join sweeps s on s.id = c.sweep_id
       ${FEWER_TRIALS}
       cross join trajectories t on ${COUNTED}
       cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done'
       where ${CELL_NAMES.map((name) => `${columnOf(name)} = @${name}`).join(" and ")}
       order by t.trial`,
    )
    .all({ ...Object.fromEntries(CELL_NAMES.map((name) => [name, cell[name]])), sweep }) as CellTrial[];
}
