/** From a stored trial row back to the trajectory it came from: a result can be made again from its key alone. */
import { importDraw } from "../data/directory.js";
import type { Draw } from "../data/draw.js";
import { loadDraw } from "../data/source.js";
import type { Curve, Engine } from "../engine/contract.js";
import { SweepError } from "../errors.js";
import { METHOD_NAMES } from "../plan/methods.js";
import type { StoredKey } from "../store/sqlite/queries.js";
import { type DrawSource, drawKey, type Preset, type TrajectorySpec } from "../trial.js";
import { freshParameters, trainTrajectory } from "./trajectory.js";

/** Imported draws by their names: a file of results does not hold them. */
export type ImportedDraws = ReadonlyMap<string, DrawSource>;

/** Reads each folder. Throws BAD_USAGE where one is no folder of data. */
export function importedDraws(folders: readonly string[]): ImportedDraws {
  return new Map(folders.map((folder) => importDraw(folder).source).map((source) => [drawKey(source), source]));
}

/** The trajectory of a stored row, as long as the row's epochs. */
export function specOfRow(row: StoredKey, imported: ImportedDraws): TrajectorySpec {
  const [h1, h2] = row.hidden.split(",").map(Number);
  const common = {
    draw: drawOfRow(row, imported),
    hidden: [h1, h2] as const,
    learningRate: row.learning_rate,
    preset: row.preset as Preset,
    seed: row.seed,
    copies: 0,
  };
  const start = row.start.split("<").reduceRight<TrajectorySpec | null>((before, text) => {
    if (text === "") return null;
    const { method, lambda, epochs } = startOf(text);
    return { ...common, method, lambda, trial: row.start_trial ?? 0, start: before, asked: [epochs] };
  }, null);
  return {
    ...common,
    method: known(row.method),
    lambda: row.lambda_reg,
    trial: row.replicate_of ?? row.trial,
    start,
    asked: [row.epochs],
  };
}

/** Trains `spec` from fresh weights, its starts first. */
export function retrain(spec: TrajectorySpec, engine: Engine, draw: Draw = loadDraw(spec.draw)): Curve {
  const start = spec.start === null ? freshParameters(spec) : retrain(spec.start, engine, draw).parameters;
  return retrainFrom(start, spec, engine, draw);
}

/** Trains `spec` from the weights `start`. */
export function retrainFrom(
  start: Float64Array,
  spec: TrajectorySpec,
  engine: Engine,
  draw: Draw = loadDraw(spec.draw),
): Curve {
  const never = new Int32Array(new SharedArrayBuffer(4));
  return trainTrajectory(spec, engine, draw, start, never) as Curve;
}

/** Whether a file that holds `stored` has this number in it: it keeps NaN as null, and −0 as 0. */
export function isStoredAs(trained: number | null, stored: number | null): boolean {
  return stored === (Number.isNaN(trained) ? null : trained);
}

/** One link of a start key: method@λxEPOCHS. */
function startOf(text: string): { method: string; lambda: number; epochs: number } {
  const [, method, lambda, epochs] = /^(\w+)@(.+)x(\d+)$/.exec(text) ?? [];
  if (method === undefined) throw new Error(`a start is written ${text}`);
  return { method: known(method), lambda: Number(lambda), epochs: Number(epochs) };
}

function known(method: string): string {
  if (METHOD_NAMES.includes(method)) return method;
  throw new SweepError(
    "BAD_STORE",
    `the file has rows of ${method}, a method that this gmm-sweep does not have: update gmm-sweep`,
  );
}

function drawOfRow(
  { draw, data_seed, samples, features, forget_rows }: StoredKey,
  imported: ImportedDraws,
): DrawSource {
  if (data_seed !== null) return { kind: "seeded", dataSeed: data_seed, samples, features, forgetRows: forget_rows };
  const source = imported.get(draw);
  if (source !== undefined) return source;
  const given = [...imported.keys()];
  throw new SweepError(
    "BAD_USAGE",
    `--data must name the folder of the imported data ${draw}, since a file of results does not hold it, got ${given.length === 0 ? "none" : given.join(", ")}`,
  );
}
