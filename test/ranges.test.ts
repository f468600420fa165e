/** Numbers and ranges as a user writes them: every form that is taken, and the exact sentence for every one that is not. */
import assert from "node:assert/strict";
import test from "node:test";
import { numbersIn, withoutRepeats } from "../src/plan/ranges.js";
import { READ } from "../src/plan/values.js";

const lambdas = (item: string): number[] => numbersIn("--lambda", item, READ.lambda);
const epochs = (item: string): number[] => numbersIn("--epochs", item, READ.epochs);

for (const [item, values] of [
  ["4.2", [4.2]],
  ["1e-3", [0.001]],
  ["+2", [2]],
  ["0:3", [0, 1, 2, 3]],
  ["0:1:0.25", [0, 0.25, 0.5, 0.75, 1]],
  [".5:1.:.5", [0.5, 1]],
  ["+0:+1:+1", [0, 1]],
  ["0.5:2.5", [0.5, 1.5, 2.5]],
  ["0:1:0.50", [0, 0.5, 1]],
  ["2:2", [2]],
  ["2:2:7", [2]],
  ["0.30:0.3:0.1", [0.3]],
] as const) {
  test(`${item} is ${values.join(", ")}`, () => assert.deepEqual(lambdas(item), values));
}

for (const [item, values] of [
  ["5", [5]],
  ["1:4", [1, 2, 3, 4]],
  ["10:30:10", [10, 20, 30]],
  ["1:3:1.0", [1, 2, 3]],
] as const) {
  test(`${item} whole numbers are ${values.join(", ")}`, () => assert.deepEqual(epochs(item), values));
}

for (const [item, sentence] of [
  ["-1", "--lambda must be a number from 0 up, got -1"],
  ["0:1:2:3", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 0:1:2:3"],
  ["1:", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 1:"],
  [":1", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got :1"],
  ["0::1", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 0::1"],
  ["0:10:", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 0:10:"],
  ["-1:5", "--lambda -1:5 must be a number from 0 up, got -1"],
  ["0:ten", "--lambda 0:ten must be a number from 0 up, got ten"],
  ["0x0:5", "--lambda 0x0:5 must be a number from 0 up, got 0x0"],
  ["0:10:0", "--lambda must have a step above 0, got 0:10:0"],
  ["0:10:0.00", "--lambda must have a step above 0, got 0:10:0.00"],
  ["0:10:-1", "--lambda must have a step above 0, got 0:10:-1"],
  ["0:10:x", "--lambda must be a range of plain decimal numbers, got 0:10:x"],
  ["0:10:1e-1", "--lambda must be a range of plain decimal numbers, got 0:10:1e-1"],
  ["1e-3:1:0.001", "--lambda must be a range of plain decimal numbers, got 1e-3:1:0.001"],
  ["-0:1", "--lambda must be a range of plain decimal numbers, got -0:1"],
  ["10:0", "--lambda must be a range that goes up, got 10:0: write 0:10"],
  ["10:0:0.5", "--lambda must be a range that goes up, got 10:0:0.5: write 0:10:0.5"],
  ["0:1:0.3", "--lambda must be a range whose steps meet its end, got 0:1:0.3: write 0:0.9:0.3"],
  ["0:2.5", "--lambda must be a range whose steps meet its end, got 0:2.5: write 0:2"],
  ["0:0.5:1", "--lambda must be a range whose steps meet its end, got 0:0.5:1: write 0"],
  ["0:1:0.000001", "--lambda must be at most 1000000 values, got 1000001 in 0:1:0.000001"],
  [
    "0:99999999999999999999",
    "--lambda must be at most 1000000 values, got 100000000000000000000 in 0:99999999999999999999",
  ],
] as const) {
  test(`refused: --lambda ${item}`, () => {
    assert.throws(() => lambdas(item), { name: "SweepError", fault: "usage", message: sentence });
  });
}

for (const [item, sentence] of [
  ["0:50", "--epochs 0:50 must be a whole number from 1 to 1000000, got 0"],
  ["1:2000000", "--epochs 1:2000000 must be a whole number from 1 to 1000000, got 2000000"],
  ["1:3:0.5", "--epochs 1:3:0.5 must be a whole number from 1 to 1000000, got 1.5"],
  ["1:10:2.5", "--epochs 1:10:2.5 must be a whole number from 1 to 1000000, got 3.5"],
  ["1:50:8", "--epochs must be a range whose steps meet its end, got 1:50:8: write 1:49:8"],
] as const) {
  test(`refused: --epochs ${item}`, () => {
    assert.throws(() => epochs(item), { fault: "usage", message: sentence });
  });
}

test("a value inside a range is held to what its option takes, and the sentence names the range", () => {
  assert.deepEqual(numbersIn("--samples", "500:1500:500", READ.samples), [500, 1000, 1500]);
  assert.throws(() => numbersIn("--samples", "4:8", READ.samples), {
    message: "--samples 4:8 must be even, since both classes have half of them, got 5: try 6",
  });
});

test("whole numbers beyond what a double tells apart are refused, not rounded", () => {
  assert.deepEqual(numbersIn("--data-seeds", "9007199254740990:9007199254740991", READ.seed), [
    Number.MAX_SAFE_INTEGER - 1,
    Number.MAX_SAFE_INTEGER,
  ]);
  assert.throws(() => numbersIn("--data-seeds", "9007199254740990:9007199254740993", READ.seed), {
    message:
      "--data-seeds 9007199254740990:9007199254740993 must be a whole number from 0 up to 2^53 − 1, got 9007199254740993",
  });
});

test("0:1:0.1 holds exactly the doubles that 0.1, 0.2 … 1 are, where adding or multiplying the step misses some", () => {
  const written = ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"].map(Number);
  assert.deepEqual(lambdas("0:1:0.1"), written);
  assert.notDeepEqual(
    written.map((_, i) => i * 0.1),
    written,
  );
});

test("every value of a range is the double of its decimal text, whatever the step's digits", () => {
  for (let places = 0; places <= 6; places++) {
    for (const step of [1, 3, 7, 25]) {
      const decimal = (i: number): string => {
        const digits = String(i * step).padStart(places + 1, "0");
        return `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`;
      };
      const values = lambdas(`${decimal(2)}:${decimal(90)}:${decimal(1)}`);
      assert.deepEqual(
        values,
        Array.from({ length: 89 }, (_, i) => Number(decimal(i + 2))),
      );
    }
  }
});

test("a million values are taken at once", () => {
  const values = numbersIn("--data-seeds", "1:1000000", READ.seed);
  assert.deepEqual([values.length, values[0], values[999_999]], [1_000_000, 1, 1_000_000]);
});

test("a list without repeats is given back, and a repeat is refused by its value", () => {
  assert.deepEqual(withoutRepeats("--lambda unlearn", [0, 1, 0.5]), [0, 1, 0.5]);
  assert.throws(() => withoutRepeats("--lambda unlearn", [0, 0.5, 1, 0.5, 1]), {
    fault: "usage",
    message: "--lambda unlearn must have each value once, got 0.5 twice: leave one out",
  });
});
