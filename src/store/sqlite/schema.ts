/** The tables and views of a file, and what says that a file has these and no others. */
import type Database from "better-sqlite3";
import { CURVE, MEASURES } from "../../measures.js";
import { CELL_KEY_NAMES, DRAW_NAMES } from "../sql/columns.js";
import { viewsIn } from "../sql/views.js";
import { SQLITE_DIALECT } from "./dialect.js";
import { SqliteDatabase } from "./driver.js";
import { epochsOf, trajectoryOf } from "./layout.js";

/** Marks a SQLite file as ours ('gmm1'). */
export const APPLICATION_ID = 0x676d6d31;

/** The version of the tables below and of the views; any change of them raises it, and comes with a migration. */
export const VERSION = 5;

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

/** What version 4 has beside the tables of version 3. */
export const TABLES_SINCE_3 = `
-- What a sweep was asked when it was opened, before anything of it was trained; none where nothing was.
create table questions (
  sweep_id integer primary key references sweeps,
  estimand text not null,
  margin_forget real not null,
  margin_accuracy real not null,
  asked_at text not null
) strict;

-- The cells of a sweep that have fewer trials than it, such as an adaptive grid drops before its last round.
create table fewer_trials (
  sweep_id integer not null references sweeps,
  cell_key_id integer not null,
  epochs integer not null,
  trials integer not null,
  primary key (sweep_id, cell_key_id, epochs)
) strict, without rowid;

-- What was decided after each round of a sweep whose trials are not all asked for at once. Merging a file twice adds none twice.
create table decisions (
  id integer primary key,
  sweep_id integer not null references sweeps,
  round integer not null,
  at text not null,
  decision text not null,
  unique (sweep_id, round, decision)
) strict;
`;

export const VIEWS = viewsIn(SQLITE_DIALECT);

export const SCHEMA = TABLES + TABLES_SINCE_3 + VIEWS;

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
  const db = new SqliteDatabase(":memory:");
  db.exec(SCHEMA);
  fresh = schemaItems(db);
  db.close();
  return fresh;
}
