/** `--with-null`: retraining against retraining is trained beside what else is, and a sweep without it grows to have it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { runCommand } from "../src/commands/run.js";
import type { Flags } from "../src/plan/flags.js";
import { gridPlan, runPlan } from "../src/plan/request.js";
import { folder, type RunObject, rows, spoken } from "./command-line.js";
import { OWN_METHODS, trainedFile } from "./fixtures/grids.js";

const SMALL: Flags = { samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "2", workers: "1" };
const GRID: Flags = { ...SMALL, "data-seeds": "1", epochs: "2,original=6,retrain_scratch=5" };
const NULL: Flags = { "with-null": true };

test("the twin stands among the methods of run and of grid, with the λ and epochs of what it repeats", () => {
  const methods = "original,retrain_scratch,unlearn,retrain_twin";
  assert.deepEqual(gridPlan(NULL, null), gridPlan({ methods }, null));
  const epochs = "retrain_scratch=3,retrain_twin=3";
  assert.deepEqual(gridPlan({ ...NULL, epochs: "retrain_scratch=3" }, null), gridPlan({ methods, epochs }, null));
  const four = "original,retrain_scratch,unlearn,retrain_original,retrain_twin";
  assert.deepEqual(runPlan(NULL), runPlan({ methods: four }));
  assert.deepEqual(
    gridPlan({ ...NULL, methods }, null),
    gridPlan({ methods }, null),
    "named as well, it is there once",
  );
  assert.deepEqual(gridPlan({ "with-null": "true" }, null), gridPlan(NULL, null), "as a sweep file says it");
  assert.deepEqual(gridPlan({ "with-null": "false" }, null), gridPlan({}, null));
});

test("methods of one's own stay behind it", () => {
  const { methods } = gridPlan({ ...NULL, "method-file": OWN_METHODS }, null);
  const place = methods.findIndex(({ name }) => name === "retrain_twin");
  assert.deepEqual([place, methods.length], [3, 6]);
});

test("without retraining there is nothing to repeat", () => {
  for (const plan of [(flags: Flags) => gridPlan(flags, null), runPlan])
    assert.throws(() => plan({ ...NULL, methods: "unlearn,original" }), {
      fault: "usage",
      message:
        "--with-null must be given where retrain_scratch is trained, which it trains once more, got original, unlearn: train it too, or leave --with-null out",
    });
});

test("--dry-run counts it", async () => {
  const counted = async (flags: Flags): Promise<number> => {
    const { out } = await spoken(gridCommand, { ...GRID, ...flags, "dry-run": true, json: true, db: "nowhere.db" });
    return (JSON.parse(out) as { trial_rows: number }).trial_rows;
  };
  assert.deepEqual([await counted({}), await counted(NULL)], [6, 8]);
});

test("a sweep without it grows to have it, trains nothing else, and is what it would have been from the start", async (t) => {
  const file = await trainedFile(t, GRID);
  const { code, out } = await spoken(gridCommand, { ...GRID, ...NULL, db: file, json: true });
  const { digest, trained, sweep } = JSON.parse(out) as RunObject;
  assert.deepEqual([code, trained, sweep], [0, 2, 1]);
  const other = await trainedFile(t, { ...GRID, ...NULL });
  const again = await spoken(gridCommand, { ...GRID, ...NULL, db: other, json: true });
  assert.equal((JSON.parse(again.out) as RunObject).digest, digest);
  assert.deepEqual(await rows(file, "select command like '% --with-null %' from commands order by id"), [[0], [1]]);
});

test("a run with it is trained beside the run without it in one file, whose trials it does not train again", async (t) => {
  const run: Flags = { ...SMALL, epochs: "original=6,retrain_scratch=5,unlearn=2,retrain_original=3" };
  const db = join(folder(t), "run.db");
  await spoken(runCommand, { ...run, db, quiet: true });
  const { out } = await spoken(runCommand, { ...run, ...NULL, db, json: true });
  const { trained, skipped, summary } = JSON.parse(out) as RunObject;
  assert.deepEqual([trained, skipped, summary.length], [2, 8, 5]);
});
