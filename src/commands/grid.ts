/** `gmm-sweep grid`: λ × epochs × draws × nets × methods as one sweep that can be killed and extended. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { DEFAULTS, databaseFrom, PRESETS, workersFrom } from "../config.js";
import type { Lookup } from "../coordinator.js";
import { sweepDigest } from "../digest.js";
import { ENGINE_NAMES, loadEngine } from "../engine/engines.js";
import { bad, type Flags, parseWhole, text } from "../flags.js";
import { ALL_MISSING, forecast } from "../forecast.js";
import { GRID_DEFAULTS, type GridConfig, gridFrom, gridIdentity, settingsOf } from "../grid.js";
import { METHOD_NAMES } from "../methods.js";
import { type Shard, WHOLE } from "../plan.js";
import { TRIAL_WORKER } from "../pool.js";
import { askedTrials, cellMeans, nearestCells, stateCounts } from "../queries.js";
import { CellTracker } from "../report/cells.js";
import { forecastText } from "../report/forecast.js";
import { EventLog } from "../report/log.js";
import { nearestText } from "../report/nearest.js";
import { RECORDS } from "../store/contract.js";
import { SqliteReader } from "../store/reader.js";
import { SqliteStore } from "../store/sqlite.js";
import type { SweepResult } from "../sweep.js";
import { gridFromFile } from "../sweep-file.js";
import { type Command, commandLine, DB_OPTION, RUNNING_OPTIONS, type Terminal, value } from "./command.js";
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
    preset: value(`${PRESETS.join(", ")} or both`, GRID_DEFAULTS.preset),
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

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const began = performance.now();
  const file = text(flags, "file");
  const grid = file === null ? gridFrom(flags) : gridFromFile(file, flags);
  const shard = shardFrom(flags);
  const workers = workersFrom(flags, availableParallelism());
  const path = databaseFrom(flags);
  if (flags["dry-run"] === true) return await dryRun({ grid, shard, workers, path, flags }, terminal);
  const log = new EventLog(text(flags, "log"));
  const { profile } = await loadEngine(grid.engine);
  const store = new SqliteStore(path);
  try {
    const settings = settingsOf(grid);
    const words = file === null ? ["grid"] : ["grid", file];
    const request = {
      identity: gridIdentity(grid, profile),
      command: commandLine(words, flags, gridCommand.options, NOT_PART_OF_IT),
      config: grid,
      settings,
      trials: grid.trials,
      shard,
      record: grid.record,
      engine: grid.engine,
      profile,
      workers,
      retryFailed: flags["retry-failed"] === true,
      entry: TRIAL_WORKER,
    };
    const cells = new CellTracker(settings, grid.trials);
    const result = await trainRequest(request, {
      store,
      terminal,
      quiet: flags["quiet"] === true,
      log,
      extra: {
        opened: async ({ id }) => cells.seed(await cellMeans(store, id)),
        event: (event) => cells.event(event),
        parts: () => cells.parts(),
      },
    });
    const elapsedMs = performance.now() - began;
    await print({ store, result, elapsedMs, json: flags["json"] === true }, terminal);
    const code = await exitCode(store, result, path, terminal);
    log.write("end", { ...result.tally, skipped: result.skipped, elapsed_ms: Math.round(elapsedMs), exit_code: code });
    return code;
  } finally {
    log.close();
    await store.close();
  }
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

/** `--shard 3/8`, from 1. */
function shardFrom(flags: Flags): Shard {
  const given = text(flags, "shard");
  if (given === null) return WHOLE;
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(given) ?? [];
  if (part === undefined || parts === undefined) throw bad(`--shard must be I/N such as 3/8, got ${given}`);
  const count = parseWhole("--shard I/N", parts, 1, MOST_SHARDS);
  return { index: parseWhole("--shard I/N", part, 1, count) - 1, count };
}

interface DryRun {
  readonly grid: GridConfig;
  readonly shard: Shard;
  readonly workers: number;
  readonly path: string;
  readonly flags: Flags;
}

async function dryRun({ grid, shard, workers, path, flags }: DryRun, terminal: Terminal): Promise<number> {
  const engine = await loadEngine(grid.engine);
  const reader = existsSync(path) ? new SqliteReader(path) : null;
  try {
    const lookup: Lookup =
      reader === null ? ALL_MISSING : (specs) => reader.missing(engine.profile, specs, flags["retry-failed"] === true);
    const before = reader === null ? 0 : await askedTrials(reader, gridIdentity(grid, engine.profile));
    const total = Math.max(grid.trials, before);
    const request = { settings: settingsOf(grid), trials: grid.trials, total, shard, workers };
    const result = await forecast(request, engine, lookup);
    await terminal.out(flags["json"] === true ? `${JSON.stringify(result)}\n` : forecastText(result, workers));
    return 0;
  } finally {
    reader?.close();
  }
}
