/** What a dry run says of the axes: every value as it was read. */
import assert from "node:assert/strict";
import test from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { type Axes, axesOf } from "../src/plan/axes.js";
import type { Flags } from "../src/plan/flags.js";
import { gridPlan } from "../src/plan/request.js";
import { axesText } from "../src/report/axes.js";
import { assertSnakeCase, spoken } from "./command-line.js";
import { OWN_METHODS, trainedFile } from "./fixtures/grids.js";

const SMALL: Flags = { samples: "40", features: "3", hidden: "6,4", "data-seeds": "1" };

function axes(flags: Flags): Axes {
  return axesOf(gridPlan({ ...SMALL, ...flags }, null));
}

/** The line of an axis, but for its name and the spaces. */
function line(flags: Flags, name: string): string | undefined {
  const found = axesText(axes(flags))
    .split("\n")
    .find((text) => text.startsWith(`${name}  `));
  return found?.slice(name.length).trim();
}

test("each axis has its line", () => {
  assert.equal(
    axesText(axes({ preset: "notebook,paired", hidden: ["6,4", "4,4"], "data-seeds": "1:3", lambda: "0,4.2" })),
    [
      "preset                     notebook, paired",
      "draws                      1, 2, 3",
      "samples                    40",
      "features                   3",
      "forget rows                1",
      "hidden                     6,4; 4,4",
      "learning rate              0.01",
      "methods                    original, retrain_scratch, unlearn",
      "λ of original              0",
      "λ of retrain_scratch       0",
      "λ of unlearn               0, 4.2",
      "epochs of original         100",
      "epochs of retrain_scratch  100",
      "epochs of unlearn          5",
      "",
    ].join("\n"),
  );
});

test("a decimal comma is seen to make two λ", () => {
  assert.equal(line({ lambda: "0,5" }, "λ of unlearn"), "0, 5");
  assert.equal(line({ lambda: "0.5" }, "λ of unlearn"), "0.5");
});

test("a long axis shows its ends and how many values it has", () => {
  assert.equal(line({ epochs: "1:8" }, "epochs of unlearn"), "1, 2, 3, 4, 5, 6, 7, 8");
  assert.equal(line({ epochs: "1:9" }, "epochs of unlearn"), "1, 2, 3, 4, 5, 6, …, 8, 9 (9 values)");
  assert.equal(line({ lambda: "0:10:0.25" }, "λ of unlearn"), "0, 0.25, 0.5, 0.75, 1, 1.25, …, 9.75, 10 (41 values)");
});

test("where sizes differ, draws of one seed are said to be not independent", () => {
  const note = /\ndraws: those of one data seed share their random numbers over all sizes, and are not independent\n$/;
  for (const flags of [{ samples: "40,60" }, { features: "3,4" }, { "forget-rows": "1:2" }])
    assert.match(axesText(axes(flags)), note);
  assert.doesNotMatch(axesText(axes({ "data-seeds": "1:9" })), note);
});

test("two values that only rounding told apart are told", () => {
  assert.match(
    axesText(axes({ lambda: "0.30000000000000004,5,0.3" })),
    /\nλ of unlearn: 0\.3 and 0\.30000000000000004 are two values; leave one out if one is meant\n$/,
  );
  assert.match(axesText(axes({ "learning-rate": "0.01,0.010000000001" })), /\nlearning rate: 0\.01 and /);
  for (const flags of [{ lambda: "0:1:0.1" }, { lambda: "0,1e-12,1e-6" }, { "learning-rate": "0.01,0.0100001" }])
    assert.doesNotMatch(axesText(axes(flags)), / are two values/);
});

test("a method of one's own has one line, whatever its parameters", () => {
  const own = { "method-file": OWN_METHODS, methods: "neg_grad_plus", epochs: "neg_grad_plus=1:3,original=12" };
  const { methods, epochs } = axes(own);
  assert.equal(methods.length, 2);
  assert.deepEqual(epochs, { original: [12], neg_grad_plus: [1, 2, 3] });
});

test("a dry run lists the axes of the sweep as it is once it has grown, as text and as JSON in snake_case", async (t) => {
  const grid = { ...SMALL, engine: "reference", trials: "1", workers: "1", epochs: "2,original=3,retrain_scratch=3" };
  const db = await trainedFile(t, { ...grid, lambda: "0" });
  const flags = { ...grid, db, lambda: "1,5", "dry-run": true };
  const { out } = await spoken(gridCommand, flags);
  assert.match(out, /^preset +paired\ndraws +1\n(.*\n)*λ of unlearn +0, 1, 5\n(.*\n)*\ncells +5\n/);
  const json = (await spoken(gridCommand, { ...flags, json: true })).out;
  const found = JSON.parse(json) as { axes: Axes; bytes: Record<string, number> };
  assert.deepEqual(found.axes.lambda, { original: [0], retrain_scratch: [0], unlearn: [0, 1, 5] });
  for (const bytes of Object.values(found.bytes)) assert.ok(Number.isInteger(bytes), `${bytes} bytes`);
  assertSnakeCase(json);
});
