/**
 * The peer that trains `original` in TensorFlow.js, by the code of the tfjs engine: distinct rows with weights, one pass
 * an epoch, one thread. usage: node dist/scripts/peers/tfjs.js FOLDER wasm|tensorflow; task and protocol are peer.py's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadDraw } from "../../src/data/source.js";
import type { Curve } from "../../src/engine/contract.js";
import type { Backend } from "../../src/engine/tfjs/backends.js";
import { loadTfjs } from "../../src/engine/tfjs/tfjs.js";
import { messageOf } from "../../src/errors.js";
import { trainPlan } from "../../src/plan/request.js";
import { onlyTrajectory } from "../../src/plan/trajectories.js";
import { shapeOf } from "../../src/run/trajectory.js";
import { readWeights } from "../../src/run/weights.js";
import { train } from "../bench/task.js";

const TOLERANCE = 1e-4; // peer.py's
const EPOCHS = 10; // at once: 100 take the WASM backend many seconds, and the last forward pass is but 3 % of ten

const [folder, backend] = process.argv.slice(2);

/** The largest difference of a curve's losses from the reference's. */
function offBy(curve: Curve): number {
  const reference = JSON.parse(readFileSync(join(folder, "curve.json"), "utf8")) as Record<string, number[]>;
  const differences = (["penalty", "crossEntropy"] as const).flatMap((loss) =>
    reference[loss].map((value, e) => Math.abs(curve[loss][e] - value)),
  );
  return Math.max(...differences);
}

async function serve(): Promise<void> {
  const spec = onlyTrajectory(trainPlan({ data: folder }, "original"), 1);
  const start = readWeights(join(folder, "weights.npz"), shapeOf(spec.cell));
  const task = { spec, draw: loadDraw(spec.cell.draw), start };
  const engine = await loadTfjs(backend as Backend);
  const off = offBy(train(engine, task, EPOCHS));
  if (!(off <= TOLERANCE)) throw new Error(`its curve is ${off} off the reference's: it is not timed`);
  process.stdout.write(`${JSON.stringify({ name: engine.profile })}\n`);
  for await (const line of createInterface(process.stdin)) {
    const began = performance.now();
    let epochs = 0;
    for (; performance.now() - began < 1000 * Number(line); epochs += EPOCHS) train(engine, task, EPOCHS);
    process.stdout.write(`${JSON.stringify({ ms: performance.now() - began, epochs })}\n`);
  }
}

try {
  await serve();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
