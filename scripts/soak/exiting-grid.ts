/** `gmm-sweep grid`, but its threads die: node exiting-grid.js DATABASE FLAG…; prints a line for each thread that dies, and one for each trial that is tried again. */
import { parseArgs } from "node:util";
import { loadEngine } from "../../src/engine/engines.js";
import { USUAL_QUESTION } from "../../src/plan/question.js";
import { gridPlan } from "../../src/plan/request.js";
import { WHOLE } from "../../src/plan/trajectories.js";
import { trainSweep } from "../../src/run/sweep.js";
import { ThreadRunner } from "../../src/run/threads.js";
import { openStore } from "../../src/store/open.js";

const text = { type: "string" } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ preset: text, "data-seeds": text, samples: text, trials: text, methods: text, lambda: text, epochs: text },
    workers: { type: "string", default: "2" },
  },
});
const plan = gridPlan(values, null);
const engine = { ...plan.engine, isa: null };
const { profile } = await loadEngine(engine);
const store = await openStore(positionals[0]);
const command = { command: "", version: "", machine: "" };
const sweep = await store.open({ plan, profile, shard: WHOLE, grow: false, question: USUAL_QUESTION, command });
const entry = new URL("exiting-worker.js", import.meta.url);
await trainSweep(store, sweep, {
  retryFailed: true,
  lanes: Number(values.workers),
  start: (workers, lost) => new ThreadRunner({ workers, engine, profile, entry, lost }),
  observers: [(event) => void (event.kind === "second try" && process.stdout.write(`${event.reason}\n`))],
});
await store.close();
