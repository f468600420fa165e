/** Statistics against what scipy, statsmodels, pingouin, mne, arch and mpmath print (test/golden/oracles.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import { betaQuantile, betaTails } from "../src/stats/beta.js";
import { binomialQuantile, binomialTails } from "../src/stats/binomial.js";
import { chiSquaredTailQuantile, chiSquaredTails } from "../src/stats/chi-squared.js";
import { clopperPearson } from "../src/stats/clopper-pearson.js";
import { equivalence, equivalenceSize } from "../src/stats/equivalence.js";
import { fQuantile, fTailQuantile, fTails } from "../src/stats/f.js";
import { holm } from "../src/stats/holm.js";
import { kolmogorovSmirnov } from "../src/stats/kolmogorov-smirnov.js";
import { mannWhitney } from "../src/stats/mann-whitney.js";
import { modelConfidenceSet } from "../src/stats/model-confidence-set.js";
import { mean, populationStd, quantile, std } from "../src/stats/moments.js";
import { errorOfMean, errorOfProportion, jackknifeError } from "../src/stats/monte-carlo-error.js";
import { normalTail, normalTailQuantile } from "../src/stats/normal.js";
import { maxT, signFlips, swapTest } from "../src/stats/sign-flips.js";
import { signTest, wilcoxonSignedRanks } from "../src/stats/signed-ranks.js";
import { hallInterval, skewness, skewnessError } from "../src/stats/skewness.js";
import { tTailQuantile, tTails, tTwoSided } from "../src/stats/student-t.js";
import { oneSampleT, pairedT, tInterval, welchT } from "../src/stats/t-test.js";
import { nested, oneWay } from "../src/stats/variance-components.js";
import { wasserstein1 } from "../src/stats/wasserstein.js";

type Figure = number | string | readonly (number | string)[];

interface Case<Input> {
  readonly statistic: string;
  readonly input: Input;
  readonly expected: Readonly<Record<string, Figure>>;
  readonly source: string;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../test/golden/oracles.json", import.meta.url), "utf8"),
) as Case<unknown>[];

/** Relative, where a case does not say otherwise. */
const TOLERANCE = 1e-10;
const TAIL_TOLERANCE = 1e-12;

function assertMeets(found: number, expected: number | string, tolerance: number, what: string): void {
  const wanted = Number(expected);
  if (Object.is(found, wanted) || found === wanted) return;
  const off = Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1e-300);
  assert.ok(off <= tolerance, `${what}: ${found} where ${wanted} is printed (${off} relative)`);
}

/** A test of all cases of a statistic: `found` computes, of what a case gives, the figures that it prints. */
function meets<Input>(statistic: string, found: (input: Input) => Record<string, Figure>, tolerance = TOLERANCE): void {
  const cases = CASES.filter((one) => one.statistic === statistic) as Case<Input>[];
  test(`${statistic} meets what is printed for ${cases.length} cases`, () => {
    assert.ok(cases.length >= 20, `${cases.length} cases`);
    for (const { input, expected, source } of cases) {
      const figures = found(input);
      for (const [name, value] of Object.entries(expected)) {
        const what = `${name} of ${JSON.stringify(input).slice(0, 200)} (${source})`;
        const [these, those] = [[figures[name]].flat(), [value].flat()];
        assert.equal(these.length, those.length, what);
        these.forEach((one, i) => {
          assertMeets(Number(one), those[i] as number | string, tolerance, what);
        });
      }
    }
  });
}

interface Values {
  readonly values: readonly number[];
}
interface TwoSamples {
  readonly a: readonly number[];
  readonly b: readonly number[];
}
interface Differences {
  readonly differences: readonly number[];
}
interface Tail {
  readonly x: number;
  readonly df: readonly number[];
}

const noRandom = (): number => {
  throw new Error("nothing is drawn where all patterns are enumerated");
};

meets("moments", ({ values }: Values) => ({
  mean: mean(values),
  populationStd: populationStd(values),
  std: std(values),
  errorOfMean: errorOfMean(values),
}));
meets("quantile", ({ values, p }: Values & { p: readonly number[] }) => ({
  quantiles: p.map((share) => quantile(values, share)),
}));
meets("jackknifeOfCV", ({ values }: Values) => {
  const cv = (of: readonly number[]): number => std(of) / mean(of);
  // The value of the R package is printed with seven digits.
  const error = jackknifeError(values, cv);
  return { error: values.length === 9 && values[2] === 79 ? Number(error.toFixed(7)) : error };
});
meets("oneSampleT", ({ values, expected }: Values & { expected: number }) => {
  const found = oneSampleT(values, expected);
  return { ...found, ...tInterval(found, 0.9) };
});
meets("welchT", ({ a, b }: TwoSamples) => {
  const found = welchT(a, b);
  return { ...found, ...tInterval(found, 0.9) };
});
meets("wasserstein1", ({ a, b }: TwoSamples) => ({ distance: wasserstein1(a, b) }));
meets("kolmogorovSmirnov", ({ a, b }: TwoSamples) => ({ ...kolmogorovSmirnov(a, b) }));
meets("mannWhitney", ({ a, b }: TwoSamples) => {
  const { u, auc, p } = mannWhitney(a, b);
  return { u, auc, p };
});
meets("wilcoxon", ({ differences }: Differences) => {
  const { statistic, p } = wilcoxonSignedRanks(differences);
  return { statistic, p };
});
meets("signTest", ({ differences }: Differences) => {
  const { statistic, p } = signTest(differences);
  return { statistic, p };
});
meets("swapTest", ({ differences }: Differences) => {
  const { statistic, p } = swapTest(differences, signFlips(differences.length, 0, noRandom));
  return { statistic, p };
});
meets("equivalence", ({ values, margin, alpha }: Values & { margin: number; alpha: number }) => {
  const { p, interval, smallestMargin } = equivalence(oneSampleT(values), margin, alpha);
  return { p, ...interval, smallestMargin };
});
meets("skewness", ({ values }: Values) => ({ skewness: skewness(values) }));
meets("hallInterval", ({ values, confidence }: Values & { confidence: number }) => ({
  ...hallInterval({ ...oneSampleT(values), skewness: skewness(values) }, confidence),
}));

test("two in a hundred samples of normal values are plainly skewed, from eight values on, and none of five or fewer", () => {
  const random = stream("test", "plainly skewed");
  for (const n of [3, 5, 8, 12, 19]) {
    const found = Array.from({ length: 4000 }, () => skewness(Array.from({ length: n }, () => random.normal())));
    const times = found.filter((of) => Math.abs(of) > 2.44 * skewnessError(n)).length;
    if (n <= 5) assert.equal(times, 0);
    else
      assert.ok(
        times >= binomialQuantile(0.001, 4000, 0.02) && times <= binomialQuantile(0.999, 4000, 0.02),
        `${n}: ${times}`,
      );
  }
});

test("the interval of Hall's transformation is Student's where nothing is skewed, and a point where nothing varies", () => {
  const of = oneSampleT([-2, -1, 0, 1, 2]);
  assert.deepEqual(hallInterval({ ...of, skewness: Number.NaN }, 0.9), tInterval(of, 0.9));
  assert.deepEqual(hallInterval({ estimate: 3, error: 0, df: 4, skewness: Number.NaN }, 0.9), { low: 3, high: 3 });
});

meets("holm", ({ ps }: { ps: readonly number[] }) => ({ adjusted: holm(ps) }));
meets("clopperPearson", ({ hits, n, alpha }: { hits: number; n: number; alpha: number }) => ({
  ...clopperPearson(hits, n, alpha),
}));
meets("maxT", ({ values, alpha }: { values: readonly (readonly number[])[]; alpha: number }) => {
  const cells = maxT(values, signFlips(values[0].length, 0, noRandom), alpha);
  return { t: cells.map(({ t }) => t), p: cells.map(({ p }) => p) };
});
meets(
  "modelConfidenceSet",
  ({ losses, resamples }: { losses: readonly (readonly number[])[]; resamples: readonly (readonly number[])[] }) => {
    const order = modelConfidenceSet(losses, resamples);
    return { cells: order.map(({ cell }) => cell), p: order.map(({ p }) => p) };
  },
);
meets("oneWay", ({ groups, confidence }: { groups: readonly (readonly number[])[]; confidence: number }) => {
  const { p, between, within, group, trial, correlation } = oneWay(groups, confidence);
  return {
    ...{ p, between, within, groupVariance: group.variance },
    ...{ trialLow: trial.interval.low, trialHigh: trial.interval.high },
    ...{ correlation: correlation.estimate },
    ...{ correlationLow: correlation.interval.low, correlationHigh: correlation.interval.high },
  };
});
meets(
  "nested",
  ({ groups, confidence }: { groups: readonly (readonly (readonly number[])[])[]; confidence: number }) => {
    const { group, subgroup, rest } = nested(groups, confidence);
    return { group: group.variance, subgroup: subgroup.variance, rest: rest.variance };
  },
);
meets("tTail", ({ x, df: [df] }: Tail) => ({ upper: tTails(x, df).upper }), TAIL_TOLERANCE);
meets("fTail", ({ x, df: [a, b] }: Tail) => ({ ...fTails(x, a, b) }), TAIL_TOLERANCE);
meets("chiSquaredTail", ({ x, df: [df] }: Tail) => ({ ...chiSquaredTails(x, df) }), TAIL_TOLERANCE);
meets("betaTail", ({ x, df: [a, b] }: Tail) => ({ ...betaTails(x, 1 - x, a, b) }), TAIL_TOLERANCE);
meets(
  "binomialTail",
  ({ k, n, p }: { k: number; n: number; p: number }) => ({ ...binomialTails(k, n, p) }),
  TAIL_TOLERANCE,
);

test("a quantile is where its tail is what was asked for, far out as in the middle", () => {
  for (const p of [1e-100, 1e-12, 0.001, 0.025, 0.2, 0.5, 0.8, 0.975, 0.9999]) {
    for (const df of [1, 3.5, 19, 1000]) {
      assertMeets(tTails(tTailQuantile(p, df), df).upper, p, 1e-12, `t, ${df}`);
      assertMeets(chiSquaredTails(chiSquaredTailQuantile(p, df), df).upper, p, 1e-12, `χ², ${df}`);
      assertMeets(fTails(fTailQuantile(p, df, 7), df, 7).upper, p, 1e-12, `F, ${df}`);
      assertMeets(fTails(fQuantile(p, 7, df), 7, df).lower, p, 1e-12, `F, ${df}, from below`);
      const x = betaQuantile(p, df, 2);
      if (x < 0.9) assertMeets(betaTails(x, 1 - x, df, 2).lower, p, 1e-12, `beta, ${df}`);
    }
    assertMeets(normalTail(normalTailQuantile(p)), p, 1e-12, "normal");
  }
});

test("the ends of a distribution have their quantiles, and what is no probability has none", () => {
  assert.deepEqual([tTailQuantile(0, 3), tTailQuantile(1, 3)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.deepEqual([normalTailQuantile(0), normalTailQuantile(1)], [Infinity, -Infinity]);
  assert.deepEqual([chiSquaredTailQuantile(0, 3), chiSquaredTailQuantile(1, 3)], [Infinity, 0]);
  assert.deepEqual([fTailQuantile(0, 3, 4), fTailQuantile(1, 3, 4)], [Infinity, 0]);
  assert.deepEqual([betaQuantile(0, 3, 4), betaQuantile(1, 3, 4)], [0, 1]);
  for (const none of [-0.1, 1.1, Number.NaN])
    for (const found of [tTailQuantile(none, 3), normalTailQuantile(none), betaQuantile(none, 1, 1)])
      assert.ok(Number.isNaN(found));
});

test("a binomial quantile is the first number whose tail reaches the share", () => {
  for (const [q, n, p] of [
    [0.5, 10, 0.5],
    [0.01, 300, 0.9],
    [0.999, 300, 0.9],
    [0.25, 1, 0.8],
  ] as const) {
    const k = binomialQuantile(q, n, p);
    assert.ok(binomialTails(k, n, p).lower >= q);
    assert.ok(binomialTails(k - 1, n, p).lower < q);
  }
});

test("how many trials show equivalence is what Chow, Shao and Wang's formula gives", () => {
  const of = (power: number, paired: boolean): number =>
    equivalenceSize(0.19, 0.02, { alpha: 0.05, power, difference: 0, paired });
  assert.deepEqual([of(0.8, false), of(0.9, false), of(0.8, true)], [1546, 1954, 773]);
});

test("where the true difference is not 0, so many trials show equivalence as leave both one-sided tests β to miss", () => {
  const asked = { alpha: 0.05, power: 0.8, paired: true };
  for (const difference of [0.001, -0.005, 0.015]) {
    const size = equivalenceSize(0.19, 0.02, { ...asked, difference });
    const missed = (n: number): number =>
      [0.02 - difference, 0.02 + difference].reduce(
        (sum, room) => sum + normalTail((room * Math.sqrt(n)) / 0.19 - normalTailQuantile(0.05)),
        0,
      );
    assert.ok(missed(size) <= 0.2 && missed(size - 1) > 0.2, `${difference}`);
  }
});

test("an estimate without error is equivalent inside the margin, and different outside", () => {
  const certain = { estimate: 0.02, error: 0, df: 9 };
  assert.deepEqual(equivalence(certain, 0.05, 0.05), {
    p: 0,
    interval: { low: 0.02, high: 0.02 },
    smallestMargin: 0.02,
  });
  assert.equal(equivalence(certain, 0.01, 0.05).p, 1);
});

test("pairs are their differences, and must be as many", () => {
  const [a, b] = [
    [1, 2, 4],
    [0.5, 2.25, 3],
  ];
  assert.deepEqual(pairedT(a, b), oneSampleT([0.5, -0.25, 1]));
  assert.throws(() => pairedT(a, [1]), /pairs need as many of each, got 3 and 1/);
});

test("the error of a proportion is that of the mean of its zeros and ones, but for n and n − 1", () => {
  const values = [...Array<number>(30).fill(1), ...Array<number>(70).fill(0)];
  assertMeets(errorOfProportion(0.3, 100), errorOfMean(values) * Math.sqrt(99 / 100), 1e-14, "proportion");
});

test("a two-sided p-value is twice the outer tail", () => {
  assert.equal(tTwoSided(-2.5, 7), 2 * tTails(2.5, 7).upper);
});

test("beyond twelve draws signs are drawn, and the pattern that flips nothing is one of them", () => {
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const flips = signFlips(20, 500, random);
  assert.equal(flips.exact, false);
  assert.equal(flips.signs.length, 500);
  assert.ok(flips.signs[0].every((sign) => sign === 1));
  const far = maxT([Array.from({ length: 20 }, (_, i) => 5 + (i % 3))], flips, 0.05);
  assert.equal(far[0].p, 1 / 500);
});

test("a simultaneous band is wider than a single one, and infinite where draws are too few", () => {
  const cell = (shift: number): number[] => Array.from({ length: 8 }, (_, i) => shift + ((i * 37) % 11) / 10);
  const flips = signFlips(8, 0, noRandom);
  const [alone] = maxT([cell(0)], flips, 0.1);
  const [among] = maxT([cell(0), cell(1).reverse(), cell(2).map((v, i) => v * (i % 2 ? 1 : -1))], flips, 0.1);
  assert.ok(among.high - among.low > alone.high - alone.low);
  assert.equal(alone.mean, among.mean);
  const [few] = maxT([[1, 2, 4]], signFlips(3, 0, noRandom), 0.1);
  assert.deepEqual([few.low, few.high], [-Infinity, Infinity]);
});

test("cells that are equal in every draw differ by nothing, for certain", () => {
  const [same, shifted] = maxT(
    [
      [0, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5],
    ],
    signFlips(4, 0, noRandom),
    0.2,
  );
  assert.deepEqual([same.t, same.p, same.low, same.high], [0, 1, 0, 0]);
  assert.deepEqual([shifted.t, shifted.p, shifted.low, shifted.high], [Infinity, 2 / 16, 0.5, 0.5]);
});

test("variance components want balanced groups", () => {
  assert.throws(() => oneWay([[1, 2], [1]], 0.9), /balanced groups are needed/);
  assert.throws(() => oneWay([[1, 2, 3]], 0.9), /balanced groups are needed/);
  assert.throws(
    () =>
      nested(
        [
          [
            [1, 2],
            [1, 3],
          ],
          [[1, 2], [3]],
        ],
        0.9,
      ),
    /balanced groups are needed/,
  );
});

test("a cell whose values are all equal, whatever rounding makes of their mean, leaves the bands of the others as they are", () => {
  const other = [0.3, -0.2, 0.7, 0.1, -0.4, 0.5];
  const flips = signFlips(other.length, 2000, () => 0);
  const [alone] = maxT([other], flips, 0.05);
  for (const value of [0.1, -0.7, 0.0125]) {
    const [constant, beside] = maxT([other.map(() => value), other], flips, 0.05);
    assert.deepEqual([beside.low, beside.high], [alone.low, alone.high]);
    assert.equal(constant.low, constant.high);
  }
});
