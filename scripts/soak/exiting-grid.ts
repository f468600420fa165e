/** `gmm-sweep grid`, but its threads die: node exiting-grid.js DATABASE FLAG…; prints one line for each thread that died. */
import { parseArgs } from "node:util";
import { loadEngine } from "../../src/engine/engines.js";
import { gridFrom, gridIdentity, settingsOf } from "../../src/plan/grid.js";
import { WHOLE } from "../../src/plan/trajectories.js";
import { trainSweep } from "../../src/run/sweep.js";
import { SqliteStore } from "../../src/store/sqlite/store.js";

const text = { type: "string" } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ preset: text, "data-seeds": text, samples: text, trials: text, methods: text, lambda: text, epochs: text },
    workers: { type: "string", default: "2" },
  },
});
const grid = gridFrom(values);
const { profile } = await loadEngine(grid.engine);
const store = new SqliteStore(positionals[0]);
await trainSweep(
  {
    identity: gridIdentity(grid, profile),
    command: "",
    config: grid,
    settings: settingsOf(grid),
    trials: grid.trials,
    shard: WHOLE,
    record: grid.record,
    engine: grid.engine,
    profile,
    workers: Number(values.workers),
    retryFailed: true,
    entry: new URL("exiting-worker.js", import.meta.url),
  },
  store,
  {
    opened: async () => {},
    event: (event) => void (event.kind === "second try" && process.stdout.write(`${event.reason}\n`)),
    watch: () => () => {},
  },
);
await store.close();
