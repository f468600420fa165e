/** The suite of the views that speak of cells: what each shows of a store, against the same computed here. */
import assert from "node:assert/strict";
import test from "node:test";
import type { SweepConfig } from "../src/plan/options.js";
import type { OpenSweep, Reader } from "../src/store/contract.js";
import {
  type EpochCurve,
  lastEpoch,
  startKey,
  type TrainedOutcome,
  type TrajectorySpec,
  type TrialRow,
} from "../src/trial.js";
import { failed, smallConfig, specsIn, trained, withLastEpoch, withLists } from "./fixtures/sweeps.js";
import { assertMoments, enrolled, type Open } from "./store-contract.js";

export function testStoreViews(name: string, open: Open): void {
  testCellSummary(name, open);
  testCellStatus(name, open);
  testRelearnEpochs(name, open);
}

/** Six trials, two λ and two lengths of unlearn, from one original. */
function gridConfig(preset: string, trials = "6"): SweepConfig {
  return withLists(smallConfig({ preset, trials, methods: "original,retrain_scratch,unlearn" }), {
    lambda: { unlearn: [0.5, 2] },
    epochs: { unlearn: [1, 3] },
  });
}

interface CellRow {
  readonly draw: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly start: string;
  readonly trials: number;
  readonly train_accuracy_mean: number;
  readonly train_accuracy_std: number;
  readonly test_accuracy_mean: number | null;
  readonly forget_probability_mean: number;
  readonly forget_probability_std: number;
  readonly forget_logit_mean: number;
  readonly forget_logit_std: number;
}

/** The rows that are done of each cell, by the cell's name. */
function doneByCell(outcomes: readonly TrainedOutcome[]): Map<string, TrialRow[]> {
  const cells = new Map<string, TrialRow[]>();
  for (const { spec, rows } of outcomes)
    for (const row of rows) {
      const cell = `${spec.method} ${spec.lambda} ${row.epochs} ${startKey(spec)}`;
      if (row.state === "done") cells.set(cell, [...(cells.get(cell) ?? []), row]);
    }
  return cells;
}

function testCellSummary(name: string, open: Open): void {
  test(`${name}: cell_summary is the mean and the population deviation of a cell's trials that are done`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), gridConfig("paired"));
    const outcomes = specs.slice(1).map(trained); // the first one fails
    const diverged = outcomes.findIndex(({ spec }) => spec.method === "unlearn");
    outcomes[diverged] = withLastEpoch(outcomes[diverged], { forgetProbability: Number.NaN });
    await store.record(sweep, [failed(specs[0], "it fell over"), ...outcomes]);
    const expected = doneByCell(outcomes);
    const cells = await store.all<CellRow>("select * from cell_summary where sweep = ?", sweep.id);
    assert.deepEqual(
      new Set(cells.map((cell) => `${cell.method} ${cell.lambda_reg} ${cell.epochs} ${cell.start}`)),
      new Set(expected.keys()),
    );
    assert.deepEqual(cells.map(({ trials }) => trials).sort(), [5, 5, 6, 6, 6, 6]);
    for (const cell of cells) {
      const rows = expected.get(`${cell.method} ${cell.lambda_reg} ${cell.epochs} ${cell.start}`) as TrialRow[];
      const of = (measure: "trainAccuracy" | "forgetProbability" | "forgetLogit"): number[] =>
        rows.map((row) => row[measure]);
      assert.equal(cell.trials, rows.length);
      assertMoments(of("trainAccuracy"), cell.train_accuracy_mean, cell.train_accuracy_std);
      assertMoments(of("forgetProbability"), cell.forget_probability_mean, cell.forget_probability_std);
      assertMoments(of("forgetLogit"), cell.forget_logit_mean, cell.forget_logit_std);
      const tests = rows.map((row) => row.testAccuracy as number);
      const mean = tests.reduce((sum, value) => sum + value, 0) / tests.length;
      assert.ok(Math.abs((cell.test_accuracy_mean as number) - mean) < 1e-15);
    }
  });

  test(`${name}: cell_summary of copies has no deviation, and of a draw without a test sample no test accuracy`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), gridConfig("notebook", "3"));
    const untested = specs.map(trained).map((outcome) => ({
      ...outcome,
      rows: outcome.rows.map((row) => ({ ...row, testAccuracy: null })),
    }));
    await store.record(sweep, untested);
    const cells = await store.all<CellRow>("select * from cell_summary where method = 'unlearn'");
    assert.equal(cells.length, 4);
    for (const cell of cells) {
      assert.deepEqual([cell.trials, cell.test_accuracy_mean], [3, null]);
      assert.deepEqual([cell.train_accuracy_std, cell.forget_probability_std, cell.forget_logit_std], [0, 0, 0]);
    }
  });

  test(`${name}: cell_summary holds apart what differs in draw, start, λ or epochs, and shows a sweep its own cells`, async (t) => {
    const opened = open(t);
    const first = await enrolled(opened, withLists(gridConfig("paired"), { epochs: { original: [2, 4] } }));
    await first.store.record(first.sweep, first.specs.map(trained));
    const other = await enrolled(opened, { ...gridConfig("paired"), draw: smallConfig({ "data-seed": "1" }).draw });
    await other.store.record(other.sweep, other.specs.map(trained));
    const cells = await first.store.all<CellRow & { sweep: number }>("select * from cell_summary");
    const of = (sweep: OpenSweep): CellRow[] => cells.filter((cell) => cell.sweep === sweep.id);
    assert.deepEqual([of(first.sweep).length, of(other.sweep).length], [2 + 1 + 2 * 2 * 2, 1 + 1 + 2 * 2]);
    assert.deepEqual(new Set(of(first.sweep).map(({ draw }) => draw)), new Set(["0"]));
    assert.deepEqual(new Set(of(other.sweep).map(({ draw }) => draw)), new Set(["1"]));
    assert.ok(cells.every(({ trials }) => trials === 6));
  });
}

interface Status {
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  readonly missing: number;
}

/** `method λ epochs: done diverged failed missing` of each cell of a sweep. */
async function status(store: Reader, sweep: OpenSweep): Promise<string[]> {
  const cells = await store.all<CellRow & Status>(
    "select * from cell_status where sweep = ? order by method, lambda_reg, epochs",
    sweep.id,
  );
  return cells.map(
    (cell) =>
      `${cell.method} ${cell.lambda_reg} ${cell.epochs}: ${cell.done} ${cell.diverged} ${cell.failed} ${cell.missing} of ${cell.trials}`,
  );
}

/** `method λ epochs trial` of each trial row that a sweep lacks. */
async function missingRows(store: Reader, sweep: OpenSweep): Promise<string[]> {
  const rows = await store.all<CellRow & { trial: number }>(
    "select * from missing where sweep = ? order by method, lambda_reg, epochs, trial",
    sweep.id,
  );
  return rows.map((row) => `${row.method} ${row.lambda_reg} ${row.epochs} ${row.trial}`);
}

function testCellStatus(name: string, open: Open): void {
  test(`${name}: cell_status and missing of a store without sweeps are empty`, async (t) => {
    const { store } = open(t);
    for (const view of ["cell_status", "missing", "cell_summary", "relearn_epochs", "forget_results"])
      assert.deepEqual(await store.all(`select * from ${view}`), [], view);
  });

  test(`${name}: cell_status says of each cell how many trials are done, diverged, failed and missing; missing names those`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), gridConfig("paired", "3"));
    const unlearn = (trial: number, lambda: number): TrajectorySpec =>
      specs.find(
        (spec) => spec.method === "unlearn" && spec.trial === trial && spec.lambda === lambda,
      ) as TrajectorySpec;
    assert.deepEqual(await status(store, sweep), [
      ...["original 0 4: 0 0 0 3 of 3", "retrain_scratch 0 4: 0 0 0 3 of 3"],
      ...[
        "unlearn 0.5 1: 0 0 0 3 of 3",
        "unlearn 0.5 3: 0 0 0 3 of 3",
        "unlearn 2 1: 0 0 0 3 of 3",
        "unlearn 2 3: 0 0 0 3 of 3",
      ],
    ]);
    await store.record(sweep, [
      ...specs.filter(({ method }) => method === "original").map(trained),
      withLastEpoch(trained(unlearn(1, 0.5)), { penalty: Number.NaN }),
      failed(unlearn(2, 0.5), "it fell over"),
      trained({ ...unlearn(3, 2), asked: [1] }),
    ]);
    assert.deepEqual(await status(store, sweep), [
      ...["original 0 4: 3 0 0 0 of 3", "retrain_scratch 0 4: 0 0 0 3 of 3"],
      ...[
        "unlearn 0.5 1: 1 0 1 1 of 3",
        "unlearn 0.5 3: 0 1 1 1 of 3",
        "unlearn 2 1: 1 0 0 2 of 3",
        "unlearn 2 3: 0 0 0 3 of 3",
      ],
    ]);
    assert.deepEqual(await missingRows(store, sweep), [
      ...[
        "retrain_scratch 0 4 1",
        "retrain_scratch 0 4 2",
        "retrain_scratch 0 4 3",
        "unlearn 0.5 1 3",
        "unlearn 0.5 3 3",
      ],
      ...["unlearn 2 1 1", "unlearn 2 1 2", "unlearn 2 3 1", "unlearn 2 3 2", "unlearn 2 3 3"],
    ]);
    await store.record(sweep, specs.filter((spec) => spec !== unlearn(1, 0.5)).map(trained));
    assert.deepEqual(await missingRows(store, sweep), []);
    assert.deepEqual((await status(store, sweep)).slice(2, 4), [
      "unlearn 0.5 1: 3 0 0 0 of 3",
      "unlearn 0.5 3: 2 1 0 0 of 3",
    ]);
  });

  test(`${name}: copies are there for every trial once their run from the last original is, and anew when the sweep has grown`, async (t) => {
    const opened = open(t);
    const { store, sweep, specs } = await enrolled(opened, gridConfig("notebook", "3"));
    await store.record(sweep, specs.filter(({ lambda }) => lambda !== 2).map(trained));
    assert.deepEqual(await status(store, sweep), [
      ...["original 0 4: 3 0 0 0 of 3", "retrain_scratch 0 4: 3 0 0 0 of 3"],
      ...[
        "unlearn 0.5 1: 3 0 0 0 of 3",
        "unlearn 0.5 3: 3 0 0 0 of 3",
        "unlearn 2 1: 0 0 0 3 of 3",
        "unlearn 2 3: 0 0 0 3 of 3",
      ],
    ]);
    assert.deepEqual(
      await missingRows(store, sweep),
      [1, 3].flatMap((epochs) => [1, 2, 3].map((trial) => `unlearn 2 ${epochs} ${trial}`)),
    );
    const grown = await enrolled(opened, gridConfig("notebook", "5"));
    assert.deepEqual(await status(store, grown.sweep), [
      ...["original 0 4: 3 0 0 2 of 5", "retrain_scratch 0 4: 3 0 0 2 of 5"],
      ...[
        "unlearn 0.5 1: 0 0 0 5 of 5",
        "unlearn 0.5 3: 0 0 0 5 of 5",
        "unlearn 2 1: 0 0 0 5 of 5",
        "unlearn 2 3: 0 0 0 5 of 5",
      ],
    ]);
    await store.record(grown.sweep, grown.specs.map(trained));
    assert.ok((await status(store, grown.sweep)).every((cell) => cell.endsWith(": 5 0 0 0 of 5")));
  });

  for (const preset of ["notebook", "paired"]) {
    test(`${name}: under ${preset} cell_status, missing and what the store calls missing agree, at every step of a sweep`, async (t) => {
      const { store, sweep, specs } = await enrolled(open(t), gridConfig(preset, "4"));
      for (const [i, spec] of specs.entries()) {
        await store.record(sweep, [i % 5 === 3 ? failed(spec, "it fell over") : trained(spec)]);
        const { rows, failed: failures } = await store.missing(sweep, specs, false);
        assert.deepEqual(
          await store.all(
            "select sum(missing) as rows, sum(failed) as failures from cell_status where sweep = ?",
            sweep.id,
          ),
          [{ rows, failures }],
        );
        assert.equal((await missingRows(store, sweep)).length, rows);
      }
    });
  }
}

interface RelearnRow {
  readonly trial: number;
  readonly start: string;
  readonly original_mean: number;
  readonly relearn_epochs: number | null;
  readonly trained_epochs: number;
}

/** An outcome whose forget probabilities are these. */
function withProbabilities(spec: TrajectorySpec, probabilities: readonly number[]): TrainedOutcome {
  assert.equal(probabilities.length, lastEpoch(spec));
  const outcome = trained(spec);
  const curve: EpochCurve = { ...outcome.curve, forgetProbability: Float64Array.from(probabilities) };
  const rows = outcome.rows.map((row) => ({ ...row, forgetProbability: probabilities[row.epochs - 1] }));
  return { ...outcome, curve, rows };
}

/** One length of everything, original at `lambda`. */
function relearnConfig(preset: string, lambda: readonly number[], trials: string): SweepConfig {
  return withLists(smallConfig({ preset, trials, methods: "original,unlearn,relearn" }), {
    lambda: { original: lambda },
    epochs: { original: [2], unlearn: [1], relearn: [4] },
  });
}

const RELEARN =
  "select trial, start, original_mean, relearn_epochs, trained_epochs from relearn_epochs order by start, trial";

function testRelearnEpochs(name: string, open: Open): void {
  test(`${name}: relearn_epochs is the first epoch whose forget probability reaches the original's mean, and null where none does`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), relearnConfig("paired", [0], "4"));
    const of = (method: string): TrajectorySpec[] => specs.filter((spec) => spec.method === method);
    const originals = [0.5, 0.75, 1, 0.75]; // mean 0.75, reached exactly
    await store.record(
      sweep,
      of("original").map((spec, i) => withProbabilities(spec, [0.1, originals[i]])),
    );
    const curves = [
      [0.1, 0.2, 0.75, 0.3],
      [0.1, 0.2, 0.3, 0.7499],
      [0.8, 0.1, 0.9, 0.9],
      [Number.NaN, 0.2, 0.3, 0.9],
    ];
    await store.record(
      sweep,
      of("relearn").map((spec, i) => withProbabilities(spec, curves[i])),
    );
    const found = [3, null, 1, 4];
    assert.deepEqual(
      await store.all(RELEARN),
      found.map((relearn_epochs, i) => ({
        ...{
          trial: i + 1,
          start: "unlearn@4.2x1<original@0x2",
          original_mean: 0.75,
          relearn_epochs,
          trained_epochs: 4,
        },
      })),
    );
  });

  // λ is written into a start's key as JavaScript writes numbers, which is not how SQL does.
  for (const lambda of [0.5, 4.2, 3, 1e-7, 1e21, 0.1 + 0.2, 1 / 3]) {
    test(`${name}: relearn_epochs goes back to the original of its own chain, whose λ may be ${lambda}`, async (t) => {
      const { store, sweep, specs } = await enrolled(open(t), relearnConfig("paired", [0, lambda], "1"));
      const probabilities = (spec: TrajectorySpec): number[] => {
        if (spec.method === "original") return [0, spec.lambda === 0 ? 0.2 : 0.8];
        return spec.method === "unlearn" ? [0.1] : [0.1, 0.3, 0.5, 0.9];
      };
      await store.record(
        sweep,
        specs.map((spec) => withProbabilities(spec, probabilities(spec))),
      );
      const rows = await store.all<RelearnRow>(RELEARN);
      assert.deepEqual(
        rows.map(({ start, original_mean, relearn_epochs }) => [start, original_mean, relearn_epochs]).toSorted(),
        [
          [`unlearn@4.2x1<original@0x2`, 0.2, 2],
          [`unlearn@4.2x1<original@${lambda}x2`, 0.8, 4],
        ].toSorted(),
      );
    });
  }

  test(`${name}: relearn_epochs goes back to the original of its own length`, async (t) => {
    const config = withLists(relearnConfig("paired", [0], "1"), { epochs: { original: [2, 3] } });
    const { store, sweep, specs } = await enrolled(open(t), config);
    const curves: Record<string, number[]> = { original: [0, 0.2, 0.8], unlearn: [0.1], relearn: [0.1, 0.3, 0.5, 0.9] };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curves[spec.method])),
    );
    const rows = await store.all<RelearnRow>(RELEARN);
    assert.deepEqual(
      rows.map(({ start, original_mean, relearn_epochs }) => [start, original_mean, relearn_epochs]),
      [
        ["unlearn@4.2x1<original@0x2", 0.2, 2],
        ["unlearn@4.2x1<original@0x3", 0.8, 4],
      ],
    );
  });

  test(`${name}: the copies of a relearn have its epochs, against the mean of all originals`, async (t) => {
    const { store, sweep, specs } = await enrolled(open(t), relearnConfig("notebook", [0], "3"));
    const curves: Record<string, number[]> = { unlearn: [0.1], relearn: [0.1, 0.3, 0.5, 0.9] };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curves[spec.method] ?? [0, spec.trial / 4])),
    );
    assert.deepEqual(
      await store.all(RELEARN),
      [1, 2, 3].map((trial) => ({
        ...{ trial, start: "unlearn@4.2x1<original@0x2", original_mean: 0.5, relearn_epochs: 3, trained_epochs: 4 },
      })),
    );
  });

  test(`${name}: each λ of relearn has its own epochs`, async (t) => {
    const config = withLists(relearnConfig("paired", [0], "1"), { lambda: { relearn: [0, 1] } });
    const { store, sweep, specs } = await enrolled(open(t), config);
    const curve = (spec: TrajectorySpec): number[] => {
      if (spec.method !== "relearn") return spec.method === "unlearn" ? [0.1] : [0, 0.8];
      return spec.lambda === 0 ? [0.9, 0.9, 0.9, 0.9] : [0.1, 0.1, 0.9, 0.9];
    };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curve(spec))),
    );
    const rows = await store.all<RelearnRow>(RELEARN);
    assert.deepEqual(rows.map(({ relearn_epochs }) => relearn_epochs).toSorted(), [1, 3]);
  });

  test(`${name}: a relearn is there without its original, whose mean nobody knows`, async (t) => {
    const config = { ...relearnConfig("paired", [0], "1"), methods: ["relearn"] };
    const { store, sweep } = await enrolled(open(t), config);
    await store.record(
      sweep,
      specsIn(config).map((spec) => withProbabilities(spec, [0.1, 0.3, 0.5, 0.9])),
    );
    assert.deepEqual(await store.all(RELEARN), [
      { trial: 1, start: "unlearn@4.2x1<original@0x2", original_mean: null, relearn_epochs: null, trained_epochs: 4 },
    ]);
  });
}
