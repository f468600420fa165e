/** Holds sweeps that are trained in rounds to what they promise: the same looks from whatever is stored, killed or not, and no more training than it takes. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { dataCommand } from "../src/commands/data.js";
import { gridCommand } from "../src/commands/grid.js";
import { mergeCommand } from "../src/commands/merge.js";
import { resumeCommand } from "../src/commands/resume.js";
import { statusCommand } from "../src/commands/status.js";
import { verdictCommand } from "../src/commands/verdict.js";
import { verifyCommand } from "../src/commands/verify.js";
import { type Stream, stream } from "../src/data/streams.js";
import { loadEngine } from "../src/engine/engines.js";
import type { CellKey } from "../src/plan/cell.js";
import { engineFrom, type Flags } from "../src/plan/flags.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { USUAL_QUESTION } from "../src/plan/question.js";
import { gridPlan, gridRequest } from "../src/plan/request.js";
import { type StoppingRule, stoppingRuleOf, stoppingRuleText } from "../src/plan/stopping-rule.js";
import { epochsToTrain, trajectoriesOf, WHOLE } from "../src/plan/trajectories.js";
import { lookSentence } from "../src/report/rounds.js";
import { findingSentence } from "../src/report/verdict-table.js";
import type { Decision, Sweep } from "../src/store/contract.js";
import { openResults, openStore } from "../src/store/open.js";
import { beginning, lastDecision, roundsFrom } from "../src/verdict/decisions.js";
import { findingOf } from "../src/verdict/finding.js";
import { spentAt } from "../src/verdict/look.js";
import { nextLook, settingAt } from "../src/verdict/round-look.js";
import { currentPlan, isOver, type Rounds, roundsOf } from "../src/verdict/rounds.js";
import type { VerdictRow } from "../src/verdict/rows.js";
import type { Sample, Setting } from "../src/verdict/scores.js";
import { simultaneous } from "../src/verdict/simultaneous.js";
import { trialsOf } from "../src/verdict/table.js";
import { verdictInRounds } from "../src/verdict/verdict-in-rounds.js";
import { folder, rows, spoken } from "./command-line.js";
import { change } from "./fixtures/grids.js";
import { openRequest } from "./fixtures/sweeps.js";
import { trainedHere } from "./runner-contract.js";

const ESTIMAND = USUAL_QUESTION.estimand;
const DECIDED: StoppingRule = { kind: "decided" };
const [DRAWS, TRIALS] = [20, 40];
const LAMBDAS = Array.from({ length: 16 }, (_, i) => i);

function planOf(flags: Flags = {}): SweepPlan {
  return gridPlan(
    {
      ...{ samples: "10", hidden: "3,2", "data-seeds": `1:${DRAWS}`, trials: `${TRIALS}` },
      ...{ lambda: LAMBDAS.join(","), epochs: "5", methods: "original,retrain_scratch,unlearn", ...flags },
    },
    null,
  );
}

/** All that the plan may come to ask for; the difference to retraining grows with λ. */
function planted(name: string, differenceOf: (lambda: number) => number): Setting {
  const random = stream("test", name);
  const samples = Array.from({ length: DRAWS }, (_, i) => {
    const center = 0.6 + 0.1 * random.normal();
    return [
      sampleOf("retrain_scratch", 0, i + 1, center, random),
      sampleOf("original", 0, i + 1, center + 0.2, random),
      ...LAMBDAS.map((lambda) => sampleOf("unlearn", lambda, i + 1, center + differenceOf(lambda), random)),
    ];
  }).flat();
  return { key: samples[0].key, samples };
}

function sampleOf(method: string, lambda_reg: number, draw: number, center: number, random: Stream): Sample {
  const key: CellKey = {
    ...{ draw: `${draw}`, samples: 10, features: 10, forget_rows: 1, hidden: "3,2", learning_rate: 0.01 },
    ...{ preset: "paired", method, lambda_reg, epochs: method === "unlearn" ? 5 : 100, seed: 0, start: "" },
    profile: "test/r1",
  };
  const trials = Array.from({ length: TRIALS }, (_, i) => i + 1);
  return {
    ...{ key, recipe: `${method} ${lambda_reg}`, trials, diverged: 0, failed: 0, isOneRun: false },
    forget: trials.map(() => center + 0.01 * random.normal()),
    accuracy: trials.map(() => 0.9 + 0.001 * random.normal()),
    ...{ margin: trials.map(() => null), test: trials.map(() => null) },
  };
}

/** The rounds to their end, and the epochs that they train. */
function taken(setting: Setting, plan: SweepPlan, until: StoppingRule): { rounds: Rounds; epochs: number } {
  let [rounds, epochs] = [roundsOf(until, plan), 0];
  const trained = new Set<string>();
  while (!isOver(rounds)) {
    for (const group of trajectoriesOf(currentPlan(rounds))) {
      const fresh = group.filter((spec) => !trained.has(textOf(spec)));
      for (const spec of fresh) trained.add(textOf(spec));
      epochs += epochsToTrain(fresh);
    }
    const look = nextLook(setting, rounds, USUAL_QUESTION);
    assert.ok(look !== null);
    rounds = { ...rounds, looks: [...rounds.looks, look] };
  }
  return { rounds, epochs };
}

function textOf({ cell, trial }: ReturnType<typeof trainedHere>[number]["spec"]): string {
  return JSON.stringify([cell.draw, cell.method, cell.lambda, trial]);
}

test("an equivalent recipe among many that are not is found with a fraction of the epochs, and the others are dropped", () => {
  const plan = planOf();
  const { rounds, epochs } = taken(
    planted("found", (lambda) => 0.02 * lambda),
    plan,
    DECIDED,
  );
  const last = rounds.looks.at(-1);
  assert.deepEqual([last?.reached, last?.recipes[0].lambda, last?.recipes[0].answer], [true, 0, "equivalent"]);
  const all = [...trajectoriesOf(plan)].reduce((sum, group) => sum + epochsToTrain(group), 0);
  assert.ok(epochs < all / 5, `${epochs} of ${all} epochs`);
  assert.ok((last?.recipes.filter(({ kept }) => kept).length ?? 0) < LAMBDAS.length / 2);
});

test("where no recipe is near the grid ends early as well, and says that they are different", () => {
  const { rounds } = taken(
    planted("far", () => 0.3),
    planOf(),
    DECIDED,
  );
  const last = rounds.looks.at(-1);
  assert.deepEqual([last?.reached, last?.recipes[0].answer, rounds.looks.length], [true, "different", 1]);
});

test("a half-width is trained for until it is there, and what cannot be reached ends with all that was asked for", () => {
  const setting = planted("width", (lambda) => 0.02 * lambda);
  const near = taken(setting, planOf(), { kind: "half-width", most: { forget: 0.02 } }).rounds;
  const [first] = near.looks.at(-1)?.recipes ?? [];
  assert.ok(near.looks.at(-1)?.reached && (first.forget.high - first.forget.low) / 2 <= 0.02);
  const never = taken(setting, planOf(), { kind: "half-width", most: { forget: 1e-9 } }).rounds;
  assert.deepEqual([never.looks.length, never.looks.at(-1)?.reached], [never.steps.length, false]);
});

test("a look sees its round's draws, trials and recipes and no others, whatever else there is by now", () => {
  const setting = planted("seen", (lambda) => 0.02 * lambda);
  const { rounds } = taken(setting, planOf(), DECIDED);
  const before = { ...rounds, looks: rounds.looks.slice(0, 1) };
  const seen = settingAt(setting, before, 2);
  const kept = rounds.looks[0].recipes.filter((recipe) => recipe.kept).map(({ lambda }) => lambda);
  const { draws, trials } = rounds.steps[1];
  assert.equal(seen.samples.length, draws * (kept.length + 2));
  assert.ok(seen.samples.every((sample) => sample.trials.length === trials));
  const key = { ...setting.key, method: "unlearn", lambda_reg: 77, epochs: 5 };
  const beside = [
    ...setting.samples,
    ...setting.samples.map((one) => ({ ...one, key: { ...one.key, ...key, draw: one.key.draw } })),
  ];
  const atFirst = { ...rounds, looks: [] };
  assert.deepEqual(settingAt({ ...setting, samples: beside }, atFirst, 1), settingAt(setting, atFirst, 1));
  const without = { ...setting, samples: seen.samples };
  assert.deepEqual(nextLook(without, before, USUAL_QUESTION), nextLook(setting, before, USUAL_QUESTION));
});

test("a look counts and says the recipes that it lost, for all trials of a draw and not for one of them", () => {
  const setting = planted("lost", () => 0);
  const without = (sample: Sample, trials: number): Sample => ({
    ...trialsOf(sample, (trial) => trial > trials),
    diverged: trials,
  });
  const samples = setting.samples.map((sample) =>
    sample.key.method === "unlearn" && sample.key.draw === "2" && sample.key.lambda_reg < 3
      ? without(sample, sample.key.lambda_reg === 0 ? 1 : TRIALS)
      : sample,
  );
  const rounds = roundsOf({ kind: "half-width", most: { forget: 1e-9 } }, planOf());
  const look = nextLook({ ...setting, samples }, rounds, USUAL_QUESTION);
  assert.ok(look !== null);
  assert.deepEqual([look.recipes.length, look.lost], [LAMBDAS.length - 2, 2]);
  assert.match(
    lookSentence({ ...rounds, looks: [look] }, USUAL_QUESTION),
    /of 16 recipes, 2 of them lost to trials that diverged or failed, unlearn λ .* is the nearest/,
  );
});

test("bands without end, as so few draws make them of differences of one size, are told, stored and read back", () => {
  const plan = planOf({ "data-seeds": "1:12", trials: "4" });
  const setting = planted("endless", () => 0);
  const samples = setting.samples.map((sample) => ({
    ...sample,
    accuracy: sample.trials.map(() =>
      sample.key.method === "unlearn" && Number(sample.key.draw) % 2 === 1 ? 0.75 : 0.5,
    ),
  }));
  const rounds = roundsOf(DECIDED, plan);
  const look = nextLook({ ...setting, samples }, rounds, USUAL_QUESTION);
  assert.ok(look !== null);
  const after = { ...rounds, looks: [look] };
  assert.deepEqual(look.recipes[0].accuracy, { mean: 0.125, low: -Infinity, high: Infinity });
  assert.match(lookSentence(after, USUAL_QUESTION), /accuracy -∞ to \+∞\)/);
  assert.deepEqual(roundsFrom(decisionsOf(after), ESTIMAND), after);
});

test("nothing is looked at where a draw was not retrained", () => {
  const setting = planted("lacking", () => 0);
  const lacking = setting.samples.filter(({ key }) => key.draw !== "1" || key.method !== "retrain_scratch");
  assert.equal(nextLook({ ...setting, samples: lacking }, roundsOf(DECIDED, planOf()), USUAL_QUESTION), null);
});

test("a stopping rule is read as --until says it, and said as it is read", () => {
  for (const text of ["decided", "forget=0.02", "forget=0.02,accuracy=0.005"])
    assert.equal(stoppingRuleText(stoppingRuleOf(text.split(","), ESTIMAND)), text);
  assert.equal(gridRequest({}, 1, []).until, null);
});

test("a half-width that no interval can be wider than is no stopping rule, but of log-odds it may be any", () => {
  const message = "--until forget must be below 1, the most that two values of it can differ by, got 1.5: 1 % is 0.01";
  assert.throws(() => gridRequest({ until: "forget=1.5" }, 1, []), { fault: "usage", message });
  const odds = { estimand: "forget_margin", margin: "forget=2" };
  assert.equal(gridRequest({ until: "forget=1.5", ...odds }, 1, []).until?.kind, "half-width");
});

function decisionsOf(rounds: Rounds): Decision[] {
  return [
    beginning(rounds),
    ...rounds.looks.map((_, i) => lastDecision({ ...rounds, looks: rounds.looks.slice(0, i + 1) })),
  ];
}

/** Those of a sweep whose stopping rule is out of reach. */
function manyRounds(): Rounds {
  return taken(
    planted("read", (lambda) => 0.02 * lambda),
    planOf(),
    { kind: "half-width", most: { forget: 1e-9 } },
  ).rounds;
}

test("rounds come back from their decisions as they were", () => {
  const rounds = manyRounds();
  assert.ok(rounds.looks.length > 1);
  assert.deepEqual(roundsFrom(decisionsOf(rounds), ESTIMAND), rounds);
  assert.equal(roundsFrom([], ESTIMAND), null);
});

test("of log-odds a stored half-width may be any", () => {
  const until: StoppingRule = { kind: "half-width", most: { forget: 1.5 } };
  const rounds = roundsOf(until, planOf());
  assert.deepEqual(roundsFrom(decisionsOf(rounds), "forget_margin"), rounds);
});

const BROKEN: readonly [what: string, change: (text: string) => string, sentence: RegExp][] = [
  [
    "no stopping rule",
    (text) => text.replace(/"until":"[^"]*"/, '"until":"soon"'),
    /but until must be decided, or the half-width/,
  ],
  [
    "a half-width that no interval can be wider than",
    (text) => text.replace(/"until":"[^"]*"/, '"until":"forget=2"'),
    /but until forget must be below 1, the most that two values of it can differ by, got 2: 1 % is 0.01/,
  ],
  [
    "a look that says no answer",
    (text) => text.replace('"answer":"equivalent"', '"answer":"yes"'),
    /answer must be one of/,
  ],
  ["a band that is no number", (text) => text.replace(/"high":[^,}]+/, '"high":"1"'), /high must be a number/],
  [
    "a look at other draws",
    (text) => text.replace('"draws":7', '"draws":8'),
    /look 1 must be at 7 draws of 10 trials, got one at 8 of 10/,
  ],
  [
    "a recipe that nobody asked for",
    (text) => text.replace('"lambda":0,"method":"unlearn"', '"lambda":77,"method":"unlearn"'),
    /look 1 must be at each recipe of its round once, got unlearn at λ 77 after 5 epochs/,
  ],
  [
    "a method whose name is none",
    (text) => text.replace('"lambda":0,"method":"unlearn"', '"lambda":0,"method":"\\u001b[2J"'),
    /got \\u001b\[2J at λ 0 after 5 epochs/,
  ],
  [
    "more recipes lost than there were",
    (text) => text.replace('"lost":0', '"lost":2'),
    /look 1 must be at the 16 recipes of its round but for those lost, got 16 and 2 lost/,
  ],
  [
    "no recipe to go on with",
    (text) => text.replaceAll('"kept":true', '"kept":false'),
    /look 1 must keep some recipe or have reached what is asked, got neither/,
  ],
  ["a field of another program", (text) => text.replace('"lost":0', '"lost":0,"more":1'), /must have no field but/],
];

for (const [what, broken, sentence] of BROKEN)
  test(`decisions with ${what} are refused in a sentence`, () => {
    const rounds = manyRounds();
    const decisions = decisionsOf(rounds);
    const changed = decisions.map(({ round, text }) => ({ round, text: broken(text) }));
    assert.notDeepEqual(changed, decisions);
    assert.throws(() => roundsFrom(changed, ESTIMAND), { fault: "usage", message: sentence });
  });

test("decisions of two beginnings in one sweep are refused, and so is a look after the last", () => {
  const rounds = manyRounds();
  const decisions = decisionsOf(rounds);
  assert.throws(
    () => roundsFrom([decisions[0], ...decisions], ESTIMAND),
    /decision 2 must be of round 2, got one of round 1/,
  );
  const last = { ...decisions[decisions.length - 1], round: decisions.length + 1 };
  assert.throws(() => roundsFrom([...decisions, last], ESTIMAND), /must be none, got one at/);
});

const GRID: Flags = {
  ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference", workers: "1", "data-seeds": "1:8" },
  ...{ trials: "4", lambda: "0,4.2", epochs: "1:2,original=6,retrain_scratch=5" },
  ...{ methods: "original,retrain_scratch,unlearn" },
};
/** All recipes are equivalent at once. */
const WIDE = "forget=0.99,accuracy=0.99";
/** No band of so few draws is as narrow. */
const NEVER = { until: "forget=0.000001", margin: WIDE };

async function trainedUntil(t: TestContext, flags: Flags): Promise<{ db: string; err: string }> {
  const db = join(folder(t), "until.db");
  const { code, err } = await spoken(gridCommand, { ...GRID, ...flags, db });
  assert.equal(code, 0, err);
  return { db, err };
}

async function digestIn(db: string): Promise<string> {
  const results = await openResults(db);
  const [sweep] = await results.sweeps();
  const digest = await results.digest(sweep);
  await results.close();
  return digest;
}

test("a grid that is decided at its first look trains no more draws, and its digest is that of a plain grid of those", async (t) => {
  const { db, err } = await trainedUntil(t, { until: "decided", margin: WIDE });
  assert.match(err, /look 1 of at most 2, at 6 draws of 4 trials: of 4 recipes unlearn .* is equivalent .*; decided\n/);
  const plain = join(folder(t), "plain.db");
  assert.equal((await spoken(gridCommand, { ...GRID, "data-seeds": "1:6", quiet: true, db: plain })).code, 0);
  assert.equal(await digestIn(db), await digestIn(plain));
  const { out } = await spoken(statusCommand, { file: db });
  assert.match(out, /^sweep 1, grid: up to 4 trials a cell, .*\nuntil decided: reached\n/);
});

test("the verdict of a sweep in rounds says which error a look may spend, in JSON and in each line of CSV", async (t) => {
  const { db } = await trainedUntil(t, { until: "decided", margin: WIDE });
  const [{ alpha }] = JSON.parse((await spoken(verdictCommand, { file: db, json: true })).out) as { alpha: number }[];
  assert.equal(alpha, spentAt(2));
  const csv = (await spoken(verdictCommand, { file: db, format: "csv" })).out.trimEnd().split("\n");
  const [header, ...lines] = csv.map((line) => line.split(","));
  const at = header.indexOf("alpha");
  assert.ok(lines.length > 1 && lines.every((line) => line[at] === `${spentAt(2)}`));
});

test("a grid that nothing decides trains all draws, of recipes that can still be it", async (t) => {
  const { db, err } = await trainedUntil(t, NEVER);
  assert.match(
    err,
    /look 2 of at most 2, at 8 draws of 4 trials: .*; its bands are wider than asked, and all that was asked for is trained\n/,
  );
  assert.deepEqual(await rows(db, "select count(distinct draw) from trial_results where method = 'retrain_scratch'"), [
    [8],
  ]);
});

test("a grid that was killed before its first look, or in its first round, comes to the same decisions by resume and by its command", async (t) => {
  const { db } = await trainedUntil(t, NEVER);
  const decisions = await rows(db, "select round, decision from decisions order by round");
  assert.equal(decisions.length, 3);
  const rounds = roundsOf(stoppingRuleOf([NEVER.until], ESTIMAND), gridPlan(GRID, null));
  const { profile } = await loadEngine(engineFrom(GRID));
  const question = { ...USUAL_QUESTION, margins: { forget: 0.99, accuracy: 0.99 } };
  for (const [landed, goOn] of [
    [0, (file: string) => spoken(resumeCommand, { file, workers: "1", quiet: true })],
    [10, (file: string) => spoken(gridCommand, { ...GRID, ...NEVER, db: file, quiet: true })],
  ] as const) {
    const killed = join(folder(t), "killed.db");
    const store = await openStore(killed);
    const plan = currentPlan(rounds);
    const sweep = await store.open({ ...openRequest(plan, profile), question, decision: beginning(rounds) });
    await store.record(sweep, trainedHere([...trajectoriesOf(plan)].flat().slice(0, landed)));
    await store.close();
    assert.equal((await goOn(killed)).code, 0);
    assert.deepEqual(await rows(killed, "select round, decision from decisions order by round"), decisions);
    assert.equal(await digestIn(killed), await digestIn(db));
  }
});

test("a sweep that is trained in rounds is asked for again as it was, or not at all", async (t) => {
  const { db } = await trainedUntil(t, { until: "decided", margin: WIDE });
  const before = await rows(db, "select count(*) from commands");
  for (const [flags, message] of [
    [{}, /^--until must be decided of the sweep grid, .*, got nothing: gmm-sweep resume goes on/],
    [{ until: "forget=0.1" }, /^--until must be decided of the sweep grid, with all else as it was first asked/],
    [{ until: "decided", trials: "5" }, /^--until must be decided of the sweep grid, with all else/],
  ] as const) {
    await assert.rejects(spoken(gridCommand, { ...GRID, ...flags, db }), { fault: "usage", message });
    await assert.rejects(spoken(gridCommand, { ...GRID, ...flags, db, "dry-run": true }), { fault: "usage", message });
  }
  await assert.rejects(
    spoken(resumeCommand, { file: db, trials: "9" }),
    /^SweepError: sweep 1 must be as it was asked/,
  );
  assert.deepEqual(await rows(db, "select count(*) from commands"), before);
  assert.equal((await spoken(gridCommand, { ...GRID, until: "decided", margin: WIDE, db })).code, 0);
});

test("a sweep goes on with the data where its command says that they lie now, and keeps what it says of curves", async (t) => {
  const [db, was, is] = ["until.db", "was", "is"].map((name) => join(folder(t), name));
  assert.equal((await spoken(dataCommand, { dir: was, "data-seed": "7", samples: "40", features: "3" })).code, 0);
  const { "data-seeds": _, samples: _samples, features: _features, ...grid } = GRID;
  const flags: Flags = { ...grid, ...NEVER, trials: "7", data: was };
  const rounds = roundsOf(stoppingRuleOf([NEVER.until], ESTIMAND), gridPlan(flags, null));
  assert.equal(rounds.steps.length, 2);
  const store = await openStore(db);
  const { profile } = await loadEngine(engineFrom(GRID));
  await store.open({ ...openRequest(currentPlan(rounds), profile), decision: beginning(rounds) });
  await store.close();
  renameSync(was, is);
  const { code } = await spoken(gridCommand, { ...flags, data: is, record: "all", db, quiet: true });
  assert.equal(code, 0);
  assert.deepEqual(await rows(db, "select record, (select count(*) from decisions) from sweeps"), [["all", 3]]);
});

test("a sweep that was trained at once is not trained in rounds afterwards", async (t) => {
  const db = join(folder(t), "plain.db");
  assert.equal((await spoken(gridCommand, { ...GRID, "data-seeds": "1", quiet: true, db })).code, 0);
  await assert.rejects(spoken(gridCommand, { ...GRID, until: "decided", db }), {
    fault: "usage",
    message: /^--until must be asked of a new sweep, but all of the sweep grid has been asked for at once/,
  });
});

test("a dry run says what the next round trains, and that all else is the most", async (t) => {
  const db = join(folder(t), "none.db");
  const { out } = await spoken(gridCommand, { ...GRID, until: "decided", db, "dry-run": true });
  assert.match(
    out,
    /rounds +until decided: in round 1 of at most 2, 6 draws of 4 trials: 360 epochs; all of the above/,
  );
  const json = await spoken(gridCommand, { ...GRID, until: "decided", db, "dry-run": true, json: true });
  assert.deepEqual((JSON.parse(json.out) as { round: unknown }).round, {
    until: "until decided: in round 1 of at most 2, 6 draws of 4 trials",
    epochs_left: 360,
  });
});

test("a file whose decisions another program changed is refused by whoever goes on with it or looks it through", async (t) => {
  const { db } = await trainedUntil(t, { until: "decided", margin: WIDE });
  await change(db, `update decisions set decision = '{"plan":{},"until":"decided"}' where round = 1 returning 1`);
  const message = /^the decisions of a sweep must be those of one grid --until, but .* must be there/;
  for (const [command, flags] of [
    [resumeCommand, { file: db }],
    [statusCommand, { file: db }],
    [verifyCommand, { file: db, sample: "0" }],
  ] as const)
    await assert.rejects(spoken(command, flags), { fault: "usage", message });
});

test("a file is not merged with one that was asked until something else, and with itself from before it goes on", async (t) => {
  const [{ db }, other] = [await trainedUntil(t, NEVER), await trainedUntil(t, { until: "decided", margin: WIDE })];
  const before = await rows(db, "select round, decision from decisions order by round");
  await assert.rejects(spoken(mergeCommand, { out: db, parts: [other.db] }), {
    fault: "check",
    message: /until\.db differs from .* in what is asked --until of the sweep grid, .*: nothing was merged;/,
  });
  assert.deepEqual(await rows(db, "select round, decision from decisions order by round"), before);
  const earlier = join(folder(t), "earlier.db");
  await spoken(mergeCommand, { out: earlier, parts: [db] });
  await change(earlier, "delete from decisions where round = 3 returning 1");
  assert.equal((await spoken(mergeCommand, { out: earlier, parts: [db] })).code, 0);
  assert.deepEqual(await rows(earlier, "select round, decision from decisions order by round"), before);
  assert.match((await spoken(statusCommand, { file: earlier })).out, /\nuntil forget=0.000001: not reached with all/);
});

test("of a sweep whose last round trained one recipe alone the verdict tells how many there were", () => {
  const setting = planted("one left", (lambda) => 0.3 * lambda);
  const { rounds } = taken(setting, planOf(), { kind: "half-width", most: { forget: 1e-9 } });
  assert.equal(rounds.looks.at(-1)?.recipes.length, 1);
  const sweep: Sweep = { id: 1, plan: planOf(), profile: "test/r1", shard: WHOLE, question: USUAL_QUESTION };
  const finding = findingOf(sweep, setting, { question: USUAL_QUESTION, all: false, rounds });
  assert.match(
    findingSentence(finding, [finding], "x.db"),
    /^Of 16 recipes unlearn at λ 0 after 5 epochs \(no penalty: training goes on, x included\) comes nearest/,
  );
});

test("a verdict tells of no recipes that it leaves out, or that were dropped by another question", () => {
  const setting = planted("another", (lambda) => 0.02 * lambda);
  const { rounds } = taken(setting, planOf(), { kind: "half-width", most: { forget: 1e-9 } });
  const last = rounds.looks.at(-1)?.recipes.length;
  assert.ok(last !== undefined && last < LAMBDAS.length);
  const few = { ...setting, samples: setting.samples.filter(({ key }) => key.lambda_reg < 2) };
  const other = { ...USUAL_QUESTION, margins: { forget: 0.1, accuracy: 0.1 } };
  const asked = USUAL_QUESTION;
  for (const [seen, question, recipes, unseen] of [
    [setting, asked, LAMBDAS.length, 0],
    [few, asked, 2, 0],
    [setting, other, LAMBDAS.length, LAMBDAS.length - last],
  ] as const) {
    const said = verdictInRounds(seen, { question, asked, rounds })?.rounds;
    assert.deepEqual([said?.recipes, said?.unseen], [recipes, unseen]);
  }
  const sweep: Sweep = { id: 1, plan: planOf(), profile: "test/r1", shard: WHOLE, question: asked };
  const finding = findingOf(sweep, setting, { question: other, all: false, rounds });
  assert.match(findingSentence(finding, [finding], "x.db"), /^(Of \d+ recipes|The only recipe) left of 16,? unlearn/);
});

test("the verdict is that of the last look, by its bands and on its draws, and --draws is refused", async (t) => {
  const { db } = await trainedUntil(t, NEVER);
  const [[text]] = await rows(db, "select decision from decisions order by round desc limit 1");
  const decided = JSON.parse(String(text)) as Rounds["looks"][number];
  const { out } = await spoken(verdictCommand, { file: db, format: "json" });
  const [{ verdict }] = JSON.parse(out) as { verdict: { rows: VerdictRow[]; units: number; rounds: object } }[];
  const [{ recipe, judgement }] = verdict.rows;
  const { method, lambda, epochs, forget, answer } = decided.recipes[0];
  assert.deepEqual([recipe.method, recipe.lambda_reg, recipe.epochs], [method, lambda, epochs]);
  assert.deepEqual(judgement?.forget.interval, { low: forget.low, high: forget.high });
  assert.deepEqual([judgement?.answer, verdict.units], [answer, decided.draws]);
  assert.deepEqual(verdict.rounds, {
    ...{ until: NEVER.until, look: 2, of: 2, reached: false, trials: 4, recipes: 4 },
    ...{ kept: decided.recipes.filter(({ kept }) => kept).length, unseen: 0 },
  });
  const told = (await spoken(verdictCommand, { file: db })).out;
  assert.match(told, /on\n? *8\s+draws, by\s+intervals\s+that\s+hold\s+for\s+all\s+of\s+them\s+and\s+all\s+looks/);
  assert.match(
    told.replaceAll(/\s+/g, " "),
    /Trained in rounds until forget=0\.000001: not reached at look 2 of at most 2/,
  );
  await assert.rejects(spoken(verdictCommand, { file: db, draws: "1:2" }), {
    fault: "usage",
    message: /^--draws must be left out of sweep 1, which is trained in rounds/,
  });
});

test("the verdict of a sweep whose looks an earlier version took shows the bands that it stored", async (t) => {
  const { db } = await trainedUntil(t, NEVER);
  const last = "round = (select max(round) from decisions)";
  await change(
    db,
    `update decisions set decision = json_set(decision, '$.recipes[0].forget.low', -0.9, '$.recipes[0].answer', 'too few') where ${last} returning 1`,
  );
  const { out } = await spoken(verdictCommand, { file: db, format: "json" });
  const [{ verdict }] = JSON.parse(out) as { verdict: { rows: VerdictRow[] } }[];
  const shown = verdict.rows.map(({ judgement }) => judgement?.forget.interval.low);
  assert.ok(shown.includes(-0.9), `${shown}`);
});

test("of a sweep that has taken no look nothing is said, but how to go on to it", async (t) => {
  const db = join(folder(t), "begun.db");
  const rounds = roundsOf(DECIDED, gridPlan(GRID, null));
  const store = await openStore(db);
  const { profile } = await loadEngine(engineFrom(GRID));
  const sweep = await store.open({ ...openRequest(currentPlan(rounds), profile), decision: beginning(rounds) });
  await store.record(sweep, trainedHere([...trajectoriesOf(currentPlan(rounds))].flat()));
  await store.close();
  const { code, out } = await spoken(verdictCommand, { file: db });
  assert.equal(code, 1);
  assert.match(
    out.replaceAll(/\s+/g, " "),
    /^Nothing can be said, since no look has been taken at .*: gmm-sweep resume .* goes on to it\./,
  );
});

test("of a sweep whose first look cannot be taken, since retraining diverged, that is said and not to go on to the look", () => {
  const setting = planted("diverged", () => 0);
  const samples = setting.samples.map((sample) =>
    sample.key.method === "retrain_scratch" ? { ...trialsOf(sample, () => false), diverged: TRIALS } : sample,
  );
  const sweep: Sweep = { id: 1, plan: planOf(), profile: "test/r1", shard: WHOLE, question: USUAL_QUESTION };
  const asked = { question: USUAL_QUESTION, all: false, rounds: roundsOf(DECIDED, planOf()) };
  assert.equal(findingOf(sweep, { ...setting, samples }, asked).refused, "retraining has diverged");
});

test("of recipes that were dropped before the last look a verdict says so", () => {
  const setting = planted("dropped", (lambda) => 0.3 * lambda);
  const { rounds } = taken(setting, planOf(), { kind: "half-width", most: { forget: 1e-9 } });
  const few = {
    ...setting,
    samples: setting.samples.filter(({ key }) => key.method !== "unlearn" || key.lambda_reg > 9),
  };
  const sweep: Sweep = { id: 1, plan: planOf(), profile: "test/r1", shard: WHOLE, question: USUAL_QUESTION };
  const finding = findingOf(sweep, few, { question: USUAL_QUESTION, all: false, rounds });
  assert.match(
    findingSentence(finding, [finding], "x.db"),
    /^Nothing can be said, since the last look was at none of the recipes/,
  );
});

test("every recipe at once is told by the bands of the last look", () => {
  const setting = planted("at once", (lambda) => 0.02 * lambda);
  const { rounds } = taken(setting, planOf(), DECIDED);
  const seen = settingAt(setting, rounds, rounds.looks.length);
  const all = simultaneous(seen, USUAL_QUESTION, spentAt(rounds.steps.length));
  const [nearest] = rounds.looks.at(-1)?.recipes ?? [];
  const row = all?.rows.find(({ recipe }) => recipe.method === "unlearn" && recipe.lambda_reg === nearest.lambda);
  assert.ok(row !== undefined && all?.bands === "max-T");
  // doing nothing is among all, which widens the bands of the others a little
  assert.ok(row.forget.low <= nearest.forget.low && nearest.forget.high <= row.forget.high);
});
