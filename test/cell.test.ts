/** The one table of a cell: which columns a row's key has, what they hold of a trajectory, and how each is read from a text. */
import assert from "node:assert/strict";
import test from "node:test";
import { CELL, CELL_NAMES, ROW_KEY, ROW_KEY_NAMES } from "../src/plan/cell.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { runPlan } from "../src/plan/request.js";
import { PROFILE, smallPlan, specsIn } from "./fixtures/sweeps.js";

const COLUMNS = [
  ...["draw", "samples", "features", "forget_rows", "hidden", "learning_rate", "preset", "method", "lambda_reg"],
  ...["epochs", "seed", "trial", "start_trial", "start", "profile"],
];

test("the key of a row has these columns in this order, in which digests have them", () => {
  assert.deepEqual(ROW_KEY_NAMES, COLUMNS);
});

test("a cell is everything of a row's key but the trial", () => {
  assert.deepEqual(
    CELL_NAMES,
    COLUMNS.filter((name) => !["trial", "start_trial"].includes(name)),
  );
  assert.ok(CELL.every((column) => column.of === "cell"));
});

/** The columns of the first row of a plan's last method. */
function rowOf(plan: SweepPlan): unknown[] {
  const spec = specsIn(plan).at(-1);
  assert.ok(spec !== undefined);
  return ROW_KEY.map(({ value }) => value({ spec, epochs: spec.asked[0], profile: PROFILE }));
}

test("the columns hold what a trajectory says", () => {
  assert.deepEqual(rowOf(smallPlan({ methods: "unlearn", preset: "paired", seed: "7" })), [
    ...["0", 20, 2, 1, "4,3", 0.01, "paired", "unlearn", 4.2, 2, 7, 3, 3, "original@0x4", PROFILE],
  ]);
  assert.deepEqual(rowOf(smallPlan({ methods: "original" })), [
    ...["0", 20, 2, 1, "4,3", 0.01, "notebook", "original", 0, 4, 0, 3, null, "", PROFILE],
  ]);
});

test("imported data is named by its content", () => {
  const [draw] = rowOf(runPlan({ data: "test/golden/small", "forget-label": "0", methods: "original" }));
  assert.match(String(draw), /^sha256:[0-9a-f]{64}$/);
});

test("the text of a column's value is read as that value, under the name that an error is to have", () => {
  const spec = specsIn(smallPlan({ methods: "unlearn" }))[0];
  for (const { name, value, read } of ROW_KEY) {
    const held = value({ spec, epochs: 2, profile: PROFILE });
    assert.equal(read("--it", String(held)), held, name);
  }
  const told = CELL.flatMap(({ name, option, read }) => {
    if (option === null) return [];
    try {
      read(`--${option.name}`, "-1");
      return [];
    } catch (error) {
      assert.ok((error as Error).message.startsWith(`--${option.name} must be `), (error as Error).message);
      return [name];
    }
  });
  assert.deepEqual(told, [
    ...["samples", "features", "forget_rows", "hidden", "learning_rate", "preset", "lambda_reg", "seed"],
  ]);
});

test("no two columns have one option, and each has a title of its own", () => {
  for (const names of [ROW_KEY.map(({ title }) => title), CELL.flatMap(({ option }) => option?.name ?? [])])
    assert.equal(new Set<string>(names).size, names.length);
});
