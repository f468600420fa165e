/** The views of a file: what README documents, and what reading asks. */
import { CURVE, MEASURES } from "../../measures.js";
import { CELL_NAMES } from "../../plan/cell.js";
import { columnOf } from "./columns.js";
import { COUNTED, COUNTED_AS_TRIAL, ROWS_OF_CELLS, rowId } from "./layout.js";

/** The population deviation of a cell's values, from their distances to one of them: of equal values it is exactly 0, and nothing cancels where it is tiny beside the mean. */
function deviation(column: string): string {
  const distance = `(r.${column} - f.${column})`;
  const shift = `(avg(r.${column}) - f.${column})`;
  return `sqrt(max(0.0, avg(${distance} * ${distance}) - ${shift} * ${shift}))`;
}

/** What a view begins with: a cell's columns up to its preset, which stands first. */
const SETTING = ["preset", "draw", "data_seed", ...CELL_NAMES.slice(1, CELL_NAMES.indexOf("preset"))] as const;

const OF_SETTING = SETTING.map(columnOf).join(", ");

/** The same of another view. */
function settingOf(view: string): string {
  return SETTING.map((name) => `${view}.${name}`).join(", ");
}

/** The methods of each sweep's plan: their places in it, and how each trains, as a text that is equal where they train alike. */
const PLANNED_METHODS = `(
  select s.id as sweep, m.key as place, m.value ->> 'name' as method, m.value ->> 'start' as start,
    json_array(m.value -> 'crossEntropy', m.value -> 'penalty', m.value -> 'forgetLabels', m.value -> 'parameters') as training
  from sweeps s join json_each(s.plan, '$.methods') m
)`;

export const VIEWS = `
create view cells as
select s.id as sweep, ${OF_SETTING},
  c.method, k.seed, k.start, c.lambda_reg, k.lambda_effective, c.epochs, s.trials, k.one_run, k.id as cell_key_id
${ROWS_OF_CELLS};

create view sweep_trajectories as
select s.id as sweep, ${OF_SETTING},
  k.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, k.start, k.lambda_reg, k.lambda_effective,
  t.replicate_of, k.engine, k.profile, k.id as cell_key_id, t.id as trajectory_id,
  coalesce(t.source_id, t.id) as source_id, c.epochs as last_epoch
from sweeps s
join (select sweep_id, cell_key_id, max(epochs) as epochs from sweep_cells group by sweep_id, cell_key_id) c on c.sweep_id = s.id
join cell_keys k on k.id = c.cell_key_id
join draws d on d.id = k.draw_id
join trajectories t on ${COUNTED};

create view trial_results as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, c.lambda_reg, k.lambda_effective, c.epochs,
  ${MEASURES.map(({ name }) => `r.${name}`).join(", ")},
  r.state, r.error, t.replicate_of, k.engine, k.profile, r.elapsed_ms, k.start
${ROWS_OF_CELLS}
cross join trajectories t on ${COUNTED}
cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")};

create view forget_results as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, c.lambda_reg, k.lambda_effective, c.epochs,
  m.forget_row, m.forget_margin, t.replicate_of, k.engine, k.profile, k.start
${ROWS_OF_CELLS} and d.forget_rows > 1
cross join trajectories t on ${COUNTED}
cross join forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "c.epochs")};

create view epoch_results as
select t.sweep, ${settingOf("t")},
  t.method, t.trial, t.seed, t.start_trial, t.lambda_reg, t.lambda_effective, e.epoch,
  ${CURVE.map(({ name }) => `e.${name}`).join(", ")},
  t.replicate_of, t.engine, t.profile, t.start
from sweep_trajectories t
-- Another sweep may have trained the same trajectory for longer.
join epochs e on e.trajectory_id = t.source_id and e.epoch <= t.last_epoch;

create view cell_summary as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, c.lambda_reg, c.epochs, k.start, count(*) as trials,
  avg(r.train_accuracy) as train_accuracy_mean,
  ${deviation("train_accuracy")} as train_accuracy_std,
  avg(r.test_accuracy) as test_accuracy_mean,
  avg(r.forget_probability) as forget_probability_mean,
  ${deviation("forget_probability")} as forget_probability_std,
  avg(r.forget_margin) as forget_margin_mean,
  ${deviation("forget_margin")} as forget_margin_std
${ROWS_OF_CELLS}
-- The cell's first row that is done; whatever it holds is a finite number.
cross join trial_rows f on f.id = (
  select r.id from trajectories t cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done' where ${COUNTED} limit 1
)
cross join trajectories t on ${COUNTED}
cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done'
group by c.sweep_id, c.cell_key_id, c.epochs;

-- Methods stand in the order of their sweep's plan.
create view method_summary as
select c.sweep, c.method, c.trials, c.train_accuracy_mean, c.train_accuracy_std, c.forget_probability_mean, c.forget_probability_std,
  c.preset, c.lambda_reg, c.epochs, c.start, c.draw, c.data_seed, c.samples, c.features, c.forget_rows, c.hidden, c.learning_rate
from cell_summary c
left join ${PLANNED_METHODS} m on m.sweep = c.sweep and m.method = c.method
order by c.sweep, c.preset, c.draw, c.samples, c.features, c.forget_rows, c.hidden, c.learning_rate, m.place, c.lambda_reg, c.epochs, c.start;

-- Every trial row that a sweep asks for, and the state of the one that is there: null where none is.
create view asked_rows as
with recursive numbers (trial) as (
  select 1 union all select trial + 1 from numbers where trial < (select max(trials) from sweeps)
)
select c.*, n.trial, r.state, r.error, r.attempts
from cells c
join numbers n on n.trial <= c.trials
left join trajectories t on ${COUNTED_AS_TRIAL}
left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")};

create view missing as
select sweep, ${SETTING.join(", ")}, method, trial, seed, start,
  lambda_reg, lambda_effective, epochs
from asked_rows
where state is null;

create view cell_status as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, c.lambda_reg, c.epochs, k.start, s.trials, count(*) filter (where r.state = 'done') as done,
  count(*) filter (where r.state = 'diverged') as diverged, count(*) filter (where r.state = 'failed') as failed,
  s.trials - count(r.state) as missing
${ROWS_OF_CELLS}
left join trajectories t on ${COUNTED}
left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")}
group by c.sweep_id, c.cell_key_id, c.epochs;

-- How many epochs bring x's probability back to the original's mean, of each method that trains a net as it was trained
-- before another method changed it; null where the curve never does.
create view relearn_epochs as
with relearning as (
  select m.sweep, m.method, root.method as root
  from ${PLANNED_METHODS} m join ${PLANNED_METHODS} root on root.sweep = m.sweep and root.training = m.training and root.start is null
), relearned as materialized (
  -- The chain of starts ends in the root's cell, as unlearn@4.2x5<original@0x100 does: what stands behind its last <.
  select *, substr(root, 1, instr(root, '@') - 1) as root_method, substr(root, instr(root, '@') + 1) as root_cell
  from (select *, substr(start, 1 + length(rtrim(start, replace(start, '<', '')))) as root from sweep_trajectories where instr(start, '<') > 0)
  where (sweep, method, root_method) in (select sweep, method, root from relearning)
)
select r.sweep, ${settingOf("r")}, r.method, r.trial, r.seed,
  r.start, o.forget_probability_mean as original_mean,
  min(e.epoch) filter (where e.forget_probability >= o.forget_probability_mean) as relearn_epochs, max(e.epoch) as trained_epochs
from relearned r
-- λ is compared as a number: 1e-7 has other digits in SQL. A sweep without the root's trials has no mean, but its curves.
left join cell_summary o on o.method = r.root_method and o.sweep = r.sweep and o.preset = r.preset and o.draw = r.draw and o.samples = r.samples
  and o.features = r.features and o.forget_rows = r.forget_rows and o.hidden = r.hidden and o.learning_rate = r.learning_rate
  and o.lambda_reg = cast(substr(r.root_cell, 1, instr(r.root_cell, 'x') - 1) as real)
  and o.epochs = cast(substr(r.root_cell, instr(r.root_cell, 'x') + 1) as integer)
join epochs e on e.trajectory_id = r.source_id and e.epoch <= r.last_epoch
group by r.sweep, r.trajectory_id;
`;
