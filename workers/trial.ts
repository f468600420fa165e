/** The entry of a worker thread: it trains the chunks it is handed. */
import { workerData } from "node:worker_threads";
import { loadDraw } from "../src/data/source.js";
import { loadEngine } from "../src/engine/engines.js";
import { SweepError } from "../src/errors.js";
import { type Answer, answerOf, stopFlag } from "../src/run/answer.js";
import { cachedDraws, runChunk } from "../src/run/chunk.js";
import type { ThreadData } from "../src/run/threads.js";
import type { TrajectorySpec } from "../src/trial.js";

const DRAWS_KEPT = 4;

const { engine: choice, profile, stop } = workerData as ThreadData;
const load = cachedDraws(loadDraw, DRAWS_KEPT);
const flag = stopFlag(stop);
// Thrown in the answer to a chunk, and not here, where a SweepError would lose its class.
const loaded = await loadEngine(choice).then(
  (engine) => ({ engine }),
  (error: unknown) => ({ error }),
);

export default function trainChunk(specs: readonly TrajectorySpec[]): Promise<Answer> {
  return answerOf(async () => {
    if ("error" in loaded) throw loaded.error;
    if (profile !== null && loaded.engine.profile !== profile)
      throw new SweepError(
        "environment",
        `a thread computes as ${loaded.engine.profile}, where the sweep is of ${profile}: start again, what has finished is kept`,
      );
    return runChunk(specs, loaded.engine, load, flag);
  });
}
