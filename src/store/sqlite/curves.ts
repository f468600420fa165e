/** What is stored of single trajectories. */
import type Database from "better-sqlite3";
import { CELL_NAMES, ROW_KEY } from "../../plan/cell.js";
import type { StoredEpoch, StoredTrajectory } from "../contract.js";
import { CURVE_NAMES, columnOf, ROW_KEY_COLUMNS } from "./columns.js";
import { COUNTED, isRowOf, ROWS_OF_CELLS, rowId, startCounts } from "./layout.js";

const CURVE = CURVE_NAMES.join(", ");

const TRAJECTORY = `${ROW_KEY_COLUMNS}, t.replicate_of, coalesce(t.source_id, t.id) as source, k.engine,
  exists (select 1 from epochs e where e.trajectory_id = coalesce(t.source_id, t.id)) as has_curve`;
// The method is given, and a trajectory has epochs of its own.
const LEFT_OUT: readonly string[] = ["preset", "method", "epochs"];
const SORTED_BY = ["preset", "data_seed", ...CELL_NAMES.filter((name) => !LEFT_OUT.includes(name))] as const;
const ORDER = `order by ${SORTED_BY.map(columnOf).join(", ")}`;

/** Of one sweep as far as its cells go. */
const OF_SWEEP = `select ${TRAJECTORY.replace("c.epochs", "max(c.epochs)")}
${ROWS_OF_CELLS}
cross join trajectories t on ${COUNTED} and t.trial = @trial
cross join trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state <> 'failed'
where c.sweep_id = @sweep and c.method = @method
group by t.id ${ORDER}`;

/** Of all sweeps; copies that a larger count of trials superseded are still there, and are not meant. */
const OF_ALL = `select ${TRAJECTORY}
from (
  select t.id, (
    select max(r.epochs) from trial_rows r
    where ${isRowOf("r.id", "t.id", ["0", null])} and r.state <> 'failed'
  ) as epochs
  from trajectories t join cell_keys k on k.id = t.cell_key_id
  where k.method = @method and t.trial = @trial
    and ${startCounts("k.one_run", "(select max(start_trial) from trajectories where cell_key_id = k.id)")}
) c
join trajectories t on t.id = c.id
join cell_keys k on k.id = t.cell_key_id
join draws d on d.id = k.draw_id
where c.epochs is not null
${ORDER}`;

export function trajectoriesOf(
  db: Database.Database,
  sweep: number | null,
  method: string,
  trial: number,
): StoredTrajectory[] {
  const rows = db
    .prepare(sweep === null ? OF_ALL : OF_SWEEP)
    .all(sweep === null ? { method, trial } : { sweep, method, trial }) as (Omit<StoredTrajectory, "has_curve"> & {
    has_curve: number;
  })[];
  return rows.map((row) => {
    for (const { name, type } of ROW_KEY)
      if (!isOf(type, row[name]) && !(name === "start_trial" && row[name] === null))
        throw new TypeError(`the ${name} of a trajectory is no ${type}`);
    return { ...row, has_curve: row.has_curve === 1 };
  });
}

export function curveOf(db: Database.Database, trajectory: number, last: number): StoredEpoch[] {
  return db
    .prepare(`select epoch, ${CURVE} from epochs where trajectory_id = ? and epoch <= ? order by epoch`)
    .all(trajectory, last)
    .map(epochOf);
}

export function storedAt(db: Database.Database, trajectory: number, epoch: number): StoredEpoch[] {
  return db
    .prepare(
      `with stored as (
         select epoch, ${CURVE} from epochs where trajectory_id = @trajectory and epoch >= @epoch
         union all
         select epochs, ${CURVE} from trial_rows
         where ${isRowOf("id", "@trajectory", ["@epoch", null])} and state <> 'failed'
       )
       select * from stored where epoch = (select min(epoch) from stored)`,
    )
    .all({ trajectory, epoch })
    .map(epochOf);
}

function isOf(type: (typeof ROW_KEY)[number]["type"], value: unknown): boolean {
  return typeof value === (type === "text" ? "string" : "number");
}

/** A row of numbers, as the table declares them. */
function epochOf(row: unknown): StoredEpoch {
  const other = Object.entries(row as StoredEpoch).find(([, value]) => value !== null && typeof value !== "number");
  if (other !== undefined) throw new TypeError(`${other[0]} is no number`);
  return row as StoredEpoch;
}

export function marginsAt(db: Database.Database, trajectory: number, epochs: number): (number | null)[] {
  return db
    .prepare(`select forget_margin from forget_margins where trial_row_id = ${rowId("?", "?")} order by forget_row`)
    .pluck()
    .all(trajectory, epochs) as (number | null)[];
}
