/** The suite that every store must pass: what `src/store/contract.ts` promises, and the views that a reader sees. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { SweepConfig } from "../src/plan/options.js";
import { arms } from "../src/plan/trajectories.js";
import { type OpenSweep, RECORDS, type Reader, type RecordLevel, type Store } from "../src/store/contract.js";
import { sweepDigest } from "../src/store/digest.js";
import { methodSummary } from "../src/store/sqlite/queries.js";
import { startKey, type TrainedOutcome, type TrajectorySpec } from "../src/trial.js";
import {
  failed,
  nextUp,
  smallConfig,
  specsIn,
  sweepRecord,
  trained,
  withLastEpoch,
  withLists,
} from "./fixtures/sweeps.js";

/** A store to test, empty; `place` is what its errors call it. */
export interface OpenedStore {
  readonly store: Store & Reader;
  readonly place: string;
}

export type Open = (t: TestContext) => OpenedStore;

/** A sweep whose cells are enrolled, with its specs. */
export interface Enrolled {
  readonly store: Store & Reader;
  readonly place: string;
  readonly sweep: OpenSweep;
  readonly specs: readonly TrajectorySpec[];
}

/** The columns that issue and README promise, in this order. */
const TRIAL_COLUMNS = [
  ...["sweep", "preset", "draw", "data_seed", "samples", "features", "forget_rows", "hidden", "learning_rate"],
  ...["method", "trial", "seed", "start_trial", "lambda_reg", "lambda_effective", "epochs", "train_accuracy"],
  ...["test_accuracy", "forget_probability", "forget_logit", "cross_entropy", "penalty", "state", "replicate_of"],
  ...["engine", "profile", "elapsed_ms"],
];
const SUMMARY_COLUMNS = [
  ...["sweep", "method", "trials", "train_accuracy_mean", "train_accuracy_std"],
  ...["forget_probability_mean", "forget_probability_std"],
];

export function testStoreContract(name: string, open: Open): void {
  testSweeps(name, open);
  testMissing(name, open);
  testRecord(name, open);
  testCounts(name, open);
  testLevels(name, open);
  testRefusals(name, open);
  testForgetLogits(name, open);
  testCopies(name, open);
  testViews(name, open);
}

function testSweeps(name: string, open: Open): void {
  test(`${name}: two sweeps of one identity are one, and another identity is another`, async (t) => {
    const { store } = open(t);
    const first = await store.openSweep(sweepRecord(smallConfig()));
    assert.deepEqual(await store.openSweep(sweepRecord(smallConfig())), first);
    assert.notEqual((await store.openSweep(sweepRecord(smallConfig({ lambda: "2" })))).id, first.id);
    assert.notEqual((await store.openSweep(sweepRecord(smallConfig(), "another/profile"))).id, first.id);
  });

  test(`${name}: a sweep grows to the trials it is asked for, and never shrinks`, async (t) => {
    const { store } = open(t);
    const trials: number[] = [];
    for (const asked of ["3", "5", "2"])
      trials.push((await store.openSweep(sweepRecord(smallConfig({ trials: asked })))).trials);
    assert.deepEqual(trials, [3, 5, 5]);
  });

  test(`${name}: a sweep keeps the config of its most trials`, async (t) => {
    const { store } = open(t);
    for (const asked of ["3", "5", "2"]) await store.openSweep(sweepRecord(smallConfig({ trials: asked })));
    const [{ config }] = await store.all<{ config: string }>("select config from sweeps");
    assert.equal((JSON.parse(config) as SweepConfig).trials, 5);
  });
}

function testMissing(name: string, open: Open): void {
  test(`${name}: in an empty store every trajectory is missing, as it was asked for`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    assert.deepEqual(await missingIn(store, sweep, specs, false), specs);
  });

  test(`${name}: what was recorded is not missing, and nothing else is touched`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained(specs[0]), trained(specs[4])]);
    assert.deepEqual(await missingIn(store, sweep, specs, false), [...specs.slice(1, 4), ...specs.slice(5)]);
  });

  test(`${name}: under the paired preset each trial is found finished by its own start`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), smallConfig({ preset: "paired" }));
    await store.record(sweep, specs.filter(({ trial }) => trial !== 2).map(trained));
    const missing = specs.filter(({ trial }) => trial === 2);
    assert.deepEqual(await missingIn(store, sweep, specs, false), missing);
    await store.record(sweep, missing.map(trained));
    assert.deepEqual(await missingIn(store, sweep, specs, false), []);
  });

  test(`${name}: asked is cut after the last row that is missing`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained({ ...specs[0], asked: [4] })]);
    const missing = async (asked: number[]): Promise<(readonly number[])[]> =>
      (await missingIn(store, sweep, [{ ...specs[0], asked }], false)).map((spec) => spec.asked);
    assert.deepEqual(await missing([1, 2, 4]), [[1, 2]]);
    assert.deepEqual(await missing([4, 6]), [[4, 6]]);
    assert.deepEqual(await missing([4]), []);
  });

  test(`${name}: a failed row is missing only where failed rows are to be tried again`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [failed(specs[1], "it fell over")]);
    const others = specs.filter((spec) => spec !== specs[1]);
    assert.deepEqual(await missingIn(store, sweep, specs, false), others);
    assert.deepEqual(await missingIn(store, sweep, specs, true), specs);
  });

  test(`${name}: another λ in the same store finds the starts finished`, async (t) => {
    const opened = open(t);
    const first = await enrolled(opened);
    await first.store.record(first.sweep, first.specs.map(trained));
    const second = await enrolled(opened, smallConfig({ lambda: "2" }));
    const missing = await missingIn(second.store, second.sweep, second.specs, false);
    assert.deepEqual(
      missing.map(({ method }) => method),
      ["unlearn"],
    );
  });

  test(`${name}: what another numerics profile computed is no result of this one`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, specs.map(trained));
    const other = await store.openSweep(sweepRecord(smallConfig(), "another/profile"));
    assert.deepEqual(await missingIn(store, other, specs, false), specs);
  });

  for (const flags of [
    { seed: "1" },
    { "data-seed": "1" },
    { preset: "paired" },
    { "learning-rate": "0.02" },
    { hidden: "3,4" },
    { features: "3" },
    { samples: "22" },
    { "forget-rows": "2" },
  ]) {
    test(`${name}: with another ${Object.keys(flags)[0]} all is missing again`, async (t) => {
      const opened = open(t);
      const first = await enrolled(opened);
      await first.store.record(first.sweep, first.specs.map(trained));
      const second = await enrolled(opened, smallConfig(flags));
      assert.deepEqual(await missingIn(second.store, second.sweep, second.specs, false), second.specs);
    });
  }

  test(`${name}: a start of other length is another start`, async (t) => {
    const opened = open(t);
    const first = await enrolled(opened);
    await first.store.record(first.sweep, first.specs.map(trained));
    const epochs = "original=6,retrain_scratch=4,unlearn=2,retrain_original=3";
    const second = await enrolled(opened, smallConfig({ epochs }));
    const missing = await missingIn(second.store, second.sweep, second.specs, false);
    const methods = missing.map(({ method }) => method);
    assert.deepEqual(methods, ["original", "original", "original", "unlearn", "retrain_original"]);
  });
}

function testRecord(name: string, open: Open): void {
  test(`${name}: every measure comes back as it went in, to the bit`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const outcome = trained(specs[0]);
    await store.record(sweep, [outcome]);
    const { epochs, trainAccuracy, testAccuracy, forgetProbability, forgetLogit, crossEntropy, penalty } =
      outcome.rows[0];
    assert.deepEqual(
      await store.all(
        "select epochs, train_accuracy, test_accuracy, forget_probability, forget_logit, cross_entropy, penalty, state, elapsed_ms from trial_results",
      ),
      [
        {
          epochs,
          train_accuracy: trainAccuracy,
          test_accuracy: testAccuracy,
          forget_probability: forgetProbability,
          forget_logit: forgetLogit,
          cross_entropy: crossEntropy,
          penalty,
          state: "done",
          elapsed_ms: 5,
        },
      ],
    );
    const { curve } = outcome;
    assert.deepEqual(
      await store.all(
        "select epoch, penalty, cross_entropy, train_accuracy, forget_probability, forget_logit from epoch_results order by epoch",
      ),
      Array.from(curve.penalty, (value, e) => ({
        epoch: e + 1,
        penalty: value,
        cross_entropy: curve.crossEntropy[e],
        train_accuracy: curve.trainAccuracy[e],
        forget_probability: curve.forgetProbability[e],
        forget_logit: curve.forgetLogit[e],
      })),
    );
  });

  test(`${name}: a draw without a test sample has no test accuracy`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const outcome = trained(specs[0]);
    await store.record(sweep, [{ ...outcome, rows: outcome.rows.map((row) => ({ ...row, testAccuracy: null })) }]);
    assert.deepEqual(await store.all("select test_accuracy from trial_results"), [{ test_accuracy: null }]);
  });

  test(`${name}: a diverged trial is kept as it is, NaN as null and Infinity as Infinity, and is not missing`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const outcome = withLastEpoch(trained(specs[0]), { penalty: Number.NaN, crossEntropy: Number.POSITIVE_INFINITY });
    await store.record(sweep, [outcome]);
    assert.deepEqual(await store.all("select state, penalty, cross_entropy from trial_results"), [
      { state: "diverged", penalty: null, cross_entropy: Number.POSITIVE_INFINITY },
    ]);
    assert.deepEqual(await store.all("select penalty, cross_entropy from epoch_results where epoch = 4"), [
      { penalty: null, cross_entropy: Number.POSITIVE_INFINITY },
    ]);
    assert.deepEqual(await missingIn(store, sweep, specs, true), specs.slice(1));
    await store.record(sweep, [outcome]);
  });

  test(`${name}: recording the same row again changes nothing`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, specs.map(trained));
    const before = await contents(store);
    await store.record(sweep, specs.map(trained));
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a failed trial keeps its reason, counts its attempts, and gives way to a result`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const row = (): Promise<unknown[]> => store.all("select state, error, train_accuracy from trial_results");
    await store.record(sweep, [failed(specs[0], "it fell over")]);
    await store.record(sweep, [failed(specs[0], "it fell over again")]);
    assert.deepEqual(await row(), [{ state: "failed", error: "it fell over again", train_accuracy: null }]);
    await store.record(sweep, [trained(specs[0])]);
    assert.deepEqual(await row(), [
      { state: "done", error: null, train_accuracy: trained(specs[0]).rows[0].trainAccuracy },
    ]);
    assert.deepEqual(await store.all("select attempts from trial_rows"), [{ attempts: 3 }]);
  });

  test(`${name}: a failure does not undo a result`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    await store.record(sweep, [failed(specs[0], "it fell over")]);
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a longer run of a trajectory keeps the row of the shorter one`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained(specs[0])]);
    const before = await store.all("select * from trial_rows");
    await store.record(sweep, [trained({ ...specs[0], asked: [6] })]);
    assert.deepEqual(await store.all("select * from trial_rows where epochs = 4"), before);
    assert.deepEqual(await store.all("select count(*) as rows from trial_rows"), [{ rows: 2 }]);
    assert.deepEqual(await store.all("select count(*) as epochs from epochs"), [{ epochs: 6 }]);
  });

  test(`${name}: a shorter run of a trajectory lands its row and no epoch`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained(specs[0])]);
    await store.record(sweep, [trained({ ...specs[0], asked: [2] })]);
    assert.deepEqual(await store.all("select epochs from trial_rows order by epochs"), [{ epochs: 2 }, { epochs: 4 }]);
    assert.deepEqual(await store.all("select count(*) as epochs from epochs"), [{ epochs: 4 }]);
  });
}

function testCounts(name: string, open: Open): void {
  test(`${name}: what landed is counted in trial rows that were not there before, copies included`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const diverged = withLastEpoch(trained(specs[1]), { penalty: Number.NaN });
    const batch = [{ ...trained(specs[0]), wanted: false }, diverged, failed(specs[2], "no"), trained(specs[6])];
    assert.deepEqual(await store.record(sweep, batch), { trained: 3, diverged: 1, failed: 1 });
    assert.deepEqual(await store.record(sweep, [diverged, trained(specs[6])]), { trained: 0, diverged: 0, failed: 0 });
    assert.deepEqual(await store.record(sweep, [failed(specs[6], "no")]), { trained: 0, diverged: 0, failed: 0 });
    assert.deepEqual(await store.record(sweep, [trained(specs[2])]), { trained: 1, diverged: 0, failed: 0 });
    const longer = { ...specs[6], asked: [1, 2, 5] };
    assert.deepEqual(await store.record(sweep, [trained(longer)]), { trained: 6, diverged: 0, failed: 0 });
    assert.deepEqual(await store.record(sweep, [failed(specs[7], "no")]), { trained: 0, diverged: 0, failed: 3 });
    assert.deepEqual(await store.record(sweep, []), { trained: 0, diverged: 0, failed: 0 });
  });

  test(`${name}: what is missing is counted in trial rows, copies included, and so is what failed`, async (t) => {
    const config = withLists(smallConfig(), { epochs: { unlearn: [1, 2] } });
    const { store, sweep, specs } = await enrolled(open(t), config);
    const counts = async (retryFailed: boolean): Promise<[rows: number, failed: number, specs: number]> => {
      const missing = await store.missing(sweep, specs, retryFailed);
      return [missing.rows, missing.failed, missing.specs.length];
    };
    assert.deepEqual(await counts(false), [6 + 6 + 3, 0, 8]);
    await store.record(sweep, [failed(specs[0], "no"), failed(specs[6], "no")]);
    assert.deepEqual(await counts(false), [5 + 3, 7, 6]);
    assert.deepEqual(await counts(true), [15, 7, 8], "to be tried again, they are missing as well as failed");
    await store.record(sweep, specs.map(trained));
    assert.deepEqual(await counts(true), [0, 0, 0]);
  });

  test(`${name}: a trajectory of which one row is done and another failed is missing up to its last row that is not there`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const spec = { ...specs[0], asked: [2, 4, 6, 8] };
    await store.record(sweep, [trained({ ...spec, asked: [2] }), failed({ ...spec, asked: [4, 8] }, "no")]);
    const missing = (retryFailed: boolean): Promise<unknown> => store.missing(sweep, [spec], retryFailed);
    assert.deepEqual(await missing(false), { specs: [{ ...spec, asked: [2, 4, 6] }], rows: 1, failed: 2 });
    assert.deepEqual(await missing(true), { specs: [spec], rows: 3, failed: 2 });
  });
}

function testLevels(name: string, open: Open): void {
  const KEPT: Record<RecordLevel, [short: number[], long: number[]]> = {
    final: [[4], [4, 7]],
    asked: [
      [2, 4],
      [2, 4, 7],
    ],
    all: [
      [1, 2, 3, 4],
      [1, 2, 3, 4, 5, 6, 7],
    ],
  };
  const epochsOf = async (store: Reader): Promise<number[]> =>
    (await store.all<{ epoch: number }>("select epoch from epochs order by trajectory_id, epoch")).map(
      ({ epoch }) => epoch,
    );
  const config = (epochs: number[]): SweepConfig =>
    withLists(smallConfig({ trials: "1", methods: "original" }), { epochs: { original: epochs } });

  for (const level of RECORDS) {
    test(`${name}: with --record ${level} a curve keeps its ${level} epochs, and a longer one adds its own; trial rows are all there`, async (t) => {
      const opened = open(t);
      const [short, long] = KEPT[level];
      const first = await enrolled(opened, config([2, 4]), level);
      assert.equal(first.sweep.record, level);
      await first.store.record(first.sweep, first.specs.map(trained));
      assert.deepEqual(await epochsOf(first.store), short);
      const second = await enrolled(opened, config([2, 4, 7]), level);
      await second.store.record(second.sweep, second.specs.map(trained));
      assert.deepEqual(await epochsOf(second.store), long);
      const rows = trained(second.specs[0]).rows.map((row) => ({ epochs: row.epochs, forget_logit: row.forgetLogit }));
      assert.deepEqual(await second.store.all("select epochs, forget_logit from trial_rows order by epochs"), rows);
    });

    test(`${name}: with --record ${level} what was kept is still compared to the bit`, async (t) => {
      const { store, place, sweep, specs } = await enrolled(open(t), config([2, 4]), level);
      await store.record(sweep, specs.map(trained));
      const before = await contents(store);
      const longer = trained({ ...specs[0], asked: [2, 4, 7] });
      const was = longer.curve.crossEntropy[3];
      longer.curve.crossEntropy[3] = nextUp(was);
      for (const wanted of [true, false])
        await assert.rejects(store.record(sweep, [{ ...longer, wanted }]), {
          message: refusal(place, was, nextUp(was), 4),
        });
      const row = trained(specs[0]);
      const rows = [{ ...row.rows[0], penalty: nextUp(row.rows[0].penalty) }, row.rows[1]];
      for (const wanted of [true, false])
        await assert.rejects(store.record(sweep, [{ ...row, rows, wanted }]), {
          message: refusal(place, row.rows[0].penalty, nextUp(row.rows[0].penalty), 2),
        });
      assert.deepEqual(await contents(store), before);
    });
  }

  test(`${name}: a sweep has the level it was last opened with; what is trained then keeps more, and nothing that is there changes`, async (t) => {
    const opened = open(t);
    const final = await enrolled(opened, config([2, 4]), "final");
    await final.store.record(final.sweep, final.specs.map(trained));
    const rows = await final.store.all("select * from trial_rows");
    const all = await enrolled(opened, config([2, 4]), "all");
    assert.deepEqual([all.sweep.id, all.sweep.record], [final.sweep.id, "all"]);
    assert.deepEqual(await missingIn(all.store, all.sweep, all.specs, false), [], "no row is missing");
    await all.store.record(all.sweep, all.specs.map(trained));
    assert.deepEqual(await epochsOf(all.store), [1, 2, 3, 4]);
    assert.deepEqual(await all.store.all("select * from trial_rows"), rows);
  });
}

function testForgetLogits(name: string, open: Open): void {
  /** The paired preset's original and unlearn of one trial on three forget rows. */
  const three = (preset: string, trials: string): SweepConfig =>
    withLists(smallConfig({ preset, trials, methods: "original,unlearn", "forget-rows": "3" }), {
      epochs: { original: [2, 4], unlearn: [1, 3] },
    });
  const LOGITS =
    "select method, trial, start_trial, start, epochs, forget_row, forget_logit, replicate_of from forget_results";

  test(`${name}: the logit of each of several forget rows is kept at the asked epochs, to the bit`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), three("paired", "1"));
    assert.deepEqual(await store.all(LOGITS), []);
    await store.record(sweep, specs.map(trained));
    const expected = specs.flatMap((spec) =>
      trained(spec).rows.flatMap(({ epochs, forgetLogits }) =>
        Array.from(forgetLogits, (forget_logit, i) => ({
          ...{ method: spec.method, trial: 1, start_trial: spec.start === null ? null : 1, start: startKey(spec) },
          ...{ epochs, forget_row: i + 1, forget_logit, replicate_of: null },
        })),
      ),
    );
    assert.equal(expected.length, 18);
    assert.deepEqual(await store.all(`${LOGITS} order by method, start, epochs, forget_row`), expected);
  });

  test(`${name}: a single forget row's logit is the trial row's, and is not kept twice`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, specs.map(trained));
    assert.deepEqual(await store.all(LOGITS), []);
  });

  test(`${name}: the copies of one run show its logits, which are stored once`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), three("notebook", "3"));
    const unlearn = specs.filter(({ method }) => method === "unlearn");
    await store.record(sweep, unlearn.map(trained));
    await store.record(sweep, unlearn.map(trained));
    assert.deepEqual(await store.all("select count(*) as logits from forget_logits"), [{ logits: 2 * 2 * 3 }]);
    const logits = Array.from(trained(unlearn[0]).rows[1].forgetLogits);
    assert.deepEqual(
      await store.all(`${LOGITS} where start = ? and epochs = 3 order by trial, forget_row`, startKey(unlearn[0])),
      [1, 2, 3].flatMap((trial) =>
        logits.map((forget_logit, i) => ({
          ...{ method: "unlearn", trial, start_trial: 3, start: startKey(unlearn[0]), epochs: 3 },
          ...{ forget_row: i + 1, forget_logit, replicate_of: trial === 1 ? null : 1 },
        })),
      ),
    );
  });

  test(`${name}: a forget row's logit that differs in its last bit is refused, though the mean is the same`, async (t) => {
    const { store, place, sweep, specs } = await enrolled(open(t), three("paired", "1"));
    await store.record(sweep, specs.map(trained));
    const before = await contents(store);
    const other = trained(specs[0]);
    const { forgetLogits } = other.rows[0];
    const was = forgetLogits[2];
    forgetLogits[2] = nextUp(was);
    for (const wanted of [true, false])
      await assert.rejects(store.record(sweep, [{ ...other, wanted }]), {
        message: refusal(place, was, nextUp(was), 2),
      });
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a logit that is no number is null, and a longer run adds those of its own epochs`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), three("paired", "1"));
    const short = trained({ ...specs[0], asked: [2] });
    short.rows[0].forgetLogits[1] = Number.NaN;
    await store.record(sweep, [short]);
    const long = trained(specs[0]);
    long.rows[0].forgetLogits[1] = Number.NaN;
    await store.record(sweep, [long]);
    const [first, , third] = long.rows[0].forgetLogits;
    assert.deepEqual(
      (await store.all<{ forget_logit: number | null }>(`${LOGITS} order by epochs, forget_row`)).map(
        (row) => row.forget_logit,
      ),
      [first, null, third, ...long.rows[1].forgetLogits],
    );
  });

  test(`${name}: the digest holds the logit of every forget row, of every trial`, async (t) => {
    for (const preset of ["paired", "notebook"]) {
      const digests = new Set<string>();
      for (const changed of [null, 0, 1]) {
        const { store, sweep, specs } = await enrolled(open(t), three(preset, "2"));
        const outcomes = specs.map(trained);
        for (const at of [0, outcomes.length - 1]) {
          const logits = outcomes[at].rows[1].forgetLogits;
          if (changed === (at === 0 ? 0 : 1)) logits[1] = nextUp(Math.abs(logits[1]));
        }
        await store.record(sweep, outcomes);
        digests.add(await sweepDigest(store, sweep.id));
      }
      assert.equal(digests.size, 3, preset);
    }
  });
}

function testRefusals(name: string, open: Open): void {
  test(`${name}: a row that differs in its last bit is refused, and nothing of its batch lands`, async (t) => {
    const { store, place, sweep, specs } = await enrolled(open(t));
    const first = trained(specs[0]);
    await store.record(sweep, [first]);
    const before = await contents(store);
    const { penalty } = first.rows[0];
    const other = withLastEpoch(first, { penalty: nextUp(penalty) });
    await assert.rejects(store.record(sweep, [trained(specs[1]), other, trained(specs[2])]), {
      name: "SweepError",
      code: "BAD_STORE",
      message: `${place} holds ${penalty} where original trial 1 now gave ${nextUp(penalty)} at epoch 4, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db`,
    });
    assert.deepEqual(await contents(store), before);
  });

  for (const measure of [
    "trainAccuracy",
    "testAccuracy",
    "forgetProbability",
    "forgetLogit",
    "crossEntropy",
    "penalty",
  ] as const) {
    test(`${name}: a row that differs in its ${measure} alone is refused`, async (t) => {
      const { store, place, sweep, specs } = await enrolled(open(t));
      const first = trained(specs[0]);
      await store.record(sweep, [first]);
      const value = first.rows[0][measure] as number;
      const rows = [{ ...first.rows[0], [measure]: nextUp(value) }];
      await assert.rejects(store.record(sweep, [{ ...first, rows }]), {
        message: refusal(place, value, nextUp(value), 4),
      });
    });
  }

  test(`${name}: NaN where a number is, and a number where NaN is, are refused`, async (t) => {
    const { store, place, sweep, specs } = await enrolled(open(t));
    const [first, second] = [trained(specs[0]), trained(specs[1])];
    await store.record(sweep, [first, withLastEpoch(second, { penalty: Number.NaN })]);
    await assert.rejects(store.record(sweep, [withLastEpoch(first, { penalty: Number.NaN })]), {
      message: refusal(place, first.rows[0].penalty, null, 4),
    });
    await assert.rejects(store.record(sweep, [second]), {
      message: refusal(place, null, second.rows[0].penalty, 4, 2),
    });
  });

  test(`${name}: a start that was trained again lands nothing, and is held against what is stored`, async (t) => {
    const { store, place, sweep, specs } = await enrolled(open(t));
    const again = { ...trained(specs[0]), wanted: false };
    await store.record(sweep, [again]);
    assert.deepEqual(await missingIn(store, sweep, specs, false), specs);
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    await store.record(sweep, [again]);
    assert.deepEqual(await contents(store), before);
    const epoch2 = structuredClone(again);
    epoch2.curve.crossEntropy[1] = nextUp(epoch2.curve.crossEntropy[1]);
    const [was, is] = [again.curve.crossEntropy[1], epoch2.curve.crossEntropy[1]];
    await assert.rejects(store.record(sweep, [trained(specs[3]), epoch2]), { message: refusal(place, was, is, 2) });
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a longer run whose first epochs are not those that are stored is refused`, async (t) => {
    const { store, place, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    const longer: TrainedOutcome = trained({ ...specs[0], asked: [6] });
    const was = longer.curve.forgetLogit[0];
    longer.curve.forgetLogit[0] = nextUp(was);
    await assert.rejects(store.record(sweep, [longer]), { message: refusal(place, was, nextUp(was), 1) });
    assert.deepEqual(await contents(store), before);
  });
}

function testCopies(name: string, open: Open): void {
  test(`${name}: a run that repeats itself is stored for every trial, and each copy says of which it is one`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const unlearn = specs[6];
    assert.equal(unlearn.copies, 2);
    await store.record(sweep, [trained(unlearn)]);
    const rows = await store.all<Record<string, unknown>>(
      "select trial, start_trial, replicate_of, elapsed_ms, forget_logit from trial_results order by trial",
    );
    const forget_logit = trained(unlearn).rows[0].forgetLogit;
    assert.deepEqual(rows, [
      { trial: 1, start_trial: 3, replicate_of: null, elapsed_ms: 5, forget_logit },
      { trial: 2, start_trial: 3, replicate_of: 1, elapsed_ms: null, forget_logit },
      { trial: 3, start_trial: 3, replicate_of: 1, elapsed_ms: null, forget_logit },
    ]);
    assert.deepEqual(
      await store.all("select trial, count(*) as epochs from epoch_results group by trial"),
      [1, 2, 3].map((trial) => ({ trial, epochs: 2 })),
    );
    assert.deepEqual(await store.all("select count(*) as rows from epochs"), [{ rows: 2 }], "the curve is stored once");
    assert.deepEqual(await missingIn(store, sweep, [unlearn], false), []);
  });

  test(`${name}: a run that fails fails for all of its copies`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, [failed(specs[6], "it fell over")]);
    assert.deepEqual(
      await store.all("select trial, state, error from trial_results order by trial"),
      [1, 2, 3].map((trial) => ({ trial, state: "failed", error: "it fell over" })),
    );
    await store.record(sweep, [trained(specs[6])]);
    assert.deepEqual(
      await store.all("select trial, state, error from trial_results order by trial"),
      [1, 2, 3].map((trial) => ({ trial, state: "done", error: null })),
    );
  });

  test(`${name}: when a sweep grows its copies are missing, and those of the smaller count leave the views but not the store`, async (t) => {
    const opened = open(t);
    const { store, sweep, specs } = await enrolled(opened);
    await store.record(sweep, specs.map(trained));
    const small = await store.all("select * from trial_rows order by trajectory_id, epochs");
    const grown = await enrolled(opened, smallConfig({ trials: "5" }));
    assert.equal(grown.sweep.id, sweep.id);
    assert.deepEqual(await store.all("select distinct method from trial_results order by method"), [
      { method: "original" },
      { method: "retrain_scratch" },
    ]);
    const missing = await missingIn(store, grown.sweep, grown.specs, false);
    assert.deepEqual(
      missing.map(({ method, trial, copies }) => [method, trial, copies]),
      [
        ["original", 4, 0],
        ["original", 5, 0],
        ["retrain_scratch", 4, 0],
        ["retrain_scratch", 5, 0],
        ["unlearn", 1, 4],
        ["retrain_original", 1, 4],
      ],
    );
    await store.record(grown.sweep, missing.map(trained));
    assert.deepEqual(await store.all("select distinct start_trial from trial_results where method = 'unlearn'"), [
      { start_trial: 5 },
    ]);
    assert.deepEqual(
      await store.all("select method, trials from method_summary"),
      ["original", "retrain_scratch", "unlearn", "retrain_original"].map((method) => ({ method, trials: 5 })),
    );
    const all = await store.all("select * from trial_rows order by trajectory_id, epochs");
    assert.deepEqual(all.slice(0, small.length), small, "what was finished is still there, unchanged");
    assert.equal(all.length, small.length + 14);
  });
}

function testViews(name: string, open: Open): void {
  test(`${name}: the views have the columns that the README documents`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    await store.record(sweep, specs.map(trained));
    const columns = async (view: string): Promise<string[]> =>
      Object.keys((await store.all<object>(`select * from ${view} limit 1`))[0]);
    assert.deepEqual(
      (await columns("trial_results")).filter((column) => TRIAL_COLUMNS.includes(column)),
      TRIAL_COLUMNS,
    );
    assert.deepEqual(await columns("method_summary"), SUMMARY_COLUMNS);
    const epochs = await columns("epoch_results");
    for (const column of [
      "sweep",
      "method",
      "trial",
      "lambda_reg",
      "epoch",
      "penalty",
      "cross_entropy",
      "train_accuracy",
      "forget_probability",
      "forget_logit",
    ])
      assert.ok(epochs.includes(column), column);
  });

  test(`${name}: a trial's row says all that its numbers depend on`, async (t) => {
    const { store, sweep, specs } = await enrolled(
      open(t),
      smallConfig({ seed: "7", "data-seed": "8", lambda: "1.5" }),
    );
    await store.record(sweep, specs.map(trained));
    const [row] = await store.all<Record<string, unknown>>(
      "select * from trial_results where method = 'unlearn' and trial = 2",
    );
    const key = Object.fromEntries(
      TRIAL_COLUMNS.filter(
        (column) =>
          ![
            "train_accuracy",
            "test_accuracy",
            "forget_probability",
            "forget_logit",
            "cross_entropy",
            "penalty",
          ].includes(column),
      ).map((column) => [column, row[column]]),
    );
    assert.deepEqual(key, {
      ...{
        sweep: 1,
        preset: "notebook",
        draw: "8",
        data_seed: 8,
        samples: 20,
        features: 2,
        forget_rows: 1,
        hidden: "4,3",
        learning_rate: 0.01,
      },
      ...{
        method: "unlearn",
        trial: 2,
        seed: 7,
        start_trial: 3,
        lambda_reg: 1.5,
        lambda_effective: 1.5,
        epochs: 2,
        state: "done",
        replicate_of: 1,
      },
      ...{ engine: "fused", profile: "test/f64/r1", elapsed_ms: null },
    });
    assert.deepEqual(
      await store.all(
        "select distinct lambda_reg, lambda_effective, start_trial from trial_results where method = 'original'",
      ),
      [{ lambda_reg: 0, lambda_effective: 1, start_trial: null }],
    );
  });

  test(`${name}: a sweep shows its own cells, whatever else the store holds`, async (t) => {
    const opened = open(t);
    const first = await enrolled(opened);
    await first.store.record(first.sweep, first.specs.map(trained));
    const seen = await viewsOf(first.store, first.sweep);
    for (const flags of [
      { lambda: "2" },
      { epochs: "original=9,retrain_scratch=4,unlearn=2,retrain_original=3" },
      { seed: "3" },
    ]) {
      const other = await enrolled(opened, smallConfig(flags));
      await other.store.record(
        other.sweep,
        (await missingIn(other.store, other.sweep, other.specs, false)).map(trained),
      );
    }
    const after = await viewsOf(first.store, first.sweep);
    assert.deepEqual(after.trials, seen.trials);
    assert.deepEqual(after.summary, seen.summary);
  });

  test(`${name}: epoch_results of a sweep ends where the sweep does, though another sweep trained its trajectories longer`, async (t) => {
    const opened = open(t);
    const { store, sweep, specs } = await enrolled(opened);
    await store.record(sweep, specs.map(trained));
    const lengths = (): Promise<unknown[]> =>
      store.all(
        "select method, trial, max(epoch) as epochs from epoch_results where sweep = ? group by method, trial order by method, trial",
        sweep.id,
      );
    const before = await lengths();
    const longer = await enrolled(
      opened,
      smallConfig({ epochs: "original=9,retrain_scratch=4,unlearn=2,retrain_original=3" }),
    );
    await store.record(longer.sweep, (await missingIn(store, longer.sweep, longer.specs, false)).map(trained));
    assert.deepEqual(await lengths(), before);
  });

  test(`${name}: method_summary is the mean and the population deviation of the trials that are done`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), smallConfig({ trials: "9" }));
    const outcomes = specs.map(trained);
    outcomes[3] = withLastEpoch(outcomes[3], { forgetProbability: Number.NaN });
    await store.record(sweep, [failed(specs[1], "it fell over"), ...outcomes.filter((_, i) => i !== 1)]);
    const [original, scratch, unlearn] = await methodSummary(store, sweep.id);
    const rows = outcomes
      .slice(0, 9)
      .filter((_, i) => i !== 1 && i !== 3)
      .map((outcome) => outcome.rows[0]);
    assert.equal(original.trials, 7);
    assertMoments(
      rows.map((row) => row.trainAccuracy),
      original.train_accuracy_mean,
      original.train_accuracy_std,
    );
    assertMoments(
      rows.map((row) => row.forgetProbability),
      original.forget_probability_mean,
      original.forget_probability_std,
    );
    assert.equal(scratch.trials, 9);
    assert.deepEqual([unlearn.trials, unlearn.train_accuracy_std, unlearn.forget_probability_std], [9, 0, 0]);
  });

  test(`${name}: method_summary keeps a deviation that is tiny beside its mean`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t));
    const values = [1, 2, 3].map((i) => 0.9 + i * 1e-13);
    await store.record(
      sweep,
      values.map((trainAccuracy, i) => withLastEpoch(trained(specs[i]), { trainAccuracy })),
    );
    const [{ train_accuracy_mean, train_accuracy_std }] = await methodSummary(store, sweep.id);
    assertMoments(values, train_accuracy_mean, train_accuracy_std, 1e-2);
  });
}

/** Mean and population deviation, in two passes; the deviation within `tolerance` of itself. */
export function assertMoments(values: readonly number[], mean: number, deviation: number, tolerance = 1e-12): void {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean - centre) <= 1e-15 * Math.abs(centre) + 1e-15, `mean ${mean}, expected ${centre}`);
  assert.ok(Math.abs(deviation - spread) <= tolerance * spread, `deviation ${deviation}, expected ${spread}`);
}

export async function enrolled(
  { store, place }: OpenedStore,
  config: SweepConfig = smallConfig(),
  record: RecordLevel = "all",
): Promise<Enrolled> {
  const sweep = await store.openSweep({ ...sweepRecord(config), record });
  await store.enroll(sweep, arms(config, sweep.trials));
  return { store, place, sweep, specs: specsIn(config, sweep.trials) };
}

/** The trajectories that a store lacks. */
async function missingIn(
  store: Store,
  sweep: OpenSweep,
  specs: readonly TrajectorySpec[],
  retryFailed: boolean,
): Promise<TrajectorySpec[]> {
  return (await store.missing(sweep, specs, retryFailed)).specs;
}

/** All that the store holds of results. */
async function contents(store: Reader): Promise<unknown[]> {
  return Promise.all(
    ["trajectories", "trial_rows", "epochs", "forget_logits"].map((table) => store.all(`select * from ${table}`)),
  );
}

async function viewsOf(store: Reader, sweep: OpenSweep): Promise<{ trials: unknown[]; summary: unknown[] }> {
  return {
    trials: await store.all("select * from trial_results where sweep = ? order by method, trial, epochs", sweep.id),
    summary: await store.all("select * from method_summary where sweep = ?", sweep.id),
  };
}

function refusal(place: string, was: number | null, is: number | null, epoch: number, trial = 1): string {
  return `${place} holds ${was} where original trial ${trial} now gave ${is} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db`;
}
