/** `gmm-sweep [run]`: the experiment, from flags to the table. */
import { availableParallelism, cpus } from "node:os";
import { configFrom, databaseFrom, type Flags, type SweepConfig, sweepIdentity, workersFrom } from "../config.js";
import { countRows, runSweep, type Tally } from "../coordinator.js";
import { loadDraw } from "../data/source.js";
import { digestOf } from "../digest.js";
import { loadEngine } from "../engine/engines.js";
import { plan } from "../plan.js";
import { TRIAL_WORKER, TrialPool } from "../pool.js";
import { copiedMethods, digestRows, failures, methodSummary, stateCounts } from "../queries.js";
import { ProgressPrinter } from "../report/progress.js";
import { summaryText } from "../report/summary.js";
import type { OpenSweep } from "../store/contract.js";
import { SqliteStore } from "../store/sqlite.js";
import type { TrajectorySpec } from "../trial.js";
import { VERSION } from "../version.js";
import { type Command, DB_OPTION, EXIT, METHOD_LIST, type Terminal, TRAINING_OPTIONS, value } from "./command.js";

export const runCommand: Command = {
  words: ["run", "$0"],
  describe: "train every method's trials and print the table; what is finished already is not trained again",
  positionals: {},
  options: {
    workers: value("worker threads", "the cores"),
    trials: value("trials of each method", 100),
    methods: value(`some of ${METHOD_LIST}, separated by commas`, "all"),
    epochs: value("epochs of unlearn, or METHOD=EPOCHS", "5, original=100, …"),
    lambda: value("λ of unlearn as written, or METHOD=LAMBDA", 4.2),
    ...TRAINING_OPTIONS,
    ...DB_OPTION,
    "retry-failed": { type: "boolean", describe: "train the trials again that failed" },
    json: { type: "boolean", describe: "print one JSON object instead of the table" },
    quiet: { type: "boolean", describe: "no progress on stderr" },
  },
  examples: [
    ["$0 --workers 8", "the notebook's experiment on 8 threads"],
    ["$0 --trials 10 --epochs original=200 --lambda 2", "fewer trials, a longer original, another λ"],
    ["$0 --preset paired --db data/paired.db", "the sound version, into a file of its own"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const began = performance.now();
  const config = configFrom(flags);
  const workers = workersFrom(flags, availableParallelism());
  const path = databaseFrom(flags);
  const { profile } = await loadEngine(config.engine);
  const store = new SqliteStore(path);
  try {
    const sweep = await store.openSweep({
      identity: sweepIdentity(config, profile),
      config: JSON.stringify(config),
      trials: config.trials,
      engine: config.engine.name,
      profile,
      version: VERSION,
      machine: `${cpus()[0]?.model ?? "unknown processor"} × ${availableParallelism()}, ${process.platform}-${process.arch}, Node ${process.versions.node}`,
    });
    if (sweep.trials > config.trials)
      terminal.err(`this sweep has been asked for ${sweep.trials} trials before: the table covers all of them\n`);
    const specs = plan(config, sweep.trials);
    await store.enroll(sweep, specs);
    const missing = await store.missing(sweep, specs, flags["retry-failed"] === true);
    const tally = await trainMissing(missing, sweep, {
      config,
      workers,
      store,
      terminal,
      quiet: flags["quiet"] === true,
    });
    const skipped = countRows(specs) - countRows(missing);
    return await report(
      {
        sweep,
        store,
        config,
        tally,
        skipped,
        elapsedMs: performance.now() - began,
        path,
        json: flags["json"] === true,
      },
      terminal,
    );
  } finally {
    await store.close();
  }
}

interface Training {
  readonly config: SweepConfig;
  readonly workers: number;
  readonly store: SqliteStore;
  readonly terminal: Terminal;
  readonly quiet: boolean;
}

/** Runs what is missing, with progress, until it is done or a signal stops it. */
async function trainMissing(
  missing: readonly TrajectorySpec[],
  sweep: OpenSweep,
  { config, workers, store, terminal, quiet }: Training,
): Promise<Tally> {
  if (missing.length === 0) {
    if (!quiet) terminal.err("everything is finished already: nothing to train\n");
    return { trained: 0, failed: 0, diverged: 0, stopped: false };
  }
  const pool = new TrialPool({
    workers: Math.min(workers, missing.length),
    engine: config.engine,
    entry: TRIAL_WORKER,
  });
  const printer = new ProgressPrinter(terminal.stderr);
  const restoreSignals = stopOnSignals(pool, terminal);
  try {
    return await runSweep(missing, sweep, { store, pool, report: (progress) => quiet || printer.update(progress) });
  } finally {
    printer.end();
    restoreSignals();
    await pool.close();
  }
}

/** The first Ctrl-C or SIGTERM lets running trajectories end, a second one gives them up; returns what undoes this. */
function stopOnSignals(pool: TrialPool, terminal: Terminal): () => void {
  const stop = (): void => {
    if (pool.draining) pool.cancel();
    else {
      pool.drain();
      terminal.err("\nstopping: the trajectories that are running will finish; once more to stop now\n");
    }
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

interface Ran {
  readonly sweep: OpenSweep;
  readonly store: SqliteStore;
  readonly config: SweepConfig;
  readonly tally: Tally;
  readonly skipped: number;
  readonly elapsedMs: number;
  readonly path: string;
  readonly json: boolean;
}

/** Prints what there is now, and returns the exit code. */
async function report(
  { sweep, store, config, tally, skipped, elapsedMs, path, json }: Ran,
  terminal: Terminal,
): Promise<number> {
  const summary = await methodSummary(store, sweep.id);
  const { failed } = await stateCounts(store, sweep.id);
  if (json) {
    const digest = digestOf(await digestRows(store, sweep.id));
    const skippedFinished = skipped - (failed - tally.failed);
    const counts = { trained: tally.trained, skipped: skippedFinished, failed, diverged: tally.diverged };
    await terminal.out(
      `${JSON.stringify({ sweep: sweep.id, digest, ...counts, elapsed_ms: Math.round(elapsedMs), summary })}\n`,
    );
  } else {
    const { bayes } = loadDraw(config.draw);
    await terminal.out(summaryText({ summary, copied: await copiedMethods(store, sweep.id), bayes }));
  }
  for (const { method, trial, error, rows } of await failures(store, sweep.id)) {
    terminal.err(`${rows} of ${method} failed, first trial ${trial}: ${error}\n`);
  }
  if (tally.stopped) {
    terminal.err(`stopped: what finished is kept in ${path}; run the same command again to go on\n`);
    return EXIT.interrupted;
  }
  if (failed === 0) return EXIT.ok;
  terminal.err("run the same command with --retry-failed to train the failed trials again\n");
  return EXIT.trialFailed;
}
