/** Named streams: what they are called makes them what they are, and their numbers never change. */
import assert from "node:assert/strict";
import test from "node:test";
import seedrandom from "seedrandom";
import { stream } from "../src/data/streams.js";
import { assertWithin } from "./engine-contract.js";

test("a stream is a function of its name", () => {
  const [a, b] = [stream("draw", 7, "means"), stream("draw", 7, "means")];
  for (let i = 0; i < 100; i++) {
    assert.equal(a.uniform(), b.uniform());
    assert.equal(a.normal(), b.normal());
  }
});

test("streams called 1, 11 and 1111 differ, although seedrandom takes these for one seed", () => {
  assert.equal(seedrandom("1")(), seedrandom("11")());
  assert.equal(seedrandom("1")(), seedrandom("1111")());
  const first = ["1", "11", "1111"].map((name) => stream(name).uniform());
  assert.equal(new Set(first).size, 3, first.join(", "));
});

test("ten thousand names that a sweep uses are ten thousand streams", () => {
  const first = new Set<number>();
  for (let trial = 1; trial <= 2500; trial++) {
    for (const method of ["original", "retrain_scratch", "shared"])
      first.add(stream("init", 0, 0, trial, method).uniform());
    first.add(stream("draw", trial, "means").uniform());
  }
  assert.equal(first.size, 10_000);
});

test("where a name's parts are cut counts", () => {
  assert.notEqual(stream("init", 1, 23).uniform(), stream("init", 12, 3).uniform());
  assert.notEqual(stream("init", 0, 1).uniform(), stream("init", 1, 0).uniform());
});

test("a stream does not touch another one, nor Math.random", () => {
  const alone = stream("draw", 1);
  const numbers = [alone.uniform(), alone.normal(), alone.uniform()];
  const own = Math.random;
  const [a, b] = [stream("draw", 1), stream("draw", 2)];
  const between = [a.uniform(), a.normal()];
  b.normal();
  between.push(a.uniform());
  assert.deepEqual(between, numbers);
  assert.equal(Math.random, own);
});

test("the first numbers of a stream are these: data and weights of old sweeps depend on them", () => {
  const uniform = stream("draw", 0, "means");
  assert.deepEqual(
    [uniform.uniform(), uniform.uniform(), uniform.uniform()],
    [0.5101246240625593, 0.6390581231588386, 0.4527142937747367],
  );
  const normal = stream("draw", 0, "class0");
  assert.deepEqual(
    [normal.normal(), normal.normal(), normal.normal(), normal.normal()],
    [0.7236206939005172, 0.6522313045192413, 0.398074235150698, 0.6674008545258443],
  );
});

test("uniform numbers fill [0, 1) evenly", () => {
  const source = stream("test", "uniform");
  const counts = new Array<number>(20).fill(0);
  let sum = 0;
  for (let i = 0; i < 200_000; i++) {
    const value = source.uniform();
    assert.ok(value >= 0 && value < 1);
    counts[Math.floor(value * 20)]++;
    sum += value;
  }
  assertWithin(sum / 200_000, 0.5, 4 * Math.sqrt(1 / 12 / 200_000), "mean");
  const chiSquared = counts.reduce((total, count) => total + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(chiSquared < 43.8, `χ² with 19 degrees of freedom is ${chiSquared}, above its 99.9 % point`);
});

test("normals have the moments and the tails of a standard normal, and neighbours are independent", () => {
  const source = stream("test", "normal");
  const n = 400_000;
  const values = Float64Array.from({ length: n }, () => source.normal());
  const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / n;
  // four standard errors: the variance of x^p is E x^2p − (E x^p)²
  assertWithin(moment(1), 0, 4 * Math.sqrt(1 / n), "mean");
  assertWithin(moment(2), 1, 4 * Math.sqrt(2 / n), "variance");
  assertWithin(moment(3), 0, 4 * Math.sqrt(15 / n), "third moment");
  assertWithin(moment(4), 3, 4 * Math.sqrt(96 / n), "fourth moment");
  for (const [beyond, share] of [
    [1, 0.31731050786291415],
    [2, 0.04550026389635842],
    [3, 0.0026997960632601866],
  ]) {
    const found = values.filter((value) => Math.abs(value) > beyond).length / n;
    assertWithin(found, share, 4 * Math.sqrt((share * (1 - share)) / n), `share beyond ±${beyond}`);
  }
  for (const lag of [1, 2]) {
    let product = 0;
    let squares = 0;
    for (let i = lag; i < n; i++) {
      product += values[i] * values[i - lag];
      squares += (values[i] ** 2 - 1) * (values[i - lag] ** 2 - 1);
    }
    assertWithin(product / n, 0, 4 / Math.sqrt(n), `correlation with the number ${lag} before`);
    assertWithin(squares / n, 0, 8 / Math.sqrt(n), `correlation of its square with the square ${lag} before`);
  }
});
