/** The entry of a worker thread: it trains the chunks it is handed. */
import { workerData } from "node:worker_threads";
import { loadDraw } from "../src/data/source.js";
import type { Engine } from "../src/engine/contract.js";
import { loadEngine } from "../src/engine/engines.js";
import { type Answer, answerOf, cachedDraws, runChunk, stopFlag } from "../src/run/chunk.js";
import type { ThreadData } from "../src/run/threads.js";
import type { TrajectorySpec } from "../src/trial.js";

const DRAWS_KEPT = 4;

const { engine: choice, stop } = workerData as ThreadData;
const load = cachedDraws(loadDraw, DRAWS_KEPT);
const flag = stopFlag(stop);
let engine: Engine | null = null;

export default function trainChunk(specs: readonly TrajectorySpec[]): Promise<Answer> {
  return answerOf(async () => {
    engine ??= await loadEngine(choice); // here, where what it throws is answered
    return runChunk(specs, engine, load, flag);
  });
}
