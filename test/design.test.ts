/** What to run next: what a pilot's variances promise, held against statsmodels, scipy and simulated sweeps, and the plan of stored ones. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Case, simulated } from "../scripts/design/sweeps.js";
import { gridCommand } from "../src/commands/grid.js";
import { runCommand } from "../src/commands/run.js";
import { stream } from "../src/data/streams.js";
import { extended, seedsFor } from "../src/plan/extending.js";
import { type Question, USUAL_QUESTION } from "../src/plan/question.js";
import { gridPlan } from "../src/plan/request.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { designText } from "../src/report/design.js";
import type { Room } from "../src/run/room.js";
import { roomOf as roomOfPlan } from "../src/run/room.js";
import { ALL_MISSING, surveyMissing } from "../src/run/survey.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { Extension, halfWidth } from "../src/stats/extension.js";
import { oneSampleT } from "../src/stats/t-test.js";
import { oneWay } from "../src/stats/variance-components.js";
import { openStore } from "../src/store/open.js";
import { type Design, designOf } from "../src/verdict/design.js";
import type { Goal } from "../src/verdict/planner.js";
import { inLogOdds, type Sample, type Setting } from "../src/verdict/scores.js";
import { assertGolden, assertSnakeCase, folder, programmed, spoken } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";
import { openRequest, specsIn, trained } from "./fixtures/sweeps.js";

const ALPHA = 0.05;

interface Planning {
  readonly components: readonly {
    readonly groups: readonly (readonly number[])[];
    readonly mean: number;
    readonly error: number;
    readonly group: number;
    readonly trial: number;
  }[];
  readonly promised: readonly {
    readonly pilot: number;
    readonly groups: number;
    readonly between: number;
    readonly assurance: number;
    readonly halfWidth: number;
  }[];
  readonly power: readonly {
    readonly groups: number;
    readonly sigma: number;
    readonly margin: number;
    readonly truth: number;
    readonly power: number;
  }[];
}

const GOLDEN = JSON.parse(
  readFileSync(new URL("../../test/golden/planning.json", import.meta.url), "utf8"),
) as Planning;

function near(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= tolerance * Math.abs(expected), `${what}: ${found} is not ${expected}`);
}

test("the variance components of balanced groups are the mixed model's, and so is the error of the mean", () => {
  for (const { groups, group, trial, error, mean } of GOLDEN.components) {
    const found = oneWay(groups, 0.9);
    const what = `${groups.length} groups of ${groups[0].length}`;
    near(found.group.variance, group, 1e-6, what);
    near(found.trial.variance, trial, 1e-6, what);
    const means = oneSampleT(groups.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length));
    near(means.estimate, mean, 1e-9, what);
    near(means.error, error, 1e-6, what);
    const components = { group: found.group.variance, trial: found.trial.variance };
    const half = halfWidth(components, { groups: groups.length, size: groups[0].length }, ALPHA);
    near(
      half,
      means.error * halfWidth({ group: groups.length, trial: 0 }, { groups: groups.length, size: 1 }, ALPHA),
      1e-9,
      what,
    );
  }
});

test("with no more trials a group, a promised half-width is the exact prediction limit by F", () => {
  for (const { pilot, groups, between, assurance, halfWidth: expected } of GOLDEN.promised) {
    const extension = new Extension({ groups: pilot, size: 1, between, within: 0 }, ALPHA);
    const extended = { groups, size: 1, keptGroups: pilot, kept: 1 };
    near(extension.promised(extended, assurance), expected, 0.006, `${pilot} to ${groups}, ${assurance}`);
    near(extension.chanceWithin(extended, expected), assurance, 0.006, `${pilot} to ${groups}, ${assurance}`);
  }
});

test("where the variance is known, the power is that of two one-sided tests", () => {
  for (const { groups, sigma, margin, truth, power } of GOLDEN.power) {
    const extension = new Extension({ groups: 1e6, size: 1, between: sigma ** 2, within: 0 }, ALPHA);
    const found = extension.power({ groups, size: 1, keptGroups: 1, kept: 1 }, margin, truth);
    assert.ok(Math.abs(found - power) < 0.02, `${groups}, ±${margin}, ${truth}: ${found} is not ${power}`);
  }
});

test("what is there already is known: the pilot itself has the half-width that it has", () => {
  const extension = new Extension({ groups: 8, size: 5, between: 0.04, within: 0.1 }, ALPHA);
  const same = { groups: 8, size: 5, keptGroups: 8, kept: 5 };
  const half = halfWidth({ group: 0.04, trial: 0 }, same, ALPHA);
  near(extension.promised(same, 0.9), half, 1e-3, "half-width");
  assert.deepEqual([extension.chanceWithin(same, 1.001 * half), extension.chanceWithin(same, 0.999 * half)], [1, 0]);
});

test("more trials narrow only what the trials bring", () => {
  const trialsAlone = new Extension({ groups: 20, size: 4, between: 0.25, within: 1 }, ALPHA);
  const drawsAlone = new Extension({ groups: 20, size: 4, between: 0.25, within: 0 }, ALPHA);
  const more = { groups: 20, size: 400, keptGroups: 20, kept: 4 };
  const before = { ...more, size: 4 };
  near(drawsAlone.promised(more, 0.9), drawsAlone.promised(before, 0.9), 1e-3, "σ of trials is 0");
  assert.ok(trialsAlone.promised(more, 0.9) < 0.75 * trialsAlone.promised(before, 0.9));
});

const SIMULATED = 50;

for (const [goal, promised] of [
  ["half-width", 0.9],
  ["power", 0.8],
] as const)
  test(`of ${SIMULATED} simulated sweeps that are extended as planned, ${100 * promised} % reach their ${goal}`, () => {
    const of: Case = { ratio: 1, draws: 10, trials: 5, byDraws: true, goal };
    const random = stream("test", "design", goal);
    const outcomes = Array.from({ length: SIMULATED }, () => simulated(of, random));
    const met = outcomes.filter((outcome) => outcome?.isMet === true).length;
    assert.ok(met >= binomialQuantile(0.01, SIMULATED, promised), `${met} do`);
    // Nor is it promised by asking for far too much.
    const draws = outcomes.map((outcome) => outcome?.draws ?? 0).sort((a, b) => a - b);
    assert.ok(draws[SIMULATED / 2] < 150, `${draws[SIMULATED / 2]} draws`);
  });

const SIZES = { samples: 500, features: 4, forget_rows: 1, hidden: "8,8", learning_rate: 0.01 };

/** Differences to retraining of known spread, of a method. */
interface Planted {
  readonly method: string;
  readonly lambda: number;
  readonly difference: number;
  readonly sigmaDraw: number;
  readonly sigmaTrial: number;
}

function planted(of: readonly Planted[], draws: number, trials: number, name: string): Setting {
  const random = stream("test", "design", name);
  const samples = Array.from({ length: draws }, (_, draw) => {
    const retrained = Array.from({ length: trials }, () => 0.7 + 0.05 * random.normal());
    const others = of.map(({ method, lambda, difference, sigmaDraw, sigmaTrial }) => {
      const center = difference + sigmaDraw * random.normal();
      return sampleOf(
        method,
        lambda,
        draw,
        retrained.map((value) => value + center + sigmaTrial * random.normal()),
      );
    });
    return [sampleOf("retrain_scratch", 0, draw, retrained), ...others];
  }).flat();
  return { key: samples[0].key, samples };
}

function sampleOf(method: string, lambda: number, draw: number, forget: readonly number[]): Sample {
  const recipe = {
    ...SIZES,
    preset: "paired",
    method,
    lambda_reg: lambda,
    epochs: 5,
    seed: 0,
    start: "",
    profile: "test/r1",
  };
  return {
    ...{ key: { draw: `${draw}`, ...recipe }, recipe: JSON.stringify(recipe), forget },
    accuracy: forget.map((value) => 0.93 + (value - 0.7) / 50),
    trials: forget.map((_, i) => i + 1),
    ...{ margin: forget.map(() => null), test: forget.map(() => null), diverged: 0, failed: 0, isOneRun: false },
  };
}

const UNTOUCHED: Planted = { method: "original", lambda: 0, difference: 0.2, sigmaDraw: 0.1, sigmaTrial: 0.02 };
const NEAR: Planted = { method: "unlearn", lambda: 1, difference: 0, sigmaDraw: 0.05, sigmaTrial: 0.1 };
const WIDE: Planted = { method: "unlearn", lambda: 2, difference: 0.04, sigmaDraw: 0.07, sigmaTrial: 0.15 };
const FAR: Planted = { method: "unlearn", lambda: 4, difference: -0.3, sigmaDraw: 0.02, sigmaTrial: 0.05 };

const ANY = { method: null, lambda: null, epochs: null };
const HALF_WIDTH: Goal = { kind: "half-width", most: { forget: 0.02 } };

function roomOf(draws: number, trials: number, most = 1e6): Room {
  return { draws, trials, mostDraws: most, mostTrials: 1e6, epochs: (a, b) => 10 * (a * b - draws * trials) };
}

function design(setting: Setting, goal: Goal, room: Room, target = ANY): Design {
  const found = designOf(setting, { goal, question: USUAL_QUESTION, target }, room);
  assert.ok(typeof found !== "string", String(found));
  return found;
}

test("what the verdict chooses is planned for, beside doing nothing and what spreads most of those that are not beaten", () => {
  const { cells, unit, draws, trials } = design(
    planted([UNTOUCHED, NEAR, WIDE, FAR], 12, 6, "cells"),
    HALF_WIDTH,
    roomOf(12, 6),
  );
  assert.deepEqual(
    cells.map(({ what, recipe }) => [what, recipe.method, recipe.lambda_reg]),
    [
      ["planned", "unlearn", 1],
      ["do nothing", "original", 0],
      ["most variable", "unlearn", 2],
    ],
  );
  assert.deepEqual([unit, draws, trials], ["draw", 12, 6]);
  const [{ forget, atBest }, , wide] = cells;
  assert.ok(forget.draw !== null && forget.draw.interval.low <= 0.05 ** 2 && 0.05 ** 2 <= forget.draw.interval.high);
  assert.ok(forget.trial.interval.low <= 0.1 ** 2 && 0.1 ** 2 <= forget.trial.interval.high);
  assert.ok(atBest !== null && atBest.forget <= 0.02 && (wide.atBest?.forget ?? 0) > 0.02);
});

test("a recipe that is named is planned for, and judged by all draws, where one that is chosen has half of them", () => {
  const setting = planted([UNTOUCHED, NEAR, WIDE, FAR], 12, 6, "cells");
  const named = design(setting, HALF_WIDTH, roomOf(12, 6), { method: ["unlearn"], lambda: 2, epochs: 5 } as never);
  assert.equal(named.cells[0].recipe.lambda_reg, 2);
  assert.equal(named.best?.judged.draws, named.best?.draws);
  const chosen = design(setting, HALF_WIDTH, roomOf(12, 6));
  assert.equal(chosen.best?.judged.draws, Math.ceil((chosen.best?.draws ?? 0) / 2));
});

test("from eight trials on a fourth of them is set aside where doing nothing is among what was trained", () => {
  const judged = (of: readonly Planted[], trials: number): number | undefined =>
    design(planted(of, 6, trials, "aside"), HALF_WIDTH, roomOf(6, trials)).best?.judged.trials;
  assert.deepEqual([judged([UNTOUCHED, NEAR], 8), judged([NEAR], 8), judged([UNTOUCHED, NEAR], 7)], [6, 8, 7]);
});

test("the least draws that reach the goal are asked for: one fewer does not promise it", () => {
  const setting = planted([NEAR], 10, 5, "least");
  const { best, choices } = design(setting, HALF_WIDTH, roomOf(10, 5));
  assert.ok(best !== null && best.promised.forget <= 0.02 * 1.001);
  const fewer = design(setting, HALF_WIDTH, roomOf(best.draws - 1, 5));
  assert.ok(fewer.choices[0].draws === best.draws - 1 && fewer.choices[0].promised.forget > 0.02 * 0.999);
  assert.equal(best.trials, 5, "trials of the same draws cost as much as those of other draws, and bring less");
  assert.equal(choices.filter(({ draws, trials }) => draws === best.draws && trials === best.trials).length, 1);
});

test("a power is reached for both endpoints, and falls where the estimated difference is near the margin", () => {
  const { best } = design(
    planted([{ ...NEAR, difference: 0.045 }], 10, 5, "power"),
    { kind: "power", power: 0.8 },
    roomOf(10, 5),
  );
  assert.ok(best !== null && best.power.ifEqual >= 0.8 && best.power.ifEqual < 0.83);
  assert.ok(best.power.asEstimated < 0.3);
});

test("where draws cannot be added trials are, and what they cannot bring is told", () => {
  const trialsBound = planted([{ ...NEAR, sigmaDraw: 0 }], 20, 5, "trials bound");
  const more = design(trialsBound, { kind: "half-width", most: { forget: 0.015 } }, roomOf(20, 5, 20));
  assert.ok(more.best !== null && more.best.draws === 20 && more.best.trials > 5);
  const drawsBound = planted([{ ...NEAR, sigmaDraw: 0.2 }], 20, 5, "draws bound");
  assert.equal(design(drawsBound, HALF_WIDTH, roomOf(20, 5, 20)).best, null);
});

test("a pilot that leaves one unit to judge what was chosen is planned to more of them, and promised nothing as it is", () => {
  for (const [draws, trials] of [
    [2, 8],
    [1, 2],
  ]) {
    const setting = planted([NEAR, WIDE], draws, trials, "one is left");
    const { best, choices } = design(setting, HALF_WIDTH, roomOf(draws, trials));
    const unit = draws === 1 ? "trials" : "draws";
    assert.ok(best !== null && best.judged[unit] > 2);
    assert.ok(choices.length > 0 && choices.every(({ judged }) => judged[unit] >= 2));
  }
  const fixed = design(planted([NEAR, WIDE], 2, 8, "one is left"), HALF_WIDTH, roomOf(2, 8, 2));
  assert.deepEqual([fixed.best, fixed.choices], [null, []]);
});

test("margins and half-widths that no two values can differ by are refused", async (t) => {
  const db = await trainedFile(t, PILOT);
  for (const option of ["--margin", "--half-width"])
    await assert.rejects(planned(db, option, "accuracy=1"), {
      fault: "usage",
      message: `${option} accuracy must be below 1, the most that two values of it can differ by, got 1: 1 % is 0.01`,
    });
});

test("on one draw only trials are planned", () => {
  const { unit, best, cells } = design(planted([UNTOUCHED, NEAR], 1, 20, "one draw"), HALF_WIDTH, roomOf(1, 20));
  assert.equal(unit, "trial");
  assert.equal(cells[0].forget.draw, null);
  assert.ok(best !== null && best.draws === 1 && best.trials > 20);
});

/** The same with log-odds that nothing has to do with the probabilities, and a trial that has none. */
function inOdds(setting: Setting): Setting {
  const random = stream("test", "design", "odds");
  const samples = setting.samples.map((sample) => {
    const margin = sample.forget.map((value) => (value - 0.7) * 20 + random.normal());
    return { ...sample, margin: [null, ...margin.slice(1)] };
  });
  return { ...setting, samples };
}

test("where the estimand is the margin a plan is of log-odds, and of the trials that have them", () => {
  const question: Question = { estimand: "forget_margin", margins: { forget: 1, accuracy: 0.01 } };
  const goal: Goal = { kind: "half-width", most: { forget: 0.4 } };
  const setting = inOdds(planted([UNTOUCHED, NEAR, WIDE], 12, 6, "cells"));
  const odds = designOf(setting, { goal, question, target: ANY }, roomOf(12, 6));
  const plain = inLogOdds(setting);
  const same = designOf(
    plain,
    { goal, question: { ...question, estimand: "forget_probability" }, target: ANY },
    roomOf(12, 6),
  );
  assert.ok(typeof odds !== "string" && typeof same !== "string");
  assert.deepEqual({ ...odds, question: null }, { ...same, question: null });
  assert.equal(odds.trials, 5);
  assert.ok(odds.best !== null && odds.best.promised.forget <= 0.4 && odds.best.promised.forget > 0.1);
});

const PILOT = {
  ...{ "data-seeds": "1:4", samples: "20", features: "2", hidden: "4,3", engine: "reference", trials: "3" },
  ...{ lambda: "0,4", epochs: "2,original=4,retrain_scratch=4" },
};

interface PlanObject {
  readonly plans: readonly {
    readonly samples: number;
    readonly command: string | null;
    readonly estimand: string;
    readonly margin: { readonly forget: number };
    readonly pilot: { readonly draws: number; readonly left_out: number };
    readonly cells: readonly { readonly forget: { readonly difference: number } }[];
    readonly best: {
      readonly draws: number;
      readonly trials: number;
      readonly epochs: number;
      readonly promised_half_width: { readonly forget: number };
    } | null;
    readonly choices: readonly { readonly draws: number; readonly trials: number; readonly epochs: number }[];
    readonly refused?: string;
  }[];
}

async function planned(db: string, ...args: readonly string[]): Promise<PlanObject["plans"]> {
  const { code, out, err } = await programmed(null, "plan", db, "--json", ...args);
  assert.deepEqual([code, err], [0, ""]);
  assertSnakeCase(out);
  return (JSON.parse(out) as PlanObject).plans;
}

/** What a dry run of the grown grid says is left. */
async function epochsLeft(
  db: string,
  flags: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<number> {
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const { out } = await programmed(null, ...words, ...args, "--db", db, "--dry-run", "--json");
  return (JSON.parse(out) as { epochs_left: number }).epochs_left;
}

test("the epochs of a choice are those that a dry run of the grown grid counts", async (t) => {
  const db = await trainedFile(t, PILOT);
  const [{ choices, command, best }] = await planned(db, "--half-width", "forget=0.1");
  assert.ok(best !== null);
  assert.equal(command, `gmm-sweep resume ${db} --data-seeds 1:${best.draws}`);
  const [{ draws, trials, epochs }] = choices.slice(-1);
  assert.equal(await epochsLeft(db, { ...PILOT, "data-seeds": `1:${draws}`, trials: `${trials}` }, "grid"), epochs);
});

test("seeds go on above the highest", async (t) => {
  const db = await trainedFile(t, { ...PILOT, "data-seeds": "1,2,7" });
  const [{ command, best }] = await planned(db, "--half-width", "forget=0.02");
  assert.ok(best !== null && best.draws > 3);
  assert.match(command ?? "", new RegExp(`--data-seeds 1:2,7:${best.draws + 4}$`));
});

for (const preset of ["paired", "notebook"])
  test(`of a ${preset} grid, so many draws and trials take as many epochs as are counted by going through them`, async () => {
    const plan = gridPlan({ ...PILOT, preset, lambda: "0,4" }, null);
    const count = async (draws: number, trials: number): Promise<number> => {
      const whole = extended(plan, seedsFor(plan, draws), trials);
      return (await surveyMissing(trajectoriesOf(whole), ALL_MISSING)).missing.epochs;
    };
    const nothingThere = await roomOfPlan(plan, ALL_MISSING);
    const allThere = await roomOfPlan(plan, () => ({ specs: [], rows: 0, failed: 0 }));
    assert.equal(allThere.epochs(4, 3), 0);
    assert.equal(nothingThere.epochs(4, 3), await count(4, 3));
    for (const [draws, trials] of [
      [6, 3],
      [9, 3],
    ])
      assert.equal(allThere.epochs(draws, trials), (await count(draws, trials)) - (await count(4, 3)));
  });

test("a goal that is there needs no command", async (t) => {
  const [{ command, best }] = await planned(await trainedFile(t, PILOT), "--half-width", "forget=0.99");
  assert.deepEqual([command, best?.epochs], [null, 0]);
});

test("sizes are never pooled: each setting has a plan of its own, and an option narrows them", async (t) => {
  const db = await trainedFile(t, { ...PILOT, samples: "20,30" });
  const both = await planned(db, "--half-width", "forget=0.2");
  assert.deepEqual(
    both.map(({ samples }) => samples),
    [20, 30],
  );
  const { out } = await programmed(80, "plan", db, "--half-width", "forget=0.2");
  assert.match(out, /^sweep 1: paired, 20 samples, .*[\s\S]*\n\n\nsweep 1: paired, 30 samples/);
  assert.deepEqual((await planned(db, "--half-width", "forget=0.2", "--samples", "30")).length, 1);
});

async function refusal(db: string, ...args: readonly string[]): Promise<string> {
  const error = await programmed(null, "plan", db, ...args).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error);
  return error.message.replace(db, "pilot.db");
}

test("a pilot that nothing can be planned by is refused with the reason", async (t) => {
  const none = await trainedFile(t, {
    ...PILOT,
    methods: "original,unlearn",
    epochs: "2,original=4",
  });
  assert.equal(
    await refusal(none),
    "pilot.db must hold a pilot to plan by, but there is no retrain_scratch to hold anything against: train it beside the others with --methods",
  );
  const one = await trainedFile(t, { ...PILOT, trials: "1" });
  assert.equal(
    await refusal(one),
    "pilot.db must hold a pilot to plan by, but its draw 1 has 1 trial of both unlearn and retrain_scratch, and two are the least: add some with --trials",
  );
  const copies = await trainedFile(t, { ...PILOT, preset: "notebook", methods: "original,retrain_scratch,unlearn" });
  assert.equal(
    await refusal(copies),
    "pilot.db must hold a pilot to plan by, but its trials of unlearn are copies of one run, which say nothing of chance: plan on a sweep of --preset paired",
  );
});

type Verdicts = readonly [
  {
    readonly verdict: {
      readonly rows: readonly {
        readonly what: string;
        readonly judgement: { readonly forget: { readonly estimate: number } } | null;
      }[];
    };
  },
];

test("a sweep that was asked about log-odds has a plan of log-odds, and says so", async (t) => {
  const db = await trainedFile(t, { ...PILOT, estimand: "forget_margin", margin: "forget=0.5" });
  const { out } = await programmed(80, "plan", db, "--half-width", "forget=0.4");
  assert.match(out.replaceAll(/\s+/g, " "), /of the forget log-odds and of the accuracy/);
  const [{ estimand, margin, cells, best }] = await planned(db, "--half-width", "forget=0.4");
  assert.deepEqual([estimand, margin.forget], ["forget_margin", 0.5]);
  const [{ verdict }] = JSON.parse((await programmed(null, "verdict", db, "--format", "json")).out) as Verdicts;
  const chosen = verdict.rows.find(({ what }) => what === "chosen");
  assert.equal(cells[0].forget.difference, chosen?.judgement?.forget.estimate);
  assert.ok(best !== null && best.promised_half_width.forget <= 0.4);
});

test("an uneven sweep is planned for with what its draws lack, which the command brings", async (t) => {
  const { "data-seeds": _, lambda: _lambda, ...rest } = PILOT;
  const db = await trainedFile(
    t,
    { ...rest, lambda: "0", "data-seeds": "1:5" },
    { ...rest, lambda: "4", "data-seeds": "2,3" },
  );
  const narrow = ["--lambda", "4", "--half-width", "forget=0.3,accuracy=0.3"];
  const [{ pilot, choices, best, command }] = await planned(db, ...narrow);
  assert.deepEqual([pilot.draws, pilot.left_out], [2, 3]);
  assert.ok(best !== null);
  assert.equal(command, `gmm-sweep resume ${db} --data-seeds 1:${best.draws}`);
  const [{ draws, trials, epochs }] = choices;
  assert.deepEqual([draws, trials], [5, 3]);
  const whole = { ...rest, lambda: "0,4", "data-seeds": "1:5" };
  assert.ok(epochs > 0);
  assert.equal(epochs, await epochsLeft(db, whole, "grid"));
  const [last] = choices.slice(-1);
  const grown = { ...whole, "data-seeds": `1:${last.draws}`, trials: `${last.trials}` };
  assert.equal(last.epochs, await epochsLeft(db, grown, "grid"));
});

test("a sweep that no command lets grow is none to plan by, and says what is", async (t) => {
  const shard = await trainedFile(t, { ...PILOT, "data-seeds": "1:6", shard: "1/2" });
  assert.equal(
    await refusal(shard),
    "pilot.db must hold a pilot to plan by, but it has shard 1/2 of sweep 1, which does not grow by itself: unite the shards by gmm-sweep merge, and plan by what that gives",
  );
  const rounds = await trainedFile(t, { ...PILOT, "data-seeds": "1:6", until: "decided" });
  assert.equal(
    await refusal(rounds),
    "pilot.db must hold a pilot to plan by, but its sweep 1 was asked for until decided, and says by itself when that is reached: plan by a grid without --until",
  );
  const uneven = await unevenFile(t);
  assert.equal(
    await refusal(uneven),
    "pilot.db must hold a pilot to plan by, but some cells of its sweep 1 have fewer trials than others as planned, and would stay so: plan by a grid of as many trials in each",
  );
});

/** A sweep of which λ = 4 has a trial fewer than λ = 0. */
async function unevenFile(t: TestContext): Promise<string> {
  const path = join(folder(t), "uneven.db");
  const [plan, fewer] = ["0", "4"].map((lambda) => gridPlan({ ...PILOT, preset: "paired", lambda }, null));
  const parts = [...plan.parts, ...fewer.parts.map((part) => ({ ...part, trials: 2 }))];
  const store = await openStore(path);
  const sweep = await store.open(openRequest({ ...plan, parts }));
  await store.record(sweep, specsIn(sweep.plan).map(trained));
  await store.close();
  return path;
}

test("goals and margins that are none are refused in a sentence", async (t) => {
  const db = await trainedFile(t, PILOT);
  for (const [args, message] of [
    [["--power", "1.5"], "--power must be a probability above 0 and below 1, got 1.5: 0.8 is usual"],
    [["--half-width", "0.02"], "--half-width must be ENDPOINT=NUMBER such as forget=0.05, got 0.02"],
    [["--half-width", "forget=0"], "--half-width forget must be a number above 0, got 0"],
    [["--half-width", "forget=1e-400"], "--half-width forget must be a number above 0, got 1e-400"],
    [
      ["--half-width", "forget=0.1,accuracy=1"],
      "--half-width accuracy must be below 1, the most that two values of it can differ by, got 1: 1 % is 0.01",
    ],
    [
      ["--margin", "forget=2"],
      "--margin forget must be below 1, the most that two values of it can differ by, got 2: 1 % is 0.01",
    ],
    [
      ["--half-width", "forget=0.1", "--power", "0.8"],
      "--power must not be given with --half-width, which is another goal, got 0.8: leave one of them out",
    ],
    [
      ["--margin", "forgot=0.1"],
      "--margin ENDPOINT=NUMBER must be one of forget, accuracy, got forgot: did you mean forget",
    ],
    [["--samples", "22"], "--samples must be what pilot.db has, one of 20, got 22"],
    [
      ["--lambda", "3"],
      "pilot.db must hold a pilot to plan by, but nothing that is held against retraining is of the --method, --lambda and --epochs that are asked for: gmm-sweep status lists what there is",
    ],
  ] as const)
    assert.equal(await refusal(db, ...args), message);
});

test("a run is told how a pilot over draws is made, and its copies are counted as they are made anew", async (t) => {
  const { draw: _, ...run } = {
    draw: 0,
    "data-seed": "1",
    samples: "20",
    features: "2",
    hidden: "4,3",
    engine: "reference",
    trials: "3",
  };
  const db = join(folder(t), "run.db");
  const epochs = "2,original=4,retrain_scratch=4,retrain_original=2";
  await spoken(runCommand, { ...run, epochs, quiet: true, db });
  const { out } = await programmed(80, "plan", db, "--method", "original", "--half-width", "forget=0.1");
  assert.match(out, /this is about this draw alone/);
  assert.match(out.replaceAll("\n", " "), /a grid of the same on several makes a pilot over draws/);
  const command = `gmm-sweep grid ${db} --preset notebook --data-seeds 1:10 --samples 20 --features 2 --hidden 4,3 --methods original,retrain_scratch,unlearn,retrain_original --epochs original=4,retrain_scratch=4,2,retrain_original=2 --trials 3 --engine reference`;
  assert.ok(out.includes(`\n  ${command}\n`), out);
  const [{ choices }] = await planned(db, "--method", "original", "--half-width", "forget=0.01");
  for (const { trials, epochs } of choices.slice(1, 3)) {
    // Each new trial trains both fresh starts; the copies are one run of each of two methods.
    assert.equal(epochs, (trials - 3) * 8 + 4);
  }
});

test("imported draws are planned for by trials, and who wants others is told how they come in", async (t) => {
  const [cwd, size] = [folder(t), ["--samples", "20", "--features", "2"]];
  await programmed(null, "data", "export", join(cwd, "draw"), ...size);
  const { "data-seeds": _, samples: _samples, features: _features, ...grid } = PILOT;
  const db = join(cwd, "imported.db");
  await spoken(gridCommand, { ...grid, data: join(cwd, "draw"), quiet: true, db });
  const { out } = await programmed(80, "plan", db, "--half-width", "forget=0.005");
  assert.match(out, /gmm-sweep resume \S+ --trials \d+\n/);
  assert.match(
    out.replaceAll("\n", " "),
    /takes a pilot of several: imported draws are extended by no seeds: add other folders with gmm-sweep grid --data under the sweep's --name/,
  );
});

test("a sweep of several imported draws is planned for over all of them", async (t) => {
  const [cwd, size] = [folder(t), ["--samples", "20", "--features", "2"]];
  const folders = ["0", "1", "2"].map((seed) => join(cwd, seed));
  for (const [seed, path] of folders.entries())
    await programmed(null, "data", "export", path, ...size, "--data-seed", `${seed}`);
  const { "data-seeds": _, samples: _samples, features: _features, ...grid } = PILOT;
  const db = join(cwd, "imported.db");
  for (const data of folders) await spoken(gridCommand, { ...grid, data, quiet: true, db });
  const [{ pilot, choices, best, command }] = await planned(db, "--half-width", "forget=0.9");
  assert.deepEqual([pilot.draws, choices[0].draws, best?.draws, command], [3, 3, 3, null]);
  const [first, second] = choices;
  const whole = { ...grid, data: folders[0], trials: `${second.trials}` };
  assert.deepEqual([first.epochs, second.epochs], [0, await epochsLeft(db, whole, "grid")]);
  // What these draws do not reach, no others are counted on for.
  for (const [goal, reached] of [
    ["forget=0.012", true],
    ["accuracy=0.1", false],
  ] as const) {
    const [narrow] = await planned(db, "--half-width", goal);
    const growth = /^gmm-sweep resume \S+ --trials \d+$/.test(narrow.command ?? "");
    assert.deepEqual([narrow.best !== null, growth], [reached, reached]);
    assert.ok(narrow.choices.every(({ draws }) => draws === 3));
  }
});

function reportOf(t: TestContext, goal: Goal, setting: Setting, room: Room): string {
  const found = design(setting, goal, room);
  const next = { command: "gmm-sweep resume pilot.db --data-seeds 0:99", fixed: null, overDraws: null };
  const text = designText(
    { sweep: 1, setting: setting.key, msPerEpoch: 2, threads: 2, design: found, refused: null, next },
    true,
    80,
  );
  for (const line of text.split("\n")) assert.ok([...line].length <= 80, `${t.name}: ${line}`);
  return text;
}

test("the text of a plan", (t) => {
  assertGolden(t.name, reportOf(t, HALF_WIDTH, planted([UNTOUCHED, NEAR, WIDE, FAR], 12, 10, "text"), roomOf(12, 10)));
});

test("the text of a plan for power", (t) => {
  const setting = planted([UNTOUCHED, NEAR], 12, 10, "text for power");
  assertGolden(t.name, reportOf(t, { kind: "power", power: 0.9 }, setting, roomOf(12, 10)));
});

/** A printed plan but for how long it takes on the machine that prints it, and on how many threads of it. */
function timeless(text: string): string {
  const table = text.indexOf("\ndraws  trials");
  const said = text
    .slice(0, table)
    .replaceAll(/\s+/g, " ")
    .replace(/(less than 1 s|about [^,]*?) on \d+ threads? here/, "TIME");
  const rows = text
    .slice(table)
    .split("\n")
    .map((line) => line.replace(/ +(-+( +-+)?|time|(?:< )?(\d+ (min|h) )?\d+ (s|min))( +planned)?$/, "$6"))
    .map((line) => line.replaceAll(/ +/g, " "));
  return [said, ...rows].join("\n");
}

test("a plan is the page's however slow the machine is that prints it, and however many cores it has", () => {
  const plan = (time: string, on: string, cell: string, dashes: string): string =>
    `takes ${time} on ${on} here\n\ndraws  trials  epochs  time\n-----  ------  ------  ${dashes}  -------\n    8       6       0  -\n   13       6   2,100  ${cell}  planned\n`;
  const quick = timeless(plan("less than 1 s", "1 thread", "0 s ", "----"));
  assert.equal(timeless(plan("about 1 min 40 s", "7 threads", "1 min 40 s", "----------")), quick);
  assert.equal(timeless(plan("about 2 h 3 min", "2 threads", "2 h 3 min", "---------")), quick);
  assert.equal(timeless(plan("less than 1 s", "1 thread", "< 1 s", "-----")), quick);
  assert.notEqual(timeless(plan("less than 1 s", "1 thread", "0 s ", "----").replace("2,100", "2,200")), quick);
});

test("the page on planning shows what its commands print", async (t) => {
  const page = readFileSync(new URL("../../data/docs/planning.md", import.meta.url), "utf8");
  const [, grid, plan] = /```sh\ngmm-sweep grid (.*)\ngmm-sweep (plan .*)\n```/.exec(page) ?? [];
  const shown = /```text\n(the pilot: [\s\S]*?)```/.exec(page)?.[1] ?? "";
  const flags = Object.fromEntries([...grid.matchAll(/--([\w-]+) (\S+)/g)].map(([, name, value]) => [name, value]));
  const db = await trainedFile(t, flags);
  const { out } = await programmed(80, ...plan.replace("pilot.db", db).split(" "));
  assert.equal(timeless(out.replaceAll(db, "pilot.db")), timeless(shown));
});
