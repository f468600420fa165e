/** One sweep from request to result: opens it in the store, trains what is missing, tells how it goes. */
import { availableParallelism, cpus } from "node:os";
import type { EngineChoice } from "../engine/engines.js";
import type { Setting } from "../plan/options.js";
import { arms, plan, type Shard } from "../plan/trajectories.js";
import type { Missing, OpenSweep, RecordLevel, Store } from "../store/contract.js";
import type { TrajectorySpec } from "../trial.js";
import { VERSION } from "../version.js";
import { missingGroups, runSweep, type Survey, type SweepEvent, surveyMissing, type Tally } from "./coordinator.js";
import { TrialPool } from "./threads.js";

/** A sweep that somebody asks for. */
export interface SweepRequest {
  readonly identity: string;
  /** The command line, and all that it means. */
  readonly command: string;
  readonly config: object;
  readonly settings: readonly Setting[];
  readonly trials: number;
  readonly shard: Shard;
  readonly record: RecordLevel;
  readonly engine: EngineChoice;
  readonly profile: string;
  readonly workers: number;
  readonly retryFailed: boolean;
  /** The module of the worker threads, such as TRIAL_WORKER. */
  readonly entry: URL;
}

/** What the outside hears of a sweep, and how it stops one. */
export interface Watcher {
  /** Before anything is trained. */
  opened(sweep: OpenSweep, missing: Survey): Promise<void>;
  event(event: SweepEvent): void;
  /** Hears of the pool that works; returns what undoes it. */
  watch(pool: TrialPool): () => void;
}

export interface SweepResult {
  readonly sweep: OpenSweep;
  readonly tally: Tally;
  /** Trial rows that were finished before. */
  readonly skipped: number;
}

/** Trains what the store lacks of a sweep. */
export async function trainSweep(request: SweepRequest, store: Store, watcher: Watcher): Promise<SweepResult> {
  const { settings, trials, shard, retryFailed } = request;
  const sweep = await store.openSweep(sweepRecord(request));
  for (const setting of settings) await store.enroll(sweep, arms(setting, sweep.trials));
  const lookup = (specs: readonly TrajectorySpec[]): Promise<Missing> => store.missing(sweep, specs, retryFailed);
  const planned = (): Iterable<TrajectorySpec[]> => plan(settings, trials, sweep.trials, shard);
  const survey = await surveyMissing(planned(), lookup);
  const skipped = survey.planned - survey.missing.rows - (retryFailed ? 0 : survey.failed);
  await watcher.opened(sweep, survey.missing);
  if (survey.missing.rows === 0)
    return { sweep, skipped, tally: { trained: 0, failed: 0, diverged: 0, stopped: false } };
  const pool = new TrialPool({
    workers: Math.min(request.workers, survey.missing.trajectories),
    engine: request.engine,
    entry: request.entry,
  });
  const unwatch = watcher.watch(pool);
  try {
    const tally = await runSweep(missingGroups(planned(), lookup), survey.missing, sweep, {
      store,
      pool,
      tell: (event) => watcher.event(event),
    });
    return { sweep, skipped, tally };
  } finally {
    unwatch();
    await pool.close();
  }
}

function sweepRecord({ identity, command, config, trials, engine, profile, record, shard }: SweepRequest) {
  return {
    identity,
    command,
    config: JSON.stringify(config),
    trials,
    engine: engine.name,
    profile,
    record,
    shard: shard.count === 1 ? null : `${shard.index + 1}/${shard.count}`,
    version: VERSION,
    machine: `${cpus()[0]?.model ?? "unknown processor"} × ${availableParallelism()}, ${process.platform}-${process.arch}, Node ${process.versions.node}`,
  };
}
