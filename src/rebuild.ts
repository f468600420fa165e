/** From a stored trial row back to the trajectory it came from: a result can be made again from its key alone. */
import { importDraw } from "./data/directory.js";
import type { Draw } from "./data/draw.js";
import { loadDraw } from "./data/source.js";
import type { Curve, Engine } from "./engine/contract.js";
import { SweepError } from "./errors.js";
import { METHOD_NAMES } from "./methods.js";
import type { StoredKey } from "./queries.js";
import { freshParameters, trainTrajectory } from "./trajectory.js";
import type { DrawSource, Preset, TrajectorySpec } from "./trial.js";

/** The trajectory of a stored row, as long as the row's epochs; `data` is the folder of imported data, null where the draw is seeded. */
export function specOfRow(row: StoredKey, data: string | null): TrajectorySpec {
  const [h1, h2] = row.hidden.split(",").map(Number);
  const common = {
    draw: drawOfRow(row, data),
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

function drawOfRow({ draw, data_seed, samples, features, forget_rows }: StoredKey, data: string | null): DrawSource {
  if (data_seed !== null) return { kind: "seeded", dataSeed: data_seed, samples, features, forgetRows: forget_rows };
  if (data === null)
    throw new SweepError(
      "BAD_USAGE",
      `--data must name the folder of the imported data ${draw}, since a file of results does not hold it, got none`,
    );
  const { source } = importDraw(data);
  if (source.kind === "imported" && draw === `sha256:${source.sha256}`) return source;
  throw new SweepError(
    "BAD_USAGE",
    `--data must be the folder of the data that was trained on, ${draw}, got another in ${data}`,
  );
}
