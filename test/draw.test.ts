/** A draw: what of it is a function of what, its distribution, and what is known of it without training. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { dataCommand } from "../src/commands/data.js";
import { gridCommand } from "../src/commands/grid.js";
import { runCommand } from "../src/commands/run.js";
import { trainCommand } from "../src/commands/train.js";
import { bayesOf, classMeans, type Draw, seededDraw } from "../src/data/draw.js";
import { float32Rows } from "../src/data/rows.js";
import { stream } from "../src/data/streams.js";
import type { SeededDraw } from "../src/trial.js";
import { assertWithin } from "./engine-contract.js";

const DEFAULT: SeededDraw = { kind: "seeded", dataSeed: 0, samples: 5000, features: 10, forgetRows: 1 };

test("the default draw is this one, to the bit", () => {
  assert.equal(hash(seededDraw(DEFAULT)), "96a89b6d3121e2f1568260cf84d5c694dd2883117d5b4e1a0c0f82ae2781d5d6");
});

test("the default draw's Bayes numbers are these", () => {
  const { bayes } = seededDraw(DEFAULT);
  assertWithin(bayes?.accuracy ?? Number.NaN, 0.9608020978939685, 1e-14, "accuracy");
  assertWithin(bayes?.forgetProbability ?? Number.NaN, 0.9622870841902283, 1e-13, "probability of class 0 at x");
});

test("a draw is a function of its seed and sizes", () => {
  assert.equal(hash(seededDraw({ ...DEFAULT, samples: 50 })), hash(seededDraw({ ...DEFAULT, samples: 50 })));
  assert.notEqual(
    hash(seededDraw({ ...DEFAULT, samples: 50 })),
    hash(seededDraw({ ...DEFAULT, samples: 50, dataSeed: 1 })),
  );
});

test("a draw has n/2 rows of class 0, n/2 of class 1, k forget rows of label 0, and a balanced test sample of n/5", () => {
  for (const [samples, features, forgetRows] of [
    [5000, 10, 1],
    [50, 3, 4],
    [10, 256, 2],
    [200, 1, 1],
  ]) {
    const { rows, test: sample } = seededDraw({ ...DEFAULT, samples, features, forgetRows });
    assert.deepEqual([rows.n, rows.k, rows.features], [samples, forgetRows, features]);
    assert.equal(rows.x.length, (samples + forgetRows) * features);
    const expected = [
      ...new Array<number>(samples / 2).fill(0),
      ...new Array<number>(samples / 2).fill(1),
      ...new Array<number>(forgetRows).fill(0),
    ];
    assert.deepEqual(Array.from(rows.y), expected);
    assert.ok(sample !== null);
    assert.equal(sample.rows, samples / 5);
    assert.equal(sample.x.length, sample.rows * features);
    assert.deepEqual(
      Array.from(sample.y),
      Array.from({ length: sample.rows }, (_, i) => (i < sample.rows / 2 ? 0 : 1)),
    );
  }
});

test("the smallest draw, four samples of one feature, has a test row of either class", () => {
  const { rows, test: sample } = seededDraw({ ...DEFAULT, samples: 4, features: 1 });
  assert.equal(rows.x.length, 5);
  assert.deepEqual(Array.from(sample?.y ?? []), [0, 1]);
});

test("every value was rounded to float32, once", () => {
  const random = stream("test", "rounding");
  const part = Float64Array.from({ length: 100 }, () => random.normal() * 1e-3);
  assert.deepEqual(Array.from(float32Rows(part, part)), [...part, ...part].map(Math.fround));
  assert.ok(seededDraw({ ...DEFAULT, samples: 20 }).rows.x instanceof Float32Array);
});

test("a class's rows are normal about its mean with variance 10 in every feature, and features are independent", () => {
  const { rows } = seededDraw(DEFAULT);
  const means = trueMeans(DEFAULT);
  for (const label of [0, 1]) {
    const matrix = rows.x.subarray(label * 25_000, (label + 1) * 25_000);
    for (let j = 0; j < 10; j++) {
      const { mean, variance } = moments(column(matrix, 10, j));
      assertWithin(mean, means[label][j], 4 * Math.sqrt(10 / 2500), `mean of feature ${j} in class ${label}`);
      assertWithin(variance, 10, 4 * 10 * Math.sqrt(2 / 2500), `variance of feature ${j} in class ${label}`);
      const other = (j + 1) % 10;
      let covariance = 0;
      for (let i = 0; i < 2500; i++)
        covariance += ((matrix[i * 10 + j] - means[label][j]) * (matrix[i * 10 + other] - means[label][other])) / 2500;
      assertWithin(
        covariance,
        0,
        (4 * 10) / Math.sqrt(2500),
        `covariance of features ${j} and ${other} in class ${label}`,
      );
    }
  }
});

test("class means are uniform between 0 and 10", () => {
  const values = [0, 1, 2, 3].flatMap((dataSeed) =>
    trueMeans({ ...DEFAULT, dataSeed, features: 256 }).flatMap((mean) => Array.from(mean)),
  );
  assert.ok(values.every((value) => value >= 0 && value < 10));
  const { mean, variance } = moments(values);
  assertWithin(mean, 5, 4 * Math.sqrt(100 / 12 / 2048), "mean");
  assertWithin(variance, 100 / 12, 0.7, "variance");
});

test("the forget rows are normal about class 0's empirical mean with variance 20", () => {
  const { rows } = seededDraw({ ...DEFAULT, samples: 40, forgetRows: 4000 });
  for (let j = 0; j < 10; j++) {
    const centre = moments(column(rows.x.subarray(0, 200), 10, j)).mean;
    const { mean, variance } = moments(column(rows.x.subarray(400), 10, j));
    assertWithin(mean, centre, 4 * Math.sqrt(20 / 4000), `mean of feature ${j}`);
    assertWithin(variance, 20, 4 * 20 * Math.sqrt(2 / 4000), `variance of feature ${j}`);
  }
});

test("the test sample is of the same mixture, and no row of it was trained on", () => {
  const { rows, test: sample } = seededDraw(DEFAULT);
  const means = trueMeans(DEFAULT);
  assert.ok(sample !== null);
  for (const label of [0, 1]) {
    for (let j = 0; j < 10; j++) {
      const { mean, variance } = moments(column(sample.x.subarray(label * 5000, (label + 1) * 5000), 10, j));
      assertWithin(mean, means[label][j], 4 * Math.sqrt(10 / 500), `mean of feature ${j} in class ${label}`);
      assertWithin(variance, 10, 4 * 10 * Math.sqrt(2 / 500), `variance of feature ${j} in class ${label}`);
    }
  }
  const trained = new Set(column(rows.x, 10, 0));
  assert.ok(column(sample.x, 10, 0).filter((value) => trained.has(value)).length < 5, "first features that D has too");
});

test("more samples keep the rows that fewer have, of either class and of the test sample", () => {
  const [few, many] = [50, 90].map((samples) => seededDraw({ ...DEFAULT, samples }));
  assert.deepEqual(many.rows.x.slice(0, 250), few.rows.x.slice(0, 250));
  assert.deepEqual(many.rows.x.slice(450, 700), few.rows.x.slice(250, 500));
  assert.deepEqual(many.test?.x.slice(0, 50), few.test?.x.slice(0, 50));
});

test("more forget rows keep those that fewer have, and change nothing else", () => {
  const [one, three] = [1, 3].map((forgetRows) => seededDraw({ ...DEFAULT, samples: 50, forgetRows }));
  assert.deepEqual(three.rows.x.slice(0, 510), one.rows.x);
  assert.deepEqual(three.test, one.test);
  assert.equal(three.bayes?.accuracy, one.bayes?.accuracy);
});

test("more features are drawn from the same random numbers, and every option that names a data seed says so of sizes", () => {
  const deviations = (features: number): number[] => {
    const [mean] = classMeans(0, features);
    const { rows } = seededDraw({ ...DEFAULT, samples: 20, features });
    return Array.from({ length: 10 }, (_, i) => rows.x[i] - mean[i % features]);
  };
  const ofOne = deviations(1);
  for (const [i, deviation] of deviations(3).entries()) assertWithin(deviation, ofOne[i], 1e-5, `deviation ${i}`);
  const said = [runCommand, trainCommand, dataCommand].map(({ options }) => options["data-seed"].describe);
  for (const describe of [...said, gridCommand.options["data-seeds"].describe])
    assert.match(String(describe), /; draws of one seed share their random numbers, whatever their sizes/);
});

test("the Bayes numbers are those of the two densities", () => {
  const draw = seededDraw({ ...DEFAULT, samples: 50, forgetRows: 3 });
  const [mean0, mean1] = trueMeans(DEFAULT);
  assert.ok(draw.bayes !== null);
  const logDensity = (x: Float32Array, mean: Float64Array): number =>
    x.reduce((sum, value, j) => sum - 0.5 * Math.log(2 * Math.PI * 10) - (value - mean[j]) ** 2 / 20, 0);
  let probability = 0;
  for (let r = 0; r < 3; r++) {
    const x = draw.rows.x.subarray(500 + 10 * r, 510 + 10 * r);
    const [density0, density1] = [Math.exp(logDensity(x, mean0)), Math.exp(logDensity(x, mean1))];
    probability += density0 / (density0 + density1) / 3;
  }
  assertWithin(draw.bayes.forgetProbability, probability, 1e-12, "Bayes probability of class 0, mean over F");
});

test("the Bayes accuracy is the mass that either class has on its side of the middle", () => {
  const [mean0, mean1] = trueMeans(DEFAULT);
  const gap = Math.hypot(...mean0.map((value, j) => value - mean1[j]));
  // Along the line through both means a class is N(0, 10): its density by the midpoint rule from −40 to the middle.
  const steps = 200_000;
  const width = (gap / 2 + 40) / steps;
  let mass = 0;
  for (let i = 0; i < steps; i++) mass += Math.exp(-((-40 + (i + 0.5) * width) ** 2) / 20) * width;
  assertWithin(
    seededDraw({ ...DEFAULT, samples: 4 }).bayes?.accuracy ?? Number.NaN,
    mass / Math.sqrt(20 * Math.PI),
    1e-10,
    "Bayes accuracy",
  );
});

test("the better of the two means classifies as often right as the Bayes accuracy says", () => {
  const source = { ...DEFAULT, features: 1, dataSeed: 2, samples: 20_000 };
  const { rows, bayes } = seededDraw(source);
  const [[mean0], [mean1]] = trueMeans(source);
  let right = 0;
  for (let i = 0; i < rows.n; i++)
    right += (Math.abs(rows.x[i] - mean1) < Math.abs(rows.x[i] - mean0) ? 1 : 0) === rows.y[i] ? 1 : 0;
  const accuracy = bayes?.accuracy ?? Number.NaN;
  assert.ok(accuracy > 0.5 && accuracy < 0.95, `the case tells nothing at ${accuracy}`);
  assertWithin(right / rows.n, accuracy, 4 * Math.sqrt((accuracy * (1 - accuracy)) / rows.n), "share of D");
});

test("Bayes numbers of means that coincide, and of a forget row far from both", () => {
  const same = bayesOf(Float64Array.of(3, 4), Float64Array.of(3, 4), Float32Array.of(1, 2));
  assert.deepEqual(same, { accuracy: 0.5, forgetProbability: 0.5 });
  const far = bayesOf(Float64Array.of(0), Float64Array.of(10), Float32Array.of(1e6));
  assert.equal(far.forgetProbability, 0);
  assert.equal(bayesOf(Float64Array.of(0), Float64Array.of(10), Float32Array.of(-1e6)).forgetProbability, 1);
});

/** The means as the draw takes them from their stream: not part of a draw, but of what Bayes numbers are computed from. */
function trueMeans({ dataSeed, features }: SeededDraw): Float64Array[] {
  const source = stream("draw", dataSeed, "means");
  return [0, 1].map(() => Float64Array.from({ length: features }, () => 10 * source.uniform()));
}

function column(matrix: Float32Array, width: number, j: number): number[] {
  return Array.from({ length: matrix.length / width }, (_, i) => matrix[i * width + j]);
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

function hash({ rows, test: sample }: Draw): string {
  const digest = createHash("sha256");
  for (const part of [rows.x, rows.y, ...(sample === null ? [] : [sample.x, sample.y])])
    digest.update(new Uint8Array(part.buffer));
  return digest.digest("hex");
}
