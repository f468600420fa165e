/** A worker like workers/trial.ts whose thread ends, by process.exit, inside a trajectory: in that of its trainings which SOAK_DEATHS gives it. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { loadDraw } from "../../src/data/source.js";
import { loadEngine } from "../../src/engine/engines.js";
import { type Answer, answerOf, stopFlag } from "../../src/run/answer.js";
import { cachedDraws, runChunk } from "../../src/run/chunk.js";
import type { ThreadData } from "../../src/run/threads.js";
import type { TrajectorySpec } from "../../src/trial.js";
import { DEATH, type Deaths, lastTraining } from "./deaths.js";

const { engine: choice, stop } = workerData as ThreadData;
const engine = await loadEngine(choice);
const flag = stopFlag(stop);
const load = cachedDraws(loadDraw, 4);
let left = lastTraining(JSON.parse(process.env["SOAK_DEATHS"] as string) as Deaths);

const mortal = {
  ...engine,
  train: (training: Parameters<typeof engine.train>[0]) => {
    const curve = engine.train(training);
    left -= 1;
    if (left === 0) {
      // What a thread writes to process.stdout is lost when it exits.
      writeSync(1, `${DEATH}\n`);
      process.exit(9);
    }
    return curve;
  },
};

export default function trainChunk(specs: readonly TrajectorySpec[]): Promise<Answer> {
  return answerOf(async () => runChunk(specs, mortal, load, flag));
}
