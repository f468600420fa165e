/** exp and log of our own against exact values, against Math's, and as pinned bits. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import { exp, log } from "../src/numerics/elementary.js";

const SAMPLE = 200_000;

// [x, eˣ rounded once], mpmath with 60 digits
const EXPONENTIALS = [
  [-708, 3.307553003638408e-308],
  [-100.7, 1.8473350586794258e-44],
  [-30.1, 8.467127406079322e-14],
  [-1, 0.36787944117144233],
  [-0.35, 0.7046880897187134],
  [-0.34, 0.7117703227626097],
  [-1e-5, 0.9999900000499998],
  [-1e-17, 1],
  [0, 1],
  [1e-17, 1],
  [1e-8, 1.00000001],
  [0.1, 1.1051709180756477],
  [0.3465735902799725, 1.4142135623730947],
  [0.3465735902799727, Math.SQRT2],
  [0.5, 1.6487212707001282],
  [1, Math.E],
  [2.5, 12.182493960703473],
  [10, 22026.465794806718],
  [23.02585092994046, 10000000000.00004],
  [100.3, 3.628578599676532e43],
  [700, 1.0142320547350045e304],
  [709.7, 1.6549840276802644e308],
];

// [x, ln x rounded once], mpmath with 60 digits
const LOGARITHMS = [
  [5e-324, -744.4400719213812],
  [1e-310, -713.8013788281542],
  [2.2250738585072014e-308, -708.3964185322641],
  [1e-300, -690.7755278982137],
  [1e-10, -23.025850929940457],
  [0.1, -Math.LN10],
  [0.5, -Math.LN2],
  [0.7071067811865475, -0.34657359027997275],
  [Math.SQRT1_2, -0.3465735902799726],
  [0.9, -0.10536051565782628],
  [0.99, -0.01005033585350145],
  [0.999999, -1.000000500029089e-6],
  [1 - 2 ** -53, -1.1102230246251565e-16],
  [1, 0],
  [1 + 2 ** -52, 2.220446049250313e-16],
  [1.000001, 9.999994999180668e-7],
  [1.01, 0.009950330853168092],
  [1.1, 0.09531017980432493],
  [Math.SQRT2, 0.3465735902799727],
  [1.5, 0.4054651081081644],
  [2, Math.LN2],
  [Math.E, 1],
  [3, 1.0986122886681098],
  [10, Math.LN10],
  [1e5, 11.512925464970229],
  [1e100, 230.25850929940458],
  [Number.MAX_VALUE, 709.782712893384],
];

test("exp is within 2 ulp of the exact value", () => {
  for (const [x, expected] of EXPONENTIALS) assertUlps(exp(x), expected, 2, `exp(${x})`);
});

test("log is within 2 ulp of the exact value", () => {
  for (const [x, expected] of LOGARITHMS) assertUlps(log(x), expected, 2, `log(${x})`);
});

test("exp is within 2 ulp of Math.exp over 200,000 numbers of every size", () => {
  for (const x of exponents()) assertUlps(exp(x), Math.exp(x), 2, `exp(${x})`);
});

test("log is within 2 ulp of Math.log over 200,000 numbers of every size", () => {
  for (const x of positives()) assertUlps(log(x), Math.log(x), 2, `log(${x})`);
});

test("exp and log keep their bits: a changed hash is a changed numerics profile", () => {
  const values = Float64Array.from([...exponents().map(exp), ...positives().map(log)]);
  assert.equal(
    createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex"),
    "665d022d918639f30ab826750fdfde83e16ca5d998c33729f2e923633bde4284",
  );
});

test("exp ends in zero and Infinity, and knows NaN", () => {
  const ends = [-Infinity, -1e300, -746, -745.2, 709.79, 1e300, Infinity, NaN].map(exp);
  assert.deepEqual(ends, [0, 0, 0, 0, Infinity, Infinity, Infinity, NaN]);
  assert.equal(exp(-0), 1);
  assert.ok(Number.isFinite(exp(709.782712893384)));
});

test("exp reaches into the subnormal numbers, to within one of the smallest", () => {
  for (const x of [-708.5, -720.25, -740, -744.9, -745]) {
    const steps = (exp(x) - Math.exp(x)) / Number.MIN_VALUE;
    assert.ok(
      Math.abs(steps) <= 2 ** -52 * 2 * (Math.exp(x) / Number.MIN_VALUE) + 1,
      `exp(${x}) is ${steps} smallest numbers off`,
    );
  }
});

test("log ends in −Infinity and Infinity, and knows no logarithm of negative numbers", () => {
  assert.deepEqual([0, -0, Infinity, -1, -5e-324, -Infinity, NaN].map(log), [
    -Infinity,
    -Infinity,
    Infinity,
    NaN,
    NaN,
    NaN,
    NaN,
  ]);
  assert.ok(Object.is(log(1), 0));
});

test("log undoes exp", () => {
  for (const x of [-700, -3.3, -0.01, 0.5, 20, 650])
    assert.ok(Math.abs(log(exp(x)) - x) <= 4e-16 * (1 + Math.abs(x)), `log(exp(${x})) = ${log(exp(x))}`);
});

/** Half spread evenly where exp is a normal number, half over the sizes from 2^−40 to 2^9 of either sign. */
function exponents(): number[] {
  const random = stream("test", "exp");
  return Array.from({ length: SAMPLE }, (_, i) => {
    if (i % 2 === 0) return -708 + 1417 * random.uniform();
    return (random.uniform() < 0.5 ? -1 : 1) * 2 ** Math.floor(-40 + 49 * random.uniform()) * (1 + random.uniform());
  });
}

/** A third over all sizes, subnormal ones too, a third near 1, a third between 0 and 4. */
function positives(): number[] {
  const random = stream("test", "log");
  return Array.from({ length: SAMPLE }, (_, i) => {
    if (i % 3 === 0) return 2 ** Math.floor(-1070 + 2090 * random.uniform()) * (1 + random.uniform());
    if (i % 3 === 1) return 1 + (random.uniform() - 0.5) * 2 ** -Math.floor(40 * random.uniform());
    return 4 * random.uniform() + 1e-9;
  });
}

function assertUlps(actual: number, expected: number, most: number, what: string): void {
  const off = Math.abs(actual - expected) / ulp(expected);
  assert.ok(actual === expected || off <= most, `${what} = ${actual}, ${off} ulp from ${expected}`);
}

/** The distance to the next number away from zero; of zero, the smallest number. */
function ulp(x: number): number {
  const bits = new BigUint64Array(new Float64Array([Math.abs(x)]).buffer);
  bits[0] += 1n;
  const next = new Float64Array(bits.buffer)[0];
  return Number.isFinite(next) ? next - Math.abs(x) : 2 ** 971;
}
