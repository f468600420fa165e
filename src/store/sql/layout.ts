/** Which trial rows count, in SQL: everything that is asked of tables says it with these. */
import type { Dialect } from "./dialect.js";

/** Whether a trajectory t counts where `trials` are asked for: copies of one run do while they start from the last original; those of a smaller count are superseded. */
export function startCounts(oneRun: string, trials: string): string {
  return `(${oneRun} = 0 or t.start_trial = ${trials})`;
}

/** The trajectories t of a cell that count. */
export function countedIn(cell: { readonly key: string; readonly oneRun: string; readonly trials: string }): string {
  const { key, oneRun, trials } = cell;
  return `t.cell_key_id = ${key} and t.trial <= ${trials} and ${startCounts(oneRun, trials)}`;
}

/** What says that a cell c of a sweep s has fewer trials than it, as w; after both. */
export const FEWER_TRIALS =
  "left join fewer_trials w on w.sweep_id = c.sweep_id and w.cell_key_id = c.cell_key_id and w.epochs = c.epochs";

/** How many trials such a cell has. */
export const TRIALS_OF_CELL = "coalesce(w.trials, s.trials)";

/** Those of such a cell. */
export const COUNTED = countedIn({ key: "c.cell_key_id", oneRun: "k.one_run", trials: TRIALS_OF_CELL });

/** Those of some of a sweep's cells that have c.trials, the most that any of them has. */
export const COUNTED_IN_ANY = countedIn({ key: "c.cell_key_id", oneRun: "k.one_run", trials: "c.trials" });

/** The cells of a sweep but for their epoch counts, with the most epochs and trials that any of each has. */
export const TRAJECTORIES_OF_SWEEPS = `(
  select c.sweep_id, c.cell_key_id, max(c.epochs) as epochs, max(${TRIALS_OF_CELL}) as trials, count(w.trials) > 0 as is_uneven
  from sweep_cells c join sweeps s on s.id = c.sweep_id ${FEWER_TRIALS} group by c.sweep_id, c.cell_key_id
)`;

/** The trajectory t of a cell that is this trial from that start, which may not be there. */
export function isTrialOf(cell: string, trial: string, start: string): string {
  return `t.cell_key_id = ${cell} and t.trial = ${trial}
  and t.start_trial = ${start}`;
}

/** The one of a cell c that counts as trial n; of a trial that is planned, `startTrial` says the same start. */
export function countedAsTrial({ isSet }: Dialect): string {
  return isTrialOf(
    "c.cell_key_id",
    "n.trial",
    `case when ${isSet("c.one_run")} then c.trials when c.start = '' then 0 else n.trial end`,
  );
}

/** The loops from a sweep's cells down to their rows, in this order: sweep_cells' keys are then the order of the rows, and no rows are sorted to be grouped by cell. */
export function rowsOfCells({ loop }: Dialect): string {
  return `from sweep_cells c
${loop} sweeps s on s.id = c.sweep_id
${FEWER_TRIALS}
${loop} cell_keys k on k.id = c.cell_key_id
${loop} draws d on d.id = k.draw_id`;
}

/** What is one for all rows of such a cell, beside its key. */
export const ONE_OF_CELL = "s.id, w.trials, k.id, d.id";
