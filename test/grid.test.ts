/** From flags to the plan of a grid and its settings: defaults, order, and the exact sentence for every grid that is not one. */
import assert from "node:assert/strict";
import test from "node:test";
import { exportDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import { ENGINE_NAMES } from "../src/engine/engines.js";
import type { Flags } from "../src/plan/flags.js";
import { GRID_READERS } from "../src/plan/grid.js";
import { identityOf } from "../src/plan/growth.js";
import { METHOD_NAMES, METHODS as RECORDS } from "../src/plan/methods.js";
import { drawsOf, type PlanPart, type Setting, settingsOf } from "../src/plan/plan.js";
import { PRESETS } from "../src/plan/presets.js";
import { gridPlan } from "../src/plan/request.js";
import { folder } from "./command-line.js";

const METHODS = METHOD_NAMES.join(", ");

/** The one part of a grid's plan. */
function part(flags: Flags): PlanPart {
  const { parts } = gridPlan(flags, null);
  assert.equal(parts.length, 1);
  return parts[0];
}

/** Flags as argv gives them, and what is said of them. */
const REFUSED: [flags: Flags, sentence: string][] = [
  [{ name: "a b" }, "--name must be up to 64 letters, digits, dots, dashes and underscores, got a b"],
  [{ name: "a/b" }, "--name must be up to 64 letters, digits, dots, dashes and underscores, got a/b"],
  [{ name: "a\n" }, "--name must be up to 64 letters, digits, dots, dashes and underscores, got a\\n"],
  [
    { name: "x".repeat(65) },
    `--name must be up to 64 letters, digits, dots, dashes and underscores, got ${"x".repeat(65)}`,
  ],
  [{ name: "" }, "--name must have a value, got none: write --name VALUE or leave it out"],
  [{ preset: "both" }, "--preset must be one of notebook, paired, got both"],
  [{ preset: "paired,paired" }, "--preset must have each value once, got paired twice: leave one out"],
  [{ "data-seeds": "1.5" }, "--data-seeds must be a whole number from 0 up to 2^53 − 1, got 1.5"],
  [{ "data-seeds": "1:5,3" }, "--data-seeds must have each value once, got 3 twice: leave one out"],
  [{ "data-seeds": ["1", "01"] }, "--data-seeds must have each value once, got 1 twice: leave one out"],
  [
    { "data-seeds": "1,,2" },
    "--data-seeds must be values separated by commas, got an empty one: remove the extra comma or leave --data-seeds out",
  ],
  [
    { "data-seeds": "" },
    "--data-seeds must be values separated by commas, got an empty one: remove the extra comma or leave --data-seeds out",
  ],
  [{ samples: "500,501" }, "--samples must be even, since both classes have half of them, got 501: try 502"],
  [{ samples: "500,500" }, "--samples must have each value once, got 500 twice: leave one out"],
  [{ features: "2:257" }, "--features 2:257 must be a whole number from 1 to 256, got 257"],
  [{ "forget-rows": "0:3" }, "--forget-rows 0:3 must be a whole number from 1 to 10000, got 0"],
  [{ hidden: "64" }, "--hidden must be two widths such as 64,32, got 64"],
  [{ hidden: "64,32,128,64" }, "--hidden must be two widths such as 64,32, got 64,32,128,64"],
  [{ hidden: ["64,32", "0,32"] }, "--hidden must be a whole number from 1 to 256, got 0"],
  [{ hidden: ["64,32", "064,32"] }, "--hidden must have each value once, got 64,32 twice: leave one out"],
  [{ hidden: "" }, "--hidden must have a value, got none: write --hidden VALUE or leave it out"],
  [{ hidden: ["64,32", ""] }, "--hidden must have a value, got none: write --hidden VALUE or leave it out"],
  [{ "learning-rate": "0" }, "--learning-rate must be a number above 0, got 0"],
  [{ "learning-rate": "0.01,1e-2" }, "--learning-rate must have each value once, got 0.01 twice: leave one out"],
  [{ "learning-rate": "0.01:0.1:0.01" }, "--learning-rate must be a number above 0, got 0.01:0.1:0.01"],
  [{ methods: "unlern" }, `--methods must be one of ${METHODS}, got unlern: did you mean unlearn`],
  [{ methods: "unlearn,unlearn" }, "--methods must name each method once, got unlearn twice: leave one out"],
  [{ epochs: "0" }, "--epochs must be a whole number from 1 to 1000000, got 0"],
  [{ epochs: "original=0:5" }, "--epochs original 0:5 must be a whole number from 1 to 1000000, got 0"],
  [{ epochs: "orig=5" }, `--epochs METHOD=VALUE must be one of ${METHODS}, got orig: did you mean original`],
  [{ epochs: "5,unlearn=5" }, "--epochs unlearn must have each value once, got 5 twice: leave one out"],
  [{ epochs: "1:50,7" }, "--epochs unlearn must have each value once, got 7 twice: leave one out"],
  [{ epochs: "original=" }, "--epochs METHOD=VALUE must have a value, got original=: write original=5 or leave it out"],
  [{ lambda: "-1" }, "--lambda must be a number from 0 up, got -1"],
  [{ lambda: "0:1:0.1,0.3" }, "--lambda unlearn must have each value once, got 0.3 twice: leave one out"],
  [{ lambda: ["1", "1.0"] }, "--lambda unlearn must have each value once, got 1 twice: leave one out"],
  [
    { methods: "relabel", lambda: "relabel=1,relabel=1" },
    "--lambda relabel must have each value once, got 1 twice: leave one out",
  ],
  [
    { epochs: "fine_tune=3" },
    "--epochs must be of methods that are trained or started from, original, retrain_scratch, unlearn, got fine_tune=3: leave it out, or train fine_tune too",
  ],
  [{ trials: "0" }, "--trials must be a whole number from 1 to 1000000, got 0"],
  [{ trials: "1:5" }, "--trials must be a whole number from 1 to 1000000, got 1:5"],
  [{ trials: ["1", "2"] }, "--trials must be given once, got it 2 times: keep one"],
  [{ seed: "1,2" }, "--seed must be a whole number from 0 up to 2^53 − 1, got 1,2"],
  [{ engine: "gpu" }, `--engine must be one of ${ENGINE_NAMES.join(", ")}, got gpu`],
  [{ precision: "f16" }, "--precision of engine fused must be one of f32, f64, got f16"],
  [{ engine: "reference", precision: "f32" }, "--precision of engine reference must be one of f64, got f32"],
  [{ record: "some" }, "--record must be one of final, asked, all, got some"],
  [
    { methods: "original,unlearn,relearn", record: "asked" },
    "--record must be all where relearn is trained, whose curve says when x is learned again, got asked: leave one of the two out",
  ],
  [
    { data: "there", "data-seeds": "1:3" },
    "--data-seeds must not be given with --data, whose files decide it, got 1:3: leave one of the two out",
  ],
  [
    { data: "there", samples: "10" },
    "--samples must not be given with --data, whose files decide it, got 10: leave one of the two out",
  ],
  [{ data: "" }, "--data must have a value, got none: write --data VALUE or leave it out"],
  [
    { "data-seeds": "1:100000", features: "1:11" },
    "--data-seeds, --samples, --features and --forget-rows must make at most 1000000 draws, got 1100000",
  ],
  [
    { "data-seeds": "1:100000", hidden: Array.from({ length: 11 }, (_, i) => `${i + 1},2`) },
    "--preset, --hidden and --learning-rate must make at most 1000000 settings of the grid's draws, got 1100000",
  ],
];

for (const [flags, sentence] of REFUSED) {
  const line = Object.entries(flags).map(([name, value]) => `--${name} ${JSON.stringify(value).slice(0, 40)}`);
  test(`refused: ${line.join(" ")}`, () => {
    assert.throws(() => gridPlan(flags, null), { name: "SweepError", fault: "usage", message: sentence });
  });
}

test("without flags a grid is one paired setting with the registry's λ and epochs", () => {
  const methods = ["original", "retrain_scratch", "unlearn"];
  const plan = gridPlan({}, null);
  assert.deepEqual(plan, {
    version: 1,
    name: "grid",
    seed: 0,
    engine: { name: "fused", precision: "f32" },
    record: "all",
    trials: 100,
    presets: PRESETS.filter(({ name }) => name === "paired"),
    methods: RECORDS.slice(0, 3),
    parts: [
      {
        presets: ["paired"],
        draws: { kind: "seeded", dataSeeds: [372_941], samples: [5000], features: [10], forgetRows: [1] },
        widths: [[64, 32]],
        learningRates: [0.01],
        methods,
        epochs: { original: [100], retrain_scratch: [100], unlearn: [5] },
        lambda: { original: [0], retrain_scratch: [0], unlearn: [4.2] },
      },
    ],
  });
  assert.equal(settingsOf(plan).length, 1);
});

test("every flag of a grid is read, and each has a reader", () => {
  const plan = gridPlan(
    {
      name: "My-sweep_1.2",
      preset: "paired,notebook",
      "data-seeds": "1:3,7",
      samples: "500,5000",
      features: "2:4:2",
      "forget-rows": ["1", "2"],
      hidden: ["64,32", "32,64"],
      "learning-rate": "0.01,1e-3",
      methods: "unlearn,original,fine_tune",
      epochs: "1:3,original=100,original=50",
      lambda: "0:1:0.5,fine_tune=1",
      trials: "5",
      seed: "9",
      engine: "fused",
      precision: "f64",
      record: "final",
    },
    null,
  );
  assert.deepEqual(
    [plan.name, plan.trials, plan.seed, plan.engine, plan.record],
    ["My-sweep_1.2", 5, 9, { name: "fused", precision: "f64" }, "final"],
  );
  assert.deepEqual(plan.presets, PRESETS);
  const [{ presets, draws, widths, learningRates, methods, epochs, lambda }] = plan.parts;
  assert.deepEqual(presets, ["paired", "notebook"]);
  assert.deepEqual(widths.map(String), ["64,32", "32,64"]);
  assert.deepEqual(learningRates, [0.001, 0.01]);
  assert.deepEqual(methods, ["original", "unlearn", "fine_tune"]);
  assert.deepEqual(epochs, { original: [50, 100], unlearn: [1, 2, 3], fine_tune: [5] });
  assert.deepEqual(lambda, { original: [0], unlearn: [0, 0.5, 1], fine_tune: [1] });
  assert.deepEqual(draws, {
    kind: "seeded",
    dataSeeds: [1, 2, 3, 7],
    samples: [500, 5000],
    features: [2, 4],
    forgetRows: [1, 2],
  });
  assert.equal(drawsOf(draws).length, 4 * 2 * 2 * 2);
  assert.equal(settingsOf(plan).length, drawsOf(draws).length * 2 * 2 * 2);
});

test("bare λ and epochs speak of unlearn, whatever they stand beside", () => {
  const { lambda, epochs } = part({ lambda: ["original=2,1", "3"], epochs: "original=50,60" });
  assert.deepEqual([lambda["original"], lambda["unlearn"]], [[2], [1, 3]]);
  assert.deepEqual([epochs["original"], epochs["unlearn"]], [[50], [60]]);
});

test("numbers ascend in whatever order they were given: the same grid is the same plan", () => {
  const { epochs, lambda, draws, learningRates } = part({
    epochs: ["50", "1:3", "10,original=9,original=10"],
    lambda: "3,0:1,2",
    "data-seeds": "9,1:3",
    samples: "20,10",
    "learning-rate": "0.1,0.01",
  });
  assert.deepEqual(epochs["unlearn"], [1, 2, 3, 10, 50]);
  assert.deepEqual(epochs["original"], [9, 10]);
  assert.deepEqual(lambda["unlearn"], [0, 1, 2, 3]);
  assert.ok(draws.kind === "seeded");
  assert.deepEqual(
    [draws.dataSeeds, draws.samples, learningRates],
    [
      [1, 2, 3, 9],
      [10, 20],
      [0.01, 0.1],
    ],
  );
});

test("settings come draw by draw, seeds innermost of the draws, then by preset, widths and learning rate", () => {
  const plan = gridPlan(
    {
      samples: "4,6",
      "data-seeds": "1,2",
      preset: "notebook,paired",
      hidden: ["2,1", "1,2"],
      "learning-rate": "0.1,0.2",
    },
    null,
  );
  const told = ({ draw, preset, widths, learningRate }: Setting): string =>
    `${draw.samples} ${draw.kind === "seeded" ? draw.dataSeed : ""} ${preset.name} ${widths} ${learningRate}`;
  const settings = settingsOf(plan).map(told);
  assert.deepEqual(settings.slice(0, 9), [
    "4 1 notebook 2,1 0.1",
    "4 1 notebook 2,1 0.2",
    "4 1 notebook 1,2 0.1",
    "4 1 notebook 1,2 0.2",
    "4 1 paired 2,1 0.1",
    "4 1 paired 2,1 0.2",
    "4 1 paired 1,2 0.1",
    "4 1 paired 1,2 0.2",
    "4 2 notebook 2,1 0.1",
  ]);
  assert.equal(settings[16], "6 1 notebook 2,1 0.1");
  assert.equal(new Set(settings).size, 32);
});

test("a setting carries the plan's records, seed and part", () => {
  const plan = gridPlan({ lambda: "0:1", epochs: "1:3", methods: "original,unlearn", seed: "4" }, null);
  const [{ methods, seed, parts }] = settingsOf(plan);
  assert.deepEqual({ methods, seed, parts }, { methods: plan.methods, seed: 4, parts: plan.parts });
});

test("a folder of data is the grid's one draw", (t) => {
  const data = folder(t);
  exportDraw(seededDraw({ kind: "seeded", dataSeed: 3, samples: 8, features: 2, forgetRows: 2 }), data);
  const [draw, ...others] = drawsOf(part({ data, preset: "notebook,paired" }).draws);
  assert.deepEqual([draw.kind, draw.samples, draw.features, draw.forgetRows, others], ["imported", 8, 2, 2, []]);
});

test("two grids are one sweep where name, seed and numerics are the same: all else may grow", () => {
  const identity = (flags: Flags, profile = "p"): string => identityOf(gridPlan(flags, null), profile);
  const grown: Flags[] = [{ lambda: "0:10" }, { trials: "7" }, { "data-seeds": "1:9" }, { preset: "notebook" }];
  assert.deepEqual(new Set(grown.map((flags) => identity(flags))), new Set([identity({})]));
  const others = [identity({}), identity({ name: "other" }), identity({ seed: "1" }), identity({}, "q")];
  assert.equal(new Set(others).size, 4);
});

test("sixteen thousand values are as many whether they are a range, a list or a flag each", () => {
  const values = Array.from({ length: 16_000 }, (_, i) => i / 10);
  const texts = values.map(String);
  for (const lambda of ["0:1599.9:0.1", texts.join(","), texts])
    assert.deepEqual(part({ lambda }).lambda["unlearn"], values);
});

test("a reader of one part looks at no other: a precision waits for its engine, which another flag may say", () => {
  assert.equal(GRID_READERS.precision({ precision: "f64", engine: "tfjs" }), "f64");
  assert.equal(GRID_READERS.precision({}), null);
  assert.throws(() => GRID_READERS.precision({ precision: "f16" }), {
    message: "--precision must be one of f32, f64, got f16",
  });
});
