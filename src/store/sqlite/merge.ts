/** Unites files of one schema: what is in a part and not in the whole is copied, what is in both must be equal to the bit. */
import type Database from "better-sqlite3";
import { SweepError } from "../../errors.js";
import { guarded } from "./file.js";
import { openForReading } from "./reader.js";

/** How many rows a part added, those that took the place of a failed one included. */
export interface Merged {
  readonly trialRows: number;
  readonly epochs: number;
}

type Value = string | number | null;

/** What stands in a table for each trajectory: the columns of its key, then the others. */
interface Table {
  readonly name: string;
  readonly key: readonly string[];
  readonly measures: readonly string[];
}

const ARM = [
  ...["hidden", "learning_rate", "preset", "method", "lambda_reg", "seed", "start", "profile"],
  ...["lambda_effective", "one_run", "engine"],
];
const ARM_KEY_LENGTH = 8;
const DRAW = ["draw", "samples", "features", "forget_rows"];
const SWEEP = [
  ...["identity", "command", "config", "trials", "engine", "profile"],
  ...["record", "version", "machine", "created_at", "opened_at"],
];
const TRIAL_ROW = [
  ...["trajectory_id", "epochs", "state", "train_accuracy", "test_accuracy", "forget_probability", "forget_logit"],
  ...["cross_entropy", "penalty", "error", "attempts", "elapsed_ms", "finished_at"],
];
/** Where `state` stands in TRIAL_ROW, and where the measures after it end. */
const [STATE, MEASURES_END] = [2, 9];
const EPOCHS: Table = {
  name: "epochs",
  key: ["trajectory_id", "epoch"],
  measures: ["penalty", "cross_entropy", "train_accuracy", "forget_probability", "forget_logit"],
};
const FORGET_LOGITS: Table = {
  name: "forget_logits",
  key: ["trajectory_id", "epochs", "forget_row"],
  measures: ["forget_logit"],
};

/** A part on its way into a file. */
interface Merge {
  readonly db: Database.Database;
  readonly path: string;
  readonly part: Part;
  /** The whole's id for each id of the part, of trajectories: there may be millions. */
  readonly ids: Float64Array;
}

/**
 * Lands all of the part at `partPath` in `db`, the file at `path`; inside a transaction of the caller's. Throws BAD_STORE
 * where the two differ. The part is read over a connection of its own and not attached: SQLite detaches nothing inside a transaction and attaches
 * ten files at most, and whatever is wrong with the part is then said of the part.
 */
export function mergePart(db: Database.Database, path: string, partPath: string): Merged {
  const part = new Part(partPath);
  try {
    const arms = mergeArms(db, part);
    mergeSweeps(db, part, arms);
    const merge = { db, path, part, ids: mergeTrajectories(db, part, arms) };
    const trialRows = mergeTrialRows(merge);
    const epochs = mergeTable(merge, EPOCHS);
    mergeTable(merge, FORGET_LOGITS);
    return { trialRows, epochs };
  } finally {
    part.close();
  }
}

/** A part as it was when it was opened: another process may be writing it. */
class Part {
  readonly path: string;
  readonly #db: Database.Database;

  constructor(path: string) {
    this.path = path;
    this.#db = guarded(path, () => openForReading(path));
    this.#db.exec("begin");
  }

  /** The rows of a select, each as its values. */
  *rows(sql: string): Generator<Value[]> {
    try {
      yield* this.#db.prepare(sql).raw().iterate() as Iterable<Value[]>;
    } catch (error) {
      guarded(this.path, () => {
        throw error;
      });
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** The whole's id for each id of the part, of arms. */
function mergeArms(db: Database.Database, part: Part): Map<Value, Value> {
  const insertDraw = db.prepare(`insert or ignore into draws (${DRAW}, data_seed) values (${marks(DRAW)}, ?)`);
  const findDraw = db.prepare(`select id from draws where ${equal(DRAW)}`).pluck();
  const insertArm = db.prepare(`insert or ignore into arms (draw_id, ${ARM}) values (?, ${marks(ARM)})`);
  const findArm = db
    .prepare(`select id from arms where draw_id = ? and ${equal(ARM.slice(0, ARM_KEY_LENGTH))}`)
    .pluck();
  const draws = new Map<Value, Value>();
  for (const [id, dataSeed, ...draw] of part.rows(`select id, data_seed, ${DRAW} from draws`)) {
    insertDraw.run(...draw, dataSeed);
    draws.set(id, findDraw.get(...draw) as number);
  }
  const arms = new Map<Value, Value>();
  for (const [id, drawId, ...arm] of part.rows(`select id, draw_id, ${ARM} from arms order by id`)) {
    const draw = draws.get(drawId);
    insertArm.run(draw, ...arm);
    arms.set(id, findArm.get(draw, ...arm.slice(0, ARM_KEY_LENGTH)) as number);
  }
  return arms;
}

/** Sweeps with their cells. A sweep's command and config are those of the most trials, and of these the latest, as where one file grew. */
function mergeSweeps(db: Database.Database, part: Part, arms: ReadonlyMap<Value, Value>): void {
  const latest = "excluded.trials > trials or (excluded.trials = trials and excluded.opened_at > opened_at)";
  const upsert = db
    .prepare(
      `insert into sweeps (${SWEEP}) values (${marks(SWEEP)})
       on conflict (identity) do update set command = iif(${latest}, excluded.command, command),
         config = iif(${latest}, excluded.config, config), trials = max(trials, excluded.trials),
         opened_at = max(opened_at, excluded.opened_at)
       returning id`,
    )
    .pluck();
  const cell = db.prepare("insert or ignore into sweep_cells (sweep_id, arm_id, epochs) values (?, ?, ?)");
  const sweeps = new Map<Value, Value>();
  for (const [id, ...sweep] of part.rows(`select id, ${SWEEP} from sweeps order by id`))
    sweeps.set(id, upsert.get(...sweep) as number);
  for (const [sweep, arm, epochs] of part.rows("select sweep_id, arm_id, epochs from sweep_cells"))
    cell.run(sweeps.get(sweep), arms.get(arm), epochs);
}

/** The ids of a Merge. */
function mergeTrajectories(db: Database.Database, part: Part, arms: ReadonlyMap<Value, Value>): Float64Array {
  const insert = db.prepare(
    "insert or ignore into trajectories (arm_id, trial, start_trial, replicate_of, source_id) values (?, ?, ?, ?, ?)",
  );
  const find = db.prepare("select id from trajectories where arm_id = ? and trial = ? and start_trial = ?").pluck();
  const [[last]] = part.rows("select coalesce(max(id), 0) from trajectories");
  const ids = new Float64Array(Number(last) + 1);
  // Copies after all others: each names the run that it repeats.
  const all = part.rows(
    "select id, arm_id, trial, start_trial, replicate_of, source_id from trajectories order by source_id is not null, id",
  );
  for (const [id, arm, trial, start, replicateOf, source] of all) {
    const key = [arms.get(arm), trial, start];
    const { changes, lastInsertRowid } = insert.run(...key, replicateOf, source === null ? null : ids[Number(source)]);
    ids[Number(id)] = changes === 1 ? Number(lastInsertRowid) : (find.get(...key) as number);
  }
  return ids;
}

/** Finished rows, and failed ones where there is nothing; a finished row takes the place of a failed one. */
function mergeTrialRows(merge: Merge): number {
  const { db, part, ids } = merge;
  const insert = db.prepare(
    `insert into trial_rows (${TRIAL_ROW}) values (${marks(TRIAL_ROW)})
     on conflict do update set ${TRIAL_ROW.slice(STATE).map((name) => `${name} = excluded.${name}`)}
     where state = 'failed' and excluded.state <> 'failed'`,
  );
  const compared = TRIAL_ROW.slice(STATE, MEASURES_END);
  const find = db
    .prepare(`select ${compared} from trial_rows where trajectory_id = ? and epochs = ? and state <> 'failed'`)
    .raw();
  let added = 0;
  for (const [id, epochs, ...row] of part.rows(`select ${TRIAL_ROW} from trial_rows`)) {
    const key = [ids[Number(id)], epochs];
    const { changes } = insert.run(...key, ...row);
    added += changes;
    if (changes === 0 && row[0] !== "failed") mustEqual(merge, id, epochs, find.get(...key) as Value[], row);
  }
  return added;
}

/** Rows that are there or not, and never change. */
function mergeTable(merge: Merge, { name, key, measures }: Table): number {
  const { db, part, ids } = merge;
  const all = [...key, ...measures];
  const insert = db.prepare(`insert or ignore into ${name} (${all}) values (${marks(all)})`);
  const find = db.prepare(`select ${measures} from ${name} where ${equal(key)}`).raw();
  let added = 0;
  for (const [id, ...row] of part.rows(`select ${all} from ${name}`)) {
    const whole = [ids[Number(id)], ...row];
    const { changes } = insert.run(...whole);
    added += changes;
    if (changes === 1) continue;
    const there = find.get(...whole.slice(0, key.length)) as Value[];
    mustEqual(merge, id, row[0], there, whole.slice(key.length));
  }
  return added;
}

/** `there` is a row of the whole, `row` one of the part that begins with the same columns. */
function mustEqual(
  { db, path, part, ids }: Merge,
  id: Value,
  epoch: Value,
  there: readonly Value[],
  row: readonly Value[],
): void {
  if (there.every((value, i) => Object.is(value, row[i]))) return;
  const { method, lambda, trial } = db
    .prepare(
      "select a.method, a.lambda_reg as lambda, t.trial from trajectories t join arms a on a.id = t.arm_id where t.id = ?",
    )
    .get(ids[Number(id)]) as { method: string; lambda: number; trial: number };
  throw new SweepError(
    "BAD_STORE",
    `${part.path} differs from ${path} or from a part before it in ${method} of λ ${lambda}, trial ${trial}, at epoch ${epoch}, so one of the two is wrong: nothing was merged; gmm-sweep verify FILE says whether it is that FILE`,
  );
}

function marks(columns: readonly string[]): string {
  return columns.map(() => "?").join(", ");
}

function equal(columns: readonly string[]): string {
  return columns.map((name) => `${name} = ?`).join(" and ");
}
