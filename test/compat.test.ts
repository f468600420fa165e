/** The measures of the field against an independent program (test/golden/compat.py), and what they refuse to say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { Interval } from "../src/stats/interval.js";
import { accuracyGap, forgetAccuracy, unlearningGap } from "../src/verdict/compat/accuracy-gaps.js";
import { finalScore } from "../src/verdict/compat/final-score.js";
import { forgettingBounds, forgettingPoints, forgettingQuality } from "../src/verdict/compat/forgetting-quality.js";
import { klom, klomCorrected } from "../src/verdict/compat/klom.js";
import { COMPAT_MEASURES, type MeasureFinding, measuresOf } from "../src/verdict/compat/measures.js";
import { relearnSteps } from "../src/verdict/compat/relearn-steps.js";
import { runTimeEfficiency } from "../src/verdict/compat/run-time-efficiency.js";
import type { Side, Sides } from "../src/verdict/compat/sides.js";
import { tugOfWar } from "../src/verdict/compat/tug-of-war.js";
import { uLira } from "../src/verdict/compat/u-lira.js";

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
  assert.equal(saidOf(sides)["relearn_steps"], "its nets were not trained again: add relearn to --methods");
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
