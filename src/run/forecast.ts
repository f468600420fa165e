/** What a sweep will cost, before any of it is trained. */
import { loadDraw } from "../data/source.js";
import type { Curve, Engine } from "../engine/contract.js";
import { RECORDS, type RecordLevel, type SweepPlan } from "../plan/plan.js";
import { USUAL_QUESTION } from "../plan/question.js";
import { cellTemplates, epochsToTrain, type Shard, trajectoriesOf, WHOLE } from "../plan/trajectories.js";
import { openStore } from "../store/open.js";
import { lastEpoch, type Outcome, type TrajectorySpec } from "../trial.js";
import { ALL_MISSING, type Lookup, surveyMissing } from "./survey.js";
import { epochCurve, freshParameters, trainTrajectory, trialRows } from "./trajectory.js";

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

export interface ForecastRequest {
  /** Of the sweep as it is once it has grown. */
  readonly plan: SweepPlan;
  readonly shard: Shard;
  readonly retryFailed: boolean;
  /** Threads that can train at once. */
  readonly workers: number;
}

/** Counts a plan, against `lookup` for what is finished; times a few epochs of each shape; measures rows in a file. */
export async function forecast(request: ForecastRequest, engine: Engine, lookup: Lookup): Promise<Forecast> {
  const { plan, shard, retryFailed } = request;
  const planned = (): Iterable<TrajectorySpec[]> => trajectoriesOf(plan, shard);
  const whole = await surveyMissing(planned(), ALL_MISSING);
  const left = await surveyMissing(planned(), lookup);
  const naive = naiveEpochs(planned());
  const speed = new Stopwatch(engine);
  const milliseconds = await millisecondsLeft(planned(), lookup, speed);
  const failedRows = retryFailed ? 0 : left.failed;
  const threads = Math.max(1, Math.min(request.workers, left.missing.trajectories));
  return {
    cells: sumOf([...cellTemplates(plan)], ({ asked }) => asked.length),
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
    bytes: await bytesOf(plan, planned()),
  };
}

/** How long an epoch takes here, on average over the epochs of a plan. */
export async function millisecondsPerEpoch(plan: SweepPlan, engine: Engine): Promise<number> {
  const { missing } = await surveyMissing(trajectoriesOf(plan), ALL_MISSING);
  return (await millisecondsLeft(trajectoriesOf(plan), ALL_MISSING, new Stopwatch(engine))) / missing.epochs;
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
export class Stopwatch {
  readonly #engine: Engine;
  readonly #times = new Map<string, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** How long an epoch of a trajectory takes on this thread. */
  msPerEpoch(spec: TrajectorySpec): number {
    const { draw: source, widths } = spec.cell;
    const shape = [source.samples, source.features, source.forgetRows, ...widths].join();
    const known = this.#times.get(shape);
    if (known !== undefined) return known;
    const draw = loadDraw(source);
    const fresh = { ...spec, start: null };
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

/** The size of the finished file at each record level: of each kind of trajectory some are landed in a store in memory. */
async function bytesOf(plan: SweepPlan, planned: Iterable<TrajectorySpec[]>): Promise<Record<RecordLevel, number>> {
  const kinds = kindsOf(planned);
  const bytes = { final: 0, asked: 0, all: 0 };
  for (const record of RECORDS) bytes[record] = await bytesAt({ ...plan, record }, kinds);
  return bytes;
}

/** Trajectories that take as much room. */
interface Kind {
  readonly spec: TrajectorySpec;
  count: number;
}

function kindsOf(planned: Iterable<TrajectorySpec[]>): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const group of planned) {
    for (const spec of group) {
      const key = [spec.asked.length, lastEpoch(spec), spec.copies, spec.cell.draw.forgetRows].join();
      const known = kinds.get(key) ?? { spec, count: 0 };
      known.count += 1;
      kinds.set(key, known);
    }
  }
  return [...kinds.values()];
}

/** A sweep of which only the size matters. */
const NOTE = {
  ...{ profile: "", shard: WHOLE, grow: false, question: USUAL_QUESTION },
  command: { command: "", version: "", machine: "" },
};

async function bytesAt(plan: SweepPlan, kinds: readonly Kind[]): Promise<number> {
  const store = await openStore(":memory:");
  try {
    const sweep = await store.open({ plan, ...NOTE });
    let total = await store.size();
    for (const { spec, count } of kinds) {
      const sample = sampleOf(spec, plan.record);
      const before = await store.size();
      await store.record(sweep, sample);
      total += (((await store.size()) - before) / sample.length) * count;
    }
    return total;
  } finally {
    await store.close();
  }
}

const SAMPLE_RECORDS = 8000; // of a kind, trial rows and epochs: beside them a page of SQLite's is small

/** As many trajectories like `spec` as tell what one takes among many. */
function sampleOf(spec: TrajectorySpec, record: RecordLevel): Outcome[] {
  const rows = spec.asked.length * (1 + spec.copies) * Math.max(1, spec.cell.draw.forgetRows);
  const epochs = { final: 1, asked: spec.asked.length, all: lastEpoch(spec) }[record];
  const outcome = placeholder(spec);
  return Array.from({ length: Math.ceil(SAMPLE_RECORDS / (rows + epochs)) }, (_, i) => ({
    ...outcome,
    spec: { ...spec, trial: 1 + i * (1 + spec.copies) },
  }));
}

/** An outcome of the size of `spec`'s, whose numbers mean nothing. */
function placeholder(spec: TrajectorySpec): Outcome {
  const column = new Float64Array(lastEpoch(spec)).fill(Math.PI);
  const curve: Curve = {
    ...{ penalty: column, crossEntropy: column, trainAccuracy: column },
    ...{ forgetProbability: column, forgetMargin: column },
    testAccuracy: new Float64Array(spec.asked.length).fill(Math.PI),
    askedMargins: new Float64Array(spec.asked.length * spec.cell.draw.forgetRows).fill(Math.PI),
    parameters: new Float64Array(0),
  };
  const rows = trialRows(spec.asked, curve);
  return { state: "trained", spec, wanted: true, rows, curve: epochCurve(curve), elapsedMs: Math.PI };
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
