/** The tables and views of a file, and what says that a file has these and no others. */
import Database from "better-sqlite3";
import { CURVE, MEASURES } from "../../measures.js";
import { CELL_NAMES } from "../../plan/cell.js";
import { CELL_KEY_NAMES, columnOf, DRAW_NAMES } from "./columns.js";
import { COUNTED, COUNTED_AS_TRIAL, epochsOf, rowId, trajectoryOf } from "./layout.js";

/** Marks a SQLite file as ours ('gmm1'). */
export const APPLICATION_ID = 0x676d6d31;

/** The version of the tables and views below; any change of them raises it, and comes with a migration. */
export const VERSION = 2;

const TABLES = `
create table sweeps (
  id integer primary key,
  identity text not null unique,
  name text,
  plan text not null,
  trials integer not null,
  engine text not null,
  profile text not null,
  record text not null check (record in ('final', 'asked', 'all')),
  shard text,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  opened_at text not null
) strict;

-- Each command that opened or grew a sweep. Merging a file twice adds none twice.
create table commands (
  id integer primary key,
  sweep_id integer not null references sweeps,
  command text not null,
  at text not null,
  version text not null,
  machine text not null,
  unique (sweep_id, at, machine, command)
) strict;

create table draws (
  id integer primary key,
  draw text not null,
  data_seed integer,
  samples integer not null,
  features integer not null,
  forget_rows integer not null,
  unique (${DRAW_NAMES.join(", ")})
) strict;

-- A cell but its epoch count: what a trajectory is trained under, whatever its trial.
create table cell_keys (
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
  unique (draw_id, ${CELL_KEY_NAMES.join(", ")}),
  unique (id, method, lambda_reg)
) strict;

-- Method and lambda_reg stand here again for the index below; the foreign key holds them to their cell's.
create table sweep_cells (
  sweep_id integer not null references sweeps,
  cell_key_id integer not null,
  epochs integer not null,
  method text not null,
  lambda_reg real not null,
  primary key (sweep_id, cell_key_id, epochs),
  foreign key (cell_key_id, method, lambda_reg) references cell_keys (id, method, lambda_reg)
) strict, without rowid;

-- Means by method, λ and epochs need no sort of all trial rows: sorting takes as long as reading them.
create index sweep_cells_by_method on sweep_cells (method, lambda_reg, epochs);

-- The id says where the trial rows lie: block * 2^22 + the trial's last two bits.
create table trajectories (
  id integer primary key,
  cell_key_id integer not null references cell_keys,
  trial integer not null,
  start_trial integer not null,
  replicate_of integer,
  source_id integer references trajectories,
  hash blob not null,
  unique (cell_key_id, trial, start_trial)
) strict;

-- The id is block, epochs and place in the block, which is the trajectory's and the epoch count at once.
create table trial_rows (
  id integer primary key,
  trajectory_id integer generated always as (${trajectoryOf("id")}) virtual references trajectories,
  epochs integer generated always as (${epochsOf("id")}) virtual,
  state text not null check (state in ('done', 'diverged', 'failed')),
${MEASURES.map(({ name }) => `  ${name} real,`).join("\n")}
  error text,
  attempts integer not null,
  elapsed_ms real,
  finished_at text not null
) strict;

create table epochs (
  trajectory_id integer not null references trajectories,
  epoch integer not null,
${CURVE.map(({ name }) => `  ${name} real,`).join("\n")}
  primary key (trajectory_id, epoch)
) strict, without rowid;

-- Where the forget set has more than one row; of a single one, trial_rows has it.
create table forget_margins (
  trial_row_id integer not null references trial_rows,
  forget_row integer not null,
  forget_margin real,
  primary key (trial_row_id, forget_row)
) strict, without rowid;
`;

/** The loops from a sweep's cells down to their rows, in this order: sweep_cells' keys are then the order of the rows, and no rows are sorted to be grouped by cell. */
export const ROWS_OF_CELLS = `from sweep_cells c
cross join sweeps s on s.id = c.sweep_id
cross join cell_keys k on k.id = c.cell_key_id
cross join draws d on d.id = k.draw_id`;

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

const VIEWS = `
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

create view method_summary as
select sweep, method, trials, train_accuracy_mean, train_accuracy_std, forget_probability_mean, forget_probability_std,
  preset, lambda_reg, epochs, start, draw, data_seed, samples, features, forget_rows, hidden, learning_rate
from cell_summary
order by sweep, preset, draw, samples, features, forget_rows, hidden, learning_rate,
  case method when 'original' then 1 when 'retrain_scratch' then 2 when 'unlearn' then 3 else 4 end, method, lambda_reg, epochs, start;

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

-- How many epochs of plain training bring x's probability back to the original's mean; null where the curve never does.
create view relearn_epochs as
select r.sweep, ${settingOf("r")}, r.trial, r.seed,
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

export const SCHEMA = TABLES + VIEWS;

/** A table, view, index or trigger as SQLite keeps it. */
export interface SchemaItem {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/** Those of a file, in one order, but for what SQLite makes by itself: indexes of unique columns and statistics. */
export function schemaItems(db: Database.Database): SchemaItem[] {
  return db
    .prepare(
      `select type, name, tbl_name, sql from sqlite_master
       where not (type = 'index' and name glob 'sqlite_autoindex_*' or type = 'table' and name glob 'sqlite_stat[14]') order by type, name`,
    )
    .all() as SchemaItem[];
}

let fresh: readonly SchemaItem[] | null = null;

/** Those of a new file. */
export function freshItems(): readonly SchemaItem[] {
  if (fresh !== null) return fresh;
  const db = new Database(":memory:");
  db.exec(SCHEMA);
  fresh = schemaItems(db);
  db.close();
  return fresh;
}
