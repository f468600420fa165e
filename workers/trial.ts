/** The entry of a worker thread: it trains the chunks it is handed. */
import { workerData } from "node:worker_threads";
import { loadDraw } from "../src/data/source.js";
import { loadEngine } from "../src/engine/engines.js";
import { cachedDraws, runChunk, stopFlag } from "../src/run/chunk.js";
import type { ThreadData } from "../src/run/threads.js";
import type { Outcome, TrajectorySpec } from "../src/trial.js";

const DRAWS_KEPT = 4;

const { engine: choice, stop } = workerData as ThreadData;
const engine = await loadEngine(choice);
const load = cachedDraws(loadDraw, DRAWS_KEPT);
const flag = stopFlag(stop);

export default function trainChunk(specs: readonly TrajectorySpec[]): Outcome[] {
  return runChunk(specs, engine, load, flag);
}
