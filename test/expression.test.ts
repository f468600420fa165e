/** Weights as users write them: their values to the bit, and where and why a text is none. */
import assert from "node:assert/strict";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import { evaluate, expressionFault, namesIn } from "../src/plan/expression.js";

const N = 7;
const K = 3;
const BETA = 0.1;

for (const [text, value] of [
  ["0", 0],
  ["1/n", 1 / N],
  ["-beta/k", -BETA / K],
  ["2/(2*n + k)", 2 / (2 * N + K)],
  ["1 - 2 - 3", -4],
  ["8/4/2", 1],
  ["2 + 3*4", 14],
  ["(2 + 3)*4", 20],
  ["2*-3", -6],
  ["--3", 3],
  ["-(n - k)", K - N],
  [".5", 0.5],
  ["5.", 5],
  ["1e-3", 0.001],
  ["1E2", 100],
  ["2.5e+1", 25],
  ["0.1 + 0.2", 0.1 + 0.2],
  ["  n\n*\tk ", N * K],
  ["1/(n - 7)", Number.POSITIVE_INFINITY],
  ["(((((1)))))", 1],
] as const) {
  test(`${JSON.stringify(text)} is ${value} where n is ${N}, k is ${K} and beta is ${BETA}`, () => {
    assert.ok(Object.is(evaluate(text, { n: N, k: K, beta: BETA }), value));
    assert.equal(expressionFault(text, ["n", "k", "beta"]), null);
  });
}

test("−0 is 0", () => {
  for (const text of ["-0", "-n", "0*-1"]) assert.ok(Object.is(evaluate(text, { n: 0 }), 0), text);
});

for (const [text, offset, sentence] of [
  ["", 0, "must have a number, a name or a parenthesis there, got its end"],
  ["1/", 2, "must have a number, a name or a parenthesis there, got its end"],
  ["1//n", 2, "must have a number, a name or a parenthesis there, got /"],
  ["+1", 0, "must have a number, a name or a parenthesis there, got +"],
  ["1 n", 2, "must have +, -, * or / there, got n"],
  ["2n", 1, "must have +, -, * or / there, got n"],
  ["n k", 2, "must have +, -, * or / there, got k"],
  ["2**3", 2, "must have a number, a name or a parenthesis there, got *"],
  ["2^3", 1, "must have +, -, * or / there, got ^"],
  ["(1 + n", 6, "must have a closing parenthesis there, got its end"],
  ["1 + n)", 5, "must have +, -, * or / there, got )"],
  ["()", 1, "must have a number, a name or a parenthesis there, got )"],
  [".", 0, "must have a number, a name or a parenthesis there, got ."],
  ["1.2.3", 3, "must have +, -, * or / there, got .3"],
  ["1e", 1, "must have +, -, * or / there, got e"],
  ["β/k", 0, "must have a number, a name or a parenthesis there, got β"],
  [
    "1/n - gamma",
    6,
    "must have one of the names n, k there, got gamma: define it under parameters, or take one of these",
  ],
  [
    "toString",
    0,
    "must have one of the names n, k there, got toString: define it under parameters, or take one of these",
  ],
  [
    "__proto__",
    0,
    "must have one of the names n, k there, got __proto__: define it under parameters, or take one of these",
  ],
  ["1".repeat(201), 0, "must be at most 200 characters, got 201"],
  ["(".repeat(200), 200, "must have a number, a name or a parenthesis there, got its end"],
] as const) {
  test(`${JSON.stringify(text.slice(0, 20))} is no weight, and the fault stands at ${offset}`, () => {
    assert.deepEqual(expressionFault(text, ["n", "k"]), { offset, sentence });
    assert.throws(() => evaluate(text, { n: 1, k: 1 }), {
      name: "SweepError",
      fault: "usage",
      message: `the weight ${text} ${sentence}`,
    });
  });
}

test("the names of an expression are those that stand in it, each once", () => {
  assert.deepEqual([...namesIn("2*beta/(n + beta) - 1e3*gamma_2")], ["beta", "n", "gamma_2"]);
});

test("any expression has the value that JavaScript gives it", () => {
  const random = stream("test", "expressions");
  const below = (count: number): number => Math.floor(random.uniform() * count);
  const atom = (): string => ["n", "k", "beta", "2", "0.3", "1e-2"][below(6)];
  const build = (depth: number): string => {
    const kind = depth === 0 ? 0 : below(4);
    if (kind === 0) return atom();
    if (kind === 1) return `(${build(depth - 1)})`;
    if (kind === 2) return `-${atom()}`;
    return `${build(depth - 1)} ${"+-*/"[below(4)]} ${build(depth - 1)}`;
  };
  for (let i = 0; i < 2000; i++) {
    const text = build(4);
    if (text.length > 200) continue;
    const expected = new Function("n", "k", "beta", `return ${text.replaceAll("--", "- -")}`)(N, K, BETA) as number;
    assert.ok(Object.is(evaluate(text, { n: N, k: K, beta: BETA }), expected + 0), text);
  }
});
