/** What a grid will cost, before any of it is trained. */
import type { Setting } from "./config.js";
import { type Lookup, surveyMissing } from "./coordinator.js";
import { loadDraw } from "./data/source.js";
import type { Curve, Engine } from "./engine/contract.js";
import { arms, countRows, epochsToTrain, plan, type Shard } from "./plan.js";
import { RECORDS, type RecordLevel } from "./store/contract.js";
import { SqliteStore } from "./store/sqlite.js";
import { freshParameters, trainTrajectory, trialRows } from "./trajectory.js";
import { lastEpoch, type Outcome, type TrajectorySpec } from "./trial.js";

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
  /** Epochs that are left, starts and prefixes that have to be trained again included. */
  readonly epochsLeft: number;
  readonly msPerEpoch: number;
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
  readonly workers: number;
}

/** Counts a plan, against `lookup` for what is finished; times a few epochs of each shape; measures rows in a file. */
export async function forecast(request: ForecastRequest, engine: Engine, lookup: Lookup): Promise<Forecast> {
  const { settings, trials, total, shard, workers } = request;
  const planned = (): Iterable<TrajectorySpec[]> => plan(settings, trials, total, shard);
  const whole = await surveyMissing(planned(), ALL_MISSING);
  const left = await surveyMissing(planned(), lookup);
  const naive = naiveEpochs(planned());
  const speed = new Stopwatch(engine);
  const milliseconds = await millisecondsLeft(planned(), lookup, speed);
  return {
    cells: settings.reduce((sum, setting) => sum + sumOf(arms(setting, total), ({ asked }) => asked.length), 0),
    trialRows: whole.planned,
    trajectories: whole.missing.trajectories,
    epochs: whole.missing.epochs,
    ...naive,
    finishedRows: left.planned - left.missing.rows,
    epochsLeft: left.missing.epochs,
    msPerEpoch: left.missing.epochs === 0 ? 0 : milliseconds / left.missing.epochs,
    secondsLeft: milliseconds / workers / 1000,
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

const SAMPLE_GROUPS = 50; // of the plan, landed in a file in memory to see what a row takes

/** The size of the finished file at each record level, by what a part of it takes. */
async function bytesOf(plan: Iterable<TrajectorySpec[]>): Promise<Record<RecordLevel, number>> {
  const sample: TrajectorySpec[] = [];
  let [trajectories, groups] = [0, 0];
  for (const group of plan) {
    if (groups++ < SAMPLE_GROUPS) sample.push(...group);
    trajectories += group.length;
  }
  const sizes = RECORDS.map(async (record) => [
    record,
    ((await sampleBytes(sample, record)) / sample.length) * trajectories,
  ]);
  return Object.fromEntries(await Promise.all(sizes)) as Record<RecordLevel, number>;
}

async function sampleBytes(specs: readonly TrajectorySpec[], record: RecordLevel): Promise<number> {
  const store = new SqliteStore(":memory:");
  try {
    const note = {
      identity: "",
      command: "",
      config: "",
      trials: 1,
      engine: "",
      profile: "",
      shard: null,
      version: "",
      machine: "",
    };
    const sweep = await store.openSweep({ ...note, record });
    const size = async (): Promise<number> => {
      const [{ bytes }] = await store.all<{ bytes: number }>(
        "select page_count * page_size as bytes from pragma_page_count, pragma_page_size",
      );
      return bytes;
    };
    const empty = await size();
    await store.record(sweep, specs.map(placeholder));
    return (await size()) - empty;
  } finally {
    await store.close();
  }
}

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
