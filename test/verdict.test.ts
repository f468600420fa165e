/** The verdict on planted truths: samples whose differences to retraining are known. */
import assert from "node:assert/strict";
import test from "node:test";
import { type Stream, stream } from "../src/data/streams.js";
import type { CellKey } from "../src/plan/cell.js";
import type { Question } from "../src/plan/question.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { oneSampleT, tInterval } from "../src/stats/t-test.js";
import { openStore } from "../src/store/open.js";
import { judged, sampled } from "../src/verdict/answer.js";
import { type Sample, type Setting, settingsIn } from "../src/verdict/scores.js";
import { simultaneous } from "../src/verdict/simultaneous.js";
import { trialsOf } from "../src/verdict/table.js";
import { type Verdict, verdictOn } from "../src/verdict/verdict.js";
import { failed, openRequest, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";

const QUESTION: Question = { estimand: "forget_probability", margins: { forget: 0.05, accuracy: 0.01 } };

/** A method's planted differences to retraining. */
interface Planted {
  readonly method: string;
  readonly lambda: number;
  readonly forget: number;
  readonly accuracy: number;
  readonly isOneRun?: boolean;
  readonly diverged?: number;
}

const SAME = { forget: 0, accuracy: 0 };
const RETRAINED: Planted = { method: "retrain_scratch", lambda: 0, ...SAME };

function keyOf({ method, lambda }: Planted, draw: number): CellKey {
  return {
    ...{ draw: `${draw}`, samples: 500, features: 4, forget_rows: 1, hidden: "8,8", learning_rate: 0.01 },
    ...{ preset: "paired", method, lambda_reg: lambda, epochs: 5, seed: 0, start: "", profile: "test/r1" },
  };
}

/** Trials around the draw's own retraining value plus what is planted. */
function sampleOf(planted: Planted, draw: number, center: number, trials: number, random: Stream): Sample {
  const key = keyOf(planted, draw);
  const { draw: _, ...recipe } = key;
  const count = planted.isOneRun ? 1 : trials;
  const around = (value: number, sigma: number): number[] =>
    Array.from({ length: count }, () => value + sigma * random.normal());
  return {
    ...{ key, recipe: JSON.stringify(recipe), diverged: planted.diverged ?? 0, failed: 0 },
    isOneRun: planted.isOneRun ?? false,
    trials: Array.from({ length: count }, (_, i) => i + 1),
    forget: around(center + planted.forget, 0.05),
    accuracy: around(0.93 + planted.accuracy, 0.003),
    margin: Array<null>(count).fill(null),
    test: Array<null>(count).fill(null),
  };
}

function settingOf(planted: readonly Planted[], draws: number, trials: number, name: string): Setting {
  const random = stream("test", name);
  const samples = Array.from({ length: draws }, (_, draw) => {
    const center = 0.7 + 0.1 * random.normal();
    return [RETRAINED, ...planted].map((one) => sampleOf(one, draw + 1, center, trials, random));
  }).flat();
  return { key: samples[0].key, samples };
}

function verdict(planted: readonly Planted[], draws: number, trials: number, name: string): Verdict {
  const found = verdictOn(settingOf(planted, draws, trials, name), QUESTION);
  assert.ok(found !== null);
  return found;
}

function rowOf(found: Verdict, what: string, method?: string): Verdict["rows"][number] {
  const row = found.rows.find((row) => row.what === what && (method === undefined || row.recipe.method === method));
  assert.ok(row !== undefined, `${what} ${method ?? ""}`);
  return row;
}

const ORIGINAL: Planted = { method: "original", lambda: 0, forget: 0.3, accuracy: 0 };
const FAR: Planted = { method: "unlearn", lambda: 4, forget: -0.2, accuracy: -0.02 };
const NEAR: Planted = { method: "unlearn", lambda: 1, ...SAME };

test("a recipe without a difference is chosen and equivalent, one with a large difference is different, and so is doing nothing", () => {
  const found = verdict(
    [ORIGINAL, FAR, NEAR, { method: "fine_tune", lambda: 0, forget: 0.15, accuracy: 0 }],
    20,
    16,
    "planted",
  );
  const chosen = rowOf(found, "chosen");
  assert.deepEqual([chosen.recipe.method, chosen.recipe.lambda_reg], ["unlearn", 1]);
  assert.deepEqual([chosen.judgement?.answer, chosen.share, chosen.rivals], ["equivalent", 1, 3]);
  assert.equal(rowOf(found, "do nothing").judgement?.answer, "different");
  assert.equal(rowOf(found, "method", "fine_tune").judgement?.answer, "different");
  assert.deepEqual(
    found.notBeaten?.recipes.map(({ lambda_reg }) => lambda_reg),
    [1],
  );
  assert.deepEqual([found.unit, found.units, found.draws.length], ["draw", 20, 20]);
  assert.deepEqual(found.leftOut, { draws: 0, recipes: 0, lost: 0 });
  assert.deepEqual([found.choice?.chosenBy, found.choice?.judgedBy, chosen.judgement?.units], [10, 10, 10]);
  assert.deepEqual(found.choice?.answers, { equivalent: 1, different: 0, "too few": 0 });
});

test("few draws with a spread as large as the margin cannot tell, and the verdict says how many would", () => {
  const found = verdict([{ ...NEAR, forget: 0.03 }], 4, 2, "few");
  const { judgement } = rowOf(found, "chosen");
  assert.equal(judgement?.answer, "too few");
  assert.ok(judgement.needed !== null && judgement.needed > 4);
});

test("so many units as are said to be enough decide it 8 times in 10, where truth is what the few showed", () => {
  const margins = { forget: 0.05, accuracy: 0.01 };
  const sigma = { forget: 0.2, accuracy: 0.03 };
  const random = stream("test", "enough");
  for (const truth of [
    { forget: 0.01, accuracy: -0.001 },
    { forget: 0.12, accuracy: 0 },
  ]) {
    const few = 20;
    const at = (endpoint: "forget" | "accuracy", units: number) => ({
      ...{ estimate: truth[endpoint], error: sigma[endpoint] / Math.sqrt(units), df: units - 1, skewness: 0 },
    });
    const { answer, needed } = judged({ forget: at("forget", few), accuracy: at("accuracy", few) }, margins, few);
    assert.equal(answer, "too few");
    assert.ok(needed !== null);
    const found = Array.from({ length: 400 }, () => {
      const of = (endpoint: "forget" | "accuracy") =>
        sampled(Array.from({ length: needed }, () => truth[endpoint] + sigma[endpoint] * random.normal()));
      return judged({ forget: of("forget"), accuracy: of("accuracy") }, margins, needed).answer;
    });
    const decided = found.filter((one) => one === (truth.forget > margins.forget ? "different" : "equivalent")).length;
    assert.ok(decided >= binomialQuantile(0.001, 400, 0.8) && decided <= 0.95 * 400, `${decided}`);
  }
});

/** Values of mean 0 and standard deviation 1, a tail of which points down. */
function withTail(count: number): number[] {
  const values = Array.from({ length: count }, (_, i) => Math.log((i + 0.5) / count));
  const { estimate, error } = oneSampleT(values);
  return values.map((value) => (value - estimate) / (error * Math.sqrt(count)));
}

test("from 20 values on an answer and its interval bear skewness, and of fewer one line tells of it", () => {
  const margins = { forget: 1, accuracy: 1 };
  // So near the lower margin that Student's interval just clears it.
  const at = (count: number) => withTail(count).map((value) => value - 1 + 1.75 / Math.sqrt(count));
  const none = (count: number) => sampled(Array<number>(count).fill(0));
  const few = judged({ forget: sampled(at(19)), accuracy: none(19) }, margins, 19);
  assert.equal(few.answer, "equivalent");
  assert.deepEqual(few.skewed?.endpoint, "forget");
  assert.deepEqual(few.skewed?.errors, { from: 0.08, to: 0.21 });
  const many = judged({ forget: sampled(at(20)), accuracy: none(20) }, margins, 20);
  assert.deepEqual([many.answer, many.skewed], ["too few", null]);
  const student = tInterval(sampled(at(20)), 0.9);
  assert.ok(student.low > -1 && many.forget.interval.low < -1);
  assert.equal(many.forget.interval.high, student.high);
  assert.equal(many.forget.smallestMargin, -many.forget.interval.low);
  assert.deepEqual(few.forget.interval, tInterval(sampled(at(19)), 0.9));
});

test("what is beyond its margin by Student's t alone is not called different from 20 values on", () => {
  const at = (count: number) => sampled(withTail(count).map((value) => value + 1 + 2.15 / Math.sqrt(count)));
  const of = (count: number) =>
    judged({ forget: at(count), accuracy: at(count) }, { forget: 1, accuracy: 1 }, count).answer;
  assert.deepEqual([of(19), of(20)], ["different", "too few"]);
});

test("on one draw the trials are the units, and copies of one run are refused with the reason", () => {
  const found = verdict([ORIGINAL, NEAR, { ...FAR, method: "retrain_original", isOneRun: true }], 1, 100, "one draw");
  assert.deepEqual([found.unit, found.units], ["trial", 75]);
  assert.equal(rowOf(found, "chosen").judgement?.answer, "equivalent");
  const copies = rowOf(found, "method", "retrain_original");
  assert.equal(copies.judgement, null);
  assert.equal(copies.refused, "its trials are copies of one run, which say nothing of chance");
});

test("over draws the one run of each draw is a value like any other", () => {
  const found = verdict([{ ...FAR, isOneRun: true }], 20, 16, "one run a draw");
  assert.equal(rowOf(found, "chosen").judgement?.answer, "different");
  assert.equal(rowOf(found, "chosen").trials, 20);
});

test("draws with nothing to forget are told from those with much, by trials that the verdict does not use", () => {
  const nothing = settingOf([{ ...ORIGINAL, forget: 0 }, NEAR], 10, 120, "nothing");
  const much = settingOf([ORIGINAL, NEAR], 10, 120, "much");
  const moved = much.samples.map((sample) => ({
    ...sample,
    key: { ...sample.key, draw: `${100 + Number(sample.key.draw)}` },
  }));
  const found = verdictOn({ key: nothing.key, samples: [...nothing.samples, ...moved] }, QUESTION);
  const strata = found?.strata.map(({ stratum, draws }) => [stratum, draws]);
  assert.deepEqual(strata?.at(-1), ["much", 10]);
  assert.equal(strata?.[0][0], "nothing");
  assert.ok(Number(strata?.[0][1]) >= 8);
  assert.equal(found?.memorisation.length, 20);
  // Of 120 trials the fourth, eighth, … are set aside: ninety are left on each of 20 draws.
  assert.equal(found?.rows[0].trials, 20 * 90);
  assert.equal(found?.cannotTell, found?.strata[0].draws);
});

test("of a draw whose few trials leave a wide interval it cannot be told whether there was anything to forget", () => {
  const found = verdict([{ ...ORIGINAL, forget: 0 }, NEAR], 10, 8, "wide");
  const isWide = found.memorisation.map(({ interval: { low, high } }) => low <= 0 && high >= 0.05);
  assert.deepEqual(
    found.memorisation.map(({ stratum }) => stratum === "unknown"),
    isWide,
  );
  assert.ok(isWide.filter((wide) => wide).length >= 4);
  const setting = settingOf([ORIGINAL, NEAR], 3, 8, "lost pairs");
  const samples = setting.samples.map((sample) =>
    sample.key.draw === "2" && sample.key.method === ORIGINAL.method
      ? { ...sample, trials: sample.trials.map((trial) => (trial === 4 ? 9 : trial)) }
      : sample,
  );
  const [, lost] = verdictOn({ ...setting, samples }, QUESTION)?.memorisation ?? [];
  assert.deepEqual([lost.stratum, lost.trials, lost.interval.high], ["unknown", 1, Number.POSITIVE_INFINITY]);
});

test("memorisation is of probabilities, whatever is compared", () => {
  const setting = settingOf([ORIGINAL, NEAR], 5, 16, "log-odds");
  const samples = setting.samples.map((sample) => ({
    ...sample,
    margin: sample.forget.map((p) => Math.log(Math.max(p, 1e-6) / Math.max(1 - p, 1e-6))),
  }));
  const whole = { ...setting, samples };
  const logOdds: Question = { estimand: "forget_margin", margins: { forget: 0.5, accuracy: 0.01 } };
  const found = verdictOn(whole, logOdds);
  assert.deepEqual(found?.memorisation, verdictOn(whole, QUESTION)?.memorisation);
  assert.ok(Number(found?.rows[1].judgement?.forget.estimate) > 1, "doing nothing, in log-odds");
});

/** The setting, some samples of which have other trials. */
function withTrials(setting: Setting, is: (sample: Sample) => boolean, keep: (trial: number) => boolean): Setting {
  return { ...setting, samples: setting.samples.map((sample) => (is(sample) ? trialsOf(sample, keep) : sample)) };
}

function isOf({ method, lambda }: Planted): (sample: Sample) => boolean {
  return ({ key }) => key.method === method && key.lambda_reg === lambda;
}

test("a recipe of fewer trials is held against retraining's trials of the same numbers, and so is its distance", () => {
  const twin: Planted = { method: "retrain_twin", lambda: 0, ...SAME };
  const whole = settingOf([NEAR, twin], 6, 12, "fewer");
  const isFew = (trial: number): boolean => trial <= 3;
  const row = verdictOn(withTrials(whole, isOf(NEAR), isFew), QUESTION)?.rows[0];
  const few = verdictOn(
    withTrials(whole, () => true, isFew),
    QUESTION,
  )?.rows[0];
  assert.deepEqual(row, few);
  assert.ok(row?.wasserstein?.nullBand);
});

test("a recipe that has a draw's trials but for those beside retraining's is left out, and takes nobody with it", () => {
  const whole = settingOf([ORIGINAL, NEAR, FAR], 10, 16, "lost");
  const isLost = (sample: Sample): boolean => isOf(FAR)(sample) && sample.key.draw === "3";
  // The fourth trial is set aside for memorisation.
  const found = verdictOn(
    withTrials(whole, isLost, (trial) => trial === 4),
    QUESTION,
  );
  assert.deepEqual([found?.recipes, found?.leftOut, found?.draws.length], [1, { draws: 0, recipes: 1, lost: 1 }, 10]);
  assert.deepEqual(
    found?.notBeaten?.recipes.map(({ lambda_reg }) => lambda_reg),
    [NEAR.lambda],
  );
});

test("no recipe is beaten for having fewer trials: of each as many are compared", () => {
  const alike = [1, 2, 3, 4].map((lambda) => ({ ...NEAR, lambda }));
  const whole = settingOf(alike, 20, 64, "fewer, beaten");
  const found = verdictOn(
    withTrials(whole, isOf(alike[0]), (trial) => trial <= 2),
    QUESTION,
  );
  assert.equal(found?.notBeaten?.trials, 2);
  assert.ok(found?.notBeaten?.recipes.some(({ lambda_reg }) => lambda_reg === 1));
  assert.equal(verdictOn(whole, QUESTION)?.notBeaten?.trials, null);
});

test("the null shows what two retrainings differ by, and its band holds their Wasserstein distance", () => {
  const found = verdict([NEAR, { method: "retrain_twin", lambda: 0, ...SAME }], 10, 20, "null");
  const { wasserstein } = rowOf(found, "null");
  assert.ok(wasserstein !== null && wasserstein.nullBand !== null);
  const { distance, nullBand } = wasserstein;
  assert.ok(nullBand.low <= distance && distance <= nullBand.high);
  assert.equal(rowOf(found, "null").recipe.method, "retrain_twin");
  assert.equal(found.recipes, 1, "a second retraining is no recipe that unlearns");
});

test("where draws have one trial each, or the twin lost some, no band of the null stands beside its distance", () => {
  const twin = { method: "retrain_twin", lambda: 0, ...SAME };
  const bandOf = (planted: Planted, trials: number): unknown =>
    rowOf(verdict([planted, twin], 10, trials, "no band"), "chosen").wasserstein?.nullBand;
  assert.equal(bandOf(NEAR, 1), null);
  assert.notEqual(bandOf(NEAR, 2), null);
  const setting = settingOf([NEAR, twin], 10, 6, "a lost trial");
  const lost = withTrials(setting, isOf(twin), (trial) => trial > 1);
  assert.equal(verdictOn(lost, QUESTION)?.rows[0].wasserstein?.nullBand, null);
});

test("draws that lack a recipe are left out and counted, and no draw is mixed with another", () => {
  const whole = settingOf([ORIGINAL, NEAR, FAR], 5, 8, "whole");
  const lacking = whole.samples.filter(({ key }) => key.draw !== "5" || key.method !== "unlearn");
  const found = verdictOn({ ...whole, samples: lacking }, QUESTION);
  assert.deepEqual(found?.draws, ["1", "2", "3", "4"]);
  assert.deepEqual(found?.leftOut, { draws: 1, recipes: 0, lost: 0 });
});

test("trials that diverged bound the mean from both sides", () => {
  const found = verdict([{ ...NEAR, diverged: 16 }], 10, 16, "diverged");
  const { worstCase, diverged } = rowOf(found, "chosen");
  assert.equal(diverged, 160);
  assert.ok(worstCase !== null && worstCase.forget.low < -0.2 && worstCase.forget.high > 0.05);
});

test("nothing can be said without retraining", () => {
  const setting = settingOf([NEAR], 3, 4, "no retraining");
  const samples = setting.samples.filter(({ key }) => key.method !== "retrain_scratch");
  assert.equal(verdictOn({ ...setting, samples }, QUESTION), null);
});

test("all recipes at once get wider bands than one alone, and the equivalent ones are found", () => {
  const planted = [0, 1, 2, 3].map((lambda) => ({ ...NEAR, lambda, forget: lambda * 0.08 }));
  const found = simultaneous(settingOf(planted, 12, 20, "all"), QUESTION);
  assert.ok(found !== null);
  assert.deepEqual([found.bands, found.exact, found.patterns, found.units], ["max-T", true, 4096, 12]);
  assert.deepEqual(
    found.rows.map(({ isEquivalent }) => isEquivalent),
    [true, false, false, false],
  );
  // The t of 11 degrees of freedom that 5 % exceed.
  const { low, high, error } = found.rows[0].forget;
  assert.ok((high - low) / 2 / error > 1.796);
});

test("of fewer than eight draws the bands of all at once are Bonferroni's, which know how many recipes there are", () => {
  const planted = [0, 1, 2, 3].map((lambda) => ({ ...NEAR, lambda, forget: 0 }));
  const found = simultaneous(settingOf(planted, 5, 20, "few at once"), QUESTION);
  assert.equal(found?.bands, "Bonferroni");
  const { low, high, error } = found.rows[0].forget;
  // The t of 4 degrees of freedom that .05/4 exceed.
  assert.ok(Math.abs((high - low) / 2 / error - 3.495406) < 1e-6);
});

test("recipes on either side of retraining do not cancel: what is judged is the one that was chosen", () => {
  const sides = [1, 2, 3, 4, 5, 6].map((lambda) => ({ ...NEAR, lambda, forget: lambda % 2 === 0 ? 0.1 : -0.1 }));
  const chosen = rowOf(verdict(sides, 20, 8, "either side"), "chosen");
  assert.equal(chosen.judgement?.answer, "different");
  assert.ok(Math.abs(Math.abs(chosen.judgement.forget.estimate) - 0.1) < 0.05);
});

test("a recipe that all but one draw lack takes no draws away from the others, and is counted", () => {
  const whole = settingOf([ORIGINAL, NEAR, FAR], 5, 8, "adding");
  const lacking = whole.samples.filter(({ key }) => key.draw === "3" || key.lambda_reg !== FAR.lambda);
  const found = verdictOn({ ...whole, samples: lacking }, QUESTION);
  assert.deepEqual([found?.draws.length, found?.recipes], [5, 1]);
  assert.deepEqual(found?.leftOut, { draws: 0, recipes: 1, lost: 0 });
});

test("draws that nothing was unlearned on do not crowd out those that a recipe has", () => {
  const many = settingOf([ORIGINAL], 20, 4, "bare");
  const few = settingOf([NEAR], 3, 4, "with a recipe").samples.filter(({ key }) => key.method === NEAR.method);
  const found = verdictOn({ ...many, samples: [...many.samples, ...few] }, QUESTION);
  assert.deepEqual([found?.draws, found?.recipes, found?.leftOut.draws], [["1", "2", "3"], 1, 17]);
});

test("draws stand in the order of their seeds, so that those that come later change no side", () => {
  const setting = settingOf([NEAR, FAR], 12, 4, "order");
  const found = verdictOn({ ...setting, samples: setting.samples.toReversed() }, QUESTION);
  assert.deepEqual(found?.draws, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
});

test("the settings of a store's rows: sizes apart, the copies of one run once, and no failed trial among the others", async () => {
  const store = await openStore(":memory:");
  const plan = smallPlan({ preset: "notebook", trials: "3" });
  const sweep = await store.open(openRequest(plan));
  const specs = specsIn(plan);
  const [first, ...others] = specs;
  await store.record(sweep, [failed(first, "it did not start"), ...others.map(trained)]);
  const settings = await settingsIn(store.cellSamples(sweep));
  await store.close();
  assert.equal(settings.length, 1);
  const samples = settings[0].samples.filter(({ key }) => key.method === first.cell.method);
  assert.equal(samples[0].failed, 1);
  assert.equal(samples[0].trials.length, 2);
  const copied = settings[0].samples.filter(({ isOneRun }) => isOneRun);
  assert.ok(copied.length > 0);
  for (const { trials } of copied) assert.equal(trials.length, 1);
});
