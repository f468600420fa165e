/** What a grid will cost, before any of it is trained. */

import { loadDraw } from "../data/source.js";
import type { Curve, Engine } from "../engine/contract.js";
import type { Setting } from "../plan/options.js";
import { arms, countRows, epochsToTrain, plan, type Shard } from "../plan/trajectories.js";
import { RECORDS, type RecordLevel } from "../store/contract.js";
import { epochsToKeep } from "../store/sqlite/landing.js";
import { SqliteStore } from "../store/sqlite/store.js";
import { lastEpoch, type Outcome, type TrajectorySpec } from "../trial.js";
import { type Lookup, surveyMissing } from "./coordinator.js";
import { freshParameters, trainTrajectory, trialRows } from "./trajectory.js";

export interface Forecast {
  readonly cells: number;
  readonly trialRows: number;
  readonly trajectories: number;
  /** Each start and each prefix once. */
  readonly epochs: number;
  /** A runner that trains every trial of every cell by itself, from a start it is given, or from a start of its own. */
  readonly naiveEpochs: number;
  readonly naiveEpochsWithStarts: number;
  readonly finishedRows: number;
  /** Those that failed and are not to be trained again. */
  readonly failedRows: number;
  /** Epochs that are left, starts and prefixes that have to be trained again included. */
  readonly epochsLeft: number;
  readonly msPerEpoch: number;
  /** As many as there is work for. */
  readonly threads: number;
  readonly secondsLeft: number;
  readonly bytes: Readonly<Record<RecordLevel, number>>;
}

/** What a store that holds nothing says. */
export const ALL_MISSING: Lookup = (specs) => ({ specs: [...specs], rows: countRows(specs), failed: 0 });

export interface ForecastRequest {
  readonly settings: readonly Setting[];
  readonly trials: number;
  /** The trials that the sweep has been asked for so far. */
  readonly total: number;
  readonly shard: Shard;
  readonly retryFailed: boolean;
  /** Threads that can train at once. */
  readonly workers: number;
}

/** Counts a plan, against `lookup` for what is finished; times a few epochs of each shape; measures rows in a file. */
export async function forecast(request: ForecastRequest, engine: Engine, lookup: Lookup): Promise<Forecast> {
  const { settings, trials, total, shard, retryFailed } = request;
  const planned = (): Iterable<TrajectorySpec[]> => plan(settings, trials, total, shard);
  const whole = await surveyMissing(planned(), ALL_MISSING);
  const left = await surveyMissing(planned(), lookup);
  const naive = naiveEpochs(planned());
  const speed = new Stopwatch(engine);
  const milliseconds = await millisecondsLeft(planned(), lookup, speed);
  const failedRows = retryFailed ? 0 : left.failed;
  const threads = Math.max(1, Math.min(request.workers, left.missing.trajectories));
  return {
    cells: settings.reduce((sum, setting) => sum + sumOf(arms(setting, total), ({ asked }) => asked.length), 0),
    trialRows: whole.planned,
    trajectories: whole.missing.trajectories,
    epochs: whole.missing.epochs,
    ...naive,
    finishedRows: left.planned - left.missing.rows - failedRows,
    failedRows,
    epochsLeft: left.missing.epochs,
    msPerEpoch: left.missing.epochs === 0 ? 0 : milliseconds / left.missing.epochs,
    threads,
    secondsLeft: milliseconds / threads / 1000,
    bytes: await bytesOf(planned()),
  };
}

function naiveEpochs(plan: Iterable<TrajectorySpec[]>): { naiveEpochs: number; naiveEpochsWithStarts: number } {
  let [alone, withStarts] = [0, 0];
  for (const group of plan) {
    for (const spec of group) {
      const own = sumOf(spec.asked, (epochs) => epochs) * (1 + spec.copies);
      alone += own;
      withStarts += own + spec.asked.length * (1 + spec.copies) * epochsBefore(spec);
    }
  }
  return { naiveEpochs: alone, naiveEpochsWithStarts: withStarts };
}

/** The epochs from fresh weights to where a trajectory starts. */
function epochsBefore({ start }: TrajectorySpec): number {
  return start === null ? 0 : lastEpoch(start) + epochsBefore(start);
}

async function millisecondsLeft(plan: Iterable<TrajectorySpec[]>, lookup: Lookup, speed: Stopwatch): Promise<number> {
  let milliseconds = 0;
  for (const group of plan) {
    const { specs } = await lookup(group);
    if (specs.length > 0) milliseconds += epochsToTrain(specs) * speed.msPerEpoch(specs[0]);
  }
  return milliseconds;
}

const TIMED_MS = 100; // long beside a thread's first, slower epochs

/** Times a few epochs of each shape, once. */
class Stopwatch {
  readonly #engine: Engine;
  readonly #times = new Map<string, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  msPerEpoch(spec: TrajectorySpec): number {
    const { samples, features, forgetRows } = spec.draw;
    const shape = [samples, features, forgetRows, ...spec.hidden].join();
    const known = this.#times.get(shape);
    if (known !== undefined) return known;
    const draw = loadDraw(spec.draw);
    const fresh = { ...spec, method: "original", start: null };
    const start = freshParameters(fresh);
    const never = new Int32Array(new SharedArrayBuffer(4));
    const train = (epochs: number): number => {
      const began = performance.now();
      trainTrajectory({ ...fresh, asked: [epochs] }, this.#engine, draw, start, never);
      return (performance.now() - began) / epochs;
    };
    train(1);
    const time = train(Math.max(1, Math.min(1000, Math.round(TIMED_MS / train(2)))));
    this.#times.set(shape, time);
    return time;
  }
}

/** The size of the finished file at each record level: of each kind of trajectory some are landed in a file in memory. */
async function bytesOf(plan: Iterable<TrajectorySpec[]>): Promise<Record<RecordLevel, number>> {
  const kinds = new Map<string, { spec: TrajectorySpec; count: number }>();
  for (const group of plan) {
    for (const spec of group) {
      const kind = [spec.asked.length, lastEpoch(spec), spec.copies, spec.draw.forgetRows].join();
      const known = kinds.get(kind) ?? { spec, count: 0 };
      known.count += 1;
      kinds.set(kind, known);
    }
  }
  const empty = await inMemory(sizeOf);
  const bytes = { final: empty, asked: empty, all: empty };
  for (const { spec, count } of kinds.values())
    for (const record of RECORDS) bytes[record] += (await bytesEach(spec, record)) * count;
  return bytes;
}

const SAMPLE_RECORDS = 8000; // of a kind, trial rows and epochs: beside them a page of SQLite's is small

/** What a trajectory like `spec` takes in a file with many of them. */
async function bytesEach(spec: TrajectorySpec, record: RecordLevel): Promise<number> {
  const rows = spec.asked.length * (1 + spec.copies) * Math.max(1, spec.draw.forgetRows);
  const count = Math.ceil(SAMPLE_RECORDS / (rows + epochsToKeep(record, spec).length));
  const outcome = placeholder(spec);
  const outcomes = Array.from({ length: count }, (_, i) => ({
    ...outcome,
    spec: { ...spec, trial: 1 + i * (1 + spec.copies) },
  }));
  return inMemory(async (store) => {
    const empty = await sizeOf(store);
    await store.record(await store.openSweep({ ...NOTE, record }), outcomes);
    return ((await sizeOf(store)) - empty) / count;
  });
}

async function sizeOf(store: SqliteStore): Promise<number> {
  const [{ bytes }] = await store.all<{ bytes: number }>(
    "select page_count * page_size as bytes from pragma_page_count, pragma_page_size",
  );
  return bytes;
}

async function inMemory(measure: (store: SqliteStore) => Promise<number>): Promise<number> {
  const store = new SqliteStore(":memory:");
  try {
    return await measure(store);
  } finally {
    await store.close();
  }
}

/** A sweep of which only the size matters. */
const NOTE = {
  ...{ identity: "", command: "", config: "", trials: 1, engine: "", profile: "" },
  ...{ shard: null, version: "", machine: "" },
};

/** An outcome of the size of `spec`'s, whose numbers mean nothing. */
function placeholder(spec: TrajectorySpec): Outcome {
  const column = new Float64Array(lastEpoch(spec)).fill(Math.PI);
  const curve: Curve = {
    ...{ penalty: column, crossEntropy: column, trainAccuracy: column, forgetProbability: column, forgetLogit: column },
    testAccuracy: new Float64Array(spec.asked.length).fill(Math.PI),
    askedLogits: new Float64Array(spec.asked.length * spec.draw.forgetRows).fill(Math.PI),
    parameters: new Float64Array(0),
  };
  return { state: "trained", spec, wanted: true, rows: trialRows(spec.asked, curve), curve, elapsedMs: Math.PI };
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
