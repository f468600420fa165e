/** Unites files of one schema: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type Database from "better-sqlite3";
import { SweepError } from "../errors.js";

/** How many rows a part added. */
export interface Merged {
  readonly trialRows: number;
  readonly epochs: number;
}

const MEASURES = [
  ...["train_accuracy", "test_accuracy", "forget_probability", "forget_logit", "cross_entropy", "penalty"],
];
const CURVE = ["penalty", "cross_entropy", "train_accuracy", "forget_probability", "forget_logit"];

/** Lands the part at `partPath` in `db`; inside a transaction of the caller's, with the part attached as `part`. */
export function mergeAttached(db: Database.Database, path: string, partPath: string): Merged {
  copySweeps(db);
  mapArms(db);
  db.exec(`
    insert or ignore into main.sweep_cells (sweep_id, arm_id, epochs)
      select s.id, m.arm_id, c.epochs from part.sweep_cells c join part.sweeps p on p.id = c.sweep_id
      join main.sweeps s on s.identity = p.identity join arm_of m on m.part_id = c.arm_id`);
  mapTrajectories(db);
  refuseConflicts(db, path, partPath);
  const trialRows = copyTrialRows(db);
  const epochs = copyRows(db, "epochs", ["epoch", ...CURVE]);
  copyRows(db, "forget_logits", ["epochs", "forget_row", "forget_logit"]);
  db.exec("drop table arm_of; drop table trajectory_of");
  return { trialRows, epochs };
}

function copySweeps(db: Database.Database): void {
  const columns = "identity, command, config, trials, engine, profile, record, version, machine, created_at, opened_at";
  db.exec(`
    insert into main.sweeps (${columns}) select ${columns} from part.sweeps where true
      on conflict (identity) do update set trials = max(trials, excluded.trials),
        command = iif(excluded.trials > trials, excluded.command, command), config = iif(excluded.trials > trials, excluded.config, config)`);
}

/** Makes the part's arms, and arm_of: the part's id of each beside the whole's. */
function mapArms(db: Database.Database): void {
  const arm =
    "hidden, learning_rate, preset, method, lambda_reg, lambda_effective, seed, start, one_run, engine, profile";
  const columns = arm.split(", ");
  db.exec(`
    insert or ignore into main.draws (draw, data_seed, samples, features, forget_rows)
      select draw, data_seed, samples, features, forget_rows from part.draws;
    create temp table arm_of as
      select a.id as part_id, d.id as draw_id, ${columns.map((name) => `a.${name}`).join(", ")}, null as arm_id
      from part.arms a join part.draws e on e.id = a.draw_id
      join main.draws d on d.draw = e.draw and d.samples = e.samples and d.features = e.features and d.forget_rows = e.forget_rows;
    insert or ignore into main.arms (draw_id, ${arm}) select draw_id, ${arm} from arm_of;
    update arm_of set arm_id = (
      select m.id from main.arms m where ${[
        "draw_id",
        ...columns.filter((name) => !["lambda_effective", "one_run", "engine"].includes(name)),
      ]
        .map((name) => `m.${name} = arm_of.${name}`)
        .join(" and ")});
    create unique index temp.arm_of_part on arm_of (part_id)`);
}

/** Makes the part's trajectories, and trajectory_of: the part's id of each beside the whole's. */
function mapTrajectories(db: Database.Database): void {
  db.exec(`
    insert or ignore into main.trajectories (arm_id, trial, start_trial, replicate_of)
      select m.arm_id, t.trial, t.start_trial, t.replicate_of from part.trajectories t join arm_of m on m.part_id = t.arm_id;
    create temp table trajectory_of (part_id integer primary key, id integer not null);
    insert into trajectory_of
      select t.id, w.id from part.trajectories t join arm_of m on m.part_id = t.arm_id
      join main.trajectories w on w.arm_id = m.arm_id and w.trial = t.trial and w.start_trial = t.start_trial;
    -- A copy's curve is that of the run it repeats, which is of the same arm and start.
    update main.trajectories as t set source_id = (
        select s.id from main.trajectories s where s.arm_id = t.arm_id and s.trial = t.replicate_of and s.start_trial = t.start_trial)
      where t.replicate_of is not null and t.source_id is null`);
}

function refuseConflicts(db: Database.Database, path: string, partPath: string): void {
  const differ = (names: readonly string[]): string => names.map((name) => `w.${name} is not p.${name}`).join(" or ");
  const conflict = db
    .prepare(
      `select a.method, t.trial, w.epochs as epoch from part.trial_rows p join trajectory_of m on m.part_id = p.trajectory_id
       join main.trial_rows w on w.trajectory_id = m.id and w.epochs = p.epochs
       join main.trajectories t on t.id = m.id join main.arms a on a.id = t.arm_id
       where w.state <> 'failed' and p.state <> 'failed' and (${differ(["state", ...MEASURES])})
       union all
       select a.method, t.trial, w.epoch from part.epochs p join trajectory_of m on m.part_id = p.trajectory_id
       join main.epochs w on w.trajectory_id = m.id and w.epoch = p.epoch
       join main.trajectories t on t.id = m.id join main.arms a on a.id = t.arm_id
       where ${differ(CURVE)}
       union all
       select a.method, t.trial, w.epochs from part.forget_logits p join trajectory_of m on m.part_id = p.trajectory_id
       join main.forget_logits w on w.trajectory_id = m.id and w.epochs = p.epochs and w.forget_row = p.forget_row
       join main.trajectories t on t.id = m.id join main.arms a on a.id = t.arm_id
       where ${differ(["forget_logit"])}
       limit 1`,
    )
    .get() as { method: string; trial: number; epoch: number } | undefined;
  if (conflict === undefined) return;
  throw new SweepError(
    "BAD_STORE",
    `${partPath} and what is in ${path} differ in ${conflict.method} trial ${conflict.trial} at epoch ${conflict.epoch}, so one of the two is wrong: nothing of ${partPath} was merged; gmm-sweep diff and gmm-sweep verify say which`,
  );
}

/** Finished rows, and failed ones where there is nothing; a finished row takes the place of a failed one. */
function copyTrialRows(db: Database.Database): number {
  const columns = ["epochs", "state", ...MEASURES, "error", "attempts", "elapsed_ms", "finished_at"];
  return db
    .prepare(
      `insert into main.trial_rows (trajectory_id, ${columns.join(", ")})
       select m.id, ${columns.map((name) => `p.${name}`).join(", ")} from part.trial_rows p join trajectory_of m on m.part_id = p.trajectory_id
       where true
       on conflict do update set ${columns
         .slice(1)
         .map((name) => `${name} = excluded.${name}`)
         .join(", ")}
       where state = 'failed' and excluded.state <> 'failed'`,
    )
    .run().changes;
}

/** Rows below trajectories that are not there yet. */
function copyRows(db: Database.Database, table: string, columns: readonly string[]): number {
  return db
    .prepare(
      `insert or ignore into main.${table} (trajectory_id, ${columns.join(", ")})
       select m.id, ${columns.map((name) => `p.${name}`).join(", ")} from part.${table} p join trajectory_of m on m.part_id = p.trajectory_id`,
    )
    .run().changes;
}
