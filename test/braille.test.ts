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
  assert.equal(lines[9], "        epoch 1 epoch 5");
});

test("an end of an axis that rounds to nothing has no sign", () => {
  const lines = curvePicture("log-odds", [-0.0001, 1], 20).split("\n");
  assert.match(lines[8], /^ *0\.0+ /);
});

test("a curve that is one value has a place, and one without a number is no picture", () => {
  assert.match(curvePicture("level", [0.5, 0.5], 20), /^level\n {6}1 /);
  assert.equal(curvePicture("nothing", [null, Number.NaN], 20), "");
  assert.equal(distributionPicture("nothing", [], 20), "");
});

test("an epoch that stands out is seen, however many epochs there are", () => {
  const values = Array.from({ length: 5000 }, (_, i) => (i === 3333 ? 1 : 0));
  const [, top] = curvePicture("a moment", values, 40).split("\n");
  assert.match(top, /^ {6}1 .*[^ \u2800]/u);
});

test("a gap in what is kept stays one, and what is beside it is drawn", () => {
  const [, ...lines] = curvePicture("a gap", [0, 0, null, null, 1, 1], 28).split("\n");
  const columns = Array.from({ length: 20 }, (_, x) => lines.slice(0, 8).some((line) => line[8 + x] !== "\u2800"));
  assert.deepEqual([columns[0], columns[3], columns[16], columns[19]], [true, true, true, true]);
  assert.deepEqual(columns.slice(6, 14), new Array(8).fill(false));
});

test("the numbers at an axis tell its ends apart, however near they are, and the picture fits the width", () => {
  const [, top, ...rest] = curvePicture("near one", [0.99999, 0.9999975], 60).split("\n");
  assert.match(top, /^0\.9999975 /);
  assert.match(rest[6], /^0\.9999900 /);
  assert.match(distributionPicture("near one", [0.99999, 0.9999975], 60), /\n {8}0\.9999900 +0\.9999975\n$/);
  for (const line of [top, ...rest]) assert.ok(line.length <= 60, line);
});

test("each value of a distribution is seen, however many lie elsewhere", () => {
  const values = [0, ...Array.from({ length: 999 }, () => 1)];
  const [, ...lines] = distributionPicture("far apart", values, 60).split("\n");
  const lowest = lines[7].slice(8);
  assert.notEqual(lowest.codePointAt(0), 0x2800);
  assert.equal(lowest.codePointAt(20), 0x2800);
  assert.match(lines[8], /^ {8}0 +1$/);
});

test("show --plot draws a stored curve, and where the trials of its cell end", async (t) => {
  const path = await trainedFile(t, { trials: "6" });
  const { code, out, err } = await gmm(dirname(path), "show", "original", "2", path, "--plot");
  assert.equal(code, 0, err);
  assertGolden("show-plot", out);
});
