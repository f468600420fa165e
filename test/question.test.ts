/** What a sweep is asked before anything of it is trained, from flags and sweep files to the store that keeps it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { resumeCommand } from "../src/commands/resume.js";
import { runCommand } from "../src/commands/run.js";
import { type Flags, questionFrom } from "../src/plan/flags.js";
import { identityOf } from "../src/plan/growth.js";
import { questionOf, USUAL_QUESTION } from "../src/plan/question.js";
import { gridRequest, runRequest } from "../src/plan/request.js";
import { folder, rows, spoken } from "./command-line.js";

test("what is not said is the usual question, and each endpoint's margin is said by itself", () => {
  assert.deepEqual(questionOf(questionFrom({})), USUAL_QUESTION);
  const { estimand } = USUAL_QUESTION;
  const [forget, accuracy] = [0.05, 0.01];
  assert.deepEqual(questionOf(questionFrom({ margin: "accuracy=2e-2" })), {
    estimand,
    margins: { forget, accuracy: 0.02 },
  });
  assert.deepEqual(questionOf(questionFrom({ margin: ["forget=.1"] })), {
    estimand,
    margins: { forget: 0.1, accuracy },
  });
  for (const margin of ["forget=0.1,accuracy=0.2", ["accuracy=0.2", "forget=0.1"]])
    assert.deepEqual(questionOf(questionFrom({ margin })), { estimand, margins: { forget: 0.1, accuracy: 0.2 } });
});

test("a difference of log-odds may be any above 0, and has no usual margin", () => {
  const question = { estimand: "forget_margin", margins: { forget: 2, accuracy: 0.01 } };
  assert.deepEqual(questionOf(questionFrom({ estimand: "forget_margin", margin: "forget=2" })), question);
});

const LOG_ODDS = "--margin must say forget=NUMBER where --estimand is forget_margin, whose unit is log-odds";

const REFUSED: [flags: Flags, sentence: string][] = [
  [{ estimand: "margin" }, "--estimand must be one of forget_probability, forget_margin, got margin"],
  [
    { estimand: "forget_margins" },
    "--estimand must be one of forget_probability, forget_margin, got forget_margins: did you mean forget_margin",
  ],
  [{ estimand: "forget_margin" }, `${LOG_ODDS}, got none: write for example forget=0.5`],
  [
    { estimand: "forget_margin", margin: "accuracy=0.1" },
    `${LOG_ODDS}, got accuracy=0.1: write for example forget=0.5`,
  ],
  [{ margin: "0.05" }, "--margin must be ENDPOINT=NUMBER such as forget=0.05, got 0.05"],
  [{ margin: "forget=" }, "--margin must be ENDPOINT=NUMBER such as forget=0.05, got forget="],
  [{ margin: "=0.05" }, "--margin must be ENDPOINT=NUMBER such as forget=0.05, got =0.05"],
  [
    { margin: "forgets=0.05" },
    "--margin ENDPOINT=NUMBER must be one of forget, accuracy, got forgets: did you mean forget",
  ],
  [{ margin: "forget=0" }, "--margin forget must be a number above 0, got 0"],
  [{ margin: "forget=-0.1" }, "--margin forget must be a number above 0, got -0.1"],
  [{ margin: "accuracy=NaN" }, "--margin accuracy must be a number above 0, got NaN"],
  [{ margin: "accuracy=1e999" }, "--margin accuracy must be a number above 0, got 1e999"],
  [{ margin: "forget=0.1=0.2" }, "--margin forget must be a number above 0, got 0.1=0.2"],
  [
    { margin: "forget=5" },
    "--margin forget must be below 1, the most that two values of it can differ by, got 5: 1 % is 0.01",
  ],
  [
    { estimand: "forget_margin", margin: "forget=5,accuracy=1" },
    "--margin accuracy must be below 1, the most that two values of it can differ by, got 1: 1 % is 0.01",
  ],
  [
    { margin: ["forget=0.1", "forget=0.1"] },
    "--margin must give each endpoint one value, got two for forget: keep one",
  ],
  [
    { margin: "forget=0.1," },
    "--margin must be values separated by commas, got an empty one: remove the extra comma or leave --margin out",
  ],
];

for (const [flags, sentence] of REFUSED) {
  test(`refused: ${JSON.stringify(flags)}`, () => {
    assert.throws(() => questionOf(questionFrom(flags)), { name: "SweepError", fault: "usage", message: sentence });
  });
}

const ASKED: Flags = { estimand: "forget_margin", margin: "forget=0.5" };
const QUESTION = { estimand: "forget_margin", margins: { forget: 0.5, accuracy: 0.01 } };

/** `--file` of this content. */
function file(t: TestContext, yaml: string): Flags {
  const path = join(folder(t), "mine.yaml");
  writeFileSync(path, yaml);
  return { file: path };
}

test("run and grid ask it, from options or from the keys of a sweep file, of which options stand in the place", (t) => {
  assert.deepEqual(runRequest(ASKED, 1, []).question, QUESTION);
  assert.deepEqual(gridRequest(ASKED, 1, []).question, QUESTION);
  for (const request of [runRequest, gridRequest]) assert.equal(request({}, 1, []).question, null);
  const yaml = file(t, "estimand: forget_margin\nmargin: { forget: 0.5 }");
  assert.deepEqual(gridRequest(yaml, 1, []).question, QUESTION);
  const margins = { forget: 1.5, accuracy: 0.01 };
  assert.deepEqual(gridRequest({ ...yaml, margin: "forget=1.5" }, 1, []).question, { ...QUESTION, margins });
});

test("what two keys of a sweep file say that does not go together is told where they stand", (t) => {
  const yaml = file(t, "trials: 2\nestimand: forget_margin");
  const sentence =
    "--margin must say forget=NUMBER where estimand (FILE:2:1) is forget_margin, whose unit is log-odds, got none: write for example forget=0.5";
  assert.throws(() => gridRequest(yaml, 1, []), {
    fault: "usage",
    message: sentence.replace("FILE", String(yaml["file"])),
  });
});

test("a sweep is the same plan, whatever it is asked", () => {
  for (const request of [runRequest, gridRequest]) {
    const [plain, asked] = [request({}, 1, []).plan, request(ASKED, 1, []).plan];
    assert.deepEqual(asked, plain);
    assert.equal(identityOf(asked, "p"), identityOf(plain, "p"));
  }
});

test("the first question of a sweep stands: a later one is told, and one that is not said, or the same, is not", async (t) => {
  const grid: Flags = { samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "1", workers: "1" };
  const asked = { ...grid, epochs: "2,original=2,retrain_scratch=2", db: join(folder(t), "a.db"), quiet: true };
  const kept = async (flags: Flags): Promise<string> => (await spoken(gridCommand, { ...asked, ...flags })).err;
  const select = "select estimand, margin_forget, margin_accuracy from questions";
  assert.equal(await kept(ASKED), "");
  assert.deepEqual(await rows(asked.db, select), [["forget_margin", 0.5, 0.01]]);
  const finished = "everything is finished already: nothing to train\n";
  for (const flags of [{}, ASKED]) assert.equal((await kept(flags)).replace(finished, ""), "");
  assert.equal(
    (await kept({ margin: "forget=0.05" })).replace(finished, ""),
    "sweep 1 is asked --estimand forget_margin --margin forget=0.5,accuracy=0.01 since it was opened, and is not asked --estimand forget_probability --margin forget=0.05,accuracy=0.01 now: a grid of another --name may be\n",
  );
  await spoken(resumeCommand, { file: asked.db, trials: "2", workers: "1", quiet: true });
  assert.deepEqual(await rows(asked.db, select), [["forget_margin", 0.5, 0.01]]);
});

test("a run that gets its null by resume is asked what the run was", async (t) => {
  const db = join(folder(t), "run.db");
  const run: Flags = { samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "1", workers: "1" };
  await spoken(runCommand, {
    ...run,
    ...ASKED,
    methods: "retrain_scratch",
    epochs: "retrain_scratch=2",
    db,
    quiet: true,
  });
  await spoken(resumeCommand, { db, "with-null": true, workers: "1", quiet: true });
  assert.deepEqual(await rows(db, "select sweep_id, estimand, margin_forget from questions order by 1"), [
    [1, "forget_margin", 0.5],
    [2, "forget_margin", 0.5],
  ]);
});
