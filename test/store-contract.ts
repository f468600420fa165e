/** The suite that every store must pass: what `src/store/contract.ts` promises, asked through the contract alone. */

import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { MEASURES, type MeasureName } from "../src/measures.js";
import { CELL, type CellKey, ROW_KEY_NAMES } from "../src/plan/cell.js";
import { RECORDS, type RecordLevel, type SweepPlan } from "../src/plan/plan.js";
import { type Question, USUAL_QUESTION } from "../src/plan/question.js";
import { cellTemplates, trajectoriesOf, WHOLE } from "../src/plan/trajectories.js";
import type { Aggregate } from "../src/stats/aggregates.js";
import type { Decision, Results, Store, StoredEpoch, StoredMargin, StoredRow, Sweep } from "../src/store/contract.js";
import { digestOf } from "../src/store/digest.js";
import type { TrainedOutcome, TrajectorySpec } from "../src/trial.js";
import {
  failed,
  nextUp,
  openRequest,
  PROFILE,
  smallPlan,
  specsIn,
  trained,
  withLastEpoch,
  withLists,
} from "./fixtures/sweeps.js";

/** A store to test, empty; `place` is what its errors call it. */
export interface Made {
  readonly store: Store;
  readonly place: string;
  /** Reads the place beside the store; null where nobody else can. */
  readonly read: (() => Promise<Results>) | null;
  /** How its errors speak of places, and what understands its SQL. */
  readonly words: Words;
}

export interface Words {
  readonly what: "file" | "store";
  readonly option: "--db" | "--store";
  /** Whether a query may call any aggregate that it is given, and not only those that the store has itself. */
  readonly anyAggregate: boolean;
}

export const OF_FILES: Words = { what: "file", option: "--db", anyAggregate: true };

/** Gives a store in which nothing is, which no other test has meanwhile, and sees to its end. */
export type Make = (t: TestContext) => Promise<Made>;

/** A sweep that is open, with the specs of its plan. */
export interface Opened {
  readonly store: Store;
  readonly place: string;
  readonly words: Words;
  readonly sweep: Sweep;
  readonly specs: readonly TrajectorySpec[];
}

/** A store, of files where nothing else is said. */
type Place = Pick<Made, "store" | "place"> & Partial<Pick<Made, "words">>;

export async function opened(
  { store, place, words = OF_FILES }: Place,
  plan: SweepPlan = smallPlan(),
): Promise<Opened> {
  const sweep = await store.open(openRequest(plan));
  return { store, place, words, sweep, specs: specsIn(sweep.plan) };
}

export function testStoreContract(name: string, make: Make): void {
  testSweeps(name, make);
  testQuestions(name, make);
  testDecisions(name, make);
  testMissing(name, make);
  testRecord(name, make);
  testCounts(name, make);
  testLevels(name, make);
  testMargins(name, make);
  testRefusals(name, make);
  testForgetting(name, make);
  testCopies(name, make);
  testSharing(name, make);
  testOrder(name, make);
  testStatus(name, make);
  testQuery(name, make);
  testReaders(name, make);
  testMerge(name, make);
}

function testSweeps(name: string, make: Make): void {
  test(`${name}: an empty store has no sweeps, no rows and no damages`, async (t) => {
    const { store } = await make(t);
    assert.deepEqual(await store.sweeps(), []);
    assert.deepEqual(await contents(store), { rows: [], margins: [], curves: [] });
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: a sweep is its plan, and comes back as it was opened`, async (t) => {
    const { store } = await make(t);
    const plan = smallPlan({ lambda: "0.5", "forget-rows": "2" });
    const shard = { index: 2, count: 5 };
    const sweep = await store.open({ ...openRequest(plan), shard });
    assert.deepEqual(sweep, { id: 1, plan, profile: PROFILE, shard, question: USUAL_QUESTION });
    assert.deepEqual(await store.sweeps(), [sweep]);
  });

  test(`${name}: a sweep that is opened has all of its cells, before anything is trained`, async (t) => {
    const { store, sweep } = await opened(await make(t), gridPlan("paired"));
    const cells = cellsIn(sweep.plan);
    assert.equal(cells.length, 6);
    const there = await store.cellStatus(sweep);
    assert.deepEqual(new Set(there.map(cellText)), new Set(cells));
    assert.ok(there.every(({ trials, missing }) => trials === 6 && missing === 6));
  });

  test(`${name}: two sweeps of one identity are one, and another identity is another`, async (t) => {
    const { store } = await make(t);
    const first = await store.open(openRequest(smallPlan()));
    assert.deepEqual(await store.open(openRequest(smallPlan())), first);
    assert.equal((await store.open(openRequest(smallPlan({ lambda: "2" })))).id, 2);
    assert.equal((await store.open(openRequest(smallPlan(), "another/profile"))).id, 3);
    assert.deepEqual(
      (await store.sweeps()).map(({ id }) => id),
      [1, 2, 3],
    );
  });

  test(`${name}: a sweep grows to the trials it is asked for, and never shrinks`, async (t) => {
    const { store } = await make(t);
    const trials: number[] = [];
    for (const asked of ["3", "5", "2"])
      trials.push((await store.open(openRequest(smallPlan({ trials: asked })))).plan.trials);
    assert.deepEqual(trials, [3, 5, 5]);
    assert.equal((await store.sweeps())[0].plan.trials, 5);
  });

  test(`${name}: a sweep of a name grows by λ, epochs, draws and methods, and keeps the cells that it had`, async (t) => {
    const { store } = await make(t);
    const plan = named(gridPlan("paired"));
    const first = await store.open(openRequest(plan));
    await store.record(first, specsIn(plan).map(trained));
    const more = named(withLists(smallPlan({ preset: "paired", "data-seed": "1" }), { lambda: { unlearn: [9] } }));
    const grown = await store.open(openRequest(more));
    assert.equal(grown.id, first.id);
    const before = new Set(cellsIn(plan));
    const there = await store.cellStatus(grown);
    assert.deepEqual(new Set(there.map(cellText)), new Set(cellsIn(grown.plan)));
    assert.ok(there.length > before.size);
    for (const cell of there) assert.equal(cell.missing, before.has(cellText(cell)) ? 0 : 6, cellText(cell));
  });

  test(`${name}: other samples under a name that is there are refused, change nothing, and are taken with grow`, async (t) => {
    const { store } = await make(t);
    const sweep = await store.open(openRequest(named(smallPlan())));
    const other = openRequest(named(smallPlan({ samples: "40" })));
    const before = [await store.sweeps(), await store.commands(sweep), await store.cellStatus(sweep)];
    await assert.rejects(store.open(other), { name: "SweepError", fault: "usage", message: /^--samples must be / });
    assert.deepEqual([await store.sweeps(), await store.commands(sweep), await store.cellStatus(sweep)], before);
    const grown = await store.open({ ...other, grow: true });
    assert.equal((await store.cellStatus(grown)).length, 2 * before[2].length);
  });

  test(`${name}: imported data that lie elsewhere now are the same data, found where they are now`, async (t) => {
    const { store } = await make(t);
    const from = (directory: string): SweepPlan => {
      const plan = smallPlan();
      const draw = {
        kind: "imported" as const,
        directory,
        sha256: "a".repeat(64),
        samples: 20,
        features: 2,
        forgetRows: 1,
      };
      return { ...plan, parts: plan.parts.map((part) => ({ ...part, draws: { kind: "imported", draws: [draw] } })) };
    };
    const first = await store.open(openRequest(from("here")));
    const then = await store.open(openRequest(from("there")));
    assert.equal(then.id, first.id);
    assert.deepEqual((await store.sweeps())[0].plan, from("there"));
  });

  test(`${name}: every command that opened or grew a sweep is kept, in order`, async (t) => {
    const { store } = await make(t);
    const note = (command: string) => ({ command, version: "1.2.3", machine: "a machine" });
    const ask = (command: string, trials: string): Promise<Sweep> =>
      store.open({ ...openRequest(smallPlan({ trials })), command: note(command) });
    const sweep = await ask("first", "3");
    await ask("second", "4");
    await store.open(openRequest(smallPlan({ seed: "5" })));
    const commands = await store.commands(sweep);
    assert.deepEqual(
      commands.map(({ at: _at, ...rest }) => rest),
      [note("first"), note("second")],
    );
    for (const { at } of commands) assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test(`${name}: a sweep has the shard and the record level that it was last opened with`, async (t) => {
    const { store } = await make(t);
    await store.open({ ...openRequest(smallPlan()), shard: { index: 0, count: 2 } });
    const sweep = await store.open(openRequest({ ...smallPlan(), record: "final" }));
    assert.deepEqual([sweep.shard, sweep.plan.record], [WHOLE, "final"]);
    assert.deepEqual(await store.sweeps(), [sweep]);
  });

  test(`${name}: of a sweep a place holds one shard or all: another shard is refused, for what is missing of the first would be forgotten`, async (t) => {
    const { store, place, words } = await make(t);
    const { what, option } = words;
    const shard = (index: number, count: number) => ({ ...openRequest(smallPlan()), shard: { index, count } });
    const first = await store.open(shard(0, 2));
    assert.deepEqual(await store.open(shard(0, 2)), first);
    for (const [index, count] of [
      [1, 2],
      [0, 3],
    ])
      await assert.rejects(store.open(shard(index, count)), {
        fault: "usage",
        message: `--shard must be 1/2, which ${place} is to hold of the sweep, got ${index + 1}/${count}: give it a ${what} of its own with ${option}, or leave --shard out for the whole`,
      });
    assert.deepEqual(await store.sweeps(), [first]);
    await store.open(openRequest(smallPlan()));
    await assert.rejects(store.open(shard(0, 2)), {
      fault: "usage",
      message: `--shard must be left out where ${place} is to hold the whole sweep, got 1/2: give the shard a ${what} of its own with ${option}`,
    });
  });

  test(`${name}: a plan that could not be read back is refused, and nothing is stored of it`, async (t) => {
    const { store } = await make(t);
    const plan = smallPlan();
    const twice = plan.parts.map((part) => ({ ...part, widths: [...part.widths, ...part.widths] }));
    await assert.rejects(store.open(openRequest({ ...plan, parts: twice })), {
      fault: "usage",
      message:
        "the plan of a sweep must be one that can be read back, but its parts[0].widths must have each once, got 4,3 twice: give what is asked for another --name",
    });
    assert.deepEqual(await store.sweeps(), []);
  });
}

const ASKED: Question = { estimand: "forget_margin", margins: { forget: 0.1 + 0.2, accuracy: 1e-7 } };

function testQuestions(name: string, make: Make): void {
  test(`${name}: a sweep keeps what it was asked when it was opened, to the bit, and each sweep its own`, async (t) => {
    const { store } = await make(t);
    const first = await store.open({ ...openRequest(smallPlan()), question: ASKED });
    const second = await store.open(openRequest(smallPlan({ lambda: "2" })));
    assert.deepEqual([first.question, second.question], [ASKED, USUAL_QUESTION]);
    assert.deepEqual(await store.sweeps(), [first, second]);
  });

  test(`${name}: who opens a sweep again or grows it with another question is given the first, which stands`, async (t) => {
    const { store } = await make(t);
    await store.open({ ...openRequest(named(smallPlan())), question: ASKED });
    const again = await store.open(openRequest(named(smallPlan())));
    const more = openRequest(named(smallPlan({ trials: "5", samples: "40" })));
    const grown = await store.open({ ...more, grow: true });
    assert.deepEqual([again.question, grown.question], [ASKED, ASKED]);
    assert.deepEqual(await store.sweeps(), [grown]);
  });

  test(`${name}: what is asked is no part of the digest`, async (t) => {
    const digests: string[] = [];
    for (const question of [ASKED, USUAL_QUESTION]) {
      const { store } = await make(t);
      const sweep = await store.open({ ...openRequest(smallPlan()), question });
      await store.record(sweep, specsIn(sweep.plan).map(trained));
      digests.push(await store.digest(sweep));
    }
    assert.equal(digests[0], digests[1]);
  });

  for (const margin of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`${name}: a margin of ${margin} is refused, and no sweep is opened`, async (t) => {
      const { store } = await make(t);
      const question = { ...ASKED, margins: { ...ASKED.margins, forget: margin } };
      await assert.rejects(store.open({ ...openRequest(smallPlan()), question }), {
        fault: "usage",
        message: `the question of a sweep must be one that can be read back, but its margins.forget must be a number above 0, got ${margin}`,
      });
      assert.deepEqual(await store.sweeps(), []);
    });
  }

  test(`${name}: a merged sweep is asked what the one of its parts was asked that was opened first`, async (t) => {
    const places: string[] = [];
    for (const [at, question] of [
      [2000, USUAL_QUESTION],
      [1000, ASKED],
      [3000, USUAL_QUESTION],
    ] as const) {
      const { store, place, read } = await make(t);
      if (read === null) return t.skip("nobody else can read this place");
      t.mock.timers.enable({ apis: ["Date"], now: at });
      await store.open({ ...openRequest(smallPlan()), question });
      t.mock.timers.reset();
      places.push(place);
    }
    const whole = await make(t);
    await whole.store.open(openRequest(smallPlan()));
    assert.deepEqual((await whole.store.sweeps())[0].question, USUAL_QUESTION);
    for (let times = 0; times < 2; times++) {
      await whole.store.merge(places);
      assert.deepEqual((await whole.store.sweeps())[0].question, ASKED);
    }
  });
}

function testDecisions(name: string, make: Make): void {
  const decided = (round: number, more: string): Decision => ({ round, text: `{"more":${JSON.stringify(more)}}` });
  const decide = (store: Store, { plan, profile }: Sweep, decision: Decision): Promise<Sweep> =>
    store.open({ ...openRequest(plan, profile), decision });
  const decidedIn = async (store: Results, sweep: Sweep): Promise<Decision[]> =>
    (await store.decisions(sweep)).map(({ round, text }) => ({ round, text }));

  test(`${name}: decisions come back by round, of their sweep, each with its time, and are no part of the digest`, async (t) => {
    const { store, sweep } = await opened(await make(t));
    const other = await store.open(openRequest(smallPlan({ lambda: "2" })));
    const digest = await store.digest(sweep);
    assert.deepEqual(await store.decisions(sweep), []);
    for (const [of, decision] of [
      [sweep, decided(2, "b")],
      [sweep, decided(1, "ä\u0000")],
      [other, decided(1, "c")],
    ] as const)
      await decide(store, of, decision);
    assert.deepEqual(await decidedIn(store, sweep), [decided(1, "ä\u0000"), decided(2, "b")]);
    assert.deepEqual(await decidedIn(store, other), [decided(1, "c")]);
    for (const { at } of await store.decisions(sweep)) assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(await store.digest(sweep), digest);
  });

  test(`${name}: the same decision of a round is kept once, and another one beside it`, async (t) => {
    const { store, sweep } = await opened(await make(t));
    for (const more of ["a", "a", "b"]) await decide(store, sweep, decided(1, more));
    assert.deepEqual(await decidedIn(store, sweep), [decided(1, "a"), decided(1, "b")]);
  });

  for (const [what, decision] of [
    ["no JSON", { round: 1, text: "{" }],
    ["JSON in another order than the canonical one", { round: 1, text: '{"b":1,"a":2}' }],
    ["of round 0", { round: 0, text: "{}" }],
    ["of half a round", { round: 1.5, text: "{}" }],
  ] as const) {
    test(`${name}: a decision that is ${what} is refused, and nothing is kept of it`, async (t) => {
      const { store, sweep } = await opened(await make(t));
      await assert.rejects(decide(store, sweep, decision), TypeError);
      assert.deepEqual(await store.decisions(sweep), []);
    });
  }

  test(`${name}: merging unites decisions, and merging again adds none`, async (t) => {
    const [whole, part] = [await opened(await make(t)), await make(t)];
    if (part.read === null) return t.skip("nobody else can read this place");
    await part.store.open(openRequest(smallPlan({ lambda: "2" })));
    const theirs = await part.store.open(openRequest(smallPlan()));
    for (const decision of [decided(1, "a"), decided(2, "b")]) await decide(part.store, theirs, decision);
    await decide(whole.store, whole.sweep, decided(1, "a"));
    await decide(whole.store, whole.sweep, decided(3, "c"));
    for (let times = 0; times < 2; times++) {
      await whole.store.merge([part.place]);
      const expected = [decided(1, "a"), decided(2, "b"), decided(3, "c")];
      assert.deepEqual(await decidedIn(whole.store, whole.sweep), expected);
    }
  });
}

function testMissing(name: string, make: Make): void {
  test(`${name}: in an empty store every trajectory is missing, as it was asked for`, async (t) => {
    const { store } = await make(t);
    const specs = specsIn(smallPlan());
    assert.deepEqual(await missingIn(store, specs), specs);
  });

  test(`${name}: what was recorded is not missing, and nothing else is touched`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [trained(specs[0]), trained(specs[4])]);
    assert.deepEqual(await missingIn(store, specs), [...specs.slice(1, 4), ...specs.slice(5)]);
  });

  test(`${name}: under the paired preset each trial is found finished by its own start`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ preset: "paired" }));
    await store.record(sweep, specs.filter(({ trial }) => trial !== 2).map(trained));
    const missing = specs.filter(({ trial }) => trial === 2);
    assert.deepEqual(await missingIn(store, specs), missing);
    await store.record(sweep, missing.map(trained));
    assert.deepEqual(await missingIn(store, specs), []);
  });

  test(`${name}: asked is cut after the last row that is missing`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [trained({ ...specs[0], asked: [4] })]);
    const missing = async (asked: number[]): Promise<(readonly number[])[]> =>
      (await missingIn(store, [{ ...specs[0], asked }])).map((spec) => spec.asked);
    assert.deepEqual(await missing([1, 2, 4]), [[1, 2]]);
    assert.deepEqual(await missing([4, 6]), [[4, 6]]);
    assert.deepEqual(await missing([4]), []);
  });

  test(`${name}: a failed row is missing only where failed rows are to be tried again`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [failed(specs[1], "it fell over")]);
    assert.deepEqual(
      await missingIn(store, specs),
      specs.filter((spec) => spec !== specs[1]),
    );
    assert.deepEqual(await missingIn(store, specs, true), specs);
  });

  test(`${name}: another λ in the same store finds the starts finished`, async (t) => {
    const made = await make(t);
    const first = await opened(made);
    await first.store.record(first.sweep, first.specs.map(trained));
    const second = await opened(made, smallPlan({ lambda: "2" }));
    assert.deepEqual(
      (await missingIn(second.store, second.specs)).map(({ cell }) => cell.method),
      ["unlearn"],
    );
  });

  test(`${name}: what another numerics profile computed is no result of this one`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, specs.map(trained));
    assert.deepEqual((await store.missing("another/profile", specs, false)).specs, specs);
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
      const made = await make(t);
      const first = await opened(made);
      await first.store.record(first.sweep, first.specs.map(trained));
      const second = await opened(made, smallPlan(flags));
      assert.deepEqual(await missingIn(second.store, second.specs), second.specs);
    });
  }

  test(`${name}: a start of other length is another start`, async (t) => {
    const made = await make(t);
    const first = await opened(made);
    await first.store.record(first.sweep, first.specs.map(trained));
    const second = await opened(made, withLists(smallPlan(), { epochs: { original: [6] } }));
    assert.deepEqual(
      (await missingIn(second.store, second.specs)).map(({ cell }) => cell.method),
      ["original", "original", "original", "unlearn", "retrain_original"],
    );
  });
}

function testRecord(name: string, make: Make): void {
  test(`${name}: every measure of a row and of its curve comes back as it went in, to the bit`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const outcome = trained(specs[0]);
    await store.record(sweep, [outcome]);
    const [row, ...others] = await listOf(store.rows(sweep));
    assert.deepEqual(others, []);
    assert.deepEqual([row.epochs, row.state, row.replicate_of], [4, "done", null]);
    assert.deepEqual(row.measures, outcome.rows[0].measures);
    const { curve } = outcome;
    assert.deepEqual(
      await store.curve(row.source, 4),
      Array.from(curve.penalty, (penalty, e) => ({
        ...{ epoch: e + 1, penalty, cross_entropy: curve.crossEntropy[e], train_accuracy: curve.trainAccuracy[e] },
        ...{ forget_probability: curve.forgetProbability[e], forget_margin: curve.forgetMargin[e] },
      })),
    );
  });

  const NUMBERS: readonly (readonly [is: number, stored: number | null])[] = [
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [-0, 0],
    [Number.MIN_VALUE, Number.MIN_VALUE],
    [-2.2250738585072009e-308, -2.2250738585072009e-308],
    [Number.MAX_VALUE, Number.MAX_VALUE],
    [2 ** 53 + 2, 2 ** 53 + 2],
    [-(2 ** 63), -(2 ** 63)],
    [0.1 + 0.2, 0.1 + 0.2],
    [1, 1],
  ];
  for (const [value, expected] of NUMBERS) {
    test(`${name}: ${Object.is(value, -0) ? "-0" : value} comes back as ${expected} from rows, curves and margins, and is the same when it comes again`, async (t) => {
      const { store, sweep, specs } = await opened(await make(t), smallPlan({ "forget-rows": "2" }));
      const outcome = withLastEpoch(trained(specs[0]), { penalty: value });
      outcome.rows[0].forgetMargins[1] = value;
      await store.record(sweep, [outcome]);
      const [row] = await listOf(store.rows(sweep));
      assert.ok(Object.is(row.measures.penalty, expected), `${row.measures.penalty}`);
      assert.equal(row.state, Number.isFinite(value) ? "done" : "diverged");
      const [last] = await store.storedAt(row.source, 4);
      assert.ok(Object.is(last.penalty, expected));
      assert.ok(Object.is((await store.marginsAt(row.source, 4))[1], expected));
      assert.deepEqual(await store.record(sweep, [outcome]), { trained: 0, diverged: 0, failed: 0 });
      assert.deepEqual(await listOf(store.damages()), []);
      assert.deepEqual(await missingIn(store, [specs[0]], true), []);
    });
  }

  test(`${name}: a draw without a test sample has no test accuracy`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [withMeasure(trained(specs[0]), "test_accuracy", null)]);
    assert.equal((await listOf(store.rows(sweep)))[0].measures.test_accuracy, null);
  });

  test(`${name}: recording the same row again changes nothing, whoever trained it and whenever it comes`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made, smallPlan({ "forget-rows": "2" }));
    await store.record(sweep, specs.map(trained));
    const before = await contents(store);
    assert.deepEqual(await store.record(sweep, specs.map(trained)), { trained: 0, diverged: 0, failed: 0 });
    const other = await opened(made, smallPlan({ "forget-rows": "2", lambda: "2" }));
    await store.record(other.sweep, [{ ...trained(specs[1]), elapsedMs: 77 }]);
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a result that another sweep asked for counts for this one when it comes late`, async (t) => {
    const made = await make(t);
    const first = await opened(made);
    const second = await opened(made, smallPlan({ lambda: "2" }));
    await made.store.record(first.sweep, first.specs.map(trained));
    const landed = await made.store.record(second.sweep, second.specs.map(trained));
    assert.deepEqual(landed, { trained: 3, diverged: 0, failed: 0 }, "the copies of the one λ that was new");
    assert.deepEqual(await listOf(made.store.damages()), []);
  });

  test(`${name}: a failed trial keeps its reason and gives way to a result`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [failed(specs[0], "it fell over")]);
    await store.record(sweep, [failed(specs[0], "it fell over again")]);
    assert.deepEqual(await store.failures(sweep), [
      { method: "original", trial: 1, error: "it fell over again", rows: 1 },
    ]);
    const [row] = await listOf(store.rows(sweep));
    assert.deepEqual([row.state, Object.values(row.measures)], ["failed", MEASURES.map(() => null)]);
    await store.record(sweep, [trained(specs[0])]);
    assert.deepEqual(await store.failures(sweep), []);
    assert.deepEqual((await listOf(store.rows(sweep)))[0].measures, trained(specs[0]).rows[0].measures);
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: a failure does not undo a result`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    await store.record(sweep, [failed(specs[0], "it fell over")]);
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a longer run of a trajectory keeps the row of the shorter one and adds its own`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, [trained(specs[0])]);
    const longer = await opened(made, withLists(smallPlan(), { epochs: { original: [4, 6] } }));
    await store.record(longer.sweep, [trained({ ...specs[0], asked: [4, 6] })]);
    const rows = await listOf(store.rows(longer.sweep));
    assert.deepEqual(
      rows.map(({ epochs, measures }) => ({ epochs, measures })),
      trained({ ...specs[0], asked: [4, 6] }).rows.map(({ epochs, measures }) => ({ epochs, measures })),
    );
    assert.equal((await store.curve(rows[0].source, 100)).length, 6);
    assert.equal((await listOf(store.rows(sweep))).length, 1, "the other sweep asked for no more");
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: a shorter run of a trajectory lands its row and no epoch`, async (t) => {
    const made = await make(t);
    const { store, specs } = await opened(made);
    const { sweep } = await opened(made, withLists(smallPlan(), { epochs: { original: [2, 4] } }));
    await store.record(sweep, [trained(specs[0])]);
    await store.record(sweep, [trained({ ...specs[0], asked: [2] })]);
    const rows = await listOf(store.rows(sweep));
    assert.deepEqual(
      rows.map(({ epochs }) => epochs),
      [2, 4],
    );
    assert.equal((await store.curve(rows[0].source, 100)).length, 4);
    assert.deepEqual(await listOf(store.damages()), []);
  });
}

function testCounts(name: string, make: Make): void {
  test(`${name}: what landed is counted in trial rows that were not there before, copies included`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
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

  test(`${name}: a cell that has fewer trials than its sweep is complete with those, and shows no more of them`, async (t) => {
    const { store } = await make(t);
    const whole = smallPlan({ preset: "paired", trials: "3" });
    // All three trials are stored, for a sweep that asks for them.
    const other = await store.open(openRequest({ ...whole, name: "whole" }));
    await store.record(other, specsIn(whole).map(trained));
    const parts = whole.parts.flatMap((part) => [
      { ...part, trials: 2 },
      ...smallPlan({ preset: "paired", trials: "3", methods: "original" }).parts,
    ]);
    const sweep = await store.open(openRequest({ ...whole, name: "uneven", parts }));
    const status = await store.cellStatus(sweep);
    assert.deepEqual(
      status.map(({ method, trials, done, missing }) => [method, trials, done, missing]),
      status.map(({ method }) => (method === "original" ? [method, 3, 3, 0] : [method, 2, 2, 0])),
    );
    assert.ok(status.length > 1);
    const rows: StoredRow[] = [];
    for await (const row of store.rows(sweep)) rows.push(row);
    assert.deepEqual(
      new Set(rows.flatMap(({ method, trial }) => (trial === 3 ? [method] : []))),
      new Set(["original"]),
    );
    const grown = await store.open(openRequest({ ...whole, name: "uneven" }));
    assert.ok((await store.cellStatus(grown)).every(({ trials, done }) => trials === 3 && done === 3));
  });

  test(`${name}: what is missing is counted in trial rows, copies included, and so is what failed`, async (t) => {
    const { store, sweep, specs } = await opened(
      await make(t),
      withLists(smallPlan(), { epochs: { unlearn: [1, 2] } }),
    );
    const counts = async (retryFailed: boolean): Promise<[rows: number, failed: number, specs: number]> => {
      const missing = await store.missing(PROFILE, specs, retryFailed);
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
    const { store, sweep, specs } = await opened(await make(t));
    const spec = { ...specs[0], asked: [2, 4, 6, 8] };
    await store.record(sweep, [trained({ ...spec, asked: [2] }), failed({ ...spec, asked: [4, 8] }, "no")]);
    const missing = (retryFailed: boolean): Promise<unknown> => store.missing(PROFILE, [spec], retryFailed);
    assert.deepEqual(await missing(false), { specs: [{ ...spec, asked: [2, 4, 6] }], rows: 1, failed: 2 });
    assert.deepEqual(await missing(true), { specs: [spec], rows: 3, failed: 2 });
  });
}

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

function testLevels(name: string, make: Make): void {
  const plan = (record: RecordLevel, epochs: number[]): SweepPlan =>
    named({
      ...withLists(smallPlan({ trials: "1", methods: "original" }), { epochs: { original: epochs } }),
      record,
    });
  const epochsOf = async (store: Store, sweep: Sweep): Promise<number[]> => {
    const [trajectory] = await store.trajectories(sweep, "original", 1);
    return (await store.curve(trajectory.source, 100)).map(({ epoch }) => epoch);
  };

  for (const level of RECORDS) {
    test(`${name}: with --record ${level} a curve keeps its ${level} epochs, and a longer one adds its own; trial rows are all there`, async (t) => {
      const made = await make(t);
      const [short, long] = KEPT[level];
      const first = await opened(made, plan(level, [2, 4]));
      await first.store.record(first.sweep, first.specs.map(trained));
      assert.deepEqual(await epochsOf(first.store, first.sweep), short);
      const second = await opened(made, plan(level, [2, 4, 7]));
      await second.store.record(second.sweep, second.specs.map(trained));
      assert.deepEqual(await epochsOf(second.store, second.sweep), long);
      const rows = await listOf(second.store.rows(second.sweep));
      assert.deepEqual(
        rows.map(({ epochs, measures }) => ({ epochs, measures })),
        trained(second.specs[0]).rows.map(({ epochs, measures }) => ({ epochs, measures })),
      );
      assert.deepEqual(await listOf(second.store.damages()), []);
    });

    test(`${name}: with --record ${level} what was kept is still compared to the bit`, async (t) => {
      const { store, place, words, sweep, specs } = await opened(await make(t), plan(level, [2, 4]));
      await store.record(sweep, specs.map(trained));
      const before = await contents(store);
      const longer = trained({ ...specs[0], asked: [2, 4, 7] });
      const was = longer.curve.crossEntropy[3];
      longer.curve.crossEntropy[3] = nextUp(was);
      for (const wanted of [true, false])
        await assert.rejects(store.record(sweep, [{ ...longer, wanted }]), {
          message: refusal({ place, words }, was, nextUp(was), 4),
        });
      const row = trained(specs[0]);
      const penalty = row.rows[0].measures.penalty as number;
      const rows = [
        { ...row.rows[0], measures: { ...row.rows[0].measures, penalty: nextUp(penalty) } },
        ...row.rows.slice(1),
      ];
      for (const wanted of [true, false])
        await assert.rejects(store.record(sweep, [{ ...row, rows, wanted }]), {
          message: refusal({ place, words }, penalty, nextUp(penalty), 2),
        });
      assert.deepEqual(await contents(store), before);
    });
  }

  test(`${name}: what is trained after a sweep got another record level keeps more, and nothing that is there changes`, async (t) => {
    const made = await make(t);
    const final = await opened(made, plan("final", [2, 4]));
    await final.store.record(final.sweep, final.specs.map(trained));
    const rows = await listOf(final.store.rows(null));
    const all = await opened(made, plan("all", [2, 4]));
    assert.deepEqual([all.sweep.id, all.sweep.plan.record], [final.sweep.id, "all"]);
    assert.deepEqual(await missingIn(all.store, all.specs), [], "no row is missing");
    await all.store.record(all.sweep, all.specs.map(trained));
    assert.deepEqual(await epochsOf(all.store, all.sweep), [1, 2, 3, 4]);
    assert.deepEqual(await listOf(all.store.rows(null)), rows);
    assert.deepEqual(await listOf(all.store.damages()), []);
  });

  test(`${name}: what is stored at an epoch is of the curve, of the rows, or of both, at the first that is there`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), plan("final", [2, 4]));
    await store.record(sweep, specs.map(trained));
    const [{ source }] = await store.trajectories(sweep, "original", 1);
    const at = async (epoch: number): Promise<number[]> =>
      (await store.storedAt(source, epoch)).map((stored) => stored.epoch);
    assert.deepEqual([await at(1), await at(2), await at(3), await at(4), await at(5)], [[2], [2], [4, 4], [4, 4], []]);
  });
}

function testMargins(name: string, make: Make): void {
  /** Original and unlearn on three forget rows. */
  const three = (preset: string, trials: string): SweepPlan =>
    withLists(smallPlan({ preset, trials, methods: "original,unlearn", "forget-rows": "3" }), {
      epochs: { original: [2, 4], unlearn: [1, 3] },
    });

  test(`${name}: the margin of each of several forget rows is kept at the asked epochs, to the bit`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), three("paired", "1"));
    assert.deepEqual(await listOf(store.margins(sweep)), []);
    await store.record(sweep, specs.map(trained));
    const expected = specs.flatMap((spec) =>
      trained(spec).rows.flatMap(({ epochs, forgetMargins }) =>
        Array.from(forgetMargins, (forget_margin, i) => ({
          epochs,
          start: spec.cell.start,
          row: i + 1,
          forget_margin,
        })),
      ),
    );
    assert.equal(expected.length, 18);
    const order = (a: { start: string; epochs: number; row: number }): string => `${a.start} ${a.epochs} ${a.row}`;
    const stored = (await listOf(store.margins(sweep))).map(({ epochs, start, forget_row, forget_margin }) => ({
      ...{ epochs, start, row: forget_row, forget_margin },
    }));
    const sorted = (rows: typeof stored): typeof stored => rows.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
    assert.deepEqual(sorted(stored), sorted(expected));
    const [row] = await listOf(store.rows(sweep));
    assert.deepEqual(
      await store.marginsAt(row.source, row.epochs),
      Array.from(trained(specs[0]).rows[0].forgetMargins),
    );
  });

  test(`${name}: a single forget row's margin is the trial row's, and is not kept twice`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, specs.map(trained));
    assert.deepEqual(await listOf(store.margins(sweep)), []);
    const [row] = await listOf(store.rows(sweep));
    assert.deepEqual(await store.marginsAt(row.source, row.epochs), []);
  });

  test(`${name}: the copies of one run show its margins`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), three("notebook", "3"));
    const unlearn = specs.filter(({ cell }) => cell.method === "unlearn");
    await store.record(sweep, unlearn.map(trained));
    await store.record(sweep, unlearn.map(trained));
    const margins = Array.from(trained(unlearn[0]).rows[1].forgetMargins);
    const shown = (await listOf(store.margins(sweep))).filter(
      ({ start, epochs }) => start === unlearn[0].cell.start && epochs === 3,
    );
    assert.deepEqual(
      shown.map(({ trial, start_trial, forget_row, forget_margin }) => [trial, start_trial, forget_row, forget_margin]),
      [1, 2, 3].flatMap((trial) => margins.map((margin, i) => [trial, 3, i + 1, margin])),
    );
  });

  test(`${name}: a forget row's margin that differs in its last bit is refused, though the mean is the same`, async (t) => {
    const { store, place, words, sweep, specs } = await opened(await make(t), three("paired", "1"));
    await store.record(sweep, specs.map(trained));
    const before = await contents(store);
    const other = trained(specs[0]);
    const { forgetMargins } = other.rows[0];
    const was = forgetMargins[2];
    forgetMargins[2] = nextUp(was);
    for (const wanted of [true, false])
      await assert.rejects(store.record(sweep, [{ ...other, wanted }]), {
        message: refusal({ place, words }, was, nextUp(was), 2),
      });
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a longer run adds the margins of its own epochs`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), three("paired", "1"));
    await store.record(sweep, [trained({ ...specs[0], asked: [2] })]);
    const long = trained(specs[0]);
    await store.record(sweep, [long]);
    assert.deepEqual(
      (await listOf(store.margins(sweep))).map(({ forget_margin }) => forget_margin),
      long.rows.flatMap(({ forgetMargins }) => [...forgetMargins]),
    );
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: the digest holds the margin of every forget row, of every trial`, async (t) => {
    for (const preset of ["paired", "notebook"]) {
      const digests = new Set<string>();
      for (const changed of ["none", "first", "last"]) {
        const { store, sweep, specs } = await opened(await make(t), three(preset, "2"));
        const outcomes = specs.map(trained);
        const { forgetMargins } = outcomes[changed === "first" ? 0 : outcomes.length - 1].rows[1];
        if (changed !== "none") forgetMargins[1] = nextUp(Math.abs(forgetMargins[1]));
        await store.record(sweep, outcomes);
        digests.add(await store.digest(sweep));
      }
      assert.equal(digests.size, 3, preset);
    }
  });
}

function testRefusals(name: string, make: Make): void {
  test(`${name}: a row that differs in its last bit is refused, and nothing of its batch lands`, async (t) => {
    const { store, place, words, sweep, specs } = await opened(await make(t));
    const first = trained(specs[0]);
    await store.record(sweep, [first]);
    const before = await contents(store);
    const penalty = first.rows[0].measures.penalty as number;
    const other = withLastEpoch(first, { penalty: nextUp(penalty) });
    await assert.rejects(store.record(sweep, [trained(specs[1]), other, trained(specs[2])]), {
      name: "SweepError",
      fault: "check",
      message: refusal({ place, words }, penalty, nextUp(penalty), 4),
    });
    assert.deepEqual(await contents(store), before);
    assert.deepEqual(await missingIn(store, specs), specs.slice(1));
  });

  for (const { name: measure } of MEASURES) {
    test(`${name}: a row that differs in its ${measure} alone is refused`, async (t) => {
      const { store, place, words, sweep, specs } = await opened(await make(t));
      const first = trained(specs[0]);
      await store.record(sweep, [first]);
      const value = first.rows[0].measures[measure] as number;
      await assert.rejects(store.record(sweep, [withMeasure(first, measure, nextUp(value))]), {
        message: refusal({ place, words }, value, nextUp(value), 4),
      });
    });
  }

  test(`${name}: a row that is done where it had diverged is refused`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const first = trained(specs[0]);
    await store.record(sweep, [first]);
    const rows = [{ ...first.rows[0], state: "diverged" as const }];
    await assert.rejects(store.record(sweep, [{ ...first, rows }]), { fault: "check" });
  });

  test(`${name}: NaN where a number is, and a number where NaN is, are refused`, async (t) => {
    const { store, place, words, sweep, specs } = await opened(await make(t));
    const [first, second] = [trained(specs[0]), trained(specs[1])];
    await store.record(sweep, [first, withLastEpoch(second, { penalty: Number.NaN })]);
    await assert.rejects(store.record(sweep, [withLastEpoch(first, { penalty: Number.NaN })]), {
      message: refusal({ place, words }, first.rows[0].measures.penalty, null, 4),
    });
    await assert.rejects(store.record(sweep, [second]), {
      message: refusal({ place, words }, null, second.rows[0].measures.penalty, 4, 2),
    });
  });

  test(`${name}: a start that was trained again lands nothing, and is held against what is stored`, async (t) => {
    const { store, place, words, sweep, specs } = await opened(await make(t));
    const again = { ...trained(specs[0]), wanted: false };
    await store.record(sweep, [again]);
    assert.deepEqual(await missingIn(store, specs), specs);
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    await store.record(sweep, [again]);
    assert.deepEqual(await contents(store), before);
    const epoch2 = structuredClone(again);
    epoch2.curve.crossEntropy[1] = nextUp(epoch2.curve.crossEntropy[1]);
    const [was, is] = [again.curve.crossEntropy[1], epoch2.curve.crossEntropy[1]];
    await assert.rejects(store.record(sweep, [trained(specs[3]), epoch2]), {
      message: refusal({ place, words }, was, is, 2),
    });
    assert.deepEqual(await contents(store), before);
  });

  test(`${name}: a longer run whose first epochs are not those that are stored is refused`, async (t) => {
    const { store, place, words, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [trained(specs[0])]);
    const before = await contents(store);
    const longer = trained({ ...specs[0], asked: [6] });
    const was = longer.curve.forgetMargin[0];
    longer.curve.forgetMargin[0] = nextUp(was);
    await assert.rejects(store.record(sweep, [longer]), { message: refusal({ place, words }, was, nextUp(was), 1) });
    assert.deepEqual(await contents(store), before);
  });
}

function testForgetting(name: string, make: Make): void {
  test(`${name}: what a refused batch looked up or made is forgotten: the rows of one λ never land under another`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, [trained(specs[0])]);
    const of = (lambda: number): TrajectorySpec =>
      specsIn(withLists(smallPlan(), { lambda: { unlearn: [lambda] } })).find(
        ({ cell }) => cell.method === "unlearn",
      ) as TrajectorySpec;
    const { penalty } = trained(specs[0]).rows[0].measures;
    const refused = withLastEpoch(trained(specs[0]), { penalty: nextUp(penalty as number) });
    // The cells of 7 are made in a batch that comes to nothing; those of 9 are then the next to be made.
    await assert.rejects(store.record(sweep, [trained(of(7)), refused]), { fault: "check" });
    for (const lambda of [9, 7]) {
      const later = await opened(made, smallPlan({ lambda: String(lambda) }));
      await store.record(later.sweep, [trained(of(lambda))]);
      const rows = (await listOf(store.rows(later.sweep))).filter(({ method }) => method === "unlearn");
      assert.deepEqual(
        rows.map(({ lambda_reg, measures }) => ({ lambda_reg, measures })),
        [1, 2, 3].map(() => ({ lambda_reg: lambda, measures: trained(of(lambda)).rows[0].measures })),
      );
    }
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: a sweep that could not be opened is not there`, async (t) => {
    const { store } = await make(t);
    await store.open(openRequest(named(smallPlan())));
    await assert.rejects(store.open(openRequest(named(smallPlan({ hidden: "5,5" })))), { fault: "usage" });
    assert.equal((await store.sweeps()).length, 1);
    const grown = await store.open({ ...openRequest(named(smallPlan({ hidden: "5,5" }))), grow: true });
    await store.record(grown, specsIn(grown.plan).map(trained));
    assert.deepEqual(await missingIn(store, specsIn(grown.plan)), []);
    assert.deepEqual(await listOf(store.damages()), []);
  });
}

function testCopies(name: string, make: Make): void {
  test(`${name}: a run that repeats itself is stored for every trial, and each copy says of which it is one`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const unlearn = specs[6];
    assert.equal(unlearn.copies, 2);
    await store.record(sweep, [trained(unlearn)]);
    const rows = await listOf(store.rows(sweep));
    assert.deepEqual(
      rows.map(({ trial, start_trial, replicate_of }) => [trial, start_trial, replicate_of]),
      [
        [1, 3, null],
        [2, 3, 1],
        [3, 3, 1],
      ],
    );
    for (const { measures, source } of rows) {
      assert.deepEqual(measures, trained(unlearn).rows[0].measures);
      assert.equal(source, rows[0].source, "the curve is stored once");
    }
    assert.equal((await store.curve(rows[0].source, 100)).length, 2);
    assert.deepEqual(await missingIn(store, [unlearn]), []);
  });

  test(`${name}: a run that fails fails for all of its copies`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const states = async (): Promise<string[]> => (await listOf(store.rows(sweep))).map(({ state }) => state);
    await store.record(sweep, [failed(specs[6], "it fell over")]);
    assert.deepEqual(await states(), ["failed", "failed", "failed"]);
    await store.record(sweep, [trained(specs[6])]);
    assert.deepEqual(await states(), ["done", "done", "done"]);
    assert.deepEqual(await listOf(store.damages()), []);
  });

  test(`${name}: a start that is a copy is held against the run it repeats`, async (t) => {
    const plan = smallPlan({ methods: "unlearn,relearn", epochs: "original=4,unlearn=2,relearn=3" });
    const { store, sweep, specs } = await opened(await make(t), plan);
    await store.record(sweep, specs.map(trained));
    const start = specs.find(({ cell }) => cell.method === "relearn")?.start as TrajectorySpec;
    const again = { ...trained({ ...specs[0], copies: 0 }), spec: start, wanted: false };
    await store.record(sweep, [again]);
    again.curve.penalty[0] = nextUp(again.curve.penalty[0]);
    await assert.rejects(store.record(sweep, [again]), { fault: "check" });
  });

  test(`${name}: when a sweep grows its copies are missing, and those of the smaller count are shown no more`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, specs.map(trained));
    const grown = await opened(made, smallPlan({ trials: "5" }));
    assert.equal(grown.sweep.id, sweep.id);
    const methods = async (): Promise<Set<string>> =>
      new Set((await listOf(store.rows(grown.sweep))).map(({ method }) => method));
    assert.deepEqual(await methods(), new Set(["original", "retrain_scratch"]));
    assert.deepEqual(await store.trajectories(grown.sweep, "unlearn", 1), []);
    const missing = await missingIn(store, grown.specs);
    assert.deepEqual(
      missing.map(({ cell, trial, copies }) => [cell.method, trial, copies]),
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
    const rows = await listOf(store.rows(grown.sweep));
    assert.equal(rows.length, 20);
    assert.deepEqual(
      new Set(rows.filter(({ method }) => method === "unlearn").map(({ start_trial }) => start_trial)),
      new Set([5]),
    );
    assert.deepEqual(
      (await store.trajectories(null, "unlearn", 1)).map(({ start_trial }) => start_trial),
      [5],
    );
    assert.deepEqual(await listOf(store.damages()), []);
  });
}

function testSharing(name: string, make: Make): void {
  test(`${name}: a sweep shows its own cells, whatever else the store holds`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, specs.map(trained));
    const seen = [await contents(store, sweep), await store.digest(sweep), await store.methodSummary(sweep)];
    for (const other of [
      smallPlan({ lambda: "2" }),
      withLists(smallPlan(), { epochs: { original: [9] } }),
      smallPlan({ seed: "3" }),
      smallPlan({ trials: "2", methods: "unlearn" }),
    ]) {
      const beside = await opened(made, other);
      await store.record(beside.sweep, (await missingIn(store, beside.specs)).map(trained));
      assert.deepEqual(
        (await store.stateCounts(beside.sweep)).done,
        specsIn(other).reduce((n, s) => n + 1 + s.copies, 0),
      );
    }
    assert.deepEqual([await contents(store, sweep), await store.digest(sweep), await store.methodSummary(sweep)], seen);
  });

  test(`${name}: the rows of all sweeps are each there once, though two sweeps share them`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, specs.map(trained));
    const second = await opened(made, smallPlan({ lambda: "2" }));
    await store.record(second.sweep, second.specs.map(trained));
    const keys = (await listOf(store.rows(null))).map((row) =>
      JSON.stringify(ROW_KEY_NAMES.map((column) => row[column])),
    );
    assert.equal(keys.length, 12 + 3);
    assert.equal(new Set(keys).size, keys.length);
  });

  test(`${name}: a trajectory of a sweep is as long as the sweep's cells, and of all sweeps as long as it was trained`, async (t) => {
    const made = await make(t);
    const { store, sweep, specs } = await opened(made);
    await store.record(sweep, specs.map(trained));
    const longer = await opened(made, withLists(smallPlan(), { epochs: { original: [9] } }));
    await store.record(longer.sweep, longer.specs.map(trained));
    const lengths = async (of: Sweep | null): Promise<number[]> =>
      (await store.trajectories(of, "original", 1)).map(({ epochs }) => epochs);
    assert.deepEqual([await lengths(sweep), await lengths(longer.sweep), await lengths(null)], [[4], [9], [9]]);
    const [trajectory] = await store.trajectories(sweep, "original", 1);
    assert.deepEqual([trajectory.has_curve, trajectory.replicate_of, trajectory.profile], [true, null, PROFILE]);
  });
}

function testOrder(name: string, make: Make): void {
  test(`${name}: rows and margins come in the order of their keys, numbers as numbers`, async (t) => {
    const made = await make(t);
    const plan = withLists(
      smallPlan({ preset: "paired", "forget-rows": "2", trials: "11", methods: "original,unlearn" }),
      {
        lambda: { unlearn: [0.5, 2, 10] },
        epochs: { original: [2, 10], unlearn: [1, 2, 10] },
      },
    );
    const { store, sweep, specs } = await opened(made, plan);
    // Two starts of one λ alternate trial by trial.
    await store.record(sweep, specs.toReversed().map(trained));
    const rows = await listOf(store.rows(sweep));
    assert.equal(rows.length, 11 * (2 + 3 * 3 * 2));
    assert.deepEqual(rows, rows.toSorted(keyOrder));
    const margins = await listOf(store.margins(null));
    assert.equal(margins.length, 2 * rows.length);
    assert.deepEqual(
      margins,
      margins.toSorted((a, b) => keyOrder(a, b) || a.forget_row - b.forget_row),
    );
  });

  test(`${name}: the digest is that of its rows and margins, in whatever order they were recorded`, async (t) => {
    const digests = new Set<string>();
    for (const inOrder of [(specs: TrajectorySpec[]) => specs, (specs: TrajectorySpec[]) => specs.toReversed()]) {
      const { store, sweep, specs } = await opened(await make(t), smallPlan({ "forget-rows": "2", trials: "11" }));
      const [gone, ...rest] = inOrder([...specs]);
      for (const spec of rest) await store.record(sweep, [trained(spec)]);
      await store.record(sweep, [gone === specs[0] ? failed(gone, "no") : trained(gone), failed(specs[0], "no")]);
      await store.record(sweep, [trained(specs[0])]);
      digests.add(await store.digest(sweep));
      assert.equal(await store.digest(sweep), await digestOf(store.rows(sweep), store.margins(sweep)));
    }
    assert.equal(digests.size, 1);
  });

  test(`${name}: the digest of a sweep with failed rows is that of its rows`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ "forget-rows": "2" }));
    await store.record(sweep, [...specs.slice(1).map(trained), failed(specs[0], "no")]);
    assert.equal(await store.digest(sweep), await digestOf(store.rows(sweep), store.margins(sweep)));
  });
}

function testStatus(name: string, make: Make): void {
  test(`${name}: cells, methods and states are counted at every step of a sweep, as what is missing is`, async (t) => {
    for (const preset of ["notebook", "paired"]) {
      const { store, sweep, specs } = await opened(await make(t), gridPlan(preset));
      for (const [i, spec] of specs.entries()) {
        const outcome = withLastEpoch(trained(spec), i % 7 === 2 ? { penalty: Number.NaN } : {});
        await store.record(sweep, [i % 5 === 3 ? failed(spec, "it fell over") : outcome]);
        const [cells, methods] = [await store.cellStatus(sweep), await store.methodStatus(sweep)];
        const total = (column: "done" | "diverged" | "failed" | "missing", of: typeof cells | typeof methods): number =>
          of.reduce((sum, row) => sum + row[column], 0);
        const { rows, failed: failures } = await store.missing(PROFILE, specs, false);
        const { done, diverged, failed: failing } = await store.stateCounts(sweep);
        assert.deepEqual([total("missing", cells), total("failed", cells)], [rows, failures]);
        assert.deepEqual([total("done", cells), total("diverged", cells), failing], [done, diverged, failures]);
        for (const column of ["done", "diverged", "failed", "missing"] as const)
          assert.equal(total(column, methods), total(column, cells), column);
        assert.equal(
          (await store.incompleteCells(sweep, 1000)).length,
          cells.filter(({ missing, failed: f }) => missing + f > 0).length,
        );
        assert.ok((await store.incompleteCells(sweep, 1)).length <= 1);
      }
    }
  });

  test(`${name}: failures are told once a reason, with the first trial that met it`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [
      failed(specs[1], "x"),
      failed(specs[2], "x"),
      failed(specs[0], "y"),
      failed(specs[3], "x"),
    ]);
    assert.deepEqual(await store.failures(sweep), [
      { method: "original", trial: 1, error: "y", rows: 1 },
      { method: "original", trial: 2, error: "x", rows: 2 },
      { method: "retrain_scratch", trial: 1, error: "x", rows: 1 },
    ]);
  });

  test(`${name}: the means of cells are over the trials that are done, and name all that are finished`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), gridPlan("paired"));
    const outcomes = specs.slice(1).map(trained);
    outcomes[0] = withLastEpoch(outcomes[0], { penalty: Number.NaN });
    await store.record(sweep, [failed(specs[0], "no"), ...outcomes]);
    const means = await store.cellMeans(sweep);
    assert.equal(means.length, 6);
    const original = means.find(({ method }) => method === "original");
    assert.ok(original !== undefined);
    assert.deepEqual([original.trials.toSorted(), original.done], [[2, 3, 4, 5, 6], 4]);
    const rows = outcomes.slice(1, 5).map(({ rows: [row] }) => row.measures);
    const mean = (measure: "train_accuracy" | "forget_probability"): number =>
      rows.reduce((sum, row) => sum + (row[measure] as number), 0) / rows.length;
    assert.ok(Math.abs(original.train_accuracy - mean("train_accuracy")) < 1e-15);
    assert.ok(Math.abs(original.forget_probability - mean("forget_probability")) < 1e-15);
    assert.deepEqual(new Set(means.map(cellText)), new Set((await store.cellStatus(sweep)).map(cellText)));
  });

  test(`${name}: the trials of a cell are those that are done, in their order, copies by the trial that they repeat`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ trials: "4" }));
    const outcomes = specs.map(trained);
    outcomes[1] = withLastEpoch(outcomes[1], { forget_probability: Number.NaN });
    await store.record(sweep, [failed(specs[0], "no"), ...outcomes.slice(1).reverse()]);
    const cells = await store.cellStatus(sweep);
    const of = (method: string): CellKey => cells.find((cell) => cell.method === method) as CellKey;
    assert.deepEqual(
      await store.cellTrials(sweep, of("original")),
      [2, 3].map((i) => {
        const { spec, rows } = outcomes[i];
        const { forget_probability } = rows[0].measures;
        return { trial: spec.trial, replicate_of: null, forget_probability };
      }),
    );
    assert.deepEqual(
      (await store.cellTrials(sweep, of("unlearn"))).map(({ trial, replicate_of }) => [trial, replicate_of]),
      [
        [1, null],
        [2, 1],
        [3, 1],
        [4, 1],
      ],
    );
    assert.deepEqual(await store.cellTrials(sweep, { ...of("original"), epochs: 99 }), []);
    assert.deepEqual(await store.cellTrials({ ...sweep, id: 2 }, of("original")), []);
  });

  test(`${name}: the samples of cells are their own runs that are done, a list a measure, beside how many repeat one, diverged or failed`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ trials: "4" }));
    const outcomes = specs.map(trained);
    outcomes[1] = withLastEpoch(outcomes[1], { forget_probability: Number.NaN });
    // retrain_scratch has not landed yet.
    const landed = outcomes.slice(1).filter(({ spec }) => spec.cell.method !== "retrain_scratch");
    await store.record(sweep, [failed(specs[0], "no"), ...landed.reverse()]);
    const samples = await listOf(store.cellSamples(sweep));
    const states = samples.map(({ key, trials, copies, diverged, failed }) => [
      key.method,
      trials,
      copies,
      diverged,
      failed,
    ]);
    assert.deepEqual(states, [
      ["original", [3, 4], 0, 1, 1],
      ["retrain_original", [1], 3, 0, 0],
      ["unlearn", [1], 3, 0, 0],
    ]);
    const rows = outcomes.slice(2, 4).map(({ rows: [row] }) => row.measures);
    const [{ key, trials: _, copies: _copies, diverged: _diverged, failed: _failed, ...lists }] = samples;
    const names = ["train_accuracy", "test_accuracy", "forget_probability", "forget_margin"] as const;
    assert.deepEqual(lists, Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
    const cells = await store.cellStatus(sweep);
    assert.ok(cells.map(cellText).includes(cellText(key)));
  });

  test(`${name}: a cell of which all have diverged has means of 0 over none`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ methods: "original", trials: "1" }));
    await store.record(sweep, [withLastEpoch(trained(specs[0]), { penalty: Number.NaN })]);
    const [{ trials, done, train_accuracy, forget_probability }] = await store.cellMeans(sweep);
    assert.deepEqual([trials, done, train_accuracy, forget_probability], [[1], 0, 0, 0]);
  });

  test(`${name}: the summary of methods is the mean and the population deviation of the trials that are done`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t), smallPlan({ trials: "9" }));
    const outcomes = specs.map(trained);
    outcomes[3] = withLastEpoch(outcomes[3], { forget_probability: Number.NaN });
    await store.record(sweep, [failed(specs[1], "it fell over"), ...outcomes.filter((_, i) => i !== 1)]);
    const [original, scratch, unlearn] = await store.methodSummary(sweep);
    const rows = outcomes
      .slice(0, 9)
      .filter((_, i) => i !== 1 && i !== 3)
      .map(({ rows: [row] }) => row.measures);
    const of = (measure: MeasureName): number[] => rows.map((row) => row[measure] as number);
    assert.deepEqual([original.method, original.trials, original.copies], ["original", 7, false]);
    assertMoments(of("train_accuracy"), original.train_accuracy_mean, original.train_accuracy_std);
    assertMoments(of("forget_probability"), original.forget_probability_mean, original.forget_probability_std);
    assert.equal(scratch.trials, 9);
    assert.deepEqual(
      [unlearn.trials, unlearn.train_accuracy_std, unlearn.forget_probability_std, unlearn.copies],
      [9, 0, 0, true],
    );
  });
}

function testQuery(name: string, make: Make): void {
  test(`${name}: a query gives columns and rows, and whole numbers beyond 2^53 as they are`, async (t) => {
    const { store } = await make(t);
    const { columns, rows } = await store.query(
      "select 9007199254740993 as big, 0.5 as half, 'text' as word, null as none",
    );
    assert.deepEqual(columns, ["big", "half", "word", "none"]);
    assert.deepEqual(await listOf(rows), [[9007199254740993n, 0.5, "text", null]]);
  });

  test(`${name}: a query may call the aggregates that it is given, and only it: of values that are not null, and null where there are none`, async (t) => {
    const { store, words } = await make(t);
    if (!words.anyAggregate) return t.skip("this store has aggregates of its own");
    const seen: number[][] = [];
    const spread: Aggregate = {
      name: "spread",
      of: (values, given) => given * (Math.max(...values) - Math.min(...values)),
      takes: { name: "times", refuse: (given) => assert.ok(given > 0, "times must be above 0") },
    };
    const all: Aggregate = { name: "all_of", of: (values) => seen.push([...values]) * Number.NaN, takes: null };
    const sql = `select g, spread(x, 2), all_of(x) from (
      select 1 as g, 0.5 as x union all select 1, null union all select 1, 3 union all select 2, null) group by g order by g`;
    const { rows } = await store.query(sql, [spread, all]);
    assert.deepEqual(await listOf(rows), [
      [1n, 5, null],
      [2n, null, null],
    ]);
    assert.deepEqual(seen, [[0.5, 3]]);
    await assert.rejects(store.query(sql), { fault: "usage" });
    for (const [wrong, why] of [
      ["select spread(1, 0)", "times must be above 0"],
      ["select spread('a', 1)", "spread takes numbers, got a"],
      ["select spread(null, null)", "spread takes numbers, got null"],
      [
        "select spread(x, x) from (select 1 as x union select 2)",
        "spread takes one times for all rows of a group, got 1 and 2",
      ],
      ["select spread(1)", "wrong number of arguments to function spread()"],
    ])
      await assert.rejects(async () => listOf((await store.query(wrong, [spread])).rows), {
        fault: "usage",
        message: `SQL must be one select that SQLite understands, got an error: ${why}; data/docs/columns.md lists the views and their columns`,
      });
  });

  test(`${name}: a query that is not understood, or would write, is refused in a sentence`, async (t) => {
    const { store } = await make(t);
    for (const sql of ["select", "create table x (y)", "select 1; select 2"])
      await assert.rejects(store.query(sql), {
        fault: "usage",
        message: /^SQL must be one select that .* understands, got an error: /,
      });
  });

  test(`${name}: the rows of a query need not be read to their end, nor at all`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.query("select 1");
    for await (const row of (await store.query("values (1), (2), (3)")).rows) {
      assert.deepEqual(row, [1n]);
      break;
    }
    const half = (await store.query("values (1), (2), (3)")).rows[Symbol.asyncIterator]();
    await half.next();
    await store.record(sweep, specs.map(trained));
    assert.equal((await store.stateCounts(sweep)).done, 12);
  });
}

function testReaders(name: string, make: Make): void {
  test(`${name}: rows that are being read are of one state, whatever lands meanwhile`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    await store.record(sweep, specs.slice(0, 2).map(trained));
    const rows = store.rows(sweep)[Symbol.asyncIterator]();
    const seen = [await rows.next()];
    await store.record(sweep, specs.map(trained));
    for (let next = await rows.next(); next.done !== true; next = await rows.next()) seen.push(next);
    assert.equal(seen.length, 2);
    assert.equal((await listOf(store.rows(sweep))).length, 12);
  });

  test(`${name}: another reader sees what has landed, and reads on while more lands`, async (t) => {
    const made = await make(t);
    if (made.read === null) return t.skip("nobody else can read this place");
    const { store, sweep, specs } = await opened(made);
    const results = await made.read();
    t.after(() => results.close());
    assert.deepEqual(await results.sweeps(), [sweep]);
    await store.record(sweep, specs.slice(0, 3).map(trained));
    assert.equal((await results.stateCounts(sweep)).done, 3);
    const rows = results.rows(sweep)[Symbol.asyncIterator]();
    await rows.next();
    await store.record(sweep, specs.map(trained));
    assert.equal((await listOf({ [Symbol.asyncIterator]: () => rows })).length, 2);
    assert.equal(await results.digest(sweep), await store.digest(sweep));
    assert.deepEqual(await contents(results), await contents(store));
    assert.deepEqual((await results.missing(PROFILE, specs, false)).specs, []);
  });

  test(`${name}: a store says how large it is and how many trajectories it keeps`, async (t) => {
    const { store, sweep, specs } = await opened(await make(t));
    const before = await store.size();
    await store.record(sweep, [trained({ ...specs[0], asked: Array.from({ length: 2000 }, (_, e) => e + 1) })]);
    assert.ok((await store.size()) > before + 2000 * 12 * 8);
    assert.equal(await store.trajectoryCount(), 1);
    await store.record(sweep, [trained(specs[6])]);
    assert.equal(await store.trajectoryCount(), 4);
  });
}

function testMerge(name: string, make: Make): void {
  /** Stores of a part of a plan each, closed, by their places. */
  const parts = async (t: TestContext, plan: SweepPlan, count: number): Promise<string[] | null> => {
    const places: string[] = [];
    for (let index = 0; index < count; index++) {
      const { store, place, read } = await make(t);
      if (read === null) return null;
      const shard = { index, count };
      const sweep = await store.open({ ...openRequest(plan), shard });
      await store.record(sweep, [...trajectoriesOf(plan, shard)].flat().map(trained));
      places.push(place);
    }
    return places;
  };

  test(`${name}: parts make the whole that one store would have, and merging them again adds nothing`, async (t) => {
    for (const preset of ["notebook", "paired"]) {
      const plan = { ...gridPlan(preset, { "forget-rows": "2" }), name: "grid" };
      const places = await parts(t, plan, 3);
      if (places === null) return t.skip("nobody else can read this place");
      const whole = await make(t);
      const merged = await whole.store.merge(places);
      const { store, sweep, specs } = await opened(await make(t), plan);
      await store.record(sweep, specs.map(trained));
      const [found] = await whole.store.sweeps();
      assert.deepEqual(found, { ...sweep, shard: WHOLE });
      assert.equal(await whole.store.digest(found), await store.digest(sweep));
      const comparable = async (of: Store) => (await contents(of)).rows.map(({ source: _source, ...row }) => row);
      assert.deepEqual(await comparable(whole.store), await comparable(store));
      assert.equal(
        merged.reduce((sum, { trialRows }) => sum + trialRows, 0),
        (await store.stateCounts(sweep)).done,
      );
      assert.equal((await whole.store.commands(found)).length >= 1, true);
      const commands = await whole.store.commands(found);
      assert.deepEqual(
        await whole.store.merge(places),
        places.map(() => ({ trialRows: 0, epochs: 0 })),
      );
      assert.deepEqual(await whole.store.commands(found), commands);
      assert.deepEqual(await listOf(whole.store.damages()), []);
    }
  });

  test(`${name}: a finished row of a part takes the place of a failed one, and a failed one of nothing else`, async (t) => {
    const [first, second] = [await make(t), await make(t)];
    if (first.read === null) return t.skip("nobody else can read this place");
    const mine = await opened(first);
    await mine.store.record(mine.sweep, [
      failed(mine.specs[0], "mine"),
      trained(mine.specs[1]),
      failed(mine.specs[6], "mine"),
    ]);
    const theirs = await opened(second);
    await theirs.store.record(theirs.sweep, [
      ...[trained(theirs.specs[0]), failed(theirs.specs[1], "theirs"), failed(theirs.specs[2], "theirs")],
      failed(theirs.specs[6], "theirs"),
    ]);
    assert.deepEqual(await mine.store.merge([theirs.place]), [{ trialRows: 2, epochs: 4 }]);
    assert.deepEqual(await mine.store.stateCounts(mine.sweep), { done: 2, diverged: 0, failed: 4 });
    assert.deepEqual(
      (await mine.store.failures(mine.sweep)).map(({ method, error, rows }) => [method, error, rows]),
      [
        ["original", "theirs", 1],
        ["unlearn", "mine", 3],
      ],
    );
    assert.deepEqual(await listOf(mine.store.damages()), []);
  });

  test(`${name}: parts that differ in a bit are refused, and nothing of any part is merged`, async (t) => {
    const [whole, good, other] = [await make(t), await make(t), await make(t)];
    if (good.read === null) return t.skip("nobody else can read this place");
    const first = await opened(good, smallPlan({ "forget-rows": "2" }));
    await first.store.record(first.sweep, first.specs.map(trained));
    const second = await opened(other, smallPlan({ "forget-rows": "2" }));
    const changed = trained(second.specs[1]);
    const { forgetMargins } = changed.rows[0];
    forgetMargins[1] = nextUp(Math.abs(forgetMargins[1]));
    await second.store.record(second.sweep, [trained(second.specs[0]), changed]);
    await assert.rejects(whole.store.merge([good.place, other.place]), {
      fault: "check",
      message: `${other.place} differs from ${whole.place} or from a part before it in original of λ 0 on draw 0, trial 2, at epoch 4, so one of the two is wrong: nothing was merged; gmm-sweep verify FILE says whether it is that FILE`,
    });
    assert.deepEqual(await whole.store.sweeps(), []);
    assert.deepEqual(await contents(whole.store), { rows: [], margins: [], curves: [] });
    await whole.store.merge([good.place]);
    const [sweep] = await whole.store.sweeps();
    assert.equal(await whole.store.digest(sweep), await first.store.digest(first.sweep));
  });

  test(`${name}: sweeps of one name that asked for other things are one that asks for all of it`, async (t) => {
    const [whole, part] = [await make(t), await make(t)];
    if (part.read === null) return t.skip("nobody else can read this place");
    const mine = await opened(whole, named(smallPlan({ lambda: "1", trials: "2" })));
    await mine.store.record(mine.sweep, mine.specs.map(trained));
    const theirs = await opened(part, named(smallPlan({ lambda: "2", trials: "2", samples: "40" })));
    await theirs.store.record(theirs.sweep, theirs.specs.map(trained));
    await mine.store.merge([theirs.place]);
    const [sweep, ...others] = await mine.store.sweeps();
    assert.deepEqual(others, []);
    assert.deepEqual(await mine.store.stateCounts(sweep), { done: 16, diverged: 0, failed: 0 });
    assert.deepEqual(await missingIn(mine.store, specsIn(sweep.plan)), []);
    assert.equal((await mine.store.commands(sweep)).length, 2);
    assert.deepEqual(await listOf(mine.store.damages()), []);
  });
}

/** Six trials, two λ and two lengths of unlearn, from one original. */
export function gridPlan(preset: string, flags: Readonly<Record<string, string>> = {}): SweepPlan {
  return withLists(smallPlan({ preset, trials: "6", methods: "original,retrain_scratch,unlearn", ...flags }), {
    lambda: { unlearn: [0.5, 2] },
    epochs: { unlearn: [1, 3] },
  });
}

/** A plan with a name, so that it grows. */
function named(plan: SweepPlan): SweepPlan {
  return { ...plan, name: "grid" };
}

/** Mean and population deviation, in two passes; the deviation within `tolerance` of itself. */
export function assertMoments(values: readonly number[], mean: number, deviation: number, tolerance = 1e-12): void {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean - centre) <= 1e-15 * Math.abs(centre) + 1e-15, `mean ${mean}, expected ${centre}`);
  assert.ok(Math.abs(deviation - spread) <= tolerance * spread, `deviation ${deviation}, expected ${spread}`);
}

/** An outcome whose rows have another value of one measure; its curve stays. */
function withMeasure(outcome: TrainedOutcome, measure: MeasureName, value: number | null): TrainedOutcome {
  const rows = outcome.rows.map((row) => ({ ...row, measures: { ...row.measures, [measure]: value } }));
  return { ...outcome, rows };
}

/** The trajectories that a store lacks. */
async function missingIn(
  store: Results,
  specs: readonly TrajectorySpec[],
  retryFailed = false,
): Promise<TrajectorySpec[]> {
  return (await store.missing(PROFILE, specs, retryFailed)).specs;
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** All that a store holds of results, of one sweep or of all. */
async function contents(
  store: Results,
  sweep: Sweep | null = null,
): Promise<{ rows: StoredRow[]; margins: StoredMargin[]; curves: StoredEpoch[][] }> {
  const rows = await listOf(store.rows(sweep));
  const curves: StoredEpoch[][] = [];
  for (const { source, epochs } of rows) curves.push(await store.curve(source, epochs));
  return { rows, margins: await listOf(store.margins(sweep)), curves };
}

/** The keys of a plan's cells, each as a text. */
function cellsIn(plan: SweepPlan): string[] {
  return [...cellTemplates(plan)].flatMap((spec) =>
    spec.asked.map((epochs) => JSON.stringify(CELL.map(({ value }) => value({ spec, epochs, profile: PROFILE })))),
  );
}

function cellText(key: CellKey): string {
  return JSON.stringify(CELL.map(({ name }) => key[name]));
}

/** The order of keys: column by column, numbers as numbers, and no start before any. */
function keyOrder(a: StoredRow | StoredMargin, b: StoredRow | StoredMargin): number {
  for (const column of ROW_KEY_NAMES) {
    const [left, right] = [a[column] ?? 0, b[column] ?? 0];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function refusal(
  { place, words }: Pick<Made, "place" | "words">,
  was: number | null,
  is: number | null,
  epoch: number,
  trial = 1,
): string {
  return `${place} holds ${was} where original trial ${trial} now gave ${is} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the ${words.what}, and run into another with ${words.option}`;
}
