/** Φ against values of mpmath (60 digits, rounded once). */
import assert from "node:assert/strict";
import test from "node:test";
import { normalCdf } from "../src/stats/normal.js";
import { assertWithin } from "./engine-contract.js";

const VALUES = [
  [-37, 5.725571222524577e-300],
  [-30, 4.906713927148187e-198],
  [-20, 2.7536241186062337e-89],
  [-12.5, 3.732564298877713e-36],
  [-8, 6.220960574271784e-16],
  [-6, 9.86587645037698e-10],
  [-5, 2.866515718791939e-7],
  [-4, 3.1671241833119924e-5],
  [-3, 0.0013498980316300946],
  [-2.9, 0.0018658133003840384],
  [-2.83, 0.002327400206731554],
  [-2.82, 0.002401182474189253],
  [-2.5, 0.006209665325776135],
  [-2, 0.02275013194817921],
  [-1.96, 0.024997895148220435],
  [-1.5, 0.06680720126885807],
  [-1, 0.15865525393145705],
  [-0.5, 0.3085375387259869],
  [-0.1, 0.460172162722971],
  [-0.001, 0.49960105778608893],
  [-1e-10, 0.49999999996010575],
  [0, 0.5],
  [1e-10, 0.5000000000398942],
  [0.1, 0.539827837277029],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [1.5, 0.9331927987311419],
  [1.9, 0.9712834401839981],
  [2, 0.9772498680518208],
  [2.5, 0.9937903346742238],
  [2.82, 0.9975988175258107],
  [2.83, 0.9976725997932685],
  [3, 0.9986501019683699],
  [4, 0.9999683287581669],
  [5, 0.9999997133484281],
  [6, 0.9999999990134123],
  [7, 0.9999999999987201],
  [8, 0.9999999999999993],
  [9, 1],
];

test("Φ is exact to 1e-14", () => {
  for (const [x, expected] of VALUES) assertWithin(normalCdf(x), expected, 1e-14, `Φ(${x})`);
});

test("Φ's left tail is exact to 1e-12 of itself down to −37", () => {
  for (const [x, expected] of VALUES) if (x < 0) assertWithin(normalCdf(x), expected, 1e-12 * expected, `Φ(${x})`);
});

test("Φ ends in 0 and 1, and knows NaN", () => {
  assert.deepEqual([-Infinity, -1e300, -60, 60, 1e300, Infinity, NaN].map(normalCdf), [0, 0, 0, 1, 1, 1, NaN]);
});

test("Φ(x) + Φ(−x) is 1, and Φ never falls", () => {
  let before = 0;
  for (let i = -4000; i <= 4000; i++) {
    const value = normalCdf(i / 500);
    assertWithin(value + normalCdf(-i / 500), 1, 2e-16, `Φ(±${i / 500})`);
    assert.ok(value >= before, `Φ(${i / 500}) = ${value} is below ${before}`);
    before = value;
  }
});
