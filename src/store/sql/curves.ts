/** Mean curves of a cell's runs: of the view learning_curves, and of one recipe on every draw. */
import { CURVE } from "../../measures.js";
import { CELL_NAMES } from "../../plan/cell.js";
import { columnOf } from "./columns.js";
import type { Dialect } from "./dialect.js";
import { COUNTED, countedIn, FEWER_TRIALS, TRIALS_OF_CELL } from "./layout.js";

/** Whether all numbers of an epoch e are: of one that is not, this product is none. */
export const IS_FINITE = `(${CURVE.map(({ name }) => `e.${name}`).join(" + ")}) * 0.0 = 0.0`;

/** The mean and the sample deviation of each column of curves e, by their distances to the curve f: of equal values it is exactly 0, and nothing cancels where it is tiny beside the mean. */
export function curveMoments({ square, notNegative }: Dialect): string {
  const moments = CURVE.map(({ name }) => {
    const distance = `(e.${name} - coalesce(f.${name}, 0.0))`;
    const squares = `(avg(${square(distance)}) - ${square(`avg(${distance})`)})`;
    return `avg(e.${name}) as ${name}_mean,
  sqrt(${notNegative(squares)} * count(*) / nullif(count(*) - 1, 0)) as ${name}_sd`;
  });
  return moments.join(",\n  ");
}

const MEANS = CURVE.map(({ name }) => `avg(e.${name}) as ${name}_mean`).join(", ");

/**
 * The mean curves of a recipe on each draw: learning_curves would make those of all recipes, and of those the one is
 * left. Without `withDeviations` it takes less than half as long.
 */
export function recipeCurves(dialect: Dialect, withDeviations: boolean): string {
  const { loop, alsoBy } = dialect;
  const recipe = CELL_NAMES.filter((name) => name !== "draw").map((name) => `${columnOf(name)} = @${name}`);
  return `with cells as materialized (
  select c.cell_key_id, c.epochs, ${TRIALS_OF_CELL} as trials, k.one_run, d.draw,
    (select t.id from trajectories t where ${COUNTED} and t.source_id is null limit 1) as first
  from draws d
  ${loop} cell_keys k on k.draw_id = d.id
  ${loop} sweep_cells c on c.sweep_id = @sweep and c.cell_key_id = k.id
  ${loop} sweeps s on s.id = c.sweep_id
  ${FEWER_TRIALS}
  where ${recipe.join(" and ")}
)
select c.draw, e.epoch, count(*) as n,
  ${withDeviations ? curveMoments(dialect) : MEANS}
from cells c
${loop} trajectories t on ${countedIn({ key: "c.cell_key_id", oneRun: "c.one_run", trials: "c.trials" })} and t.source_id is null
${loop} epochs e on e.trajectory_id = t.id and e.epoch <= c.epochs and ${IS_FINITE}
${withDeviations ? "left join epochs f on f.trajectory_id = c.first and f.epoch = e.epoch" : ""}
group by c.cell_key_id, e.epoch${alsoBy("c.draw")}
order by c.cell_key_id, e.epoch`;
}
