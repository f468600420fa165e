/** A chunk: the trajectories that a thread is handed at once, and the starts they need. */
import type { Draw } from "../data/draw.js";
import type { Curve, Engine } from "../engine/contract.js";
import { messageOf } from "../errors.js";
import { type DrawSource, drawKey, type Outcome, type TrajectorySpec, trainingKey } from "../trial.js";
import type { StopFlag } from "./answer.js";
import { givenOut } from "./faults.js";
import { epochCurve, freshParameters, trainTrajectory, trialRows } from "./trajectory.js";

/** What an engine threw in a training. */
class TrainingError extends Error {}

/**
 * Trains the trajectories of a chunk one after the other and says what became of each. A start that several of them
 * need is trained once; if nobody asked for it, its outcome is there all the same (`wanted: false`), to be compared
 * with what is stored. Stopped by the flag, it returns what is finished. An engine that throws fails the trajectory;
 * what the machine lacks, and what goes wrong outside of trainings, is thrown.
 */
export function runChunk(
  specs: readonly TrajectorySpec[],
  engine: Engine,
  load: (draw: DrawSource) => Draw,
  stop: StopFlag,
): Outcome[] {
  const outcomes: Outcome[] = [];
  const trained = new Map<string, Float64Array>();
  // A start may be asked for itself, and then at more epochs than its last.
  const wanted = new Map(specs.map((spec) => [trainingKey(spec), spec]));

  /** Trains `asked` and keeps its parameters; null where the flag stopped it. */
  function train(asked: TrajectorySpec): Float64Array | null {
    const key = trainingKey(asked);
    const known = trained.get(key);
    if (known !== undefined) return known;
    const spec = wanted.get(key) ?? asked;
    const start = spec.start === null ? freshParameters(spec) : train(spec.start);
    if (start === null || Atomics.load(stop.drain, 0) !== 0) return null;
    const draw = load(spec.cell.draw);
    const began = performance.now();
    const curve = attempt(() => trainTrajectory(spec, engine, draw, start, stop.cancel));
    if (curve === null) return null;
    trained.set(key, curve.parameters);
    outcomes.push({
      state: "trained",
      spec,
      wanted: wanted.has(key),
      rows: trialRows(spec.asked, curve),
      curve: epochCurve(curve),
      elapsedMs: performance.now() - began,
    });
    return curve.parameters;
  }

  for (const spec of specs) {
    try {
      if (train(spec) === null) break;
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      outcomes.push({ state: "failed", spec, reason: error.message });
    }
  }
  return outcomes;
}

function attempt(train: () => Curve | null): Curve | null {
  try {
    return train();
  } catch (error) {
    if (givenOut(error) !== null) throw error;
    throw new TrainingError(messageOf(error), { cause: error });
  }
}

/** Loads each draw once, and keeps the last few: a thread works on neighbouring draws. */
export function cachedDraws(load: (draw: DrawSource) => Draw, kept: number): (draw: DrawSource) => Draw {
  const cache = new Map<string, Draw>();
  return (source) => {
    const key = JSON.stringify([drawKey(source), source.samples, source.features, source.forgetRows]);
    const draw = cache.get(key) ?? load(source);
    cache.delete(key);
    cache.set(key, draw);
    if (cache.size > kept) cache.delete(cache.keys().next().value as string);
    return draw;
  };
}
