/** The tables and views, as migrations: entry i takes a file from user_version i to i+1. Landed entries never change. */

/** Marks a SQLite file as ours ('gmm1'). */
export const APPLICATION_ID = 0x676d6d31;

// An arm is a cell without its epoch count: what a trajectory is trained under, whatever its trial.
const VERSION_1 = `
create table sweeps (
  id integer primary key,
  identity text not null unique,
  command text not null,
  config text not null,
  trials integer not null,
  engine text not null,
  profile text not null,
  record text not null check (record in ('final', 'asked', 'all')),
  shard text,
  version text not null,
  machine text not null,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  opened_at text not null
) strict;

create table draws (
  id integer primary key,
  draw text not null,
  data_seed integer,
  samples integer not null,
  features integer not null,
  forget_rows integer not null,
  unique (draw, samples, features, forget_rows)
) strict;

create table arms (
  id integer primary key,
  draw_id integer not null references draws,
  hidden text not null,
  learning_rate real not null,
  preset text not null,
  method text not null,
  lambda_reg real not null,
  lambda_effective real not null,
  seed integer not null,
  start text not null,
  one_run integer not null,
  engine text not null,
  profile text not null,
  unique (draw_id, hidden, learning_rate, preset, method, lambda_reg, seed, start, profile)
) strict;

create table sweep_cells (
  sweep_id integer not null references sweeps,
  arm_id integer not null references arms,
  epochs integer not null,
  primary key (sweep_id, arm_id, epochs)
) strict, without rowid;

create table trajectories (
  id integer primary key,
  arm_id integer not null references arms,
  trial integer not null,
  start_trial integer not null,
  replicate_of integer,
  source_id integer references trajectories,
  unique (arm_id, trial, start_trial)
) strict;

create table trial_rows (
  trajectory_id integer not null references trajectories,
  epochs integer not null,
  state text not null check (state in ('done', 'diverged', 'failed')),
  train_accuracy real,
  test_accuracy real,
  forget_probability real,
  forget_logit real,
  cross_entropy real,
  penalty real,
  error text,
  attempts integer not null,
  elapsed_ms real,
  finished_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  primary key (trajectory_id, epochs)
) strict, without rowid;

create table epochs (
  trajectory_id integer not null references trajectories,
  epoch integer not null,
  penalty real,
  cross_entropy real,
  train_accuracy real,
  forget_probability real,
  forget_logit real,
  primary key (trajectory_id, epoch)
) strict, without rowid;

-- Where the forget set has more than one row; of a single one, trial_rows has it.
create table forget_logits (
  trajectory_id integer not null,
  epochs integer not null,
  forget_row integer not null,
  forget_logit real,
  primary key (trajectory_id, epochs, forget_row),
  foreign key (trajectory_id, epochs) references trial_rows
) strict, without rowid;

create view cells as
select s.id as sweep, a.preset, d.draw, d.data_seed, d.samples, d.features, d.forget_rows, a.hidden, a.learning_rate,
  a.method, a.seed, a.start, a.lambda_reg, a.lambda_effective, c.epochs, s.trials, a.one_run, a.id as arm_id
from sweeps s
join sweep_cells c on c.sweep_id = s.id
join arms a on a.id = c.arm_id
join draws d on d.id = a.draw_id;

create view sweep_trajectories as
select s.id as sweep, a.preset, d.draw, d.data_seed, d.samples, d.features, d.forget_rows, a.hidden, a.learning_rate,
  a.method, t.trial, a.seed, nullif(t.start_trial, 0) as start_trial, a.start, a.lambda_reg, a.lambda_effective,
  t.replicate_of, a.engine, a.profile, a.id as arm_id, t.id as trajectory_id,
  coalesce(t.source_id, t.id) as source_id, c.epochs as last_epoch
from sweeps s
join (select sweep_id, arm_id, max(epochs) as epochs from sweep_cells group by sweep_id, arm_id) c on c.sweep_id = s.id
join arms a on a.id = c.arm_id
join draws d on d.id = a.draw_id
-- Copies of one run count while they start from the sweep's last original; those of a smaller count are superseded.
join trajectories t on t.arm_id = a.id and t.trial <= s.trials and (a.one_run = 0 or t.start_trial = s.trials);

create view trial_results as
select t.sweep, t.preset, t.draw, t.data_seed, t.samples, t.features, t.forget_rows, t.hidden, t.learning_rate,
  t.method, t.trial, t.seed, t.start_trial, t.lambda_reg, t.lambda_effective, r.epochs,
  r.train_accuracy, r.test_accuracy, r.forget_probability, r.forget_logit, r.cross_entropy, r.penalty,
  r.state, r.error, t.replicate_of, t.engine, t.profile, r.elapsed_ms, t.start
from sweep_trajectories t
join sweep_cells c on c.sweep_id = t.sweep and c.arm_id = t.arm_id
join trial_rows r on r.trajectory_id = t.trajectory_id and r.epochs = c.epochs;

create view forget_results as
select t.sweep, t.preset, t.draw, t.data_seed, t.samples, t.features, t.forget_rows, t.hidden, t.learning_rate,
  t.method, t.trial, t.seed, t.start_trial, t.lambda_reg, t.lambda_effective, l.epochs, l.forget_row, l.forget_logit,
  t.replicate_of, t.engine, t.profile, t.start
from sweep_trajectories t
join sweep_cells c on c.sweep_id = t.sweep and c.arm_id = t.arm_id
join forget_logits l on l.trajectory_id = t.source_id and l.epochs = c.epochs;

create view epoch_results as
select t.sweep, t.preset, t.draw, t.data_seed, t.samples, t.features, t.forget_rows, t.hidden, t.learning_rate,
  t.method, t.trial, t.seed, t.start_trial, t.lambda_reg, t.lambda_effective, e.epoch,
  e.penalty, e.cross_entropy, e.train_accuracy, e.forget_probability, e.forget_logit,
  t.replicate_of, t.engine, t.profile, t.start
from sweep_trajectories t
-- Another sweep may have trained the same trajectory for longer.
join epochs e on e.trajectory_id = t.source_id and e.epoch <= t.last_epoch;

create view method_summary as
select sweep, method, count(*) as trials,
  avg(train_accuracy) as train_accuracy_mean,
  -- Equal values have no spread, whatever the rounding of their mean says.
  iif(min(train_accuracy) = max(train_accuracy), 0.0, sqrt(avg((train_accuracy - accuracy_centre) * (train_accuracy - accuracy_centre)))) as train_accuracy_std,
  avg(forget_probability) as forget_probability_mean,
  iif(min(forget_probability) = max(forget_probability), 0.0,
    sqrt(avg((forget_probability - probability_centre) * (forget_probability - probability_centre)))) as forget_probability_std
from (
  select *, avg(train_accuracy) over by_method as accuracy_centre, avg(forget_probability) over by_method as probability_centre
  from trial_results
  where state = 'done'
  window by_method as (partition by sweep, method)
)
group by sweep, method
order by sweep, min(case method when 'original' then 1 when 'retrain_scratch' then 2 when 'unlearn' then 3 else 4 end), method;

create view cell_summary as
select sweep, preset, draw, data_seed, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start,
  count(*) as trials,
  avg(train_accuracy) as train_accuracy_mean,
  iif(min(train_accuracy) = max(train_accuracy), 0.0, sqrt(avg((train_accuracy - accuracy_centre) * (train_accuracy - accuracy_centre)))) as train_accuracy_std,
  avg(test_accuracy) as test_accuracy_mean,
  avg(forget_probability) as forget_probability_mean,
  iif(min(forget_probability) = max(forget_probability), 0.0,
    sqrt(avg((forget_probability - probability_centre) * (forget_probability - probability_centre)))) as forget_probability_std,
  avg(forget_logit) as forget_logit_mean,
  iif(min(forget_logit) = max(forget_logit), 0.0, sqrt(avg((forget_logit - logit_centre) * (forget_logit - logit_centre)))) as forget_logit_std
from (
  select *, avg(train_accuracy) over by_cell as accuracy_centre, avg(forget_probability) over by_cell as probability_centre,
    avg(forget_logit) over by_cell as logit_centre
  from trial_results
  where state = 'done'
  window by_cell as (partition by sweep, preset, draw, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start)
)
group by sweep, preset, draw, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start;

-- Every trial row that a sweep asks for, and the state of the one that is there: null where none is.
create view asked_rows as
with recursive numbers (trial) as (
  select 1 union all select trial + 1 from numbers where trial < (select max(trials) from sweeps)
)
select c.*, n.trial, r.state, r.error, r.attempts
from cells c
join numbers n on n.trial <= c.trials
left join trajectories t on t.arm_id = c.arm_id and t.trial = n.trial
  and t.start_trial = case when c.one_run then c.trials when c.start = '' then 0 else n.trial end
left join trial_rows r on r.trajectory_id = t.id and r.epochs = c.epochs;

create view missing as
select sweep, preset, draw, data_seed, samples, features, forget_rows, hidden, learning_rate, method, trial, seed, start,
  lambda_reg, lambda_effective, epochs
from asked_rows
where state is null;

create view cell_status as
select sweep, preset, draw, data_seed, samples, features, forget_rows, hidden, learning_rate, method, lambda_reg, epochs, start,
  trials, sum(state is 'done') as done, sum(state is 'diverged') as diverged, sum(state is 'failed') as failed,
  sum(state is null) as missing
from asked_rows
group by sweep, arm_id, epochs;

-- How many epochs of plain training bring x's probability back to the original's mean; null where the curve never does.
create view relearn_epochs as
select r.sweep, r.preset, r.draw, r.data_seed, r.samples, r.features, r.forget_rows, r.hidden, r.learning_rate, r.trial, r.seed,
  r.start, o.forget_probability_mean as original_mean,
  min(r.epoch) filter (where r.forget_probability >= o.forget_probability_mean) as relearn_epochs, max(r.epoch) as trained_epochs
-- The chain of starts ends in the original's cell, as unlearn@4.2x5<original@0x100 does: 0x100 is its root.
from (select *, substr(start, instr(start, '<original@') + length('<original@')) as root from epoch_results where method = 'relearn') r
-- λ is compared as a number: 1e-7 has other digits in SQL. A sweep without original has no mean, but its curves.
left join cell_summary o on o.method = 'original' and o.sweep = r.sweep and o.preset = r.preset and o.draw = r.draw and o.samples = r.samples
  and o.features = r.features and o.forget_rows = r.forget_rows and o.hidden = r.hidden and o.learning_rate = r.learning_rate
  and o.lambda_reg = cast(substr(r.root, 1, instr(r.root, 'x') - 1) as real) and o.epochs = cast(substr(r.root, instr(r.root, 'x') + 1) as integer)
group by r.sweep, r.preset, r.draw, r.samples, r.features, r.forget_rows, r.hidden, r.learning_rate, r.trial, r.start, r.lambda_reg;
`;

export const MIGRATIONS: readonly string[] = [VERSION_1];
