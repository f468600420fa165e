/** The views of a store: what README documents, and what reading asks. */
import { CURVE, MEASURES } from "../../measures.js";
import { CELL_NAMES } from "../../plan/cell.js";
import { columnOf } from "./columns.js";
import { curveMoments, IS_FINITE } from "./curves.js";
import type { Dialect } from "./dialect.js";
import {
  COUNTED,
  COUNTED_IN_ANY,
  countedAsTrial,
  FEWER_TRIALS,
  ONE_OF_CELL,
  rowsOfCells,
  TRAJECTORIES_OF_SWEEPS,
  TRIALS_OF_CELL,
} from "./layout.js";

/** What verdict_inputs says of a measure of a cell's runs r, the first of which is f: their mean and sample deviation, by distances as below. */
function inputMoments({ square, notNegative }: Dialect, column: string): string {
  const distance = `(r.${column} - f.${column})`;
  const squares = `(avg(${square(distance)}) ${IS_RUN} - ${square(`avg(${distance}) ${IS_RUN}`)})`;
  const runs = `count(*) ${IS_RUN}`;
  return `avg(r.${column}) ${IS_RUN} as ${column}_mean,
  sqrt(${notNegative(squares)} * ${runs} / nullif(${runs} - 1, 0)) as ${column}_sd`;
}

/** The rows that are done and no copies of another. */
const IS_RUN = "filter (where r.state = 'done' and t.source_id is null)";

/** The population deviation of a cell's values, from their distances to one of them: of equal values it is exactly 0, and nothing cancels where it is tiny beside the mean. */
function deviation({ square, notNegative }: Dialect, column: string): string {
  const distance = `(r.${column} - f.${column})`;
  const shift = `(avg(r.${column}) - f.${column})`;
  return `sqrt(${notNegative(`avg(${square(distance)}) - ${square(shift)}`)})`;
}

/** What a view begins with: a cell's columns up to its preset, which stands first. */
const SETTING = ["preset", "draw", "data_seed", ...CELL_NAMES.slice(1, CELL_NAMES.indexOf("preset"))] as const;

const OF_SETTING = SETTING.map(columnOf).join(", ");

/** The same of another view. */
function settingOf(view: string): string {
  return SETTING.map((name) => `${view}.${name}`).join(", ");
}

export function viewsIn(dialect: Dialect): string {
  const { loop, real, find, rowId, choose, notNegative, square, least, alsoBy, named, ownColumn, plannedMethods } =
    dialect;
  const of = { cells: rowsOfCells(dialect), trial: countedAsTrial(dialect) };
  const difference = "(p.difference - f.difference)";
  const rootMethod = `substr(root, 1, ${find}(root, '@') - 1)`;
  // How far a sweep s asks for a trajectory t, where c are the cells that it is in: a trial beyond some cells' own is asked for by the others alone.
  const lastEpoch = choose(
    "c.is_uneven",
    `(
    select max(c.epochs) from sweep_cells c ${FEWER_TRIALS}
    where c.sweep_id = s.id and c.cell_key_id = t.cell_key_id and t.trial <= ${TRIALS_OF_CELL}
  )`,
    "c.epochs",
  );
  return `
create view cells as
select s.id as sweep, ${OF_SETTING},
  c.method, k.seed, k.start, c.lambda_reg, k.lambda_effective, c.epochs, ${TRIALS_OF_CELL} as trials, k.one_run, k.id as cell_key_id
${of.cells};

create view sweep_trajectories as
select s.id as sweep, ${OF_SETTING},
  k.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, k.start, k.lambda_reg, k.lambda_effective,
  t.replicate_of, k.engine, k.profile, k.id as cell_key_id, t.id as trajectory_id,
  coalesce(t.source_id, t.id) as source_id,
  ${lastEpoch} as last_epoch
from sweeps s
join ${TRAJECTORIES_OF_SWEEPS} c on c.sweep_id = s.id
join cell_keys k on k.id = c.cell_key_id
join draws d on d.id = k.draw_id
join trajectories t on ${COUNTED_IN_ANY};

create view trial_results as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, c.lambda_reg, k.lambda_effective, c.epochs,
  ${MEASURES.map(({ name }) => `r.${name}`).join(", ")},
  r.state, r.error, t.replicate_of, k.engine, k.profile, r.elapsed_ms, k.start
${of.cells}
${loop} trajectories t on ${COUNTED}
${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")};

create view forget_results as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, t.trial, k.seed, nullif(t.start_trial, 0) as start_trial, c.lambda_reg, k.lambda_effective, c.epochs,
  m.forget_row, m.forget_margin, t.replicate_of, k.engine, k.profile, k.start
${of.cells} and d.forget_rows > 1
${loop} trajectories t on ${COUNTED}
${loop} forget_margins m on m.trial_row_id = ${rowId("coalesce(t.source_id, t.id)", "c.epochs")};

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
  ${deviation(dialect, "train_accuracy")} as train_accuracy_std,
  avg(r.test_accuracy) as test_accuracy_mean,
  avg(r.forget_probability) as forget_probability_mean,
  ${deviation(dialect, "forget_probability")} as forget_probability_std,
  avg(r.forget_margin) as forget_margin_mean,
  ${deviation(dialect, "forget_margin")} as forget_margin_std
${of.cells}
-- The cell's first row that is done; whatever it holds is a finite number.
${loop} trial_rows f on f.id = (
  select r.id from trajectories t ${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done' where ${COUNTED} limit 1
)
${loop} trajectories t on ${COUNTED}
${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done'
group by c.sweep_id, c.cell_key_id, c.epochs${alsoBy(`${ONE_OF_CELL}, f.id`)};

-- Methods stand in the order of their sweep's plan.
create view method_summary as
select c.sweep, c.method, c.trials, c.train_accuracy_mean, c.train_accuracy_std, c.forget_probability_mean, c.forget_probability_std,
  c.preset, c.lambda_reg, c.epochs, c.start, c.draw, c.data_seed, c.samples, c.features, c.forget_rows, c.hidden, c.learning_rate
from cell_summary c
left join ${plannedMethods} m on m.sweep = c.sweep and m.method = c.method
order by c.sweep, c.preset, c.draw, c.samples, c.features, c.forget_rows, c.hidden, c.learning_rate, m.place, c.lambda_reg, c.epochs, c.start;

-- Every trial row that a sweep asks for, and the state of the one that is there: null where none is.
create view asked_rows as
with recursive numbers (trial) as (
  select 1 union all select trial + 1 from numbers where trial < (select max(trials) from sweeps)
)
select c.*, n.trial, r.state, r.error, r.attempts
from cells c
join numbers n on n.trial <= c.trials
left join trajectories t on ${of.trial}
left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")};

create view missing as
select sweep, ${SETTING.join(", ")}, method, trial, seed, start,
  lambda_reg, lambda_effective, epochs
from asked_rows
where state is null;

create view cell_status as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, c.lambda_reg, c.epochs, k.start, ${TRIALS_OF_CELL} as trials, count(*) filter (where r.state = 'done') as done,
  count(*) filter (where r.state = 'diverged') as diverged, count(*) filter (where r.state = 'failed') as failed,
  ${TRIALS_OF_CELL} - count(r.state) as missing
${of.cells}
left join trajectories t on ${COUNTED}
left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")}
group by c.sweep_id, c.cell_key_id, c.epochs${alsoBy(ONE_OF_CELL)};

-- What a verdict is made of: each cell's runs, a copy being none.
create view verdict_inputs as
select c.sweep_id as sweep, ${OF_SETTING},
  c.method, c.lambda_reg, c.epochs, k.start, count(*) ${IS_RUN} as n,
  ${["forget_probability", "forget_margin", "train_accuracy"].map((column) => inputMoments(dialect, column)).join(",\n  ")},
  count(*) filter (where r.state = 'diverged' and t.source_id is null) as diverged,
  count(*) filter (where r.state = 'failed' and t.source_id is null) as failed,
  count(*) filter (where r.state is not null and t.source_id is not null) as copies
${of.cells}
left join trial_rows f on f.id = (
  select r.id from trajectories t ${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done'
  where ${COUNTED} and t.source_id is null limit 1
)
left join trajectories t on ${COUNTED}
left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")}
group by c.sweep_id, c.cell_key_id, c.epochs${alsoBy(`${ONE_OF_CELL}, f.id`)};

-- The mean curve of a cell's runs, as far as the sweep asks for them.
create view learning_curves as
with asked as materialized (
  select c.*, (select t.id from trajectories t where ${COUNTED_IN_ANY} and t.source_id is null limit 1) as first
  from ${TRAJECTORIES_OF_SWEEPS} c join cell_keys k on k.id = c.cell_key_id
)
select c.sweep_id as sweep, ${OF_SETTING},
  k.method, k.lambda_reg, k.start, e.epoch, count(*) as n,
  ${curveMoments(dialect)}
from asked c
${loop} sweeps s on s.id = c.sweep_id
${loop} cell_keys k on k.id = c.cell_key_id
${loop} draws d on d.id = k.draw_id
${loop} trajectories t on ${COUNTED_IN_ANY}
-- Copies have no curve of their own. An epoch counts while all of its numbers are finite: of one that is not, this product is none.
${loop} epochs e on e.trajectory_id = t.id and e.epoch <= ${lastEpoch} and ${IS_FINITE}
left join epochs f on f.trajectory_id = c.first and f.epoch = e.epoch
group by c.sweep_id, c.cell_key_id, e.epoch${alsoBy("k.id, d.id")};

-- How much likelier a draw's forget set is to a net that was trained on it. Both methods go by their names, as in the
-- verdict, which holds all others against them: how a method trains does not say which it is, since a second retraining
-- trains as the first does. Of several cells the one of the least λ at the most epochs stands for its method.
create view memorisation as
with chosen as materialized (
  select sweep_id, cell_key_id, epochs, method, draw_id, hidden, learning_rate, preset, seed, trials
  from (
    select c.sweep_id, c.cell_key_id, c.epochs, c.method, k.draw_id, k.hidden, k.learning_rate, k.preset, k.seed, ${TRIALS_OF_CELL} as trials,
      row_number() over (
        partition by c.sweep_id, k.draw_id, k.hidden, k.learning_rate, k.preset, k.seed, c.method order by c.lambda_reg, c.epochs desc
      ) as place
    from sweep_cells c join sweeps s on s.id = c.sweep_id ${FEWER_TRIALS} join cell_keys k on k.id = c.cell_key_id
    where c.method in ('original', 'retrain_scratch')
  )${named("ranked")} where place = 1
), pairs as materialized (
  select o.sweep_id as sweep, o.draw_id, o.preset, o.hidden, o.learning_rate, o.seed,
    a.forget_probability as original, b.forget_probability as retrained, a.forget_probability - b.forget_probability as difference
  from chosen o
  join chosen r on r.method = 'retrain_scratch' and r.sweep_id = o.sweep_id and r.draw_id = o.draw_id and r.hidden = o.hidden
    and r.learning_rate = o.learning_rate and r.preset = o.preset and r.seed = o.seed
  ${loop} trajectories t on t.cell_key_id = o.cell_key_id and t.trial <= ${least("o.trials", "r.trials")} and t.source_id is null
  ${loop} trial_rows a on a.id = ${rowId("t.id", "o.epochs")} and a.state = 'done'
  ${loop} trajectories u on u.cell_key_id = r.cell_key_id and u.trial = t.trial and u.source_id is null
  ${loop} trial_rows b on b.id = ${rowId("u.id", "r.epochs")} and b.state = 'done'
  where o.method = 'original'
)
select p.sweep, ${SETTING.map((name) => (columnOf(name).startsWith("d.") ? `d.${name}` : `p.${name}`)).join(", ")},
  count(*) as n, avg(p.original) as original_mean, avg(p.retrained) as retrained_mean, avg(p.difference) as memorisation,
  sqrt(${notNegative(`avg(${square(difference)}) - ${square("avg(p.difference - f.difference)")}`)}
    / nullif(count(*) - 1, 0)) as standard_error
from pairs p
join draws d on d.id = p.draw_id
join (select sweep, draw_id, preset, hidden, learning_rate, seed, min(difference) as difference from pairs group by 1, 2, 3, 4, 5, 6) f
  using (sweep, draw_id, preset, hidden, learning_rate, seed)
group by p.sweep, p.draw_id, p.preset, p.hidden, p.learning_rate, p.seed${alsoBy("d.id")};

-- How many epochs bring x's probability back to the original's mean, of each method that trains a net as it was trained
-- before another method changed it; null where the curve never does.
create view relearn_epochs as
with relearning as (
  select m.sweep, m.method, root.method as root
  from ${plannedMethods} m join ${plannedMethods} root on root.sweep = m.sweep and root.training = m.training and root.start is null
), relearned as materialized (
  -- The chain of starts ends in the root's cell, as unlearn@4.2x5<original@0x100 does: what stands behind its last <.
  select *, ${rootMethod} as root_method, substr(root, ${find}(root, '@') + 1) as root_cell
  from (select *, substr(start, 1 + length(rtrim(start, replace(start, '<', '')))) as root from sweep_trajectories where ${find}(start, '<') > 0)${named("changed")}
  where (sweep, method, ${ownColumn("root_method", rootMethod)}) in (select sweep, method, root from relearning)
)
select r.sweep, ${settingOf("r")}, r.method, r.trial, r.seed,
  r.start, o.forget_probability_mean as original_mean,
  min(e.epoch) filter (where e.forget_probability >= o.forget_probability_mean) as relearn_epochs, max(e.epoch) as trained_epochs
from relearned r
-- λ is compared as a number: 1e-7 has other digits in SQL. A sweep without the root's trials has no mean, but its curves.
left join cell_summary o on o.method = r.root_method and o.sweep = r.sweep and o.preset = r.preset and o.draw = r.draw and o.samples = r.samples
  and o.features = r.features and o.forget_rows = r.forget_rows and o.hidden = r.hidden and o.learning_rate = r.learning_rate
  and o.lambda_reg = cast(substr(r.root_cell, 1, ${find}(r.root_cell, 'x') - 1) as ${real})
  and o.epochs = cast(substr(r.root_cell, ${find}(r.root_cell, 'x') + 1) as integer)
join epochs e on e.trajectory_id = r.source_id and e.epoch <= r.last_epoch
group by r.sweep, r.trajectory_id${alsoBy(`${settingOf("r")}, r.method, r.trial, r.seed, r.start, o.forget_probability_mean`)};
`;
}
