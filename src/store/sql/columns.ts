/** Where the columns of a cell and of a trial row stand in the tables. */
import { CURVE, MEASURES } from "../../measures.js";
import { CELL_NAMES, ROW_KEY_NAMES } from "../../plan/cell.js";

/** What SQLite gives and takes. */
export type Value = string | number | null;

type CellName = (typeof CELL_NAMES)[number];

/** The key of a row of `draws`. */
export const DRAW_NAMES = ["draw", "samples", "features", "forget_rows"] as const satisfies readonly CellName[];

/** The key of a row of `cell_keys` beside its draw. */
export const CELL_KEY_NAMES = CELL_NAMES.filter(
  (name): name is Exclude<CellName, "epochs" | (typeof DRAW_NAMES)[number]> =>
    name !== "epochs" && !(DRAW_NAMES as readonly string[]).includes(name),
);

/** What follows from those keys, and is kept for the reader. */
export const DERIVED_NAMES = ["data_seed", "lambda_effective", "one_run", "engine"] as const;

/** All that a trajectory's hash holds of what it was trained under. */
export const HELD_NAMES = [...DRAW_NAMES, ...CELL_KEY_NAMES, ...DERIVED_NAMES] as const;

export const MEASURE_NAMES = MEASURES.map(({ name }) => name);
export const CURVE_NAMES = CURVE.map(({ name }) => name);

/** A column of a cell in a select over draws d, cell_keys k and sweep_cells c, or of a trial row with trajectories t too. */
export function columnOf(name: (typeof ROW_KEY_NAMES)[number] | (typeof DERIVED_NAMES)[number]): string {
  if (name === "epochs") return "c.epochs";
  if (name === "trial") return "t.trial";
  if (name === "start_trial") return "nullif(t.start_trial, 0)";
  return `${name === "data_seed" || (DRAW_NAMES as readonly string[]).includes(name) ? "d" : "k"}.${name}`;
}

/** The columns of a cell's key, as `columnOf` has them. */
export const CELL_COLUMNS = CELL_NAMES.map((name) => `${columnOf(name)} as ${name}`).join(", ");

/** The columns of a trial row's key. */
export const ROW_KEY_COLUMNS = ROW_KEY_NAMES.map((name) => `${columnOf(name)} as ${name}`).join(", ");

/** `n` question marks. */
export function marks(n: number): string {
  return Array.from({ length: n }, () => "?").join(", ");
}

export function equal(names: readonly string[]): string {
  return names.map((name) => `${name} = ?`).join(" and ");
}
