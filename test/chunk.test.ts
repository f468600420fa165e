/** What a thread makes of a chunk where several epochs are asked: starts trained once, and rows that are those of a run stopped there. */
import assert from "node:assert/strict";
import test from "node:test";
import { loadDraw } from "../src/data/source.js";
import type { Engine } from "../src/engine/contract.js";
import { loadFused } from "../src/engine/fused/fused.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import type { SweepConfig } from "../src/plan/options.js";
import { runChunk, STOP_FLAG_BYTES, stopFlag } from "../src/run/chunk.js";
import { sweepDigest } from "../src/store/digest.js";
import { SqliteStore } from "../src/store/sqlite/store.js";
import {
  lastEpoch,
  type Outcome,
  startKey,
  type TrainedOutcome,
  type TrajectorySpec,
  trajectoryKey,
} from "../src/trial.js";
import { smallConfig, specsIn, sweepRecord, withLists } from "./fixtures/sweeps.js";

/** One trial of a chain of three, each asked at two epochs but the last. */
const CHAIN = withLists(smallConfig({ preset: "paired", trials: "1", methods: "original,unlearn,relearn" }), {
  epochs: { original: [2, 4], unlearn: [1, 3], relearn: [2] },
});

/** Trains a chunk on this thread; nothing in it may fail. */
function trainedBy(engine: Engine, specs: readonly TrajectorySpec[]): TrainedOutcome[] {
  const outcomes = runChunk(specs, engine, loadDraw, stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES)));
  return outcomes.map((outcome: Outcome) => {
    assert.equal(outcome.state, "trained", JSON.stringify(outcome));
    return outcome as TrainedOutcome;
  });
}

/** Method and epochs of what was trained, from which start, and whether somebody asked for it. */
function said({ spec, wanted, rows }: TrainedOutcome): string {
  const from = spec.start === null ? "" : ` < ${startKey(spec)}`;
  assert.deepEqual(
    rows.map(({ epochs }) => epochs),
    spec.asked,
  );
  return `${wanted ? "" : "unwanted "}${spec.method} ${spec.asked}${from}`;
}

test("a start that is also wanted at more epochs is trained once; one that ends at an earlier epoch is trained by itself", () => {
  assert.deepEqual(trainedBy(referenceEngine(), specsIn(CHAIN)).map(said), [
    "original 2,4",
    ...["unwanted original 2", "unlearn 1,3 < original@0x2", "unlearn 1,3 < original@0x4"],
    ...["unwanted unlearn 1 < original@0x2", "relearn 2 < unlearn@4.2x1<original@0x2"],
    "relearn 2 < unlearn@4.2x3<original@0x2",
    ...["unwanted unlearn 1 < original@0x4", "relearn 2 < unlearn@4.2x1<original@0x4"],
    "relearn 2 < unlearn@4.2x3<original@0x4",
  ]);
});

test("a start is trained when it is first needed, with all that is wanted of it, and not again when its own turn comes", () => {
  const [original, unlearn, , relearn] = specsIn(withLists(CHAIN, { epochs: { original: [4] } }));
  assert.deepEqual(trainedBy(referenceEngine(), [relearn, unlearn, original]).map(said), [
    ...["original 4", "unlearn 1,3 < original@0x4", "relearn 2 < unlearn@4.2x3<original@0x4"],
  ]);
});

const ENGINES: [name: string, load: () => Engine][] = [
  ["reference", referenceEngine],
  ["fused in float32", () => loadFused({ precision: "f32" })],
  ["fused in float64", () => loadFused({ precision: "f64" })],
];

for (const [name, load] of ENGINES) {
  test(`${name}: an unwanted start at an earlier epoch is the wanted run to there, to the bit`, () => {
    const outcomes = trainedBy(load(), specsIn(CHAIN));
    const [long, short] = outcomes.filter(({ spec }) => spec.method === "original");
    assert.deepEqual(short.rows, long.rows.slice(0, 1));
    assertBegins(long, short);
  });

  for (const preset of ["notebook", "paired"]) {
    test(`${name}: under ${preset} a row recorded at epoch e equals, to the bit, a run stopped at e, and the store takes one for the other`, async (t) => {
      const config = manyEpochs(preset, [1, 2, 5, 9]);
      const engine = load();
      const specs = specsIn(config);
      const long = trainedBy(engine, specs);
      const short = specs.flatMap((spec) =>
        spec.asked.flatMap((epochs) => trainedBy(engine, [{ ...spec, asked: [epochs] }])),
      );
      for (const stopped of short) assertRowsOf(long, stopped);
      const [first, second] = [await recorded(config, [long, short]), await recorded(config, [short, long])];
      t.after(() => Promise.all([first.store.close(), second.store.close()]));
      assert.equal(first.digest, second.digest);
      assert.deepEqual(await first.store.all(EPOCHS), await second.store.all(EPOCHS));
    });
  }
}

const EPOCHS = "select * from epoch_results order by method, trial, epoch";

/** Two trials of a net on two forget rows, every method asked at `epochs`. */
function manyEpochs(preset: string, epochs: readonly number[]): SweepConfig {
  const methods = ["original", "retrain_scratch", "unlearn", "gradient_ascent", "relabel"];
  const config = smallConfig({ preset, trials: "2", methods: methods.join(","), "forget-rows": "2", hidden: "8,4" });
  return withLists(config, {
    epochs: { ...Object.fromEntries(methods.map((method) => [method, epochs])), original: [5, 9] },
  });
}

/** What `stopped` gave is what a longer run of its trajectory gave at that epoch. */
function assertRowsOf(long: readonly TrainedOutcome[], stopped: TrainedOutcome): void {
  const key = trajectoryKey(stopped.spec);
  const same = long.find(({ spec, wanted }) => wanted && trajectoryKey(spec) === key);
  assert.ok(same !== undefined, key);
  const [row] = stopped.rows;
  assert.deepEqual(
    row,
    same.rows.find(({ epochs }) => epochs === row.epochs),
  );
  assertBegins(same, stopped);
}

/** The curve of `long` begins with that of `short`. */
function assertBegins(long: TrainedOutcome, short: TrainedOutcome): void {
  for (const measure of ["penalty", "crossEntropy", "trainAccuracy", "forgetProbability", "forgetMargin"] as const)
    assert.deepEqual(short.curve[measure], long.curve[measure].slice(0, lastEpoch(short.spec)), measure);
}

/** A store that recorded one batch after the other. */
async function recorded(
  config: SweepConfig,
  batches: readonly (readonly TrainedOutcome[])[],
): Promise<{ store: SqliteStore; digest: string }> {
  const store = new SqliteStore(":memory:");
  const sweep = await store.openSweep(sweepRecord(config));
  await store.enroll(sweep, specsIn(config));
  for (const batch of batches) await store.record(sweep, batch);
  return { store, digest: await sweepDigest(store, sweep.id) };
}
