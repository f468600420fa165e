/** What a thread makes of a chunk where several epochs are asked: starts trained once, and rows that are those of a run stopped there. */
import assert from "node:assert/strict";
import test from "node:test";
import { loadDraw } from "../src/data/source.js";
import type { Engine, Training } from "../src/engine/contract.js";
import { loadFused } from "../src/engine/fused/fused.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { SweepError } from "../src/errors.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { STOP_FLAG_BYTES, stopFlag } from "../src/run/answer.js";
import { cachedDraws, runChunk } from "../src/run/chunk.js";
import { givenOut } from "../src/run/faults.js";
import type { Store } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import { lastEpoch, type Outcome, type TrainedOutcome, type TrajectorySpec, trajectoryKey } from "../src/trial.js";
import { openRequest, smallPlan, specsIn, withLists } from "./fixtures/sweeps.js";

/** One trial of a chain of three, each asked at two epochs but the last. */
const CHAIN = withLists(smallPlan({ preset: "paired", trials: "1", methods: "original,unlearn,relearn" }), {
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
  const from = spec.start === null ? "" : ` < ${spec.cell.start}`;
  assert.deepEqual(
    rows.map(({ epochs }) => epochs),
    spec.asked,
  );
  return `${wanted ? "" : "unwanted "}${spec.cell.method} ${spec.asked}${from}`;
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
    const [long, short] = outcomes.filter(({ spec }) => spec.cell.method === "original");
    assert.deepEqual(short.rows, long.rows.slice(0, 1));
    assertBegins(long, short);
  });

  for (const preset of ["notebook", "paired"]) {
    test(`${name}: under ${preset} a row recorded at epoch e equals, to the bit, a run stopped at e, and the store takes one for the other`, async (t) => {
      const plan = manyEpochs(preset, [1, 2, 5, 9]);
      const engine = load();
      const specs = specsIn(plan);
      const long = trainedBy(engine, specs);
      const short = specs.flatMap((spec) =>
        spec.asked.flatMap((epochs) => trainedBy(engine, [{ ...spec, asked: [epochs] }])),
      );
      for (const stopped of short) assertRowsOf(long, stopped);
      const [first, second] = [await recorded(plan, [long, short]), await recorded(plan, [short, long])];
      t.after(() => Promise.all([first.store.close(), second.store.close()]));
      assert.equal(first.digest, second.digest);
      assert.deepEqual(await epochsOf(first.store), await epochsOf(second.store));
    });
  }
}

/** Two trials of a net on two forget rows, every method asked at `epochs`. */
function manyEpochs(preset: string, epochs: readonly number[]): SweepPlan {
  const methods = ["original", "retrain_scratch", "unlearn", "gradient_ascent", "relabel"];
  const plan = smallPlan({ preset, trials: "2", methods: methods.join(","), "forget-rows": "2", hidden: "8,4" });
  return withLists(plan, {
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
  plan: SweepPlan,
  batches: readonly (readonly TrainedOutcome[])[],
): Promise<{ store: Store; digest: string }> {
  const store = await openStore(":memory:");
  const sweep = await store.open(openRequest(plan));
  for (const batch of batches) await store.record(sweep, batch);
  return { store, digest: await store.digest(sweep) };
}

/** Every kept epoch of a store. */
async function epochsOf(store: Store): Promise<unknown[][]> {
  const { rows } = await store.query("select * from epoch_results order by method, trial, epoch");
  const all: unknown[][] = [];
  for await (const row of rows) all.push(row);
  return all;
}

test("a chunk trains a start once, and says of one that nobody asked for that it was not wanted", () => {
  const specs = specsIn(smallPlan({ trials: "1" }));
  const wanted = (chunk: readonly TrajectorySpec[]): string[] =>
    trainedBy(referenceEngine(), chunk).map(
      (outcome) => `${outcome.spec.cell.method}${outcome.wanted ? "" : " (unwanted)"}`,
    );
  assert.deepEqual(wanted(specs), ["original", "retrain_scratch", "unlearn", "retrain_original"]);
  assert.deepEqual(wanted(specs.slice(2)), ["original (unwanted)", "unlearn", "retrain_original"]);
  assert.deepEqual(wanted(specs.toReversed()), ["original", "retrain_original", "unlearn", "retrain_scratch"]);
});

/** The reference engine, but for what `first` does before each training. */
function engineThat(first: (training: Training) => void): Engine {
  return {
    ...referenceEngine(),
    train: (training) => {
      first(training);
      return referenceEngine().train(training);
    },
  };
}

const RUNNING = stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES));

test("an exception in a training is that trajectory's outcome, and the others are trained", () => {
  const specs = specsIn(smallPlan({ trials: "3", methods: "original" }));
  let calls = 0;
  const second = engineThat(() => {
    calls += 1;
    if (calls === 2) throw new Error("it fell over");
  });
  const outcomes = runChunk(specs, second, loadDraw, RUNNING);
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["trained", "failed", "trained"],
  );
  assert.deepEqual(outcomes[1], { state: "failed", spec: specs[1], reason: "it fell over" });
});

test("a start that throws fails all that go on from it, and only those", () => {
  const specs = specsIn(smallPlan({ trials: "1", epochs: "original=5,retrain_scratch=4" }));
  const engine = engineThat(({ epochs }) => {
    if (epochs === 5) throw new Error("it fell over");
  });
  assert.deepEqual(
    runChunk(specs, engine, loadDraw, RUNNING).map(({ spec, state }) => `${spec.cell.method} ${state}`),
    ["original failed", "retrain_scratch trained", "unlearn failed", "retrain_original failed"],
  );
});

/** What a training throws where the machine gives out, as Node, the addon and WebAssembly say it. */
const GIVEN_OUT: Error[] = [
  new RangeError("Array buffer allocation failed"),
  new RangeError("Invalid array buffer length"),
  new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory"),
  new Error("std::bad_alloc"),
  Object.assign(new Error("too many open files"), { code: "EMFILE" }),
  Object.assign(new Error("not enough memory"), { code: "ENOMEM" }),
];

for (const error of GIVEN_OUT) {
  test(`"${error.message}" is no trial's fault: the chunk throws it, and another lane may train it`, () => {
    const [spec] = specsIn(smallPlan({ trials: "1", methods: "original" }));
    const engine = engineThat(() => {
      throw error;
    });
    assert.throws(() => runChunk([spec], engine, loadDraw, RUNNING), error);
    assert.equal(givenOut(error)?.kind, "lane");
  });
}

test("a full disk or a folder that is closed gives out for every lane", () => {
  for (const code of ["ENOSPC", "EIO", "EACCES"])
    assert.equal(givenOut(Object.assign(new Error("no"), { code }))?.kind, "run", code);
  assert.equal(givenOut(new TypeError("a bug")), null);
});

test("what gave out is found below the errors that it caused", () => {
  const cause = Object.assign(new Error("too many open files"), { code: "EMFILE" });
  assert.equal(givenOut(new SweepError("environment", "the data cannot be read", { cause }))?.kind, "lane");
});

test("a chunk that is told to stop returns what is finished", () => {
  const specs = specsIn(smallPlan({ trials: "3", methods: "original" }));
  const stop = stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES));
  const engine = engineThat(() => void Atomics.store(stop.drain, 0, 1));
  assert.deepEqual(
    runChunk(specs, engine, loadDraw, stop).map(({ spec }) => spec.trial),
    [1],
  );
  assert.deepEqual(runChunk(specs, engine, loadDraw, stop), []);
});

test("a thread loads a draw once, and keeps the last few", () => {
  const loads: number[] = [];
  const sources = [1, 2, 3].map(
    (dataSeed) => ({ kind: "seeded", dataSeed, samples: 4, features: 1, forgetRows: 1 }) as const,
  );
  const load = cachedDraws((source) => {
    if (source.kind === "seeded") loads.push(source.dataSeed);
    return loadDraw(source);
  }, 2);
  for (const place of [0, 0, 1, 0, 2, 0, 1]) load(sources[place]);
  assert.deepEqual(loads, [1, 2, 3, 2], "1 was used last when 3 came, so 2 had to go");
  assert.notEqual(load({ ...sources[0], samples: 6 }), load(sources[0]));
});
