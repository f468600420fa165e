/** The Kolmogorov–Smirnov test against scipy 1.17's ks_2samp(…, method="exact"). */
import assert from "node:assert/strict";
import test from "node:test";
import { kolmogorovSmirnov } from "../src/stats/kolmogorov-smirnov.js";

const hundred = Array.from({ length: 100 }, (_, i) => i);
const CASES: [about: string, a: number[], b: number[], statistic: number, p: number][] = [
  ["of different sizes", [1, 2, 3, 4, 5], [1.5, 2.5, 6, 7, 8, 9, 10], 0.7142857142857143, 0.06565656565656565],
  ["that do not overlap", [1, 2, 3], [4, 5, 6], 1, 0.1],
  ["in no order", [3, 1, 2, 9], [5, 4, 0, 7], 0.5, 0.7714285714285716],
  ["of 100", hundred, hundred.map((value) => value + 15.5), 0.16, 0.1548386665118475],
  ["of 100 far apart", hundred, hundred.map((value) => value + 60.5), 0.61, 1.1250455638865439e-17],
];

for (const [about, a, b, statistic, p] of CASES) {
  test(`samples ${about} have scipy's D and p`, () => {
    const found = kolmogorovSmirnov(a, b);
    assert.ok(Math.abs(found.statistic - statistic) < 1e-15, `D ${found.statistic}`);
    assert.ok(Math.abs(found.p - p) < 1e-10 * p, `p ${found.p}`);
    assert.deepEqual(kolmogorovSmirnov(b, a), found);
  });
}

test("equal samples have D 0 and p 1", () => {
  assert.deepEqual(kolmogorovSmirnov([1, 1, 2], [1, 1, 2]), { statistic: 0, p: 1 });
});
