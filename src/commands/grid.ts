/** `gmm-sweep grid`: λ × epochs × draws × nets × methods as one sweep that can be killed and extended. */
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { ENGINE_NAMES, loadEngine } from "../engine/engines.js";
import { writableFile } from "../files.js";
import { bad, type Flags, parseWhole, text } from "../plan/flags.js";
import { GRID_DEFAULTS, type GridConfig, gridFrom, gridIdentity, settingsOf } from "../plan/grid.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { DEFAULTS, databaseFrom, PRESETS, workersFrom } from "../plan/options.js";
import { gridFromFile } from "../plan/sweep-file.js";
import { plan, type Shard, WHOLE } from "../plan/trajectories.js";
import { CellTracker } from "../report/cells.js";
import { forecastText } from "../report/forecast.js";
import { EventLog } from "../report/log.js";
import { nearestText } from "../report/nearest.js";
import type { Lookup, SweepEvent } from "../run/coordinator.js";
import { ALL_MISSING, forecast } from "../run/forecast.js";
import type { SweepRequest, SweepResult } from "../run/sweep.js";
import { TRIAL_WORKER } from "../run/threads.js";
import { type OpenSweep, RECORDS } from "../store/contract.js";
import { sweepDigest } from "../store/digest.js";
import { askedTrials, cellMeans, nearestCells, stateCounts, statusByMethod } from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { SqliteStore } from "../store/sqlite/store.js";
import {
  type Command,
  commandLine,
  DB_OPTION,
  EXIT,
  RUNNING_OPTIONS,
  shellWord,
  type Terminal,
  value,
} from "./command.js";
import { exitCode, trainRequest } from "./training.js";

export const gridCommand: Command = {
  words: ["grid [file]"],
  describe: "train a grid of λ, epochs, draws, nets and methods; what is finished already is not trained again",
  positionals: { file: "a sweep file (YAML); options given beside it stand in place of its keys" },
  options: {
    workers: value("worker threads", "the cores"),
    trials: value("trials of each cell", DEFAULTS.trials),
    methods: value(`some of ${METHOD_NAMES.join(", ")}`, GRID_DEFAULTS.methods.join(",")),
    lambda: value("λ of unlearn: values and ranges FROM:TO:STEP, or METHOD=…", 4.2),
    epochs: value("epochs of unlearn: values and ranges FROM:TO, or METHOD=…", 5),
    preset: value(`${PRESETS.join(" or ")}, or both as ${PRESETS.join(",")}`, GRID_DEFAULTS.preset),
    "data-seeds": value("seeds of the data draws: values and ranges", DEFAULTS["data-seed"]),
    samples: value("rows of D: values and ranges", DEFAULTS.samples),
    features: value("features of a row: values and ranges", DEFAULTS.features),
    "forget-rows": value("rows of the forget set: values and ranges", DEFAULTS["forget-rows"]),
    data: value("a folder with X.npy, Y.npy, x.npy instead of seeded draws"),
    hidden: value("widths of the two hidden layers; given more than once for several", DEFAULTS.hidden),
    "learning-rate": value("Adam's learning rate: values", DEFAULTS["learning-rate"]),
    seed: value("seed of the initial weights", DEFAULTS.seed),
    engine: value(`what trains: ${ENGINE_NAMES.join(", ")}`, DEFAULTS.engine),
    precision: value("f32 or f64, where the engine has both", "the engine's first"),
    name: value("what the sweep is called in its file: the same name extends it", "the file's, or grid"),
    record: value(`epochs that are kept of a curve: ${RECORDS.join(", ")}`, GRID_DEFAULTS.record),
    shard: value("train part I of N only, as I/N, into a file of its own; merge unites them"),
    ...DB_OPTION,
    "dry-run": { type: "boolean", describe: "say what it will take, train nothing, write nothing" },
    log: value("append one JSON line for each event to this file"),
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 grid --lambda 0:10:0.25 --epochs 1:50 --dry-run", "what 41 × 50 cells of 100 trials take"],
    ["$0 grid sweep.yaml --workers 8 --log sweep.log", "a sweep file, overnight"],
    ["$0 grid sweep.yaml --shard 3/8 --db part3.db", "an eighth of it, on one of eight machines"],
  ],
  run,
};

const MOST_SHARDS = 100_000;

/** Options that do not change what is asked for. */
const NOT_PART_OF_IT = ["workers", "quiet", "json", "retry-failed", "dry-run", "log", "shard", "db"];

/** A grid as a command line asks for it, and where it goes. */
interface Asked {
  readonly grid: GridConfig;
  readonly shard: Shard;
  readonly workers: number;
  readonly path: string;
  readonly command: string;
  readonly log: string | null;
  readonly retryFailed: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  if (flags["file"] === "") throw bad("FILE must be the name of a sweep file, got an empty one");
  const file = text(flags, "file");
  const grid = file === null ? gridFrom(flags) : gridFromFile(file, flags);
  const path = databaseFrom(flags);
  const words = file === null ? ["grid"] : ["grid", file];
  const kept: [string, string][] = [["the database", path]];
  if (file !== null) kept.push(["the sweep file", file]);
  const asked: Asked = {
    grid,
    shard: shardFrom(flags),
    workers: workersFrom(flags, availableParallelism()),
    path,
    command: commandLine(words, flags, gridCommand.options, NOT_PART_OF_IT),
    log: writableFile(flags, "log", kept),
    retryFailed: flags["retry-failed"] === true,
    quiet: flags["quiet"] === true,
    json: flags["json"] === true,
  };
  return flags["dry-run"] === true ? dryRun(asked, terminal) : train(asked, terminal);
}

async function train(asked: Asked, terminal: Terminal): Promise<number> {
  const began = performance.now();
  const { grid, path, quiet, shard } = asked;
  const { profile } = await loadEngine(grid.engine);
  const store = new SqliteStore(path);
  const log = new EventLog(asked.log);
  try {
    let cells = new CellTracker([], 0);
    const extra = {
      opened: async ({ id, trials }: OpenSweep) => {
        cells = new CellTracker(plan(settingsOf(grid), grid.trials, trials, shard), trials);
        cells.seed(await cellMeans(store, id));
      },
      event: (event: SweepEvent) => cells.event(event),
      parts: () => cells.parts(),
    };
    const result = await trainRequest(requestOf(asked, profile), { store, terminal, quiet, log, extra });
    const elapsedMs = performance.now() - began;
    await print({ store, result, elapsedMs, json: asked.json }, terminal);
    if (shard === WHOLE && !result.tally.stopped) await tellMissing(store, result.sweep, path, terminal);
    const code = await exitCode(store, result, path, terminal);
    log.write("end", { ...result.tally, skipped: result.skipped, elapsed_ms: Math.round(elapsedMs), exit_code: code });
    return code;
  } finally {
    log.close();
    await store.close();
  }
}

function requestOf({ grid, command, shard, workers, retryFailed }: Asked, profile: string): SweepRequest {
  return {
    identity: gridIdentity(grid, profile),
    command,
    config: grid,
    settings: settingsOf(grid),
    trials: grid.trials,
    shard,
    record: grid.record,
    engine: grid.engine,
    profile,
    workers,
    retryFailed,
    entry: TRIAL_WORKER,
  };
}

interface Printed {
  readonly store: SqliteStore;
  readonly result: SweepResult;
  readonly elapsedMs: number;
  readonly json: boolean;
}

async function print({ store, result, elapsedMs, json }: Printed, terminal: Terminal): Promise<void> {
  const { sweep, tally, skipped } = result;
  const nearest = await nearestCells(store, sweep.id);
  const { done, diverged, failed } = await stateCounts(store, sweep.id);
  const digest = await sweepDigest(store, sweep.id);
  if (json) {
    const counts = { trained: tally.trained, skipped, failed, diverged: tally.diverged };
    await terminal.out(
      `${JSON.stringify({ sweep: sweep.id, digest, ...counts, elapsed_ms: Math.round(elapsedMs), nearest })}\n`,
    );
    return;
  }
  await terminal.out(nearestText(nearest));
  await terminal.out(
    `\nsweep ${sweep.id}: ${done} trial rows done, ${diverged} diverged, ${failed} failed\ndigest ${digest}\n`,
  );
}

/** A sweep that grew in trials asks that many of every cell, also of those that this command did not name. */
async function tellMissing(
  store: SqliteStore,
  { id, trials }: OpenSweep,
  path: string,
  terminal: Terminal,
): Promise<void> {
  const missing = (await statusByMethod(store, id)).reduce((sum, method) => sum + method.missing, 0);
  if (missing > 0)
    terminal.err(
      `${missing} trial rows of the sweep's other cells are missing, since it now has ${trials} trials a cell: gmm-sweep status ${shellWord(path)} lists the cells, and a grid of them with --trials ${trials} trains them\n`,
    );
}

/** `--shard 3/8`, from 1. */
function shardFrom(flags: Flags): Shard {
  const given = text(flags, "shard");
  if (given === null) return WHOLE;
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(given) ?? [];
  if (part === undefined || parts === undefined) throw bad(`--shard must be I/N such as 3/8, got ${given}`);
  const count = parseWhole("--shard I/N", parts, 1, MOST_SHARDS);
  return { index: parseWhole("--shard I/N", part, 1, count) - 1, count };
}

async function dryRun({ grid, shard, workers, path, retryFailed, json }: Asked, terminal: Terminal): Promise<number> {
  const engine = await loadEngine(grid.engine);
  // An empty file is one that a run would make its own.
  const reader = existsSync(path) && statSync(path).size > 0 ? new SqliteReader(path) : null;
  try {
    const lookup: Lookup =
      reader === null ? ALL_MISSING : (specs) => reader.missing(engine.profile, specs, retryFailed);
    const before = reader === null ? 0 : await askedTrials(reader, gridIdentity(grid, engine.profile));
    const total = Math.max(grid.trials, before);
    const threads = Math.min(workers, availableParallelism());
    const request = { settings: settingsOf(grid), trials: grid.trials, total, shard, retryFailed, workers: threads };
    const result = await forecast(request, engine, lookup);
    await terminal.out(json ? `${JSON.stringify(result)}\n` : forecastText(result));
    return EXIT.ok;
  } finally {
    reader?.close();
  }
}
