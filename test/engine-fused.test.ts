/** The fused engine: every kernel that loads here keeps the engines' contract, and kernels of one profile agree on every bit. */
import assert from "node:assert/strict";
import test from "node:test";
import { stream } from "../src/data/streams.js";
import type { Training } from "../src/engine/contract.js";
import { kernelReports, loadFused } from "../src/engine/fused/fused.js";
import type { Isa, Kernel, Precision } from "../src/engine/fused/kernel.js";
import { layOut } from "../src/engine/fused/wasm.js";
import { startModule } from "../src/engine/fused/wasm-module.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import {
  assertAllWithin,
  finished,
  gradientOf,
  notTwoLayers,
  smallTraining,
  testEngineContract,
} from "./engine-contract.js";
import { GOLDEN_DRAWS, goldenRuns } from "./goldens.js";

const UNSUPPORTED = [
  ...notTwoLayers("1 to 256 units"),
  [{ features: 3, widths: [257, 4] }, "it has two hidden layers of 1 to 256 units, got one of 257"],
  [{ features: 257, widths: [5, 4] }, "it has an input of 1 to 256 units, got 257"],
] as const;
const PRECISIONS: readonly Precision[] = ["f32", "f64"];
const kernels: Kernel[] = [];
for (const report of kernelReports()) {
  if ("kernel" in report) kernels.push(report.kernel);
  else test(`fused on ${report.isa}`, { skip: report.reason }, () => {});
}

test("WebAssembly runs on every machine", () => {
  assert.ok(kernels.some(({ isa }) => isa === "wasm"));
});

for (const { isa } of kernels) {
  for (const precision of PRECISIONS) {
    testEngineContract(`fused ${precision} on ${isa}`, () => loadFused({ precision, isa }), {
      precision: precision === "f32" ? "float32" : "float64",
      // WebAssembly takes 4 ms an epoch at n = 5000, and its bits are those of the addon's path (below).
      goldenEpochs: ({ training }) => (isa.startsWith("wasm") && training.rows.n > 200 ? 10 : training.epochs),
      unsupported: UNSUPPORTED,
    });
  }
}

/** The kernels of each profile: they must agree. */
function byProfile(precision: Precision): Map<string, Isa[]> {
  const profiles = new Map<string, Isa[]>();
  for (const { isa } of kernels) {
    const { profile } = loadFused({ precision, isa });
    profiles.set(profile, [...(profiles.get(profile) ?? []), isa]);
  }
  return profiles;
}

function assertSameBits(training: Training, precision: Precision, name: string): void {
  for (const isas of byProfile(precision).values()) {
    const [first, ...others] = isas.map((isa) => finished(loadFused({ precision, isa }), training));
    for (const [i, curve] of others.entries()) assert.deepEqual(curve, first, `${name}: ${isas[i + 1]} and ${isas[0]}`);
  }
}

for (const precision of PRECISIONS) {
  test(`kernels of one profile agree on every bit of the golden runs, ${precision}`, () => {
    for (const run of GOLDEN_DRAWS.flatMap((draw) => goldenRuns(draw))) {
      const epochs = run.training.rows.n > 200 ? 5 : run.training.epochs;
      assertSameBits({ ...run.training, epochs, asked: [1, epochs] }, precision, run.name);
    }
  });
}

const RANDOM_SHAPES = 1000;
const randomTrainings: Training[] = [];

test("kernels of one profile agree on every bit over 1,000 random shapes", () => {
  for (let i = 0; i < RANDOM_SHAPES; i++) assertSameBits(randomTraining(i), i % 4 === 0 ? "f64" : "f32", `shape ${i}`);
});

// The reference takes ten times as long as all kernels do.
const REFERENCE_SHAPES = 300;

test("the gradient agrees with the reference over 300 random shapes", () => {
  const [fused, reference] = [loadFused({ precision: "f32" }), referenceEngine()];
  for (let i = 0; i < REFERENCE_SHAPES; i++) {
    const training = randomTraining(i);
    const expected = gradientOf(reference, training);
    const scale = Math.max(...expected.map(Math.abs));
    assertAllWithin(gradientOf(fused, training), expected, 1e-4 * scale, `shape ${i}`);
  }
});

/** Two epochs on a net and data of any small size; each is made once, for both tests. */
function randomTraining(i: number): Training {
  randomTrainings[i] ??= trainingOfShape(i);
  return randomTrainings[i];
}

function trainingOfShape(i: number): Training {
  const random = stream("test", "shapes", i);
  const upTo = (most: number): number => 1 + Math.floor(random.uniform() * most);
  const sizes = { n: upTo(150), k: upTo(3), features: upTo(24), widths: [upTo(50), upTo(50)] };
  return smallTraining(`shape ${i}`, sizes, 2);
}

test("a step from a trained start is that of float64, to 1e-5 of the gradient's scale", () => {
  const fused = loadFused({ precision: "f32" });
  for (const run of GOLDEN_DRAWS.flatMap((draw) => goldenRuns(draw)).filter(({ name }) =>
    /unlearn|retrain_original/.test(name),
  )) {
    const training = { ...run.training, start: run.training.start.map(Math.fround) };
    const expected = gradientOf(referenceEngine(), training);
    const scale = Math.max(...expected.map(Math.abs));
    assertAllWithin(gradientOf(fused, training), expected, 1e-5 * scale, run.name);
  }
});

const EXP_SAMPLES = 1 << 20;

const exponents = new Float64Array(EXP_SAMPLES);
const [arguments_, powersOf, logsOf] = [exponents.slice(), exponents.slice(), exponents.slice()];
const uniform = stream("test", "elementary");
for (let i = 0; i < EXP_SAMPLES; i++) {
  exponents[i] = Math.fround(-87 * uniform.uniform());
  arguments_[i] = Math.fround(Math.exp(exponents[i] / 2));
  powersOf[i] = Math.exp(exponents[i]);
  logsOf[i] = Math.log(arguments_[i]);
}

for (const { isa, exponential, logarithm } of kernels) {
  test(`exp and log of ${isa} are within 2 ulp in float32 and in float64`, () => {
    for (const [precision, ulp] of [
      ["f32", 2 ** -23],
      ["f64", 2 ** -52],
    ] as const) {
      const [powers, logs] = [exponents.slice(), arguments_.slice()];
      exponential(precision, powers);
      logarithm(precision, logs);
      for (let i = 0; i < EXP_SAMPLES; i++) {
        if (!(Math.abs(powers[i] - powersOf[i]) <= 2 * ulp * powersOf[i]))
          assert.fail(`${precision}: exp(${exponents[i]}) is ${powers[i]}`);
        if (!(Math.abs(logs[i] - logsOf[i]) <= 2 * ulp * Math.abs(logsOf[i])))
          assert.fail(`${precision}: log(${arguments_[i]}) is ${logs[i]}`);
      }
    }
  });
}

test("an array of the wrong length is refused before a kernel reads it", () => {
  const [run] = goldenRuns("small");
  const engine = loadFused({ precision: "f32" });
  const { start, targets } = run.training;
  assert.throws(() => engine.train({ ...run.training, start: start.subarray(1) }), {
    message: `the length of start must be ${start.length}, got ${start.length - 1}`,
  });
  assert.throws(() => engine.train({ ...run.training, targets: targets.subarray(1) }), {
    message: `the length of targets must be ${targets.length}, got ${targets.length - 1}`,
  });
});

for (const isa of ["wasm", "wasm-relaxed"] as const) {
  test(`${isa}: arrays that lie above 2 GiB are found there`, () => {
    const wasm = startModule(new URL("../../src/engine/fused/", import.meta.url), isa);
    // The margins of 2¹³ forget rows at 2¹⁵ epochs take 2 GiB, and the parameters stand behind them; nothing is written.
    const sizes = { n: 10, k: 2 ** 13, features: 3, widths: [5, 4], tests: 0, epochs: 2 ** 15, asked: 2 ** 15 };
    const { addresses, end } = layOut(wasm, "f32", sizes, [0, 0.01]);
    const [margins, parameters] = addresses.slice(-2);
    assert.equal(parameters - margins, 2 ** 31);
    assert.ok(margins > 0 && end > parameters && end < 2 ** 32, `${margins}, ${parameters}, ${end}`);
    assert.deepEqual(
      addresses,
      addresses.toSorted((a, b) => a - b),
    );
  });
}
