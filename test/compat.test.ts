/** The measures of the field against an independent program (test/golden/compat.py), and what they refuse to say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import { METHODS } from "../src/plan/methods.js";
import { compatText } from "../src/report/compat.js";
import type { Interval } from "../src/stats/interval.js";
import { wasserstein1 } from "../src/stats/wasserstein.js";
import { openStore } from "../src/store/open.js";
import { accuracyGap, forgetAccuracy, unlearningGap } from "../src/verdict/compat/accuracy-gaps.js";
import { type Beside, besideOf, relearnedKey, trialKey } from "../src/verdict/compat/beside.js";
import { type CompatFinding, compatOf } from "../src/verdict/compat/compat.js";
import { finalScore } from "../src/verdict/compat/final-score.js";
import { forgettingBounds, forgettingPoints, forgettingQuality } from "../src/verdict/compat/forgetting-quality.js";
import { klom, klomCorrected } from "../src/verdict/compat/klom.js";
import { COMPAT_MEASURES, type MeasureFinding, measuresOf } from "../src/verdict/compat/measures.js";
import { type RelearnedEpoch, relearnSteps } from "../src/verdict/compat/relearn-steps.js";
import { runTimeEfficiency } from "../src/verdict/compat/run-time-efficiency.js";
import type { Side, Sides } from "../src/verdict/compat/sides.js";
import { tugOfWar } from "../src/verdict/compat/tug-of-war.js";
import { uLira } from "../src/verdict/compat/u-lira.js";
import { type Sample, type Setting, settingsIn } from "../src/verdict/scores.js";
import { openRequest, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";

interface Pair {
  readonly name: string;
  readonly unlearned: readonly number[];
  readonly retrained: readonly number[];
  readonly expected: Readonly<
    Record<"epsilon" | "points" | "u_lira" | "klom" | "klom_corrected", number | null> & {
      bounds: readonly [number, number] | null;
    }
  >;
}

/** [forget probability, margin, accuracy on D, test accuracy] of each trial. */
type Rows = readonly (readonly [number, number, number, number])[];

interface WholeSetting {
  readonly name: string;
  readonly paired: boolean;
  readonly unlearned: Rows;
  readonly retrained: Rows;
  /** Value and standard error. */
  readonly expected: Readonly<Record<string, readonly [number, number | null]>>;
  readonly bounds: readonly [number, number];
}

const GOLDEN = JSON.parse(readFileSync(new URL("../../test/golden/compat.json", import.meta.url), "utf8")) as {
  readonly points: readonly (readonly [epsilon: number, nets: number, points: number])[];
  readonly samples: readonly Pair[];
  readonly settings: readonly WholeSetting[];
};

function assertNear(found: number | null, expected: number | null, what: string): void {
  if (found === expected) return;
  assert.ok(found !== null && expected !== null, `${what}: ${found} where ${expected} is printed`);
  const off = Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-6);
  assert.ok(off <= 1e-10, `${what}: ${found} where ${expected} is printed (${off} relative)`);
}

function assertBounds(found: Interval | null, expected: readonly [number, number] | null, what: string): void {
  assertNear(found?.low ?? null, expected?.[0] ?? null, `${what}, low`);
  assertNear(found?.high ?? null, expected?.[1] ?? null, `${what}, high`);
}

/** A test of all pairs of samples: equal, tied, separated and constant ones, of 1 to 1000 values. */
function meets(measure: string, holds: (pair: Pair) => void): void {
  test(`${measure} is what the published formula gives for ${GOLDEN.samples.length} pairs of samples`, () => {
    assert.ok(GOLDEN.samples.length >= 20);
    for (const pair of GOLDEN.samples) holds(pair);
  });
}

meets("forgetting quality ε", ({ name, unlearned, retrained, expected }) => {
  const epsilon = forgettingQuality(unlearned, retrained);
  assertNear(epsilon, expected.epsilon, name);
  const points = epsilon === null ? null : forgettingPoints(epsilon, Math.min(unlearned.length, retrained.length));
  assertNear(points, expected.points, `points of ${name}`);
});
meets("an interval around ε", ({ name, unlearned, retrained, expected }) => {
  assertBounds(forgettingBounds(unlearned, retrained), expected.bounds, name);
});
meets("U-LiRA", ({ name, unlearned, retrained, expected }) => {
  if (expected.u_lira !== null) assertNear(uLira(unlearned, retrained), expected.u_lira, name);
});
meets("KLoM", ({ name, unlearned, retrained, expected }) => {
  assertNear(klom(unlearned, retrained), expected.klom, name);
  assertNear(klomCorrected(unlearned, retrained), expected.klom_corrected, `${name}, corrected`);
});

test("ε is 50 where one sample's range is below a hundredth of the other's, however alike they are, and not from there on", () => {
  const wide = Array.from({ length: 101 }, (_, i) => i / 100);
  const narrow = (range: number): number[] => wide.map((value) => 0.5 + (value - 0.5) * range);
  assert.equal(forgettingQuality(narrow(0.0099), wide), 50);
  assert.ok((forgettingQuality(narrow(0.0101), wide) ?? 50) < 50);
});

test("the points of an ε halve with every half of it: 2^−⌊ε/0.5⌋, until N nets cannot show it", () => {
  for (const [epsilon, nets, points] of GOLDEN.points)
    assert.equal(forgettingPoints(epsilon, nets), points, `${epsilon} of ${nets}`);
  assert.equal(forgettingPoints(1.49, 1000), 2 ** -2);
  assert.deepEqual([forgettingPoints(4.99, 100), forgettingPoints(5, 100)], [2 ** -9, 0]);
});

test("a rule that errs on one side alone is left out, and one that errs on neither gives the largest ε", () => {
  assert.equal(forgettingQuality([5, 6, 7, 8], [1, 2, 3, 4]), 50);
  // Every threshold errs on one side alone, but for those between 2 and 3, which miss one of four and alarm at one of four.
  const one = Math.log(1 - 1e-5 - 0.25) - Math.log(0.25);
  assertNear(forgettingQuality([2, 10, 20, 30], [0, -10, -20, 3]), one, "one and one");
  // The interval that ends at 0 has five of six of one sample and one of seven of the other; a wider one takes in four more.
  const ends = forgettingQuality([0, 0, 0, 0, 0, 2], [-3, 0, 0.005, 0.005, 0.005, 0.005, 3.5]);
  assertNear(ends, Math.log(1 - 1e-5 - 1 / 6) - Math.log(1 / 7), "an interval holds its right end");
});

test("the published KLoM leaves out the largest value, and so takes one constant below another for equal", () => {
  const [low, high] = [Array<number>(10).fill(2.5), Array<number>(10).fill(3.5)];
  assert.equal(klom(low, high), 0);
  assert.equal(klom(high, low), null);
  assertNear(klomCorrected(low, high), Math.log(100_001), "1 against the floor, of a q that sums to 1.00001");
});

test("KLoM takes margins beyond ±100 for 100", () => {
  const retrained = [-100, 0, 50, 100];
  assert.equal(klomCorrected([1e9, -1e9, 0, 50], retrained), klomCorrected([100, -100, 0, 50], retrained));
});

test("U-LiRA tells apart what is far apart, and takes equal constants for a coin", () => {
  assert.equal(uLira([9, 10, 11], [-1, 0, 1]), 1);
  assert.equal(uLira([2.5, 2.5, 2.5], [2.5, 2.5, 2.5]), 0.5);
});

test("tug of war is 1 for retraining's own accuracies, and the product of what is left of each gap", () => {
  const retrained = { forget: 0.5, retained: 0.9, test: 0.8 };
  assert.equal(tugOfWar(retrained, retrained), 1);
  for (let i = 0; i < 10; i++) {
    const other = { forget: i / 10, retained: 0.9 - i / 20, test: 0.8 + i / 50 };
    assertNear(tugOfWar(other, retrained), (1 - Math.abs(i / 10 - 0.5)) * (1 - i / 20) * (1 - i / 50), `${i}`);
  }
});

test("the final score is F times what is kept of both accuracies", () => {
  assert.equal(finalScore(0.25, { retained: 0.9, test: 0.8 }, { retained: 0.9, test: 0.8 }), 0.25);
  assertNear(finalScore(0.5, { retained: 0.45, test: 0.6 }, { retained: 0.9, test: 0.8 }), 0.5 * 0.5 * 0.75, "half");
});

test("gaps are unlearned less retrained; that of unlearning accuracy counts errors", () => {
  assertNear(accuracyGap([0.8, 1], [0.5, 0.7]), 0.3, "accuracy");
  assertNear(unlearningGap([1, 1, 0, 1], [1, 0]), -0.25, "unlearning");
  assert.equal(forgetAccuracy([0.5, -0.5, 0, 2]), 0.5);
});

test("run-time efficiency is row-gradients beside those of retraining, however many trainings it took", () => {
  const retraining = { epochs: 100, rows: 5000 };
  assert.equal(runTimeEfficiency([{ epochs: 5, rows: 5001 }], retraining), 0.05001);
  assert.equal(runTimeEfficiency([{ epochs: 50, rows: 5000 }, retraining, { epochs: 10, rows: 0 }], retraining), 1.5);
});

test("relearn steps are the first kept epoch that reaches the level", () => {
  const curve = [0.2, 0.5, 0.4, 0.7].map((forget, i) => ({ epoch: 2 * i + 1, forget }));
  assert.deepEqual(
    [0.1, 0.5, 0.6, 0.71].map((level) => relearnSteps(curve, level)),
    [1, 3, 7, null],
  );
});

function sideOf(rows: Rows): Side {
  return {
    trials: rows.map((_, i) => i + 1),
    forget: rows.map(([forget]) => forget),
    margins: rows.map(([, margin]) => [margin]),
    accuracy: rows.map(([, , accuracy]) => accuracy),
    test: rows.map(([, , , test]) => test),
    relearning: rows.map(() => null),
  };
}

const COST = {
  unlearning: { epochs: 5, rows: 201 },
  tuning: [
    { epochs: 5, rows: 201 },
    { epochs: 50, rows: 201 },
  ],
  retraining: { epochs: 100, rows: 200 },
};

function sidesOf({ unlearned, retrained, paired }: WholeSetting): Sides {
  return {
    ...{ unlearned: sideOf(unlearned), retrained: sideOf(retrained), isPaired: paired, isOneRun: false },
    ...{ original: 0.9, cost: COST },
  };
}

function findingIn(findings: readonly MeasureFinding[], name: string): MeasureFinding {
  const found = findings.find((finding) => finding.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

for (const setting of GOLDEN.settings) {
  test(`every measure of ${setting.name} and its error are what the program prints, ${setting.paired ? "in pairs" : "independent"}`, () => {
    const findings = measuresOf([sidesOf(setting)]);
    for (const [name, [value, error]] of Object.entries(setting.expected)) {
      const found = findingIn(findings, name);
      assertNear(found.value, value, name);
      // An error of exactly 0 is a difference of equal numbers.
      if (error !== null && error < 1e-12) assert.ok((found.standardError ?? 1) < 1e-12, `error of ${name}`);
      else assertNear(found.standardError, error, `error of ${name}`);
    }
    assertBounds(findingIn(findings, "epsilon").bounds, setting.bounds, "bounds");
    const split = findings.filter(({ isSplit }) => isSplit).map(({ name }) => name);
    assert.deepEqual(split, setting.paired ? ["ks_p", "mann_whitney_p"] : []);
  });
}

const WHOLE = GOLDEN.settings.filter(({ name }) => name === "20 trials");

test("over draws a measure is the mean of what it is on each, and its error is theirs", () => {
  const draws = WHOLE.map(sidesOf);
  const alone = draws.map((sides) => measuresOf([sides]));
  for (const finding of measuresOf(draws)) {
    const [a, b] = alone.map((findings) => findingIn(findings, finding.name).value);
    if (a === null || b === null) {
      assert.deepEqual([finding.value, finding.draws, finding.standardError], [null, 0, null]);
      continue;
    }
    assertNear(finding.value, (a + b) / 2, finding.name);
    assertNear(finding.standardError, Math.abs(a - b) / 2, `error of ${finding.name}`);
    assert.deepEqual([finding.draws, finding.bounds], [2, null]);
  }
});

test("a draw without a value is counted out, with its reason", () => {
  const [known, other] = WHOLE.map(sidesOf);
  const findings = measuresOf([known, { ...other, unlearned: { ...other.unlearned, test: null } }]);
  const gap = findingIn(findings, "ta_gap");
  assert.deepEqual([gap.draws, gap.reason, gap.standardError], [1, "the data have no test sample", null]);
  assert.equal(gap.value, findingIn(measuresOf([known]), "ta_gap").value);
  const blind = measuresOf([known, { ...other, unlearned: { ...other.unlearned, margins: null } }]);
  assert.deepEqual([findingIn(blind, "epsilon").draws, findingIn(blind, "epsilon").bounds], [1, null]);
});

/** What is said of each measure, the reason or that there is a value. */
function saidOf(sides: Sides): Record<string, string> {
  return Object.fromEntries(measuresOf([sides]).map(({ name, reason, value }) => [name, reason ?? typeof value]));
}

test("copies of one run have means, and no distribution, p-value or error", () => {
  const sides = sidesOf(WHOLE[0]);
  const one = sideOf(WHOLE[0].unlearned.slice(0, 1));
  const findings = measuresOf([{ ...sides, unlearned: one, isOneRun: true }]);
  for (const { name, value, reason, standardError, bounds } of findings) {
    const measure = COMPAT_MEASURES.find((record) => record.name === name);
    assert.deepEqual([standardError, bounds], [null, null], name);
    if (measure?.of === "distribution")
      assert.equal(reason, "its trials are copies of one run, which say nothing of chance");
    else if (name !== "relearn_steps") assert.ok(value !== null, name);
  }
});

test("one trial is no distribution, and pairs need two of each parity", () => {
  const [paired] = WHOLE.map(sidesOf);
  const few = (count: number): Record<string, string> =>
    saidOf({
      ...paired,
      unlearned: sideOf(WHOLE[0].unlearned.slice(0, count)),
      retrained: sideOf(WHOLE[0].retrained.slice(0, count)),
    });
  assert.equal(few(1)["auc"], "two trials of each are the least");
  assert.equal(few(1)["ra_gap"], "number");
  assert.match(few(3)["ks_p"], /^two trials of odd numbers, and two of retraining with even ones, are the least/);
  assert.deepEqual([few(3)["auc"], few(4)["ks_p"]], ["number", "number"]);
});

test("what is not known is said: margins, the test sample, the original, the relearning", () => {
  const [sides] = WHOLE.map(sidesOf);
  const { unlearned } = sides;
  const without = saidOf({ ...sides, unlearned: { ...unlearned, margins: null }, original: null });
  for (const name of ["epsilon", "forgetting_quality", "final_score", "u_lira", "klom", "tug_of_war", "ua_gap"])
    assert.equal(without[name], "the margin of each forget row is not known", name);
  assert.equal(without["relearn_steps"], "the original was not trained");
  const untested = saidOf({ ...sides, unlearned: { ...unlearned, test: null } });
  for (const name of ["final_score", "tug_of_war", "ta_gap"])
    assert.equal(untested[name], "the data have no test sample", name);
  assert.equal(
    saidOf(sides)["relearn_steps"],
    "its nets were not trained again: --methods relearn does that for unlearn",
  );
});

test("relearn steps are the mean over nets, null where one never learned x again or the original knew it no better", () => {
  const [sides] = WHOLE.map(sidesOf);
  const curve = (...forget: readonly number[]) => forget.map((value, i) => ({ epoch: i + 1, forget: value }));
  const relearned = (first: readonly number[], second: readonly number[], original = 0.9): MeasureFinding => {
    const relearning = sides.unlearned.trials.map((_, i) =>
      i === 0 ? curve(...first) : i === 1 ? curve(...second) : null,
    );
    return findingIn(
      measuresOf([{ ...sides, original, unlearned: { ...sides.unlearned, relearning } }]),
      "relearn_steps",
    );
  };
  const found = relearned([0.7, 0.8, 0.95], [0.9, 0.91]);
  assert.deepEqual([found.value, found.standardError], [2, 1]);
  assert.equal(relearned([0.7], [0.9]).reason, "1 of 2 nets had not learned x again when their training ended");
  assert.equal(relearned([0.7], [0.9], 0.1).reason, "the original is no surer of x than these nets are");
});

test("of several forget rows a measure of margins is the mean over them", () => {
  const [, sides] = WHOLE.map(sidesOf);
  const twice = (side: Side, shift: number): Side => ({
    ...side,
    margins: side.margins?.map(([margin]) => [margin, margin + shift]) ?? null,
  });
  const alone = findingIn(measuresOf([sides]), "klom_corrected").value ?? Number.NaN;
  const shifted = measuresOf([
    { ...sides, unlearned: twice(sides.unlearned, 30), retrained: twice(sides.retrained, 0) },
  ]);
  const both = findingIn(shifted, "klom_corrected").value ?? Number.NaN;
  const far = klomCorrected(
    (sides.unlearned.margins ?? []).map(([margin]) => margin + 30),
    (sides.retrained.margins ?? []).map(([margin]) => margin),
  );
  assertNear(both, (alone + (far ?? Number.NaN)) / 2, "mean");
  assert.equal(findingIn(shifted, "epsilon").bounds, null);
});

test("what a method costs is in row-gradients, and what it took to find its settings stands beside it", () => {
  const findings = measuresOf([sidesOf(WHOLE[0])]);
  assertNear(findingIn(findings, "rte").value, (5 * 201) / 20_000, "alone");
  assertNear(findingIn(findings, "rte_with_tuning").value, (55 * 201) / 20_000, "with tuning");
});

const NOTHING_BESIDE: Beside = { methods: METHODS, margins: new Map(), relearned: new Map() };

interface Planted {
  readonly method: string;
  readonly lambda: number;
  readonly epochs: number;
  /** What is added to the margins of retraining, and to its accuracy. */
  readonly shift: number;
  readonly accuracy: number;
  readonly isOneRun: boolean;
}

const RETRAINED: Planted = {
  ...{ method: "retrain_scratch", lambda: 0, epochs: 100 },
  ...{ shift: 0, accuracy: 0, isOneRun: false },
};
const ORIGINAL: Planted = { ...RETRAINED, method: "original", shift: 2 };
const UNLEARNED: Planted = { ...RETRAINED, method: "unlearn", lambda: 4.2, epochs: 5, shift: 0.4, accuracy: -0.004 };
const LONGER: Planted = { ...UNLEARNED, epochs: 20 };
const ONE_RUN: Planted = { ...RETRAINED, method: "retrain_original", shift: 1, isOneRun: true };

function sampleOf(
  planted: Planted,
  draw: number,
  { trials, preset, rows }: { trials: number; preset: string; rows: number },
): Sample {
  const { method, lambda, epochs, shift, accuracy, isOneRun } = planted;
  const random = stream("test", "compat", method, epochs, draw);
  const count = isOneRun ? 1 : trials;
  const margin = Array.from({ length: count }, () => 1 + draw / 4 + shift + random.normal());
  const around = (center: number): number[] => Array.from({ length: count }, () => center + 0.004 * random.normal());
  const start = ["original", "retrain_scratch"].includes(method) ? "" : "original@0x100";
  const recipe = {
    ...{ samples: 500, features: 4, forget_rows: rows, hidden: "8,8", learning_rate: 0.01, preset, method },
    ...{ lambda_reg: lambda, epochs, seed: 0, start, profile: "test/r1" },
  };
  return {
    ...{
      key: { draw: `${draw}`, ...recipe },
      recipe: JSON.stringify(recipe),
      diverged: 0,
      failed: 0,
      isOneRun,
      margin,
    },
    trials: margin.map((_, i) => i + 1),
    forget: margin.map((value) => 1 / (1 + Math.exp(-value))),
    ...{ accuracy: around(0.93 + accuracy), test: around(0.91 + accuracy) },
  };
}

const SIZES = { trials: 20, preset: "paired", rows: 1 };

function settingOf(planted: readonly Planted[], draws: number, sizes = SIZES): Setting {
  const samples = Array.from({ length: draws }, (_, draw) =>
    [RETRAINED, ...planted].map((one) => sampleOf(one, draw + 1, sizes)),
  ).flat();
  return { key: samples[0].key, samples };
}

function findingsOn(setting: Setting, beside = NOTHING_BESIDE): CompatFinding[] {
  const first = setting.samples.filter(({ key }) => key.draw === setting.key.draw);
  return compatOf(
    setting,
    first.map(({ key }) => key),
    beside,
  );
}

test("the recipes of a setting have what their samples give, on the draws that have all of them; retraining is none", () => {
  const setting = settingOf([ORIGINAL, UNLEARNED, LONGER], 3);
  const missing = setting.samples.filter(
    ({ key }) => key.draw !== "3" || ["retrain_scratch", "unlearn"].includes(key.method),
  );
  const found = findingsOn({ ...setting, samples: missing.slice(0, -1) });
  assert.deepEqual(
    found.map(({ recipe, draws, trials }) => [recipe.method, recipe.epochs, draws, trials]),
    [
      ["original", 100, ["1", "2"], 40],
      ["unlearn", 5, ["1", "2"], 40],
      ["unlearn", 20, ["1", "2"], 40],
    ],
  );
  const [retrained, , unlearned] = setting.samples;
  const alone = compatOf(settingOf([ORIGINAL, UNLEARNED], 1), [unlearned.key], NOTHING_BESIDE);
  assertNear(
    findingIn(alone[0].measures, "wasserstein_1").value,
    wasserstein1(unlearned.forget, retrained.forget),
    "of the samples",
  );
  assert.deepEqual(compatOf({ ...setting, samples: [unlearned] }, [unlearned.key], NOTHING_BESIDE), []);
});

test("trials are pairs where a preset shares initial weights, but for a second set of retraining trials", () => {
  const isSplit = (planted: Planted, preset: string): boolean =>
    findingIn(
      findingsOn(settingOf([planted], 1, { ...SIZES, preset }), { ...NOTHING_BESIDE, methods })[0].measures,
      "ks_p",
    ).isSplit;
  const methods = [...METHODS, { ...METHODS[1], name: "retrain_twin" }];
  assert.deepEqual([isSplit(UNLEARNED, "paired"), isSplit(UNLEARNED, "notebook")], [true, false]);
  assert.equal(isSplit({ ...RETRAINED, method: "retrain_twin" }, "paired"), false);
});

test("a row counts in a method's epochs where it weighs anything, and tuning is every λ to its longest", () => {
  const setting = settingOf(
    [ORIGINAL, UNLEARNED, LONGER, { ...UNLEARNED, lambda: 1 }, { ...UNLEARNED, method: "fine_tune", lambda: 0 }],
    1,
  );
  const found = findingsOn(setting);
  const value = (i: number, name: string): number | null => findingIn(found[i].measures, name).value;
  assertNear(value(0, "rte"), (100 * 501) / (100 * 500), "original");
  assertNear(value(1, "rte"), (5 * 501) / (100 * 500), "unlearn");
  assertNear(value(1, "rte_with_tuning"), ((20 + 5) * 501) / (100 * 500), "unlearn, with λ 1 and 20 epochs");
  assertNear(value(4, "rte"), (5 * 500) / (100 * 500), "fine_tune leaves x out");
  // x stands in the penalty alone, which weighs nothing where λ is 0.
  const own = { ...METHODS[4], name: "own", penalty: { retained: "0", forget: "1/k" } };
  const penalised = [0, 2].map((lambda) => ({ ...UNLEARNED, method: "own", lambda }));
  const owned = findingsOn(settingOf(penalised, 1), { ...NOTHING_BESIDE, methods: [...METHODS, own] });
  assertNear(findingIn(owned[0].measures, "rte").value, (5 * 500) / (100 * 500), "without a penalty");
  assertNear(findingIn(owned[1].measures, "rte").value, (5 * 501) / (100 * 500), "with a penalty");
  // The notebook's retraining keeps x in a penalty of its own weight.
  const notebook = findingsOn(settingOf([UNLEARNED], 1, { ...SIZES, preset: "notebook" }));
  assertNear(findingIn(notebook[0].measures, "rte").value, 5 / 100, "notebook");
  assert.throws(
    () => findingsOn(setting, { ...NOTHING_BESIDE, methods: [] }),
    /no method of the plan is called original/,
  );
  assert.throws(() => findingsOn(settingOf([UNLEARNED], 1, { ...SIZES, preset: "mine" })), /no preset is called mine/);
});

test("several forget rows need their margins, and a relearning is that of its own trial", () => {
  const setting = settingOf([ORIGINAL, UNLEARNED], 1, { ...SIZES, rows: 2 });
  const unlearned = setting.samples[2];
  const without = findingsOn(setting)[1].measures;
  assert.equal(findingIn(without, "klom").reason, "the margin of each forget row is not known");
  const margins = new Map(
    setting.samples.flatMap(({ key, trials, margin }) =>
      trials.map((trial, i): [string, number[]] => [trialKey(key, trial), [margin[i] ?? 0, (margin[i] ?? 0) + 1]]),
    ),
  );
  const relearned = new Map(
    [1, 2].map((trial) => [relearnedKey(unlearned.key, trial), [{ epoch: trial, forget: 0.99 }]] as const),
  );
  const found = findingsOn(setting, { ...NOTHING_BESIDE, margins, relearned })[1].measures;
  assert.equal(findingIn(found, "klom").reason, null);
  assert.equal(findingIn(found, "relearn_steps").value, 1.5);
});

test("a store tells the margins of several forget rows and the curves of relearning, by their trials", async () => {
  const store = await openStore(":memory:");
  const methods = "original,retrain_scratch,unlearn,relearn";
  const plan = smallPlan({
    "forget-rows": "2",
    preset: "paired",
    methods,
    epochs: "original=4,retrain_scratch=4,unlearn=2,relearn=6",
  });
  const sweep = await store.open(openRequest(plan));
  await store.record(sweep, specsIn(plan).map(trained));
  const [setting] = await settingsIn(store.cellSamples(sweep));
  const beside = await besideOf(store, sweep, [1, 2, 3]);
  assert.equal(beside.methods, sweep.plan.methods);
  const sample = setting.samples.find(({ key }) => key.method === "unlearn");
  assert.ok(sample !== undefined);
  for (const [i, trial] of sample.trials.entries()) {
    const margins: readonly number[] = beside.margins.get(trialKey(sample.key, trial)) ?? [];
    assert.equal(margins.length, 2);
    assertNear((margins[0] + margins[1]) / 2, sample.margin[i], "mean margin");
    const curve: readonly RelearnedEpoch[] = beside.relearned.get(relearnedKey(sample.key, trial)) ?? [];
    assert.deepEqual(
      curve.map(({ epoch }) => epoch),
      [1, 2, 3, 4, 5, 6],
    );
  }
  const found = compatOf(setting, [sample.key], beside)[0].measures;
  assert.equal(findingIn(found, "klom_corrected").reason, null);
  assert.notEqual(
    findingIn(found, "relearn_steps").reason,
    "its nets were not trained again: --methods relearn does that for unlearn",
  );
  await store.close();
});

/** One draw of 40 trials, whose unlearned nets have been trained again. */
function shown(): CompatFinding[] {
  const setting = settingOf([ORIGINAL, UNLEARNED], 1, { ...SIZES, trials: 40 });
  const { key, trials } = setting.samples[2];
  const curve = (trial: number): RelearnedEpoch[] =>
    Array.from({ length: 40 }, (_, i) => ({ epoch: i + 1, forget: 1 - 0.25 / (1 + i / (trial % 5)) }));
  const relearned = new Map(trials.map((trial) => [relearnedKey(key, trial), curve((trial % 4) + 1)]));
  return findingsOn(setting, { ...NOTHING_BESIDE, relearned });
}

test("the page of measures shows what verdict --compat prints, and explains every measure in its words", () => {
  const page = readFileSync("data/docs/measures.md", "utf8");
  const text = compatText(shown(), 80);
  assert.ok(page.includes(`\n\`\`\`text\n${text}\`\`\`\n`), text);
  const inCell = (text: string): string => text.replaceAll("|", "\\|");
  for (const { title, formula, source, trap } of COMPAT_MEASURES)
    assert.ok(page.includes(`\n| ${[title, formula, source, trap].map(inCell).join(" | ")} | `), title);
});

test("the text fits its width, numbers its reasons, and names what its errors are over", () => {
  const one = compatText(findingsOn(settingOf([ORIGINAL, UNLEARNED, ONE_RUN], 1)), 80);
  for (const line of one.split("\n")) assert.ok(line.length <= 80, line);
  assert.match(one, /^\[1\] its nets were not trained again: --methods relearn does that for unlearn$/m);
  assert.match(one, /^\[2\] its trials are copies of one run, which say nothing of chance$/m);
  assert.match(one, /^KS D .* - \[2\]$/m);
  assert.match(one, /^relearn steps +- \[1\] +- \[1\] +- \[1\]$/m);
  assert.match(one, /±: the standard error over trials, by the jackknife/);
  const many = compatText(findingsOn(settingOf([ORIGINAL, UNLEARNED], 3)), 80);
  assert.match(many, /^each is the mean over 3 draws; ±: its standard error over draws$/m);
  assert.equal(compatText([], 80), "no recipe here can be held against retrain_scratch\n");
  const independentText = compatText(findingsOn(settingOf([UNLEARNED], 1, { ...SIZES, preset: "notebook" })), 80);
  assert.ok(many.includes("odd-numbered") && !independentText.includes("odd-numbered"));
});
