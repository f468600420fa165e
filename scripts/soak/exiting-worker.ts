/** A worker like workers/trial.ts whose thread ends, by process.exit, somewhere inside a trajectory of its first few dozen. */
import { randomInt } from "node:crypto";
import { workerData } from "node:worker_threads";
import { loadDraw } from "../../src/data/source.js";
import { loadEngine } from "../../src/engine/engines.js";
import { type Answer, answerOf, cachedDraws, runChunk, stopFlag } from "../../src/run/chunk.js";
import type { ThreadData } from "../../src/run/threads.js";
import type { TrajectorySpec } from "../../src/trial.js";

// Not its first one: a trial whose second try dies too is recorded as failed, by design.
const SOONEST = 2;
const LATEST = 120;

const { engine: choice, stop } = workerData as ThreadData;
const engine = await loadEngine(choice);
const flag = stopFlag(stop);
const load = cachedDraws(loadDraw, 4);
let left = randomInt(SOONEST, LATEST);

const mortal = {
  ...engine,
  train: (training: Parameters<typeof engine.train>[0]) => {
    const curve = engine.train(training);
    left -= 1;
    if (left === 0) process.exit(9);
    return curve;
  },
};

export default function trainChunk(specs: readonly TrajectorySpec[]): Promise<Answer> {
  return answerOf(async () => runChunk(specs, mortal, load, flag));
}
