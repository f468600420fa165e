/** Pictures in a terminal. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import test from "node:test";
import { curvePicture, distributionPicture } from "../src/report/braille.js";
import { assertGolden, gmm } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";

test("a curve goes from its first epoch to its last, and from its least to its most", () => {
  const lines = curvePicture("a ramp", [0, 0.25, 0.5, 0.75, 1], 18).split("\n");
  assert.equal(lines[0], "a ramp");
  assert.match(lines[1], /^ {6}1 .*[^ \u2800]$/u);
  assert.match(lines[8], /^ {6}0 [^ \u2800]/u);
  assert.equal(lines[9], "        epoch 1epoch 5");
});

test("a curve that is one value has a place, and one without a number is no picture", () => {
  assert.match(curvePicture("level", [0.5, 0.5], 20), /^level\n {6}1 /);
  assert.equal(curvePicture("nothing", [null, Number.NaN], 20), "");
  assert.equal(distributionPicture("nothing", [], 20), "");
});

test("each value of a distribution is seen, however many lie elsewhere", () => {
  const values = [0, ...Array.from({ length: 999 }, () => 1)];
  const [, ...lines] = distributionPicture("far apart", values, 60).split("\n");
  const lowest = lines[7].slice(8);
  assert.notEqual(lowest.codePointAt(0), 0x2800);
  assert.equal(lowest.codePointAt(20), 0x2800);
  assert.match(lines[8], /^ {8}0\.000 +1\.000$/);
});

test("show --plot draws a stored curve, and where the trials of its cell end", async (t) => {
  const path = await trainedFile(t, { trials: "6" });
  const { code, out, err } = await gmm(dirname(path), "show", "original", "2", path, "--plot");
  assert.equal(code, 0, err);
  assertGolden("show-plot", out);
});
