/** `gmm-sweep [run]`: the experiment, from flags to the table. */
import { availableParallelism } from "node:os";
import { loadDraw } from "../data/source.js";
import { loadEngine } from "../engine/engines.js";
import type { Flags } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { configFrom, databaseFrom, runIdentity, type SweepConfig, workersFrom } from "../plan/options.js";
import { WHOLE } from "../plan/trajectories.js";
import { EventLog } from "../report/log.js";
import { summaryText } from "../report/summary.js";
import type { SweepResult } from "../run/sweep.js";
import { TRIAL_WORKER } from "../run/threads.js";
import { sweepDigest } from "../store/digest.js";
import { copiedMethods, methodSummary, stateCounts } from "../store/sqlite/queries.js";
import { SqliteStore } from "../store/sqlite/store.js";
import {
  type Command,
  commandLine,
  DB_OPTION,
  RUNNING_OPTIONS,
  type Terminal,
  TRAINING_OPTIONS,
  value,
} from "./command.js";
import { exitCode, NO_EXTRA, trainRequest } from "./training.js";

export const runCommand: Command = {
  words: ["run", "$0"],
  describe: "train every method's trials and print the table; what is finished already is not trained again",
  positionals: {},
  options: {
    workers: value("worker threads", "the cores"),
    trials: value("trials of each method", 100),
    methods: value(`some of ${METHOD_NAMES.join(", ")}, separated by commas`, "the first four"),
    epochs: value("epochs of unlearn, or METHOD=EPOCHS", "5, original=100, …"),
    lambda: value("λ of unlearn as written, or METHOD=LAMBDA", 4.2),
    ...TRAINING_OPTIONS,
    ...DB_OPTION,
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON object instead of the table" },
  },
  examples: [
    ["$0 --workers 8", "the notebook's experiment on 8 threads"],
    ["$0 --trials 10 --epochs original=200 --lambda 2", "fewer trials, a longer original, another λ"],
    ["$0 --preset paired --db data/paired.db", "the sound version, into a file of its own"],
  ],
  run,
};

/** Options that do not change what is asked for. */
const NOT_PART_OF_IT = ["workers", "quiet", "json", "retry-failed"];

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const began = performance.now();
  const config = configFrom(flags);
  const workers = workersFrom(flags, availableParallelism());
  const path = databaseFrom(flags);
  const { profile } = await loadEngine(config.engine);
  const store = new SqliteStore(path);
  try {
    const request = {
      identity: runIdentity(config, profile),
      command: commandLine(["run"], flags, runCommand.options, NOT_PART_OF_IT),
      config,
      settings: [config],
      trials: config.trials,
      shard: WHOLE,
      record: "all",
      engine: config.engine,
      profile,
      workers,
      retryFailed: flags["retry-failed"] === true,
      entry: TRIAL_WORKER,
    } as const;
    const quiet = flags["quiet"] === true;
    const result = await trainRequest(request, { store, terminal, quiet, log: new EventLog(null), extra: NO_EXTRA });
    if (flags["json"] === true) await printJson(store, result, performance.now() - began, terminal);
    else await printTable(store, result, config, terminal);
    return await exitCode(store, result, path, terminal);
  } finally {
    await store.close();
  }
}

async function printTable(
  store: SqliteStore,
  { sweep }: SweepResult,
  config: SweepConfig,
  terminal: Terminal,
): Promise<void> {
  const summary = await methodSummary(store, sweep.id);
  const { bayes } = loadDraw(config.draw);
  const { diverged } = await stateCounts(store, sweep.id);
  await terminal.out(summaryText({ summary, copied: await copiedMethods(store, sweep.id), diverged, bayes }));
}

async function printJson(
  store: SqliteStore,
  { sweep, tally, skipped }: SweepResult,
  elapsedMs: number,
  terminal: Terminal,
): Promise<void> {
  const { failed } = await stateCounts(store, sweep.id);
  const counts = { trained: tally.trained, skipped, failed, diverged: tally.diverged };
  const digest = await sweepDigest(store, sweep.id);
  const summary = await methodSummary(store, sweep.id);
  await terminal.out(
    `${JSON.stringify({ sweep: sweep.id, digest, ...counts, elapsed_ms: Math.round(elapsedMs), summary })}\n`,
  );
}
