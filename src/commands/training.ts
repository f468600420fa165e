/** What `run` and `grid` share: a request becomes a trained sweep, with progress, a log and signals. */

import type { EventLog } from "../report/log.js";
import { ProgressPrinter } from "../report/progress.js";
import type { SweepEvent } from "../run/coordinator.js";
import { type SweepRequest, type SweepResult, trainSweep } from "../run/sweep.js";
import type { TrialPool } from "../run/threads.js";
import type { OpenSweep } from "../store/contract.js";
import { failures, stateCounts } from "../store/sqlite/queries.js";
import type { SqliteStore } from "../store/sqlite/store.js";
import { EXIT, type Terminal } from "./command.js";

/** What a command adds to a progress line; it hears of everything that lands. */
export interface Extra {
  opened(sweep: OpenSweep): Promise<void>;
  event(event: SweepEvent): void;
  parts(): readonly string[];
}

export const NO_EXTRA: Extra = { opened: async () => {}, event: () => {}, parts: () => [] };

export interface TrainingOptions {
  readonly store: SqliteStore;
  readonly terminal: Terminal;
  readonly quiet: boolean;
  readonly log: EventLog;
  readonly extra: Extra;
}

/** Trains what is missing until it is done or a signal stops it. */
export async function trainRequest(
  request: SweepRequest,
  { store, terminal, quiet, log, extra }: TrainingOptions,
): Promise<SweepResult> {
  const printer = new ProgressPrinter(terminal.stderr);
  try {
    return await trainSweep(request, store, {
      opened: async (sweep, missing) => {
        await extra.opened(sweep);
        log.write("start", { sweep: sweep.id, command: request.command, profile: sweep.profile, missing });
        if (sweep.trials > request.trials)
          terminal.err(`this sweep has been asked for ${sweep.trials} trials before: the results cover all of them\n`);
        if (missing.rows === 0 && !quiet) terminal.err("everything is finished already: nothing to train\n");
      },
      event: (event) => {
        log.event(event);
        extra.event(event);
        if (event.kind === "landed" && !quiet) printer.update(event.progress, () => extra.parts());
      },
      watch: (pool) => stopOnSignals(pool, terminal, log, printer),
    });
  } finally {
    printer.end();
  }
}

/** The first Ctrl-C or SIGTERM lets running trajectories end, a second one gives them up; returns what undoes this. */
function stopOnSignals(pool: TrialPool, terminal: Terminal, log: EventLog, printer: ProgressPrinter): () => void {
  const stop = (signal: string): void => {
    log.write("stopping", { signal, now: pool.draining });
    if (pool.draining) pool.cancel();
    else {
      pool.drain();
      printer.end();
      terminal.err("\nstopping: the trajectories that are running will finish; once more to stop now\n");
    }
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Says what failed and what was stopped, each with how to go on; returns the exit code. */
export async function exitCode(
  store: SqliteStore,
  { sweep, tally }: SweepResult,
  path: string,
  terminal: Terminal,
): Promise<number> {
  for (const { method, trial, error, rows } of await failures(store, sweep.id))
    terminal.err(`${rows} of ${method} failed, first trial ${trial}: ${error}\n`);
  if (tally.stopped) {
    terminal.err(`stopped: what finished is kept in ${path}; run the same command again to go on\n`);
    return EXIT.interrupted;
  }
  const { failed } = await stateCounts(store, sweep.id);
  if (failed === 0) return EXIT.ok;
  terminal.err("run the same command with --retry-failed to train the failed trials again\n");
  return EXIT.trialFailed;
}
