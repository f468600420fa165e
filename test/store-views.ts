/** The suite of the views that speak of cells: what each shows of a store, against the same computed here. */
import assert from "node:assert/strict";
import test from "node:test";
import { CURVE, type EpochCurve, MEASURES, type MeasureName } from "../src/measures.js";
import type { CellKey } from "../src/plan/cell.js";
import { METHODS, type MethodRecord, recordsOf } from "../src/plan/methods.js";
import type { PerMethod, SweepPlan } from "../src/plan/plan.js";
import { gridPlan as grown } from "../src/plan/request.js";
import { mean, std } from "../src/stats/moments.js";
import { oneSampleT } from "../src/stats/t-test.js";
import type { CurveMean, Results, Sweep } from "../src/store/contract.js";
import { lastEpoch, type TrainedOutcome, type TrajectorySpec, type TrialRow } from "../src/trial.js";
import { RETRAINED, UNTOUCHED } from "../src/verdict/roles.js";
import { failed, PROFILE, smallPlan, specsIn, trained, withLastEpoch, withLists } from "./fixtures/sweeps.js";
import { assertMoments, gridPlan, listOf, type Make, opened } from "./store-contract.js";

export function testStoreViews(name: string, make: Make): void {
  testColumns(name, make);
  testMethodSummary(name, make);
  testCellSummary(name, make);
  testCellStatus(name, make);
  testRelearnEpochs(name, make);
  testVerdictInputs(name, make);
  testLearningCurves(name, make);
  testMemorisation(name, make);
}

/** The rows of a select by their columns; whole numbers as numbers. */
async function select<Row>(results: Results, sql: string): Promise<Row[]> {
  const { columns, rows } = await results.query(sql);
  const value = (given: unknown): unknown => (typeof given === "bigint" ? Number(given) : given);
  return (await listOf(rows)).map(
    (row) => Object.fromEntries(columns.map((column, i) => [column, value(row[i])])) as Row,
  );
}

/** The columns that the README promises, in this order. */
const SETTING = [
  "sweep",
  "preset",
  "draw",
  "data_seed",
  "samples",
  "features",
  "forget_rows",
  "hidden",
  "learning_rate",
];
const TRIAL_COLUMNS = [
  ...[...SETTING, "method", "trial", "seed", "start_trial", "lambda_reg", "lambda_effective", "epochs"],
  ...MEASURES.map(({ name }) => name),
  ...["state", "error", "replicate_of", "engine", "profile", "elapsed_ms", "start"],
];
const EPOCH_COLUMNS = [
  ...[...SETTING, "method", "trial", "seed", "start_trial", "lambda_reg", "lambda_effective", "epoch"],
  ...CURVE.map(({ name }) => name),
  ...["replicate_of", "engine", "profile", "start"],
];
const FORGET_COLUMNS = [
  ...[...SETTING, "method", "trial", "seed", "start_trial", "lambda_reg", "lambda_effective", "epochs"],
  ...["forget_row", "forget_margin", "replicate_of", "engine", "profile", "start"],
];
/** Mean and sample deviation of each. */
function moments(...columns: readonly string[]): string[] {
  return columns.flatMap((column) => [`${column}_mean`, `${column}_sd`]);
}
const INPUT_COLUMNS = [
  ...[...SETTING, "method", "lambda_reg", "epochs", "start", "n"],
  ...moments("forget_probability", "forget_margin", "train_accuracy"),
  ...["diverged", "failed", "copies"],
];
const CURVE_COLUMNS = [
  ...[...SETTING, "method", "lambda_reg", "start", "epoch", "n"],
  ...moments(...CURVE.map(({ name }) => name)),
];
const MEMORISATION_COLUMNS = [
  ...[...SETTING, "n", "original_mean", "retrained_mean", "memorisation", "standard_error"],
];
const SUMMARY_COLUMNS = [
  ...["sweep", "method", "trials", "train_accuracy_mean", "train_accuracy_std"],
  ...["forget_probability_mean", "forget_probability_std", "preset", "lambda_reg", "epochs", "start"],
  ...["draw", "data_seed", "samples", "features", "forget_rows", "hidden", "learning_rate"],
];

function testColumns(name: string, make: Make): void {
  test(`${name}: the views have the columns that the README documents`, async (t) => {
    const { store } = await make(t);
    const columns = async (view: string): Promise<string[]> => (await store.query(`select * from ${view}`)).columns;
    assert.deepEqual(await columns("trial_results"), TRIAL_COLUMNS);
    assert.deepEqual(await columns("epoch_results"), EPOCH_COLUMNS);
    assert.deepEqual(await columns("forget_results"), FORGET_COLUMNS);
    assert.deepEqual(await columns("method_summary"), SUMMARY_COLUMNS);
    assert.deepEqual(await columns("verdict_inputs"), INPUT_COLUMNS);
    assert.deepEqual(await columns("learning_curves"), CURVE_COLUMNS);
    assert.deepEqual(await columns("memorisation"), MEMORISATION_COLUMNS);
  });

  test(`${name}: a trial's row says all that its numbers depend on`, async (t) => {
    const { store, sweep, specs } = await opened(
      await make(t),
      smallPlan({ seed: "7", "data-seed": "8", lambda: "1.5" }),
    );
    await store.record(sweep, specs.map(trained));
    const [row] = await select<Record<string, unknown>>(
      store,
      "select * from trial_results where method = 'unlearn' and trial = 2",
    );
    assert.deepEqual(row, {
      ...{ sweep: 1, preset: "notebook", draw: "8", data_seed: 8, samples: 20, features: 2, forget_rows: 1 },
      ...{ hidden: "4,3", learning_rate: 0.01, method: "unlearn", trial: 2, seed: 7, start_trial: 3, lambda_reg: 1.5 },
      ...{ lambda_effective: 1.5, epochs: 2, ...trained(specs[6]).rows[0].measures, state: "done", error: null },
      ...{ replicate_of: 1, engine: "fused", profile: PROFILE, elapsed_ms: null, start: "original@0x4" },
    });
    assert.deepEqual(
      await select(
        store,
        "select distinct lambda_reg, lambda_effective, start_trial, elapsed_ms from trial_results where method = 'original'",
      ),
      [{ lambda_reg: 0, lambda_effective: 1, start_trial: null, elapsed_ms: 5 }],
    );
  });

  test(`${name}: the views show what a store's own reads show`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ "forget-rows": "2" }));
    await store.record(sweep, specs.map(trained));
    const columns = MEASURES.map(({ name: measure }) => measure).join(", ");
    assert.deepEqual(
      await select(store, `select ${columns} from trial_results order by method, lambda_reg, epochs, trial`),
      (await listOf(store.rows(sweep))).map(({ measures }) => measures),
    );
    assert.deepEqual(
      await select(store, "select forget_row, forget_margin from forget_results order by method, trial, forget_row"),
      (await listOf(store.margins(sweep))).map(({ forget_row, forget_margin }) => ({ forget_row, forget_margin })),
    );
    const [{ source }] = await store.trajectories(sweep, "unlearn", 3);
    assert.deepEqual(
      await select(
        store,
        `select epoch, ${CURVE.map((column) => column.name).join(", ")} from epoch_results where method = 'unlearn' and trial = 3`,
      ),
      await store.curve(source, 2),
    );
  });

  test(`${name}: epoch_results of a sweep ends where the sweep does, though another sweep trained its trajectories longer`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, specs.map(trained));
    const lengths = (): Promise<unknown[]> =>
      select(
        store,
        `select method, trial, max(epoch) as epochs from epoch_results where sweep = ${sweep.id} group by method, trial order by method, trial`,
      );
    const before = await lengths();
    const longer = await opened(made, withLists(smallPlan(), { epochs: { original: [9] } }));
    await store.record(longer.sweep, longer.specs.map(trained));
    assert.deepEqual(await lengths(), before);
  });
}

/** Methods of one's own: the first and the last train a net as it was trained, and only the last one changes what another changed. */
const OF_MINE = (
  [
    ["repeated", "original", "1/(n + k)"],
    ["other", "fine_tune", "1/n"],
    ["again", "fine_tune", "1/(n + k)"],
  ] as const
).flatMap(([name, start, retained]) => {
  const crossEntropy = { retained, forget: "1/(n + k)" };
  return recordsOf({ ...METHODS[0], name, start, parameters: {}, crossEntropy });
});

/** A plan that trains methods of mine too, which stand behind the first `at` of its own. */
function withMine(plan: SweepPlan, mine: readonly MethodRecord[], at: number, epochs: number): SweepPlan {
  const names = mine.map(({ name }) => name);
  const each = (value: number): PerMethod => Object.fromEntries(names.map((name) => [name, [value]]));
  const parts = plan.parts.map((part) => ({
    ...part,
    methods: part.methods.toSpliced(at, 0, ...names),
    epochs: { ...part.epochs, ...each(epochs) },
    lambda: { ...part.lambda, ...each(0) },
  }));
  return { ...plan, methods: plan.methods.toSpliced(at, 0, ...mine), parts };
}

function testMethodSummary(name: string, make: Make): void {
  test(`${name}: method_summary averages over no λ, epochs, presets or draws`, async (t) => {
    const plan = gridPlan("paired");
    const { store, sweep, specs } = await opened(await make(t), {
      ...plan,
      ...{ name: "grid", presets: [...smallPlan().presets, ...plan.presets] },
      parts: plan.parts.map((part) => ({ ...part, presets: ["notebook", "paired"] })),
    });
    await store.record(sweep, specs.map(trained));
    const rows = await select<{ trials: number; preset: string; method: string; lambda_reg: number; epochs: number }>(
      store,
      "select * from method_summary",
    );
    assert.deepEqual(
      rows.map(({ preset, method, lambda_reg, epochs }) => `${preset} ${method} ${lambda_reg} ${epochs}`),
      ["notebook", "paired"].flatMap((preset) => [
        ...[`${preset} original 0 4`, `${preset} retrain_scratch 0 4`],
        ...[`${preset} unlearn 0.5 1`, `${preset} unlearn 0.5 3`, `${preset} unlearn 2 1`, `${preset} unlearn 2 3`],
      ]),
    );
    assert.ok(rows.every(({ trials }) => trials === 6));
  });

  test(`${name}: method_summary has the methods in the order of their plan`, async (t) => {
    const plan = withMine(smallPlan({ methods: "original,retrain_original,fine_tune" }), OF_MINE.slice(0, 1), 1, 1);
    const { store, sweep, specs } = await opened(await make(t), plan);
    await store.record(sweep, specs.map(trained));
    const order = ["original", OF_MINE[0].name, "retrain_original", "fine_tune"];
    const rows = await select<{ method: string }>(store, "select * from method_summary");
    assert.deepEqual(
      rows.map(({ method }) => method),
      order,
    );
    assert.deepEqual(
      (await store.methodSummary(sweep)).map(({ method }) => method),
      order,
    );
  });

  test(`${name}: method_summary keeps a deviation that is tiny beside its mean`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const values = [1, 2, 3].map((i) => 0.9 + i * 1e-13);
    await store.record(
      sweep,
      values.map((train_accuracy, i) => withLastEpoch(trained(specs[i]), { train_accuracy })),
    );
    const [{ train_accuracy_mean, train_accuracy_std }] = await store.methodSummary(sweep);
    assertMoments(values, train_accuracy_mean, train_accuracy_std, 1e-2);
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
  readonly forget_margin_mean: number;
  readonly forget_margin_std: number;
}

/** The rows that are done of each cell, by the cell's name. */
function doneByCell(outcomes: readonly TrainedOutcome[]): Map<string, TrialRow[]> {
  const cells = new Map<string, TrialRow[]>();
  for (const { spec, rows } of outcomes)
    for (const row of rows) {
      const cell = `${spec.cell.method} ${spec.cell.lambda} ${row.epochs} ${spec.cell.start}`;
      if (row.state === "done") cells.set(cell, [...(cells.get(cell) ?? []), row]);
    }
  return cells;
}

function testCellSummary(name: string, make: Make): void {
  test(`${name}: cell_summary is the mean and the population deviation of a cell's trials that are done`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("paired"));
    const outcomes = specs.slice(1).map(trained); // the first one fails
    const diverged = outcomes.findIndex(({ spec }) => spec.cell.method === "unlearn");
    outcomes[diverged] = withLastEpoch(outcomes[diverged], { forget_probability: Number.NaN });
    await store.record(sweep, [failed(specs[0], "it fell over"), ...outcomes]);
    const expected = doneByCell(outcomes);
    const cells = await select<CellRow>(store, `select * from cell_summary where sweep = ${sweep.id}`);
    assert.deepEqual(
      new Set(cells.map((cell) => `${cell.method} ${cell.lambda_reg} ${cell.epochs} ${cell.start}`)),
      new Set(expected.keys()),
    );
    assert.deepEqual(cells.map(({ trials }) => trials).sort(), [5, 5, 6, 6, 6, 6]);
    for (const cell of cells) {
      const rows = expected.get(`${cell.method} ${cell.lambda_reg} ${cell.epochs} ${cell.start}`) as TrialRow[];
      const of = (measure: MeasureName): number[] => rows.map((row) => row.measures[measure] as number);
      assert.equal(cell.trials, rows.length);
      assertMoments(of("train_accuracy"), cell.train_accuracy_mean, cell.train_accuracy_std);
      assertMoments(of("forget_probability"), cell.forget_probability_mean, cell.forget_probability_std);
      assertMoments(of("forget_margin"), cell.forget_margin_mean, cell.forget_margin_std);
      const tests = of("test_accuracy");
      const mean = tests.reduce((sum, value) => sum + value, 0) / tests.length;
      assert.ok(Math.abs((cell.test_accuracy_mean as number) - mean) < 1e-15);
    }
  });

  test(`${name}: cell_summary of copies has no deviation, and of a draw without a test sample no test accuracy`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("notebook", { trials: "3" }));
    const untested = specs.map(trained).map((outcome) => ({
      ...outcome,
      rows: outcome.rows.map((row) => ({ ...row, measures: { ...row.measures, test_accuracy: null } })),
    }));
    await store.record(sweep, untested);
    const cells = await select<CellRow>(store, "select * from cell_summary where method = 'unlearn'");
    assert.equal(cells.length, 4);
    for (const cell of cells) {
      assert.deepEqual([cell.trials, cell.test_accuracy_mean], [3, null]);
      assert.deepEqual([cell.train_accuracy_std, cell.forget_probability_std, cell.forget_margin_std], [0, 0, 0]);
    }
  });

  test(`${name}: cell_summary holds apart what differs in draw, start, λ or epochs, and shows a sweep its own cells`, async (t) => {
    const made = await make(t);
    const first = await opened(made, withLists(gridPlan("paired"), { epochs: { original: [2, 4] } }));
    await first.store.record(first.sweep, first.specs.map(trained));
    const other = await opened(made, gridPlan("paired", { "data-seed": "1" }));
    await other.store.record(other.sweep, other.specs.map(trained));
    const cells = await select<CellRow & { sweep: number }>(first.store, "select * from cell_summary");
    const of = (sweep: Sweep): CellRow[] => cells.filter((cell) => cell.sweep === sweep.id);
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
async function status(store: Results, sweep: Sweep): Promise<string[]> {
  const cells = await select<CellRow & Status>(
    store,
    `select * from cell_status where sweep = ${sweep.id} order by method, lambda_reg, epochs`,
  );
  return cells.map(
    (cell) =>
      `${cell.method} ${cell.lambda_reg} ${cell.epochs}: ${cell.done} ${cell.diverged} ${cell.failed} ${cell.missing} of ${cell.trials}`,
  );
}

/** `method λ epochs trial` of each trial row that a sweep lacks. */
async function missingRows(store: Results, sweep: Sweep): Promise<string[]> {
  const rows = await select<CellRow & { trial: number }>(
    store,
    `select * from missing where sweep = ${sweep.id} order by method, lambda_reg, epochs, trial`,
  );
  return rows.map((row) => `${row.method} ${row.lambda_reg} ${row.epochs} ${row.trial}`);
}

function testCellStatus(name: string, make: Make): void {
  test(`${name}: cell_status and missing of a store without sweeps are empty`, async (t) => {
    const { store } = await make(t);
    for (const view of [
      ...["cell_status", "missing", "cell_summary", "relearn_epochs", "forget_results"],
      ...["verdict_inputs", "learning_curves", "memorisation"],
    ])
      assert.deepEqual(await select(store, `select * from ${view}`), [], view);
  });

  for (const preset of ["notebook", "paired"]) {
    test(`${name}: missing names what is missing of a plan's trajectories, and nothing else, of ${preset}`, async (t) => {
      const made = await make(t);
      const { store, specs } = await opened(made, gridPlan(preset, { trials: "3" }));
      const [landed, others] = [specs.filter((_, i) => i % 3 === 0), specs.filter((_, i) => i % 3 === 1)];
      const { sweep } = await opened(made, gridPlan(preset, { trials: "4" }));
      await store.record(sweep, landed.map(trained));
      await store.record(
        sweep,
        others.map((spec) => failed(spec, "no memory")),
      );
      const found: string[] = [];
      for (const spec of specsIn(sweep.plan)) {
        for (const epochs of spec.asked) {
          const { rows } = await store.missing(PROFILE, [{ ...spec, asked: [epochs] }], false);
          const { method, lambda } = spec.cell;
          for (let i = 0; i < rows; i++) found.push(`${method} ${lambda} ${epochs} ${spec.trial + i}`);
        }
      }
      assert.ok(found.length > 0);
      assert.deepEqual((await missingRows(store, sweep)).toSorted(), found.toSorted());
    });
  }

  test(`${name}: cell_status says of each cell how many trials are done, diverged, failed and missing; missing names those`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("paired", { trials: "3" }));
    const unlearn = (trial: number, lambda: number): TrajectorySpec =>
      specs.find(
        (spec) => spec.cell.method === "unlearn" && spec.trial === trial && spec.cell.lambda === lambda,
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
      ...specs.filter(({ cell }) => cell.method === "original").map(trained),
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
    const made = await make(t);
    const { store, sweep, specs } = await opened(made, gridPlan("notebook", { trials: "3" }));
    await store.record(sweep, specs.filter(({ cell }) => cell.lambda !== 2).map(trained));
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
    const grown = await opened(made, gridPlan("notebook", { trials: "5" }));
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
      const { store, sweep, specs } = await opened(await make(t), gridPlan(preset, { trials: "4" }));
      for (const [i, spec] of specs.entries()) {
        await store.record(sweep, [i % 5 === 3 ? failed(spec, "it fell over") : trained(spec)]);
        const { rows, failed: failures } = await store.missing(PROFILE, specs, false);
        assert.deepEqual(
          await select(
            store,
            `select sum(missing) as rows, sum(failed) as failures from cell_status where sweep = ${sweep.id}`,
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
  const rows = outcome.rows.map((row) => ({
    ...row,
    measures: { ...row.measures, forget_probability: probabilities[row.epochs - 1] },
  }));
  return { ...outcome, curve, rows };
}

/** One length of everything, original at `lambda`. */
function relearnPlan(
  preset: string,
  lambda: readonly number[],
  trials: string,
  methods = "original,unlearn,relearn",
): SweepPlan {
  return withLists(smallPlan({ preset, trials, methods }), {
    lambda: { original: lambda },
    epochs: { original: [2], unlearn: [1], relearn: [4] },
  });
}

const RELEARN =
  "select trial, start, original_mean, relearn_epochs, trained_epochs from relearn_epochs order by start, trial";

function testRelearnEpochs(name: string, make: Make): void {
  test(`${name}: relearn_epochs is the first epoch whose forget probability reaches the original's mean, and null where none does`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), relearnPlan("paired", [0], "4"));
    const of = (method: string): TrajectorySpec[] => specs.filter((spec) => spec.cell.method === method);
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
      await select(store, RELEARN),
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
      const { store, sweep, specs } = await opened(await make(t), relearnPlan("paired", [0, lambda], "1"));
      const probabilities = (spec: TrajectorySpec): number[] => {
        if (spec.cell.method === "original") return [0, spec.cell.lambda === 0 ? 0.2 : 0.8];
        return spec.cell.method === "unlearn" ? [0.1] : [0.1, 0.3, 0.5, 0.9];
      };
      await store.record(
        sweep,
        specs.map((spec) => withProbabilities(spec, probabilities(spec))),
      );
      const rows = await select<RelearnRow>(store, RELEARN);
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
    const plan = withLists(relearnPlan("paired", [0], "1"), { epochs: { original: [2, 3] } });
    const { store, sweep, specs } = await opened(await make(t), plan);
    const curves: Record<string, number[]> = { original: [0, 0.2, 0.8], unlearn: [0.1], relearn: [0.1, 0.3, 0.5, 0.9] };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curves[spec.cell.method])),
    );
    const rows = await select<RelearnRow>(store, RELEARN);
    assert.deepEqual(
      rows.map(({ start, original_mean, relearn_epochs }) => [start, original_mean, relearn_epochs]),
      [
        ["unlearn@4.2x1<original@0x2", 0.2, 2],
        ["unlearn@4.2x1<original@0x3", 0.8, 4],
      ],
    );
  });

  test(`${name}: relearn_epochs has the methods that train a net as it was trained before another changed it, and no others`, async (t) => {
    const usual = { preset: "paired", trials: "1", methods: "original,fine_tune", epochs: "original=2,fine_tune=1" };
    const { store, sweep, specs } = await opened(await make(t), withMine(smallPlan(usual), OF_MINE, 2, 4));
    const curves: Record<string, number[]> = { original: [0, 0.75], fine_tune: [0.1] };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curves[spec.cell.method] ?? [0.1, 0.5, 0.8, 0.9])),
    );
    assert.deepEqual(await select(store, "select method, start, original_mean, relearn_epochs from relearn_epochs"), [
      { method: OF_MINE[2].name, start: "fine_tune@0x1<original@0x2", original_mean: 0.75, relearn_epochs: 3 },
    ]);
  });

  test(`${name}: the copies of a relearn have its epochs, against the mean of all originals`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), relearnPlan("notebook", [0], "3"));
    const curves: Record<string, number[]> = { unlearn: [0.1], relearn: [0.1, 0.3, 0.5, 0.9] };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curves[spec.cell.method] ?? [0, spec.trial / 4])),
    );
    assert.deepEqual(
      await select(store, RELEARN),
      [1, 2, 3].map((trial) => ({
        ...{ trial, start: "unlearn@4.2x1<original@0x2", original_mean: 0.5, relearn_epochs: 3, trained_epochs: 4 },
      })),
    );
  });

  test(`${name}: each λ of relearn has its own epochs`, async (t) => {
    const plan = withLists(relearnPlan("paired", [0], "1"), { lambda: { relearn: [0, 1] } });
    const { store, sweep, specs } = await opened(await make(t), plan);
    const curve = (spec: TrajectorySpec): number[] => {
      if (spec.cell.method !== "relearn") return spec.cell.method === "unlearn" ? [0.1] : [0, 0.8];
      return spec.cell.lambda === 0 ? [0.9, 0.9, 0.9, 0.9] : [0.1, 0.1, 0.9, 0.9];
    };
    await store.record(
      sweep,
      specs.map((spec) => withProbabilities(spec, curve(spec))),
    );
    const rows = await select<RelearnRow>(store, RELEARN);
    assert.deepEqual(rows.map(({ relearn_epochs }) => relearn_epochs).toSorted(), [1, 3]);
  });

  test(`${name}: a relearn is there without its original, whose mean nobody knows`, async (t) => {
    const plan = relearnPlan("paired", [0], "1", "relearn");
    const { store, sweep } = await opened(await make(t), plan);
    await store.record(
      sweep,
      specsIn(plan).map((spec) => withProbabilities(spec, [0.1, 0.3, 0.5, 0.9])),
    );
    assert.deepEqual(await select(store, RELEARN), [
      { trial: 1, start: "unlearn@4.2x1<original@0x2", original_mean: null, relearn_epochs: null, trained_epochs: 4 },
    ]);
  });
}

type Columns = Readonly<Record<string, string | number | null>>;

/** That columns of a row are the mean and the sample deviation of these values; null where there are too few. */
function assertSample(row: Columns, column: string, values: readonly number[], tolerance = 1e-12): void {
  const [found, spread] = [row[`${column}_mean`], row[`${column}_sd`]];
  if (values.length === 0) assert.equal(found, null);
  else assertNear(found, mean(values), tolerance);
  if (values.length < 2) assert.equal(spread, null);
  else assertNear(spread, std(values), tolerance);
}

function assertNear(found: unknown, expected: number, tolerance = 1e-12): void {
  assert.ok(
    typeof found === "number" && Math.abs(found - expected) <= tolerance * Math.abs(expected),
    `${found}, expected ${expected}`,
  );
}

function testVerdictInputs(name: string, make: Make): void {
  test(`${name}: verdict_inputs is the mean and the sample deviation of what is done of each cell, beside what is not`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("paired"));
    const outcomes = specs.slice(1).map(trained); // the first one fails
    const diverged = outcomes.findIndex(({ spec }) => spec.cell.method === "unlearn");
    outcomes[diverged] = withLastEpoch(outcomes[diverged], {
      forget_probability: Number.NaN,
      forget_margin: Number.POSITIVE_INFINITY,
    });
    await store.record(sweep, [failed(specs[0], "it fell over"), ...outcomes]);
    const expected = doneByCell(outcomes);
    const cells = await select<Columns>(store, "select * from verdict_inputs order by method, lambda_reg, epochs");
    assert.deepEqual(
      cells.map((cell) => [
        cell["method"],
        cell["lambda_reg"],
        cell["epochs"],
        cell["n"],
        cell["diverged"],
        cell["failed"],
        cell["copies"],
      ]),
      [
        ...[
          ["original", 0, 4, 5, 0, 1, 0],
          ["retrain_scratch", 0, 4, 6, 0, 0, 0],
        ],
        ...[
          ["unlearn", 0.5, 1, 6, 0, 0, 0],
          ["unlearn", 0.5, 3, 5, 1, 0, 0],
        ],
        ...[
          ["unlearn", 2, 1, 6, 0, 0, 0],
          ["unlearn", 2, 3, 6, 0, 0, 0],
        ],
      ],
    );
    for (const cell of cells) {
      const rows = expected.get(
        `${cell["method"]} ${cell["lambda_reg"]} ${cell["epochs"]} ${cell["start"]}`,
      ) as TrialRow[];
      for (const measure of ["forget_probability", "forget_margin", "train_accuracy"] as const)
        assertSample(
          cell,
          measure,
          rows.map(({ measures }) => measures[measure] as number),
        );
    }
  });

  test(`${name}: verdict_inputs counts the copies of one run once, with no deviation, and beside it how many there are`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("notebook"));
    await store.record(sweep, specs.map(trained));
    const cells = await select<Columns>(store, "select * from verdict_inputs where method = 'unlearn'");
    assert.equal(cells.length, 4);
    const expected = doneByCell(specs.map(trained));
    for (const cell of cells) {
      assert.deepEqual([cell["n"], cell["copies"], cell["diverged"], cell["failed"]], [1, 5, 0, 0]);
      const rows = expected.get(
        `${cell["method"]} ${cell["lambda_reg"]} ${cell["epochs"]} ${cell["start"]}`,
      ) as TrialRow[];
      assertSample(cell, "forget_probability", [rows[0].measures.forget_probability as number]);
    }
  });

  test(`${name}: verdict_inputs counts a run that failed or diverged once, however many copies it has`, async (t) => {
    for (const [state, outcome] of [
      ["failed", (spec: TrajectorySpec) => failed(spec, "it fell over")],
      ["diverged", (spec: TrajectorySpec) => withLastEpoch(trained(spec), { penalty: Number.NaN })],
    ] as const) {
      const { store, sweep, specs } = await opened(await make(t));
      await store.record(sweep, [trained(specs[2]), outcome(specs[6])]);
      const [cell] = await select<Columns>(store, "select * from verdict_inputs where method = 'unlearn'");
      const { n, diverged, failed: lost, copies, forget_probability_mean } = cell;
      assert.deepEqual(
        [n, diverged, lost, copies, forget_probability_mean],
        [0, +(state === "diverged"), +(state === "failed"), 2, null],
      );
    }
  });

  test(`${name}: verdict_inputs has every cell that a sweep asks for, also where nothing is there yet`, async (t) => {
    const { store, sweep } = await opened(await make(t), gridPlan("paired"));
    const cells = await select<Columns>(store, "select * from verdict_inputs");
    assert.equal(cells.length, (await store.cellStatus(sweep)).length);
    for (const { n, diverged, failed: lost, copies } of cells)
      assert.deepEqual([n, diverged, lost, copies], [0, 0, 0, 0]);
  });

  test(`${name}: a deviation that is tiny beside its mean is told by verdict_inputs and by learning_curves`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const values = [1, 2, 3].map((i) => 0.9 + i * 1e-13);
    await store.record(
      sweep,
      values.map((train_accuracy, i) => withLastEpoch(trained(specs[i]), { train_accuracy })),
    );
    const [cell] = await select<Columns>(store, "select * from verdict_inputs where method = 'original'");
    assertSample(cell, "train_accuracy", values, 1e-2);
    const [point] = await select<Columns>(
      store,
      "select * from learning_curves where method = 'original' and epoch = 4",
    );
    assertSample(point, "train_accuracy", values, 1e-2);
  });
}

function testLearningCurves(name: string, make: Make): void {
  test(`${name}: learning_curves goes as far as a sweep asks for a trial, though another sweep has trained it for longer`, async (t) => {
    const made = await make(t);
    const of = (epochs: readonly number[]): SweepPlan =>
      withLists(smallPlan({ preset: "paired", trials: "3", methods: "unlearn" }), { epochs: { unlearn: epochs } });
    const whole = await opened(made, of([1, 3]));
    await whole.store.record(whole.sweep, whole.specs.map(trained));
    const parts = [...of([1, 3]).parts.map((part) => ({ ...part, trials: 2 })), ...of([1]).parts];
    const { sweep } = await opened(made, { ...of([1]), name: "uneven", parts });
    const sql = `select epoch, n from learning_curves where method = 'unlearn' and sweep = ${sweep.id} order by epoch`;
    assert.deepEqual(await select(whole.store, sql), [
      { epoch: 1, n: 3 },
      { epoch: 2, n: 2 },
      { epoch: 3, n: 2 },
    ]);
  });

  test(`${name}: learning_curves is the mean and the sample deviation of the curves at each epoch, as far as the sweep goes`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made, gridPlan("paired"));
    const outcomes = specs.map(trained);
    await store.record(sweep, outcomes);
    const longer = await opened(made, withLists(gridPlan("paired"), { epochs: { retrain_scratch: [9] } }));
    await store.record(longer.sweep, longer.specs.map(trained));
    const points = await select<Columns>(
      store,
      `select * from learning_curves where sweep = ${sweep.id} order by method, lambda_reg, epoch`,
    );
    assert.deepEqual(
      points.map(({ method, lambda_reg, epoch, n }) => [method, lambda_reg, epoch, n]),
      [
        ...[1, 2, 3, 4].map((epoch) => ["original", 0, epoch, 6]),
        ...[1, 2, 3, 4].map((epoch) => ["retrain_scratch", 0, epoch, 6]),
        ...[0.5, 2].flatMap((lambda) => [1, 2, 3].map((epoch) => ["unlearn", lambda, epoch, 6])),
      ],
    );
    for (const point of points) {
      const curves = outcomes.filter(
        ({ spec }) => spec.cell.method === point["method"] && spec.cell.lambda === point["lambda_reg"],
      );
      for (const { name: column, of } of CURVE)
        assertSample(
          point,
          column,
          curves.map(({ curve }) => of(curve)[(point["epoch"] as number) - 1]),
        );
    }
  });

  test(`${name}: the curves of a recipe are its own of learning_curves, on each draw of its sweep, as far as its cell goes`, async (t) => {
    const made = await make(t);
    const grid = {
      methods: "original,retrain_scratch,unlearn",
      trials: "3",
      preset: "paired",
      hidden: "4,3",
      features: "2",
    };
    const epochs = "1,3,original=4,retrain_scratch=4";
    const plan = grown({ ...grid, "data-seeds": "1:3", samples: "20", lambda: "0.5,2", epochs }, null);
    const { store, sweep, specs } = await opened(made, plan);
    const outcomes = specs.map(trained);
    outcomes[0] = withLastEpoch(outcomes[0], { cross_entropy: Number.NaN });
    await store.record(sweep, outcomes);
    const other = await opened(
      made,
      grown({ ...grid, name: "other", "data-seeds": "1:3", samples: "30", lambda: "2", epochs }, null),
    );
    await store.record(other.sweep, other.specs.map(trained));
    const recipes = (await store.cellStatus(sweep)).filter(({ draw }) => draw === "1");
    assert.equal(recipes.length, 6);
    for (const recipe of recipes) {
      const expected = await select<Columns>(
        store,
        `select * from learning_curves where sweep = ${sweep.id} and method = '${recipe.method}' and lambda_reg = ${recipe.lambda_reg}
          and epoch <= ${recipe.epochs} order by draw, epoch`,
      );
      assert.equal(expected.length, 3 * recipe.epochs);
      const spreads = byDraw(await store.curveSpreads(sweep, recipe));
      const means = byDraw(await store.meanCurves(sweep, recipe));
      assertCurves(spreads, expected, ["mean", "sd"]);
      assertCurves(means, expected, ["mean"]);
      assert.deepEqual(await store.meanCurves(sweep, { ...recipe, epochs: 99 }), []);
      assert.deepEqual(await store.meanCurves({ ...sweep, id: 99 }, recipe), []);
    }
  });

  test(`${name}: copies of one run count once in the curves of a recipe, and say nothing of chance`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, specs.map(trained));
    const recipe = (await store.cellStatus(sweep)).find(({ method }) => method === "unlearn") as CellKey;
    const spreads = await store.curveSpreads(sweep, recipe);
    assert.ok(spreads.length > 0);
    for (const { n, forget_probability_sd } of spreads) assert.deepEqual([n, forget_probability_sd], [1, null]);
  });

  test(`${name}: a curve counts in learning_curves while its numbers are finite, and copies count once`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const outcomes = specs.map(trained);
    for (const [trial, value] of [Number.NaN, Number.POSITIVE_INFINITY].entries())
      outcomes[trial] = withLastEpoch(outcomes[trial], { cross_entropy: value });
    await store.record(sweep, outcomes);
    const counts = await select(
      store,
      "select method, epoch, n, cast(cross_entropy_sd is null as integer) as alone from learning_curves where method in ('original', 'unlearn') order by 1, 2",
    );
    assert.deepEqual(counts, [
      ...[1, 2, 3].map((epoch) => ({ method: "original", epoch, n: 3, alone: 0 })),
      { method: "original", epoch: 4, n: 1, alone: 1 },
      ...[1, 2].map((epoch) => ({ method: "unlearn", epoch, n: 1, alone: 1 })),
    ]);
  });
}

function testMemorisation(name: string, make: Make): void {
  test(`${name}: memorisation is the mean difference of the original and of retraining over the trials that both have, with its standard error`, async (t) => {
    const plan = withLists(smallPlan({ preset: "paired", trials: "6", methods: "original,retrain_scratch" }), {
      epochs: { original: [2, 4], retrain_scratch: [3] },
    });
    const draws = plan.parts.map((part) => ({ ...part, draws: { ...part.draws, dataSeeds: [0, 7] } }));
    const { store, sweep, specs } = await opened(await make(t), { ...plan, parts: draws as typeof plan.parts });
    const has = ({ trial, cell }: TrajectorySpec): boolean => trial !== (cell.method === UNTOUCHED ? 2 : 5);
    const outcomes = specs.filter(has).map(trained);
    await store.record(sweep, outcomes);
    const rows = await select<Columns>(store, "select * from memorisation order by draw");
    assert.deepEqual(
      rows.map(({ draw, n }) => [draw, n]),
      [
        ["0", 4],
        ["7", 4],
      ],
    );
    for (const row of rows) {
      const last = (method: string, trial: number): number => {
        const of = outcomes.find(
          ({ spec }) =>
            spec.cell.method === method &&
            spec.trial === trial &&
            spec.cell.draw.kind === "seeded" &&
            String(spec.cell.draw.dataSeed) === row["draw"],
        );
        return of?.rows.at(-1)?.measures.forget_probability as number;
      };
      const [original, retrained] = [UNTOUCHED, RETRAINED].map((method) =>
        [1, 3, 4, 6].map((trial) => last(method, trial)),
      );
      const { estimate, error } = oneSampleT(original.map((value, i) => value - retrained[i]));
      assertNear(row["original_mean"], mean(original));
      assertNear(row["retrained_mean"], mean(retrained));
      assertNear(row["memorisation"], estimate, 1e-10);
      assertNear(row["standard_error"], error);
    }
  });

  test(`${name}: memorisation of one pair has no standard error, and of a sweep without retraining there is none`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const of = (method: string) => specs.filter(({ cell }) => cell.method === method).map(trained);
    await store.record(sweep, of(UNTOUCHED));
    assert.deepEqual(await select(store, "select n from memorisation"), []);
    await store.record(sweep, of(RETRAINED).slice(1, 2));
    assert.deepEqual(await select(store, "select n, standard_error from memorisation"), [
      { n: 1, standard_error: null },
    ]);
  });

  test(`${name}: memorisation has the trials that both cells of its sweep have, though another sweep has more of one`, async (t) => {
    const made = await make(t);
    const flags = { preset: "paired", trials: "6" };
    const all = await opened(made, smallPlan({ ...flags, methods: "original,retrain_scratch" }));
    await all.store.record(all.sweep, all.specs.map(trained));
    for (const fewer of [UNTOUCHED, RETRAINED]) {
      const parts = [UNTOUCHED, RETRAINED].flatMap((methods) =>
        smallPlan({ ...flags, methods }).parts.map((part) => (methods === fewer ? { ...part, trials: 2 } : part)),
      );
      const { sweep } = await opened(made, { ...all.sweep.plan, name: fewer, parts });
      const sql = `select n from memorisation where sweep = ${sweep.id}`;
      assert.deepEqual(await select(all.store, sql), [{ n: 2 }]);
    }
  });
}

function byDraw(curves: readonly CurveMean[]): CurveMean[] {
  return curves.toSorted((a, b) => Number(a.draw) - Number(b.draw) || a.epoch - b.epoch);
}

/** The same draws, epochs and runs, and the same moments but for the order of their sums. */
function assertCurves(curves: readonly CurveMean[], expected: readonly Columns[], moments: readonly string[]): void {
  const keys = (rows: readonly Columns[]) => rows.map(({ draw, epoch, n }) => [draw, epoch, n]);
  assert.deepEqual(keys(curves as readonly Columns[]), keys(expected));
  const columns = CURVE.flatMap(({ name }) => moments.map((moment) => `${name}_${moment}`));
  assert.deepEqual(Object.keys(curves[0]).sort(), ["draw", "epoch", "n", ...columns].sort());
  for (const [i, curve] of (curves as readonly Columns[]).entries())
    for (const column of columns) {
      const [is, of] = [Number(curve[column]), Number(expected[i][column])];
      assert.ok(Math.abs(is - of) < 1e-12, `${column} at epoch ${curve["epoch"]}: ${is}, not ${of}`);
    }
}
