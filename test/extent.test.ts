/** The ends of as many values as there may be. */
import assert from "node:assert/strict";
import test from "node:test";
import { pathNames } from "../src/figures/path-names.js";
import { extent } from "../src/stats/moments.js";

test("the least and the greatest of a million values, and of none", () => {
  assert.deepEqual(extent(Array.from({ length: 1_000_001 }, (_, i) => (i % 7) - 3)), [-3, 3]);
  assert.deepEqual(extent([]), [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.ok(Number.isNaN(extent([1, Number.NaN, 2])[0]));
});

test("paths of half a million points have names", () => {
  const marks = Array.from({ length: 500_000 }, (_, i) => ({ forget: Math.sin(i), accuracy: i / 500_000 }));
  const names = pathNames([{ forget: 0.9, accuracy: 1, lambda: 2 }], { all: marks, marks: [] });
  assert.deepEqual(
    names.map(({ name }) => name),
    ["λ 2"],
  );
});
