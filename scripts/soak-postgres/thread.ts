/** A worker like workers/trial.ts that waits, or kills its process, as SOAK_THREAD says. */
import { workerData } from "node:worker_threads";
import { loadDraw } from "../../src/data/source.js";
import { loadEngine } from "../../src/engine/engines.js";
import { type Answer, answerOf, stopFlag } from "../../src/run/answer.js";
import { cachedDraws, runChunk } from "../../src/run/chunk.js";
import type { ThreadData } from "../../src/run/threads.js";
import { type TrajectorySpec, trajectoryKey } from "../../src/trial.js";
import type { Habits } from "./other-threads.js";

const LOOK_MS = 20;

const { engine: choice, stop } = workerData as ThreadData;
const { waitMs, poison } = JSON.parse(process.env["SOAK_THREAD"] as string) as Habits;
const engine = await loadEngine(choice);
const flag = stopFlag(stop);
const load = cachedDraws(loadDraw, 4);

const waiting = {
  ...engine,
  train: (training: Parameters<typeof engine.train>[0]) => {
    const end = performance.now() + waitMs;
    for (let left = waitMs; left > 0 && Atomics.load(flag.cancel, 0) === 0; left = end - performance.now())
      Atomics.wait(flag.cancel, 0, 0, Math.min(left, LOOK_MS));
    return engine.train(training);
  },
};

export default function trainChunk(specs: readonly TrajectorySpec[]): Promise<Answer> {
  if (specs.some((spec) => trajectoryKey(spec) === poison)) process.kill(process.pid, "SIGKILL");
  return answerOf(async () => runChunk(specs, waiting, load, flag));
}
