/** What is read of a store's tables, written once for every database that speaks SQL; @names are parameters. */
import { CELL_NAMES, type CellKey, ROW_KEY } from "../../plan/cell.js";
import type {
  CellMean,
  CellStatus,
  CellTrial,
  CurveMean,
  CurveSpread,
  Failure,
  MethodStatus,
  MethodSummary,
  RowState,
  StoredEpoch,
  StoredTrajectory,
} from "../contract.js";
import { CELL_COLUMNS, CURVE_NAMES, columnOf, ROW_KEY_COLUMNS } from "./columns.js";
import { recipeCurves } from "./curves.js";
import type { Dialect } from "./dialect.js";
import { COUNTED, FEWER_TRIALS, ONE_OF_CELL, rowsOfCells, startCounts, TRIALS_OF_CELL } from "./layout.js";

/** A statement, and what its rows say. */
export interface Read<Row> {
  readonly sql: string;
  /** What a row says of the sort that the statement promises; throws where it says something else. */
  readonly row: (given: Readonly<Record<string, unknown>>) => Row;
}

function as<Row>(given: Readonly<Record<string, unknown>>): Row {
  return given as Row;
}

const CURVE = CURVE_NAMES.join(", ");

// The method is given, and a trajectory has epochs of its own.
const LEFT_OUT: readonly string[] = ["preset", "method", "epochs"];
const SORTED_BY = CELL_NAMES.filter((name) => !LEFT_OUT.includes(name));
const ORDER = `order by ${columnOf("preset")}, ${columnOf("data_seed")} nulls first, ${SORTED_BY.map(columnOf).join(", ")}`;

export function readsIn(dialect: Dialect) {
  const { loop, rowId, isRowOf, isSet, list, alsoBy } = dialect;
  const cells = rowsOfCells(dialect);
  const byCell = `group by c.sweep_id, c.cell_key_id, c.epochs${alsoBy(ONE_OF_CELL)}`;
  const trajectory = `${ROW_KEY_COLUMNS}, t.replicate_of, coalesce(t.source_id, t.id) as source, k.engine,
  exists (select 1 from epochs e where e.trajectory_id = coalesce(t.source_id, t.id)) as has_curve`;
  const status = `select ${CELL_COLUMNS}, ${TRIALS_OF_CELL} as trials, count(*) filter (where r.state = 'done') as done,
    count(*) filter (where r.state = 'diverged') as diverged, count(*) filter (where r.state = 'failed') as failed,
    ${TRIALS_OF_CELL} - count(r.state) as missing
  ${cells}
  left join trajectories t on ${COUNTED}
  left join trial_rows r on r.id = ${rowId("t.id", "c.epochs")}
  where c.sweep_id = @sweep
  ${byCell}`;
  return {
    methodSummary: {
      sql: `select m.sweep, m.method, m.trials, m.train_accuracy_mean, m.train_accuracy_std, m.forget_probability_mean, m.forget_probability_std,
         exists (
           select 1 from cells c where c.sweep = m.sweep and c.preset = m.preset and c.method = m.method and ${isSet("c.one_run")} and m.trials > 1
         ) as copies
       from method_summary m where m.sweep = @sweep`,
      row: summaryOf,
    },
    cellStatus: { sql: `${status} order by c.cell_key_id, c.epochs`, row: as<CellStatus> },
    incompleteCells: {
      sql: `${status} having count(r.state) < ${TRIALS_OF_CELL} or count(*) filter (where r.state = 'failed') > 0
       order by k.preset, d.samples, d.data_seed nulls first, d.draw, c.method, c.lambda_reg, c.epochs, k.start limit @most`,
      row: as<CellStatus>,
    },
    methodStatus: {
      sql: `select preset, method, count(*) as cells, sum(trials) as rows, sum(done) as done, sum(diverged) as diverged,
         sum(failed) as failed, sum(missing) as missing
       from cell_status where sweep = @sweep group by preset, method order by preset, method`,
      row: as<MethodStatus>,
    },
    stateCounts: {
      sql: `select coalesce(sum(done), 0) as done, coalesce(sum(diverged), 0) as diverged, coalesce(sum(failed), 0) as failed
       from cell_status where sweep = @sweep`,
      row: as<Record<RowState, number>>,
    },
    failures: {
      sql: `select method, min(trial) as trial, error, count(*) as rows from trial_results where sweep = @sweep and state = 'failed'
       group by method, error order by method, min(trial)`,
      row: as<Failure>,
    },
    cellMeans: {
      sql: `select ${CELL_COLUMNS}, ${list("t.trial")} as trials, count(*) filter (where r.state = 'done') as done,
         coalesce(avg(r.train_accuracy) filter (where r.state = 'done'), 0) as train_accuracy,
         coalesce(avg(r.forget_probability) filter (where r.state = 'done'), 0) as forget_probability
       ${cells}
       ${loop} trajectories t on ${COUNTED}
       ${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state <> 'failed'
       where c.sweep_id = @sweep
       ${byCell} order by c.cell_key_id, c.epochs`,
      row: (given): CellMean => ({ ...as<CellMean>(given), trials: JSON.parse(String(given["trials"])) as number[] }),
    },
    // From its draw down, since indexes lead from there to one cell.
    cellTrials: {
      sql: `select t.trial, t.replicate_of, r.forget_probability
       from draws d
       ${loop} cell_keys k on k.draw_id = d.id
       ${loop} sweep_cells c on c.sweep_id = @sweep and c.cell_key_id = k.id
       ${loop} sweeps s on s.id = c.sweep_id
       ${FEWER_TRIALS}
       ${loop} trajectories t on ${COUNTED}
       ${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state = 'done'
       where ${CELL_NAMES.map((name) => `${columnOf(name)} = @${name}`).join(" and ")}
       order by t.trial`,
      row: as<CellTrial>,
    },
    meanCurves: { sql: recipeCurves(dialect, false), row: as<CurveMean> },
    curveSpreads: { sql: recipeCurves(dialect, true), row: as<CurveSpread> },
    // As far as the sweep's cells go.
    trajectoriesOfSweep: {
      sql: `select ${trajectory.replace("c.epochs", "max(c.epochs)")}
${cells}
${loop} trajectories t on ${COUNTED} and t.trial = @trial
${loop} trial_rows r on r.id = ${rowId("t.id", "c.epochs")} and r.state <> 'failed'
where c.sweep_id = @sweep and c.method = @method
group by t.id${alsoBy("k.id, d.id")} ${ORDER}`,
      row: trajectoryOf,
    },
    // Copies that a larger count of trials superseded are still there, and are not meant.
    trajectoriesOfAll: {
      sql: `select ${trajectory}
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
${ORDER}`,
      row: trajectoryOf,
    },
    curve: {
      sql: `select epoch, ${CURVE} from epochs where trajectory_id = @trajectory and epoch <= @last order by epoch`,
      row: epochOf,
    },
    storedAt: {
      sql: `with stored as (
         select epoch, ${CURVE} from epochs where trajectory_id = @trajectory and epoch >= @epoch
         union all
         select epochs, ${CURVE} from trial_rows
         where ${isRowOf("id", "@trajectory", ["@epoch", null])} and state <> 'failed'
       )
       select * from stored where epoch = (select min(epoch) from stored)`,
      row: epochOf,
    },
    marginsAt: {
      sql: `select forget_margin from forget_margins where trial_row_id = ${rowId("@trajectory", "@epochs")} order by forget_row`,
      row: ({ forget_margin }): number | null => forget_margin as number | null,
    },
    trajectoryCount: {
      sql: "select count(*) as trajectories from trajectories",
      row: ({ trajectories }): number => trajectories as number,
    },
    commands: {
      sql: "select command, version, machine, at from commands where sweep_id = @sweep order by at, id",
      row: as<Record<string, unknown>>,
    },
    decisions: {
      sql: "select round, at, decision as text from decisions where sweep_id = @sweep order by round, at, id",
      row: as<{ round: number; at: string; text: string }>,
    },
  } satisfies Record<string, Read<unknown>>;
}

/** The parameters of `cellTrials`. */
export function cellParameters(cell: CellKey): Record<string, string | number> {
  return Object.fromEntries(CELL_NAMES.map((name) => [name, cell[name]]));
}

/** Those of `meanCurves` and `curveSpreads`. */
export function recipeParameters(recipe: Omit<CellKey, "draw">): Record<string, string | number> {
  const { draw: _, ...parameters } = cellParameters({ ...recipe, draw: "" });
  return parameters;
}

function summaryOf({ copies, ...given }: Readonly<Record<string, unknown>>): MethodSummary {
  const row = given as unknown as Omit<MethodSummary, "copies">;
  const { method, train_accuracy_mean: accuracy, forget_probability_mean: probability } = row;
  if (!Number.isFinite(accuracy) || !Number.isFinite(probability))
    throw new TypeError(`the means of ${method} are ${accuracy} and ${probability}`);
  return { ...row, copies: Boolean(copies) };
}

function trajectoryOf(given: Readonly<Record<string, unknown>>): StoredTrajectory {
  for (const { name, type } of ROW_KEY)
    if (!isOf(type, given[name]) && !(name === "start_trial" && given[name] === null))
      throw new TypeError(`the ${name} of a trajectory is no ${type}`);
  return { ...as<StoredTrajectory>(given), has_curve: Boolean(given["has_curve"]) };
}

function isOf(type: (typeof ROW_KEY)[number]["type"], value: unknown): boolean {
  return typeof value === (type === "text" ? "string" : "number");
}

/** A row of numbers, as the table declares them. */
function epochOf(row: Readonly<Record<string, unknown>>): StoredEpoch {
  const other = Object.entries(row).find(([, value]) => value !== null && typeof value !== "number");
  if (other !== undefined) throw new TypeError(`${other[0]} is no number`);
  return row as StoredEpoch;
}
