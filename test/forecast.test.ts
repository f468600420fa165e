/** The dry run: it counts what a grid takes exactly, against what a file has, and writes nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gridCommand } from "../src/commands/grid.js";
import type { Engine } from "../src/engine/contract.js";
import { loadEngine } from "../src/engine/engines.js";
import type { Flags } from "../src/plan/flags.js";
import { gridPlan } from "../src/plan/request.js";
import { WHOLE } from "../src/plan/trajectories.js";
import { forecastText } from "../src/report/forecast.js";
import { type Forecast, forecast } from "../src/run/forecast.js";
import { ALL_MISSING } from "../src/run/survey.js";
import { folder, spoken } from "./command-line.js";

const SMALL: Flags = { samples: "40", features: "3", hidden: "6,4", trials: "3", workers: "2" };

async function dryRun(flags: Flags): Promise<Forecast> {
  const { code, out, err } = await spoken(gridCommand, { ...SMALL, ...flags, "dry-run": true, json: true });
  assert.deepEqual([code, err], [0, ""]);
  const named = Object.entries(JSON.parse(out) as object).map(([name, value]) => [camelCase(name), value]);
  return Object.fromEntries(named) as Forecast;
}

/** finishedRows of the JSON's finished_rows. */
function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

async function trained(flags: Flags): Promise<void> {
  const { code, err } = await spoken(gridCommand, { ...SMALL, ...flags, quiet: true });
  assert.deepEqual([code, err], [0, ""]);
}

test("41 λ × 50 epochs × 100 trials are 225,000 epochs, where a naive runner trains 5.2 million, or 25.7 with an original for each", async () => {
  const plan = gridPlan({}, fileURLToPath(new URL("../../data/lambda-epoch.yaml", import.meta.url)));
  const request = { plan, shard: WHOLE, retryFailed: false, workers: 2 };
  // An engine that takes no time: what is counted does not depend on it.
  const still = { ...(await loadEngine({ ...plan.engine, isa: null })), train: () => null } as unknown as Engine;
  const { cells, trialRows, trajectories, epochs, epochsLeft, naiveEpochs, naiveEpochsWithStarts } = await forecast(
    request,
    still,
    ALL_MISSING,
  );
  assert.deepEqual(
    { cells, trialRows, trajectories, epochs, epochsLeft, naiveEpochs, naiveEpochsWithStarts },
    {
      cells: 2052,
      trialRows: 205_200,
      trajectories: 4300,
      epochs: 225_000,
      epochsLeft: 225_000,
      naiveEpochs: 5_247_500,
      naiveEpochsWithStarts: 25_747_500,
    },
  );
});

test("a dry run writes nothing, neither a database nor a log", async (t) => {
  const cwd = folder(t);
  await dryRun({ db: join(cwd, "sweep.db"), log: join(cwd, "sweep.log") });
  assert.deepEqual(readdirSync(cwd), []);
  writeFileSync(join(cwd, "empty.db"), "");
  assert.equal((await dryRun({ db: join(cwd, "empty.db") })).finishedRows, 0);
  assert.deepEqual(readdirSync(cwd), ["empty.db"]);
});

test("a dry run changes no byte of the file that it counts against", async (t) => {
  const db = join(folder(t), "sweep.db");
  await trained({ db });
  const before = readFileSync(db);
  await dryRun({ db, trials: "5", lambda: "0:3" });
  assert.ok(before.equals(readFileSync(db)));
});

test("what is finished is counted, and nothing of it is to be trained", async (t) => {
  const db = join(folder(t), "sweep.db");
  const flags = { db, lambda: "0:2", epochs: "1:3,original=20,retrain_scratch=10" };
  const fresh = await dryRun(flags);
  assert.deepEqual([fresh.cells, fresh.trialRows, fresh.finishedRows], [11, 33, 0]);
  assert.deepEqual([fresh.trajectories, fresh.epochs, fresh.epochsLeft], [15, 3 * (20 + 10 + 3 * 3), 117]);
  await trained(flags);
  const finished = await dryRun(flags);
  assert.deepEqual([finished.trialRows, finished.finishedRows, finished.failedRows], [33, 33, 0]);
  assert.deepEqual([finished.epochs, finished.epochsLeft, finished.secondsLeft], [117, 0, 0]);
});

test("an extension counts the starts and the prefixes that it trains again", async (t) => {
  const db = join(folder(t), "sweep.db");
  const flags = { db, lambda: "0:2", epochs: "1:3,original=20,retrain_scratch=10" };
  await trained(flags);
  const longer = await dryRun({ ...flags, epochs: "1:4,original=20,retrain_scratch=10" });
  // Each trial's original again, and each unlearn from its beginning; the retrain is there.
  assert.deepEqual([longer.trialRows - longer.finishedRows, longer.epochsLeft], [9, 3 * (20 + 3 * 4)]);
  const another = await dryRun({ ...flags, lambda: "0:3" });
  assert.deepEqual([another.trialRows - another.finishedRows, another.epochsLeft], [9, 3 * (20 + 3)]);
  const more = await dryRun({ ...flags, trials: "5" });
  assert.deepEqual([more.trialRows - more.finishedRows, more.epochsLeft], [22, 2 * (20 + 10 + 3 * 3)]);
  const shorter = await dryRun({ ...flags, epochs: "2,original=20,retrain_scratch=10", trials: "2" });
  const all = [shorter.trialRows, shorter.finishedRows, shorter.epochsLeft];
  assert.deepEqual(all, [33, 33, 0], "a sweep is all that was ever asked of it");
});

test("in the notebook preset a larger count of trials trains the one run of each method anew, and fewer train nothing", async (t) => {
  const db = join(folder(t), "sweep.db");
  const flags = { db, preset: "notebook", methods: "original,unlearn", epochs: "2,original=10" };
  const fresh = await dryRun(flags);
  assert.deepEqual([fresh.trialRows, fresh.trajectories, fresh.epochs], [6, 4, 3 * 10 + 2]);
  assert.deepEqual([fresh.naiveEpochs, fresh.naiveEpochsWithStarts], [3 * 10 + 3 * 2, 3 * 10 + 3 * 12]);
  await trained(flags);
  const more = await dryRun({ ...flags, trials: "5" });
  assert.deepEqual([more.trialRows - more.finishedRows, more.epochsLeft], [2 + 5, 2 * 10 + 2]);
  const fewer = await dryRun({ ...flags, trials: "2" });
  assert.deepEqual([fewer.trialRows, fewer.epochsLeft], [6, 0], "a sweep is all that was ever asked of it");
});

test("the parts of a grid add up to it", async () => {
  const whole = await dryRun({ trials: "5" });
  const parts = await Promise.all(["1/3", "2/3", "3/3"].map((shard) => dryRun({ trials: "5", shard })));
  for (const key of ["trialRows", "trajectories", "epochs", "naiveEpochs", "naiveEpochsWithStarts"] as const)
    assert.equal(
      parts.reduce((sum, part) => sum + part[key], 0),
      whole[key],
      key,
    );
});

test("the file has the size that the forecast says, at each record level", async (t) => {
  const cwd = folder(t);
  const flags = { trials: "50", lambda: "0:1", epochs: "1:20,original=30,retrain_scratch=30", "forget-rows": "2" };
  const { bytes } = await dryRun(flags);
  for (const record of ["final", "asked", "all"] as const) {
    const db = join(cwd, `${record}.db`);
    await trained({ ...flags, db, record });
    const found = readFileSync(db).length;
    assert.ok(Math.abs(bytes[record] / found - 1) < 0.1, `${record}: ${bytes[record]} foretold, ${found} found`);
  }
});

test("time is counted on no more threads than there are trajectories", async () => {
  const { threads, msPerEpoch, secondsLeft, epochsLeft } = await dryRun({ methods: "original", trials: "1" });
  assert.equal(threads, 1);
  assert.ok(msPerEpoch > 0);
  assert.ok(Math.abs(secondsLeft * 1000 - msPerEpoch * epochsLeft) < 1e-6);
});

const FORECAST: Forecast = {
  cells: 2052,
  trialRows: 205_200,
  trajectories: 4300,
  epochs: 225_000,
  naiveEpochs: 5_247_500,
  naiveEpochsWithStarts: 25_747_500,
  finishedRows: 1000,
  failedRows: 0,
  epochsLeft: 220_000,
  msPerEpoch: 0.51234,
  threads: 2,
  secondsLeft: 56.4,
  bytes: { final: 23_600, asked: 3_900_000, all: 38_400_000_000 },
};

test("a forecast as text says how many times as many epochs a naive runner trains", () => {
  assert.equal(
    forecastText(FORECAST),
    [
      "cells           2,052",
      "trial rows      205,200, of which 1,000 are finished",
      "trajectories    4,300",
      "epochs          225,000, of which 220,000 are to be trained now",
      "a naive runner  5,247,500 epochs (23.3 times as many)",
      "                25,747,500 with a start for each trial of each cell (114.4 times as many)",
      "time            about 56 s on 2 threads (0.512 ms an epoch, measured here)",
      "file            24 kB with --record final, 3.9 MB with --record asked, 38.4 GB with --record all",
      "",
    ].join("\n"),
  );
});

test("a forecast says of failed rows how to train them again, and of a finished grid that nothing is left", () => {
  const lines = forecastText({ ...FORECAST, failedRows: 3, epochsLeft: 0, msPerEpoch: 0, secondsLeft: 0 }).split("\n");
  assert.equal(
    lines[1],
    "trial rows      205,200, of which 1,000 are finished, 3 failed (--retry-failed trains them again)",
  );
  assert.equal(lines[6], "time            none: there is nothing to train");
  const short = forecastText({ ...FORECAST, threads: 1, secondsLeft: 0.2 }).split("\n")[6];
  assert.equal(short, "time            less than 1 s on 1 thread (0.512 ms an epoch, measured here)");
});
