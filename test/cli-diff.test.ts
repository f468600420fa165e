/** `gmm-sweep diff`: which cells of two files differ, and by how much. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { paragraph } from "../src/commands/command.js";
import { diffCommand } from "../src/commands/diff.js";
import { mergeCommand } from "../src/commands/merge.js";
import type { SweepError } from "../src/errors.js";
import { MEASURES, type Measures } from "../src/measures.js";
import type { Flags } from "../src/plan/flags.js";
import { beside } from "../src/report/wrap.js";
import type { CellDifference } from "../src/store/difference.js";
import { assertGolden, assertSnakeCase, folder, gmm, programmed, spoken } from "./command-line.js";
import { change, retold, type Tell, trainedFile, withMeasures, withRows } from "./fixtures/grids.js";
import { nextUp } from "./fixtures/sweeps.js";

const GRID: Flags = {
  ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "3", workers: "1" },
  ...{ lambda: "0,4.2", epochs: "1:2,original=12,retrain_scratch=10", "data-seeds": "1" },
};

/** Tells something else of one trajectory: unlearn's second trial at λ = 4.2. */
function ofOne(change: Tell): Tell {
  return (outcome) => {
    const { cell, trial } = outcome.spec;
    return cell.method === "unlearn" && cell.lambda === 4.2 && trial === 2 ? change(outcome) : outcome;
  };
}

const AT_2 = (values: Partial<Measures>): Tell => ofOne((outcome) => withMeasures(outcome, 2, values));

function diff(first: string, second: string, flags: Flags = {}): Promise<{ code: number; out: string; err: string }> {
  return spoken(diffCommand, { first, second, ...flags });
}

async function cells(first: string, second: string): Promise<CellDifference[]> {
  const { code, out } = await diff(first, second, { json: true });
  const found = JSON.parse(out) as CellDifference[];
  assert.equal(code, found.length === 0 ? 0 : 1);
  return found;
}

test("two trainings of one grid do not differ, whatever order and number of threads they had", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await trainedFile(t, { ...GRID, trials: "1" }, { ...GRID, workers: "2" });
  assert.deepEqual(await diff(first, second), {
    code: 0,
    out: "no difference: 18 trial rows in 6 cells are equal to the bit\n",
    err: "",
  });
});

test("what two files were asked otherwise is said, by what brings one into the other too", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await trainedFile(t, { ...GRID, margin: "forget=0.4,accuracy=0.4" });
  const [usual, wide] = ["0.05,accuracy=0.01", "0.4,accuracy=0.4"].map(
    (margins) => `--estimand forget_probability --margin forget=${margins}`,
  );
  const { code, err } = await diff(first, second);
  assert.deepEqual(
    [code, err],
    [0, `sweep 1 of the second is asked ${wide}, and ${usual} in the first: their verdicts answer two questions\n`],
  );
  const out = join(folder(t), "whole.db");
  const merged = await spoken(mergeCommand, { out, parts: [first, second] });
  assert.equal(merged.err, `${second} asks ${wide} of sweep 1, which is judged by what it was asked first, ${usual}\n`);
  assert.equal((await spoken(mergeCommand, { out, parts: [first] })).err, "");
});

test("a sentence stands in lines of a terminal that break no word, and on one line in a pipe", () => {
  const sentence = "the first has 4 trial rows in 2 cells that the second lacks";
  assert.equal(paragraph(sentence, { columns: null }), `${sentence}\n`);
  assert.equal(paragraph(sentence, { columns: 30 }), "the first has 4 trial rows in\n2 cells that the second lacks\n");
  assert.equal(beside("file  ", "25 MB, 38 MB", 12), "file  25 MB,\n      38 MB\n");
  assert.equal(beside("file  ", "25 MB, 38 MB", null), "file  25 MB, 38 MB\n");
});

test("the difference of a measure that was changed", async (t) => {
  const grid = await trainedFile(t, GRID);
  const first = await retold(t, grid, AT_2({ forget_probability: 0.75, train_accuracy: 0.625 }));
  const second = await retold(t, grid, AT_2({ forget_probability: 0.25, train_accuracy: 0.5 }));
  const { code, out, err } = await diff(first, second);
  assert.deepEqual([code, err], [1, ""]);
  assertGolden("the difference of a measure that was changed", out);
});

for (const { name } of MEASURES) {
  test(`a last bit of ${name} makes its cell differ, and no other`, async (t) => {
    const grid = await trainedFile(t, GRID);
    const first = await retold(t, grid, AT_2({ [name]: 0.1 }));
    const second = await retold(t, grid, AT_2({ [name]: nextUp(0.1) }));
    const found = await cells(first, second);
    assert.deepEqual(
      found.map(({ method, lambda_reg, epochs, both, differing }) => [method, lambda_reg, epochs, both, differing]),
      [["unlearn", 4.2, 2, 3, 1]],
    );
  });
}

test("rows that one of the files lacks are counted on their side", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await retold(
    t,
    first,
    ofOne(() => null),
  );
  const counted = async (one: string, other: string): Promise<number[][]> =>
    (await cells(one, other)).map(({ epochs, both, only_first, only_second }) => [
      ...[epochs, both, only_first, only_second],
    ]);
  assert.deepEqual(await counted(first, second), [
    [1, 2, 1, 0],
    [2, 2, 1, 0],
  ]);
  assert.deepEqual(await counted(second, first), [
    [1, 2, 0, 1],
    [2, 2, 0, 1],
  ]);
});

test("a cell that only one of the files has stands there whole", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await trainedFile(t, { ...GRID, lambda: "0,4.2,7" });
  const found = await cells(first, second);
  assert.deepEqual(
    found.map(({ lambda_reg, epochs, both, only_second }) => [lambda_reg, epochs, both, only_second]),
    [
      [7, 1, 0, 3],
      [7, 2, 0, 3],
    ],
  );
  assert.equal(found[0].forget_probability_mean, null);
});

test("after an extension diff says in one sentence what the longer file has more, in a short table", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await trainedFile(t, { ...GRID, lambda: "0,1:15,4.2" });
  const lacking = "30 cells that the";
  const { code, out } = await diff(first, second);
  assert.equal(code, 1);
  const lines = out.split("\n");
  assert.equal(
    lines[0],
    `the second has 90 trial rows in ${lacking} first lacks; the 18 trial rows in both are equal to the bit`,
  );
  assert.deepEqual(lines.slice(1, 5), [
    "",
    "preset  method    λ  epochs  second only",
    "------  -------  --  ------  -----------",
    "paired  unlearn   1       1            3",
  ]);
  assert.deepEqual(lines.slice(-2), ["… and 10 more cells: --json prints each", ""]);
  assert.equal(lines.length, 2 + 2 + 20 + 2);
  const back = await diff(second, first);
  assert.ok(back.out.startsWith(`the first has 90 trial rows in ${lacking} second lacks; the 18 `), back.out);
  const third = await trainedFile(t, { ...GRID, lambda: "0,4.2,16" });
  assert.match(
    (await diff(second, third)).out,
    /^the first has 90 trial rows in 30 cells that the second lacks, the second has 6 trial rows in 2 cells that the first lacks; the 18 /,
  );
});

test("diff --json is an array of cells in snake_case", async (t) => {
  const [first, second] = [await trainedFile(t, GRID), await trainedFile(t, { ...GRID, lambda: "0,4.2,7" })];
  assertSnakeCase((await diff(first, second, { json: true })).out);
});

test("the margin of one of several forget rows makes its cell differ, though the mean is the same", async (t) => {
  const first = await trainedFile(t, { ...GRID, "forget-rows": "2" });
  const second = await retold(t, first, (outcome) =>
    outcome.spec.cell.method === "original" && outcome.spec.trial === 1
      ? withRows(outcome, ({ forgetMargins }) => ({ forgetMargins: forgetMargins.map((margin) => margin + 1) }))
      : outcome,
  );
  assert.deepEqual(
    (await cells(first, second)).map(({ method, differing }) => [method, differing]),
    [["original", 1]],
  );
});

test("draws are shown in the order of their seeds", async (t) => {
  const [first, second] = [await trainedFile(t, GRID), await trainedFile(t, { ...GRID, "data-seeds": "9:11" })];
  const { out } = await diff(first, second, { json: true });
  const draws = (JSON.parse(out) as { draw: string; only_second: number }[]).flatMap(({ draw, only_second }) =>
    only_second > 0 ? [draw] : [],
  );
  assert.deepEqual([...new Set(draws)], ["9", "10", "11"]);
});

test("imported draws are told by the first digits of their hashes, so that each cell has one line", async (t) => {
  const folders: string[] = [];
  for (const seed of ["1", "2"]) {
    const cwd = folder(t);
    const { code } = await gmm(cwd, "data", "export", "d", "--data-seed", seed, "--samples", "40", "--features", "3");
    assert.equal(code, 0);
    folders.push(join(cwd, "d"));
  }
  const { "data-seeds": _seeds, samples: _samples, features: _features, ...rest } = GRID;
  const grids = (lambda: string): Flags[] => folders.map((data, i) => ({ ...rest, data, lambda, name: `of${i}` }));
  const [first, second] = [await trainedFile(t, ...grids("0,4.2")), await trainedFile(t, ...grids("0,4.2,7"))];
  const { out } = await programmed(80, "diff", first, second);
  const table = out.slice(out.indexOf("draw"));
  const digits = (await cells(first, second)).map(({ draw }) => String(draw).slice(0, "sha256:".length + 12));
  assert.equal(new Set(digits).size, 2);
  assert.equal(
    table,
    [
      "draw                  preset  method   λ  epochs  second only",
      "--------------------  ------  -------  -  ------  -----------",
      ...digits.map((draw, i) => `${draw}…  paired  unlearn  7       ${1 + (i % 2)}            3`),
      "",
    ].join("\n"),
  );
});

test("two numerics profiles are compared row by row, and named", async (t) => {
  const first = await trainedFile(t, GRID);
  const second = await trainedFile(t, { ...GRID, engine: "fused" });
  const { code, out } = await diff(first, second);
  assert.equal(code, 1);
  assert.match(out, /^numerics profiles: reference\S* in the first, fused\/f32\/\S+ in the second\n\n/);
  const found = await cells(first, second);
  assert.ok(found.every(({ both, only_first, only_second }) => both === 3 && only_first + only_second === 0));
  const fresh = found.filter(({ method }) => method === "original");
  assert.ok(fresh.every(({ forget_probability_largest }) => Number(forget_probability_largest) < 1e-4));
});

test("diff refuses a file that is not there", async (t) => {
  const none = join(folder(t), "none.db");
  await assert.rejects(diff(await trainedFile(t, GRID), none), {
    name: "SweepError",
    message: `${none} is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid`,
  });
});

test("diff refuses a file that does not match its hashes", async (t) => {
  const [first, second] = [await trainedFile(t, GRID), await trainedFile(t, GRID)];
  await change(second, "update trial_rows set penalty = 0.5 where epochs = 2 returning id");
  for (const [one, other, which] of [
    [first, second, "second"],
    [second, first, "first"],
  ] as const)
    await assert.rejects(diff(one, other), (error: SweepError) => {
      assert.equal(error.fault, "usage");
      assert.ok(error.message.startsWith(`the ${which} file must hold what landed in it, `), error.message);
      return true;
    });
});
