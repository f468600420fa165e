/** Files of version 1: what they are, and how they become files of the present version. */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import { messageOf } from "../../errors.js";
import { identityOf } from "../../plan/growth.js";
import { canonicalText } from "../../plan/plan.js";
import { LIMITS } from "../../plan/values.js";
import { hashOf } from "../hash.js";
import { CellKeys } from "./cell-keys.js";
import { fourOf, rowId, trajectoryId } from "./layout.js";
import { type CellOfVersion1, planOfVersion1, type SweepOfVersion1 } from "./plan1.js";
import { SCHEMA, type SchemaItem, VERSION } from "./schema.js";
import { faultOfTables, refuseOutOfRange, unsound } from "./soundness.js";
import { Trajectories } from "./trajectories.js";

const VIEWS_1 = [
  ...["relearn_epochs", "cell_status", "missing", "asked_rows", "cell_summary", "method_summary"],
  ...["epoch_results", "forget_results", "trial_results", "sweep_trajectories", "cells"],
];
/** Tables of version 1 that are made anew, none before one that refers to it. */
const TABLES_1 = ["forget_logits", "epochs", "trial_rows", "trajectories", "sweep_cells", "arms", "draws", "sweeps"];

const SET_ASIDE = `
${VIEWS_1.map((name) => `drop view ${name};`).join("\n")}
${TABLES_1.map((name) => `alter table ${name} rename to ${name}_1;`).join("\n")}
`;

const COPY = `
insert into draws (id, draw, data_seed, samples, features, forget_rows)
select id, draw, data_seed, samples, features, forget_rows from draws_1;
insert into cell_keys (id, draw_id, hidden, learning_rate, preset, method, lambda_reg, lambda_effective, seed, start, one_run, engine, profile)
select id, draw_id, hidden, learning_rate, preset, method, lambda_reg, lambda_effective, seed, start, one_run, engine, profile from arms_1;
insert into sweep_cells (sweep_id, cell_key_id, epochs, method, lambda_reg)
select c.sweep_id, c.arm_id, c.epochs, a.method, a.lambda_reg from sweep_cells_1 c join arms_1 a on a.id = c.arm_id order by 1, 2, 3;
-- Blocks in the order in which their first trajectory landed.
create temp table moved as
select t.id as old, ${trajectoryId("dense_rank() over (order by t.first)", "t.trial")} as id
from (
  select t.id, t.trial, min(t.id) over (partition by t.arm_id, iif(a.one_run, t.start_trial, 0), ${fourOf("t.trial")}) as first
  from trajectories_1 t join arms_1 a on a.id = t.arm_id
) t;
create unique index temp.moved_from on moved (old, id);
insert into trajectories (id, cell_key_id, trial, start_trial, replicate_of, source_id, hash)
select m.id, t.arm_id, t.trial, t.start_trial, t.replicate_of, s.id, zeroblob(16)
from trajectories_1 t join moved m on m.old = t.id left join moved s on s.old = t.source_id order by m.id;
insert into trial_rows (id, state, train_accuracy, test_accuracy, forget_probability, forget_margin, cross_entropy, penalty, error,
  attempts, elapsed_ms, finished_at)
select ${rowId("m.id", "r.epochs")}, state, train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty, error,
  attempts, elapsed_ms, finished_at
from moved m join trial_rows_1 r on r.trajectory_id = m.old order by 1;
insert into epochs (trajectory_id, epoch, penalty, cross_entropy, train_accuracy, forget_probability, forget_margin)
select m.id, epoch, penalty, cross_entropy, train_accuracy, forget_probability, forget_logit
from moved m join epochs_1 e on e.trajectory_id = m.old order by 1, 2;
insert into forget_margins (trial_row_id, forget_row, forget_margin)
select ${rowId("m.id", "l.epochs")}, l.forget_row, l.forget_logit from moved m join forget_logits_1 l on l.trajectory_id = m.old order by 1, 2;
drop table moved;
insert into commands (sweep_id, command, at, version, machine)
select id, command, opened_at, version, machine from sweeps_1 order by id;
`;

const DROP_1 = TABLES_1.map((name) => `drop table ${name}_1;`).join("\n");

/** SHA-256 of the tables and views of version 1, as `schemaItems` lists them. */
const ITEMS_1 = "0886e0e287b962e642cdd6dbfb1643206897706ed10cf89981c596b5eab2690d";

export function isVersion1(items: readonly SchemaItem[]): boolean {
  return createHash("sha256").update(JSON.stringify(items)).digest("hex") === ITEMS_1;
}

/**
 * Takes a file of version 1 to the present one: all of it or nothing, every number to the bit. Call it outside of a transaction;
 * it leaves foreign keys as they were. The pages of the old tables stay free in the file until `vacuum`.
 */
export function upgradeFromVersion1(db: Database.Database): void {
  const foreignKeys = db.pragma("foreign_keys", { simple: true });
  db.pragma("foreign_keys = off"); // or dropping a table would look for each of its rows in the others
  db.pragma("legacy_alter_table = on"); // or renaming a table would rewrite what others say of it
  try {
    db.transaction(() => {
      refuseUnsound1(db);
      db.exec(SET_ASIDE);
      db.exec(SCHEMA);
      copySweeps(db);
      db.exec(COPY);
      db.exec(DROP_1);
      refuseOutOfRange(db);
      hashTrajectories(db);
      db.pragma(`user_version = ${VERSION}`);
    }).immediate();
  } catch (error) {
    // Equal keys, such as of another program's rows, that version 1 let stand.
    if (!/^SQLITE_(CONSTRAINT|MISMATCH)/.test(String((error as { code?: unknown }).code))) throw error;
    throw unsound(messageOf(error), error);
  } finally {
    db.pragma("legacy_alter_table = off");
    db.pragma(`foreign_keys = ${foreignKeys}`);
  }
}

/** An epoch count or a trial beyond these would be a part of another row's id. */
const OUT_OF_RANGE = `
select 'epoch count ' || epochs from trial_rows where epochs not between 1 and ${LIMITS.epochs}
union all select 'epoch count ' || epochs from forget_logits where epochs not between 1 and ${LIMITS.epochs}
union all select 'epoch count ' || epochs from sweep_cells where epochs not between 1 and ${LIMITS.epochs}
union all select 'trial ' || trial from trajectories where trial not between 1 and ${LIMITS.trials}
limit 1`;

/** Version 1 has no hashes: what can be told of its values is that they are of their kind, in their range and of something that is there. */
function refuseUnsound1(db: Database.Database): void {
  const fault = faultOfTables(db) ?? (db.prepare(OUT_OF_RANGE).pluck().get() as string | undefined);
  if (fault !== undefined) throw unsound(fault);
  const [stray] = db.pragma("foreign_key_check") as { table: string }[];
  if (stray !== undefined) throw unsound(`${stray.table} has rows of something that is not there`);
}

function copySweeps(db: Database.Database): void {
  const insert = db.prepare(
    `insert into sweeps (id, identity, name, plan, trials, engine, profile, record, shard, created_at, opened_at)
     select id, ?, ?, ?, trials, ?, profile, record, shard, created_at, opened_at from sweeps_1 where id = ?`,
  );
  const cells = db.prepare(
    `select d.draw, d.data_seed, d.samples, d.features, d.forget_rows, a.hidden, a.learning_rate, a.preset, a.method, a.lambda_reg,
       c.epochs, a.seed, a.start
     from sweep_cells_1 c join arms_1 a on a.id = c.arm_id join draws_1 d on d.id = a.draw_id where c.sweep_id = ?`,
  );
  const sweeps = db.prepare("select id, config, trials, record, profile from sweeps_1 order by id").all();
  const identities = new Set<string>();
  for (const sweep of sweeps as (SweepOfVersion1 & { profile: string })[]) {
    const plan = planOfVersion1(sweep, cells.all(sweep.id) as CellOfVersion1[]);
    const identity = identityOf(plan, sweep.profile);
    // Runs that differed in what they did not train were two sweeps. The first is the one that goes on.
    insert.run(
      identities.has(identity) ? `${identity} ${sweep.id}` : identity,
      plan.name,
      canonicalText(plan),
      plan.engine.name,
      sweep.id,
    );
    identities.add(identity);
  }
}

function hashTrajectories(db: Database.Database): void {
  const keys = new CellKeys(db);
  const trajectories = new Trajectories(db, keys);
  for (const { id, cellKey, contents, ...key } of trajectories.all())
    trajectories.setHash(id, hashOf(keys.heldOf(cellKey), key, contents));
}
