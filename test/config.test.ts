/** From flags to a config: every form that is taken, and the exact sentence for every one that is not. */
import assert from "node:assert/strict";
import test from "node:test";
import { type Flags, oneOf } from "../src/plan/flags.js";
import {
  configFrom,
  databaseFrom,
  type PerMethod,
  runIdentity,
  type SweepConfig,
  workersFrom,
} from "../src/plan/options.js";

const METHODS = "original, retrain_scratch, unlearn, retrain_original, fine_tune, gradient_ascent, relabel, relearn";

/** Flags as argv gives them, and what is said of them. */
const REFUSED: [flags: Flags, sentence: string][] = [
  [{ trials: "0" }, "--trials must be a whole number from 1 to 1000000, got 0"],
  [{ trials: "abc" }, "--trials must be a whole number from 1 to 1000000, got abc"],
  [{ trials: "2.5" }, "--trials must be a whole number from 1 to 1000000, got 2.5"],
  [{ trials: "1e3" }, "--trials must be a whole number from 1 to 1000000, got 1e3"],
  [{ trials: "-3" }, "--trials must be a whole number from 1 to 1000000, got -3"],
  [{ trials: " 3" }, "--trials must be a whole number from 1 to 1000000, got  3"],
  [{ trials: "0x10" }, "--trials must be a whole number from 1 to 1000000, got 0x10"],
  [{ trials: "1000001" }, "--trials must be a whole number from 1 to 1000000, got 1000001"],
  [{ trials: "" }, "--trials must have a value, got none: write --trials VALUE or leave it out"],
  [{ trials: ["1", "2"] }, "--trials must be given once, got it 2 times: keep one"],
  [{ preset: "note" }, "--preset must be one of notebook, paired, got note"],
  [{ preset: "Notebook" }, "--preset must be one of notebook, paired, got Notebook"],
  [{ methods: "orig" }, `--methods must be one of ${METHODS}, got orig`],
  [{ methods: "original,unlern" }, `--methods must be one of ${METHODS}, got unlern`],
  [{ methods: "unlearn,original,unlearn" }, "--methods must name each method once, got unlearn twice: leave one out"],
  [{ methods: ["unlearn", "unlearn"] }, "--methods must name each method once, got unlearn twice: leave one out"],
  [
    { methods: "" },
    "--methods must be values separated by commas, got an empty one: remove the extra comma or leave --methods out",
  ],
  [
    { methods: "original," },
    "--methods must be values separated by commas, got an empty one: remove the extra comma or leave --methods out",
  ],
  [{ epochs: "0" }, "--epochs must be a whole number from 1 to 1000000, got 0"],
  [{ epochs: "ten" }, "--epochs must be a whole number from 1 to 1000000, got ten"],
  [{ epochs: "original=0" }, "--epochs original must be a whole number from 1 to 1000000, got 0"],
  [{ epochs: "original=" }, "--epochs METHOD=VALUE must have a value, got original=: write original=5 or leave it out"],
  [{ epochs: "original=5=6" }, "--epochs original must be a whole number from 1 to 1000000, got 5=6"],
  [{ epochs: "orig=5" }, `--epochs METHOD=VALUE must be one of ${METHODS}, got orig`],
  [{ epochs: "5,unlearn=6" }, "--epochs must give each method one value, got two for unlearn: keep one"],
  [
    { epochs: ["original=5", "original=5"] },
    "--epochs must give each method one value, got two for original: keep one",
  ],
  [
    { epochs: "5,,original=6" },
    "--epochs must be values separated by commas, got an empty one: remove the extra comma or leave --epochs out",
  ],
  [{ lambda: "-1" }, "--lambda must be a number from 0 up, got -1"],
  [{ lambda: "much" }, "--lambda must be a number from 0 up, got much"],
  [{ lambda: "NaN" }, "--lambda must be a number from 0 up, got NaN"],
  [{ lambda: "Infinity" }, "--lambda must be a number from 0 up, got Infinity"],
  [{ lambda: "1e999" }, "--lambda must be a number from 0 up, got 1e999"],
  [{ lambda: "0x4" }, "--lambda must be a number from 0 up, got 0x4"],
  [{ lambda: "4.2.1" }, "--lambda must be a number from 0 up, got 4.2.1"],
  [{ lambda: "unlearn=-1" }, "--lambda unlearn must be a number from 0 up, got -1"],
  [{ lambda: "original:4" }, "--lambda must be a number from 0 up, got original:4"],
  [{ seed: "-1" }, "--seed must be a whole number from 0 up to 2^53 − 1, got -1"],
  [{ seed: "9007199254740993" }, "--seed must be a whole number from 0 up to 2^53 − 1, got 9007199254740993"],
  [{ seed: "seven" }, "--seed must be a whole number from 0 up to 2^53 − 1, got seven"],
  [{ "data-seed": "1.5" }, "--data-seed must be a whole number from 0 up to 2^53 − 1, got 1.5"],
  [{ samples: "5" }, "--samples must be even, since both classes have half of them, got 5: try 6"],
  [{ samples: "2" }, "--samples must be a whole number from 4 to 10000000, got 2"],
  [{ features: "0" }, "--features must be a whole number from 1 to 256, got 0"],
  [{ features: "257" }, "--features must be a whole number from 1 to 256, got 257"],
  [{ "forget-rows": "0" }, "--forget-rows must be a whole number from 1 to 10000, got 0"],
  [{ hidden: "64" }, "--hidden must be two widths such as 64,32, got 64"],
  [{ hidden: "64,32,16" }, "--hidden must be two widths such as 64,32, got 64,32,16"],
  [{ hidden: "64,none" }, "--hidden must be a whole number from 1 to 256, got none"],
  [{ hidden: "0,32" }, "--hidden must be a whole number from 1 to 256, got 0"],
  [{ hidden: "64,257" }, "--hidden must be a whole number from 1 to 256, got 257"],
  [{ "learning-rate": "0" }, "--learning-rate must be a number above 0, got 0"],
  [{ "learning-rate": "-0.1" }, "--learning-rate must be a number above 0, got -0.1"],
  [{ "learning-rate": "fast" }, "--learning-rate must be a number above 0, got fast"],
  [{ engine: "gpu" }, "--engine must be one of ENGINES, got gpu"],
  [
    { data: "there", samples: "10" },
    "--samples must not be given with --data, whose files decide it, got 10: leave one of the two out",
  ],
  [
    { data: "there", features: "3" },
    "--features must not be given with --data, whose files decide it, got 3: leave one of the two out",
  ],
  [
    { data: "there", "data-seed": "0" },
    "--data-seed must not be given with --data, whose files decide it, got 0: leave one of the two out",
  ],
  [
    { data: "there", "forget-rows": "1" },
    "--forget-rows must not be given with --data, whose files decide it, got 1: leave one of the two out",
  ],
  [{ data: "" }, "--data must have a value, got none: write --data VALUE or leave it out"],
  [
    { data: "/nowhere/at/all" },
    "--data must be a folder with X.npy, Y.npy and x.npy, but X.npy in /nowhere/at/all cannot be read (ENOENT: no such file or directory, open '/nowhere/at/all/X.npy')",
  ],
];

for (const [flags, sentence] of REFUSED) {
  test(`refused: ${Object.entries(flags)
    .map(([name, value]) => `--${name} ${JSON.stringify(value)}`)
    .join(" ")}`, async () => {
    const { ENGINE_NAMES } = await import("../src/engine/engines.js");
    const message = sentence.replace("ENGINES", ENGINE_NAMES.join(", "));
    assert.throws(() => configFrom(flags), { name: "SweepError", code: "BAD_USAGE", message });
  });
}

for (const [workers, sentence] of [
  ["0", "--workers must be a whole number from 1 to 1024, got 0"],
  ["2.5", "--workers must be a whole number from 1 to 1024, got 2.5"],
  ["many", "--workers must be a whole number from 1 to 1024, got many"],
  ["", "--workers must have a value, got none: write --workers VALUE or leave it out"],
]) {
  test(`refused: --workers ${JSON.stringify(workers)}`, () => {
    assert.throws(() => workersFrom({ workers }, 4), { code: "BAD_USAGE", message: sentence });
  });
}

/** Each method's epochs and λ where the user says nothing. */
const EPOCHS: PerMethod = {
  original: [100],
  retrain_scratch: [100],
  unlearn: [5],
  retrain_original: [100],
  fine_tune: [5],
  gradient_ascent: [5],
  relabel: [5],
  relearn: [50],
};
const LAMBDA: PerMethod = {
  original: [0],
  retrain_scratch: [0],
  unlearn: [4.2],
  retrain_original: [0],
  fine_tune: [0],
  gradient_ascent: [0],
  relabel: [0],
  relearn: [0],
};

test("without flags the config is the notebook's experiment", () => {
  assert.deepEqual(configFrom({}), {
    preset: "notebook",
    methods: ["original", "retrain_scratch", "unlearn", "retrain_original"],
    trials: 100,
    epochs: EPOCHS,
    lambda: LAMBDA,
    seed: 0,
    draw: { kind: "seeded", dataSeed: 372_941, samples: 5000, features: 10, forgetRows: 1 },
    hidden: [64, 32],
    learningRate: 0.01,
    engine: configFrom({}).engine,
  });
  assert.equal(workersFrom({}, 7), 7);
  assert.equal(databaseFrom({}), "data/gmm-sweep.db");
});

const LAMBDAS: [text: string | string[], unlearn: number, original: number][] = [
  ["2", 2, 0],
  ["0", 0, 0],
  [".5", 0.5, 0],
  ["1.", 1, 0],
  ["+3", 3, 0],
  ["1e-3", 0.001, 0],
  ["1E2", 100, 0],
  ["unlearn=2", 2, 0],
  ["original=2", 4.2, 2],
  ["1,original=2", 1, 2],
  ["original=2,1", 1, 2],
  [["1", "original=2"], 1, 2],
  [["original=2", "unlearn=1"], 1, 2],
];

for (const [text, unlearn, original] of LAMBDAS) {
  test(`--lambda ${JSON.stringify(text)} is ${unlearn} for unlearn and ${original} for original`, () => {
    const { lambda } = configFrom({ lambda: text });
    assert.deepEqual(lambda, { ...LAMBDA, original: [original], unlearn: [unlearn] });
  });
}

for (const [text, unlearn, original] of [
  ["8", 8, 100],
  ["original=200", 5, 200],
  ["8,original=200", 8, 200],
  [["8", "original=200"], 8, 200],
] as const) {
  test(`--epochs ${JSON.stringify(text)} is ${unlearn} for unlearn and ${original} for original`, () => {
    const { epochs } = configFrom({ epochs: text });
    assert.deepEqual(epochs, { ...EPOCHS, original: [original], unlearn: [unlearn] });
  });
}

test("the methods come in the registry's order, whatever order they were named in", () => {
  assert.deepEqual(configFrom({ methods: "unlearn,original" }).methods, ["original", "unlearn"]);
  assert.deepEqual(configFrom({ methods: ["unlearn", "retrain_scratch,original"] }).methods, [
    "original",
    "retrain_scratch",
    "unlearn",
  ]);
});

test("the ends of each range are taken", () => {
  const least = configFrom({
    trials: "1",
    samples: "4",
    features: "1",
    "forget-rows": "1",
    hidden: "1,1",
    seed: "0",
    "learning-rate": "1e-300",
  });
  assert.deepEqual([least.trials, least.hidden, least.learningRate], [1, [1, 1], 1e-300]);
  const most = configFrom({
    trials: "1000000",
    samples: "10000000",
    features: "256",
    "forget-rows": "10000",
    hidden: "256,256",
    seed: "9007199254740991",
  });
  assert.equal(most.seed, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(most.draw, {
    kind: "seeded",
    dataSeed: 372_941,
    samples: 10_000_000,
    features: 256,
    forgetRows: 10_000,
  });
});

test("a name out of a list is taken as it is written, and its fallback where it is not given", () => {
  assert.equal(oneOf({ format: "csv" }, "format", ["table", "csv"], "table"), "csv");
  assert.equal(oneOf({}, "format", ["table", "csv"], "table"), "table");
});

test("two configs are one sweep where they ask for the same numbers, however they were written", () => {
  const identity = (flags: Flags, profile = "p"): string => runIdentity(configFrom(flags), profile);
  assert.equal(identity({ trials: "3" }), identity({ trials: "5" }));
  assert.equal(identity({ lambda: "4.20" }), identity({}));
  assert.equal(identity({ methods: "unlearn,original" }), identity({ methods: "original,unlearn" }));
  const others: Flags[] = [
    { lambda: "4" },
    { epochs: "6" },
    { seed: "1" },
    { "data-seed": "1" },
    { samples: "10" },
    { features: "9" },
    { "forget-rows": "2" },
    { hidden: "32,64" },
    { "learning-rate": "0.1" },
    { preset: "paired" },
    { methods: "original" },
  ];
  assert.equal(new Set([{}, ...others].map((flags) => identity(flags))).size, others.length + 1);
  assert.notEqual(identity({}, "another"), identity({}));
});

test("imported data is one sweep wherever its folder lies", () => {
  const draw = { kind: "imported", sha256: "ab", samples: 4, features: 1, forgetRows: 1 } as const;
  const config = (directory: string): SweepConfig => ({ ...configFrom({}), draw: { ...draw, directory } });
  assert.equal(runIdentity(config("here"), "p"), runIdentity(config("there"), "p"));
});
