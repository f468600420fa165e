/** From a stored trial row back to the trajectory it came from: a result can be made again from its key and the stored plan. */
import { drawsIn } from "../data/directory.js";
import type { Draw } from "../data/draw.js";
import { loadDraw } from "../data/source.js";
import type { Curve, Engine } from "../engine/contract.js";
import { bad } from "../errors.js";
import { CELL, type RowKey } from "../plan/cell.js";
import type { SweepPlan } from "../plan/plan.js";
import { atTrial, cellTemplates } from "../plan/trajectories.js";
import { type DrawSource, drawKey, lastEpoch, type TrajectorySpec } from "../trial.js";
import { freshParameters, trainTrajectory } from "./trajectory.js";

/** Imported draws by their names: a file of results does not hold them. */
export type ImportedDraws = ReadonlyMap<string, DrawSource>;

/** Reads each folder: the labels of forget rows that it does not say, a file of results does by the draw's name. Throws a fault of usage where one is no folder of data. */
export function importedDraws(folders: readonly string[]): ImportedDraws {
  return new Map(folders.flatMap(drawsIn).map(({ source }) => [drawKey(source), source]));
}

/** The trajectories of a plan but for their trials, by what tells their cells apart. */
export type Templates = ReadonlyMap<string, TrajectorySpec>;

export function templatesOf(plan: SweepPlan): Templates {
  const templates = new Map<string, TrajectorySpec>();
  for (const spec of cellTemplates(plan)) {
    const row = { spec, epochs: 0, profile: "" };
    const key = JSON.stringify(TEMPLATE_KEY.map(({ value }) => value(row)));
    const longer = templates.get(key);
    // Several parts of a plan may ask for it.
    if (longer === undefined || lastEpoch(longer) < lastEpoch(spec)) templates.set(key, spec);
  }
  return templates;
}

/** Any number of epochs is of the same trajectory, and the profile is the sweep's. */
const TEMPLATE_KEY = CELL.filter(({ name }) => name !== "epochs" && name !== "profile");

/** The trajectory of a stored row, as long as the row's epochs. Throws a fault of usage where the plan of `templates` asks for no such row. */
export function specOfRow(
  templates: Templates,
  row: RowKey & { readonly replicate_of: number | null },
  imported: ImportedDraws,
): TrajectorySpec {
  const template = templates.get(JSON.stringify(TEMPLATE_KEY.map(({ name }) => row[name])));
  // Nothing is trained for longer than anybody asked.
  const isAsked = template !== undefined && row.epochs >= 1 && row.epochs <= lastEpoch(template);
  if (!isAsked || (template.start === null) !== (row.start_trial === null))
    throw bad(
      `the file has a row of ${row.method} at λ = ${row.lambda_reg} and ${row.epochs} epochs, trial ${row.trial}, that its sweep does not ask for, so another program changed it: go back to a copy from before`,
    );
  const { start } = template;
  const spec = {
    ...template,
    trial: row.replicate_of ?? row.trial,
    start: start === null ? null : atTrial(start, row.start_trial as number),
    asked: [row.epochs],
  };
  return template.cell.draw.kind === "seeded" ? spec : withDraw(spec, importedDraw(row.draw, imported));
}

function importedDraw(name: string, imported: ImportedDraws): DrawSource {
  const source = imported.get(name);
  if (source !== undefined) return source;
  const given = [...imported.keys()];
  throw bad(
    `--data must name the folder of the imported data ${name}, since a file of results does not hold it, got ${given.length === 0 ? "none" : given.join(", ")}`,
  );
}

function withDraw(spec: TrajectorySpec, draw: DrawSource): TrajectorySpec {
  const start = spec.start === null ? null : withDraw(spec.start, draw);
  return { ...spec, cell: { ...spec.cell, draw }, start };
}

/** Trains `spec` from fresh weights, its starts first. */
export function retrain(spec: TrajectorySpec, engine: Engine, draw: Draw = loadDraw(spec.cell.draw)): Curve {
  const start = spec.start === null ? freshParameters(spec) : retrain(spec.start, engine, draw).parameters;
  return retrainFrom(start, spec, engine, draw);
}

/** Trains `spec` from the weights `start`. */
export function retrainFrom(
  start: Float64Array,
  spec: TrajectorySpec,
  engine: Engine,
  draw: Draw = loadDraw(spec.cell.draw),
): Curve {
  const never = new Int32Array(new SharedArrayBuffer(4));
  return trainTrajectory(spec, engine, draw, start, never) as Curve;
}

/** Whether a file that holds `stored` has this number in it: it keeps NaN as null, and −0 as 0. */
export function isStoredAs(trained: number | null, stored: number | null): boolean {
  return stored === (Number.isNaN(trained) ? null : trained);
}

/** Folders of imported data by the sha256 of what lies in them. */
export function foldersWith(directories: readonly string[]): ReadonlyMap<string, string> {
  const draws = [...importedDraws(directories).values()];
  return new Map(draws.flatMap((draw) => (draw.kind === "imported" ? [[draw.sha256, draw.directory]] : [])));
}
