/** From flags to the plan of a run: every form that is taken, and the exact sentence for every one that is not. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { ENGINE_NAMES } from "../src/engine/engines.js";
import { type Flags, fileFrom, oneOf, runningFrom, shardFrom } from "../src/plan/flags.js";
import { identityOf } from "../src/plan/growth.js";
import { METHODS as RECORDS } from "../src/plan/methods.js";
import type { PerMethod, PlanPart, SweepPlan } from "../src/plan/plan.js";
import { PRESETS } from "../src/plan/presets.js";
import { gridPlan, runPlan, trainPlan } from "../src/plan/request.js";
import { WHOLE } from "../src/plan/trajectories.js";
import { folder } from "./command-line.js";

const METHODS =
  "original, retrain_scratch, unlearn, retrain_original, fine_tune, gradient_ascent, relabel, relearn, retrain_twin";

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
  [{ preset: "note" }, "--preset must be one of notebook, paired, got note: did you mean notebook"],
  [{ preset: "Notebook" }, "--preset must be one of notebook, paired, got Notebook: did you mean notebook"],
  [{ methods: "orig" }, `--methods must be one of ${METHODS}, got orig: did you mean original`],
  [{ methods: "original,unlern" }, `--methods must be one of ${METHODS}, got unlern: did you mean unlearn`],
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
  [{ epochs: "orig=5" }, `--epochs METHOD=VALUE must be one of ${METHODS}, got orig: did you mean original`],
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
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X.npy in /nowhere/at/all cannot be read (ENOENT: no such file or directory, open '/nowhere/at/all/X.npy')",
  ],
];

for (const [flags, sentence] of REFUSED) {
  test(`refused: ${Object.entries(flags)
    .map(([name, value]) => `--${name} ${JSON.stringify(value)}`)
    .join(" ")}`, () => {
    const message = sentence.replace("ENGINES", ENGINE_NAMES.join(", "));
    assert.throws(() => runPlan(flags), { name: "SweepError", fault: "usage", message });
  });
}

test("--lock-wait is in seconds, from none to a week; without it ten minutes are waited", () => {
  assert.equal(runningFrom({}, 4, "a.db").lockWaitMs, 600_000);
  assert.equal(runningFrom({ "lock-wait": "0" }, 4, "a.db").lockWaitMs, 0);
  assert.equal(runningFrom({ "lock-wait": "90" }, 4, "a.db").lockWaitMs, 90_000);
  for (const given of ["-1", "1.5", "long", "604801"])
    assert.throws(() => runningFrom({ "lock-wait": given }, 4, "a.db"), {
      fault: "usage",
      message: `--lock-wait must be a whole number from 0 to 604800, got ${given}`,
    });
});

for (const [workers, sentence] of [
  ["0", "--workers must be a whole number from 1 to 1024, got 0"],
  ["2.5", "--workers must be a whole number from 1 to 1024, got 2.5"],
  ["many", "--workers must be a whole number from 1 to 1024, got many"],
  ["", "--workers must have a value, got none: write --workers VALUE or leave it out"],
]) {
  test(`refused: --workers ${JSON.stringify(workers)}`, () => {
    assert.throws(() => runningFrom({ workers }, 4, "a.db"), { fault: "usage", message: sentence });
  });
}

/** Epochs and λ of the notebook's methods where the user says nothing. */
const EPOCHS: PerMethod = { original: [100], retrain_scratch: [100], unlearn: [5], retrain_original: [100] };
const LAMBDA: PerMethod = { original: [0], retrain_scratch: [0], unlearn: [4.2], retrain_original: [0] };

/** The one part of a run's plan. */
function part(flags: Flags): PlanPart {
  const { parts } = runPlan(flags);
  assert.equal(parts.length, 1);
  return parts[0];
}

test("without flags the plan is the notebook's experiment", () => {
  assert.deepEqual(runPlan({}), {
    version: 1,
    name: null,
    seed: 0,
    engine: { name: "fused", precision: "f32" },
    record: "all",
    trials: 100,
    presets: PRESETS.filter(({ name }) => name === "notebook"),
    methods: RECORDS.slice(0, 4),
    parts: [
      {
        presets: ["notebook"],
        draws: { kind: "seeded", dataSeeds: [372_941], samples: [5000], features: [10], forgetRows: [1] },
        widths: [[64, 32]],
        learningRates: [0.01],
        methods: ["original", "retrain_scratch", "unlearn", "retrain_original"],
        epochs: EPOCHS,
        lambda: LAMBDA,
      },
    ],
  });
  assert.equal(runningFrom({}, 7, "a.db").workers, 7);
  assert.equal(fileFrom({}), "data/gmm-sweep.db");
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
    const { lambda } = part({ lambda: text });
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
    const { epochs } = part({ epochs: text });
    assert.deepEqual(epochs, { ...EPOCHS, original: [original], unlearn: [unlearn] });
  });
}

test("the methods come in the registry's order, whatever order they were named in", () => {
  assert.deepEqual(part({ methods: "unlearn,original" }).methods, ["original", "unlearn"]);
  assert.deepEqual(part({ methods: ["unlearn", "retrain_scratch,original"] }).methods, [
    "original",
    "retrain_scratch",
    "unlearn",
  ]);
});

test("a plan holds the records and values of what it trains and of what that starts from, and no other", () => {
  const names = ["original", "unlearn", "relearn"];
  const plan = runPlan({ methods: "relearn", preset: "paired" });
  assert.deepEqual(plan.parts[0].methods, ["relearn"]);
  assert.deepEqual(
    plan.methods.map(({ name }) => name),
    names,
  );
  assert.deepEqual([Object.keys(plan.parts[0].epochs), Object.keys(plan.parts[0].lambda)], [names, names]);
  assert.deepEqual(plan.presets, [PRESETS[1]]);
});

for (const [flags, sentence] of [
  [
    { epochs: "fine_tune=3" },
    "--epochs must be of methods that are trained or started from, original, retrain_scratch, unlearn, retrain_original, got fine_tune=3: leave it out, or train fine_tune too",
  ],
  [
    { lambda: "3", methods: "original" },
    "--lambda must be of methods that are trained or started from, original, got unlearn=3: leave it out, or train unlearn too",
  ],
  [
    { lambda: "relearn=1", methods: "unlearn" },
    "--lambda must be of methods that are trained or started from, original, unlearn, got relearn=1: leave it out, or train relearn too",
  ],
] as const) {
  test(`a value for a method that is not trained is refused: ${JSON.stringify(flags)}`, () => {
    assert.throws(() => runPlan(flags), { fault: "usage", message: sentence });
  });
}

test("a value for a start is taken, though the start was not named", () => {
  assert.deepEqual(part({ methods: "unlearn", epochs: "original=7" }).epochs, { original: [7], unlearn: [5] });
});

test("the ends of each range are taken", () => {
  const least = runPlan({
    trials: "1",
    samples: "4",
    features: "1",
    "forget-rows": "1",
    hidden: "1,1",
    seed: "0",
    "learning-rate": "1e-300",
  });
  assert.deepEqual([least.trials, least.parts[0].widths, least.parts[0].learningRates], [1, [[1, 1]], [1e-300]]);
  const most = runPlan({
    trials: "1000000",
    samples: "10000000",
    features: "256",
    "forget-rows": "10000",
    hidden: "256,256",
    seed: "9007199254740991",
    lambda: "1e308",
  });
  assert.deepEqual([most.seed, most.parts[0].lambda["unlearn"]], [Number.MAX_SAFE_INTEGER, [1e308]]);
  assert.deepEqual(most.parts[0].draws, {
    kind: "seeded",
    dataSeeds: [372_941],
    samples: [10_000_000],
    features: [256],
    forgetRows: [10_000],
  });
});

test("a name out of a list is taken as it is written, and its fallback where it is not given", () => {
  assert.equal(oneOf({ format: "csv" }, "format", ["table", "csv"], "table"), "csv");
  assert.equal(oneOf({}, "format", ["table", "csv"], "table"), "table");
});

test("two plans are one sweep where they ask for the same numbers, however they were written", () => {
  const identity = (flags: Flags, profile = "p"): string => identityOf(runPlan(flags), profile);
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

test("a method that a plan does not name is no part of its identity", () => {
  const identity = identityOf(runPlan({ methods: "unlearn" }), "p");
  assert.match(identity, /unlearn/);
  assert.doesNotMatch(identity, /relearn|retrain|relabel/);
});

test("imported data is one sweep wherever its folder lies", () => {
  const draw = { kind: "imported", sha256: "ab", samples: 4, features: 1, forgetRows: 1 } as const;
  const plan = (directory: string): SweepPlan => {
    const { parts, ...whole } = runPlan({});
    return { ...whole, parts: [{ ...parts[0], draws: { kind: "imported", draws: [{ ...draw, directory }] } }] };
  };
  assert.equal(identityOf(plan("here"), "p"), identityOf(plan("there"), "p"));
});

test("in the plan of one training bare λ and epochs speak of its method, others of the method they name", () => {
  const { parts, methods, trials, name } = trainPlan({ lambda: "2", epochs: "7" }, "fine_tune");
  assert.deepEqual(
    methods.map((method) => method.name),
    ["original", "fine_tune"],
  );
  assert.deepEqual([parts[0].methods, trials, name], [["fine_tune"], 1, null]);
  assert.deepEqual(parts[0].lambda, { original: [0], fine_tune: [2] });
  assert.deepEqual(parts[0].epochs, { original: [100], fine_tune: [7] });
  assert.deepEqual(trainPlan({ epochs: "original=3" }, "unlearn").parts[0].epochs, { original: [3], unlearn: [5] });
  assert.throws(() => trainPlan({ epochs: "unlearn=3" }, "original"), {
    message:
      "--epochs must be of methods that are trained or started from, original, got unlearn=3: leave it out, or train unlearn too",
  });
  assert.throws(() => trainPlan({}, "orig"), {
    message: `--method must be one of ${METHODS}, got orig: did you mean original`,
  });
});

test("a file is named bare or by --db, and never in memory", () => {
  assert.equal(fileFrom({ file: "a.db" }), "a.db");
  assert.equal(fileFrom({ db: "b.db" }), "b.db");
  assert.equal(fileFrom({}), "data/gmm-sweep.db");
  assert.throws(() => fileFrom({ file: "a.db", db: "b.db" }), {
    fault: "usage",
    message: "FILE must not be given with --db, which names the file too, got a.db and b.db: leave one of them out",
  });
  assert.throws(() => fileFrom({ file: "" }), {
    message: "FILE must be the name of a database file, got an empty one",
  });
  assert.throws(() => fileFrom({ db: ":memory:" }), {
    message: "--db must be a file, since results in memory would be lost, got :memory:",
  });
});

test("a shard is a part of so many, counted from 1, and the only one of one is the whole", () => {
  assert.deepEqual(shardFrom({ shard: "3/8" }), { index: 2, count: 8 });
  for (const flags of [{}, { shard: "1/1" }]) assert.equal(shardFrom(flags), WHOLE);
});

for (const [shard, sentence] of [
  ["3", "--shard must be I/N such as 3/8, got 3"],
  ["-1/3", "--shard must be I/N such as 3/8, got -1/3"],
  ["0/3", "--shard I/N must be a whole number from 1 to 3, got 0"],
  ["4/3", "--shard I/N must be a whole number from 1 to 3, got 4"],
  ["1/0", "--shard I/N must be a whole number from 1 to 100000, got 0"],
]) {
  test(`refused: --shard ${shard}`, () => {
    assert.throws(() => shardFrom({ shard }), { fault: "usage", message: sentence });
  });
}

// Below: methods of one's own.

const DEFINITION =
  "{ start: original, cross-entropy: { retained: 1/n, forget: -beta/k }, lambda: 0, epochs: 3, parameters: { beta: [0.5, 1] } }";

/** --method-file of this content. */
function methodFile(t: TestContext, content: string): string {
  const path = join(folder(t), "methods.yaml");
  writeFileSync(path, content);
  return path;
}

test("the methods of --method-file are trained beside the usual ones, where --methods does not say which are", (t) => {
  const flags = { "method-file": methodFile(t, `mine: ${DEFINITION}`) };
  const [half, one] = runPlan(flags)
    .methods.map(({ name }) => name)
    .slice(4);
  assert.match(half, /^mine:beta=0.5~[0-9a-f]{8}$/);
  assert.match(one, /^mine:beta=1~[0-9a-f]{8}$/);
  assert.deepEqual(part(flags).methods, ["original", "retrain_scratch", "unlearn", "retrain_original", half, one]);
  assert.deepEqual(part({ ...flags, methods: "original" }).methods, ["original"]);
  assert.deepEqual(part({ ...flags, methods: "mine" }).methods, [half, one]);
  assert.deepEqual(part({ ...flags, methods: one }).methods, [one]);
});

test("a method of one's own is spoken of by its name, all of it, or by the whole name of one", (t) => {
  const flags = { "method-file": methodFile(t, `- mine: ${DEFINITION}`), methods: "mine" };
  const [half, one] = part(flags).methods;
  assert.deepEqual(part({ ...flags, epochs: "mine=9" }).epochs, { original: [100], [half]: [9], [one]: [9] });
  assert.deepEqual(part({ ...flags, epochs: `mine=9,${one}=2` }).epochs, { original: [100], [half]: [9], [one]: [2] });
  assert.deepEqual(part({ ...flags, lambda: `${half}=2` }).lambda, { original: [0], [half]: [2], [one]: [0] });
  assert.throws(() => runPlan({ ...flags, methods: `mine,${one}` }), {
    message: `--methods must name each method once, got ${one} twice: leave one out`,
  });
  assert.throws(() => runPlan({ ...flags, lambda: "min=1" }), {
    message: `--lambda METHOD=VALUE must be one of ${METHODS}, mine, got min: did you mean mine`,
  });
});

test("one training of a method of one's own is of one value of each parameter", (t) => {
  const flags = { "method-file": methodFile(t, `mine: ${DEFINITION}`) };
  const [half, one] = part({ ...flags, methods: "mine" }).methods;
  assert.deepEqual(trainPlan({ ...flags, lambda: "2" }, one).parts[0].lambda, { original: [0], [one]: [2] });
  assert.throws(() => trainPlan(flags, "mine"), {
    message: `--method must be one method, got mine, which is 2: name one of ${half}, ${one}`,
  });
});

test("the epochs of a method of one's own are all kept where it trains a net as it was trained before another one changed it", (t) => {
  const like = (start: string, retained: string): string =>
    `{ start: ${start}, cross-entropy: { retained: ${retained}, forget: 1/(n + k) }, penalty: { retained: 2/(2*n + k), forget: 1/(2*n + k) }, lambda: 0, epochs: 3 }`;
  const path = methodFile(
    t,
    `again: ${like("fine_tune", "1/(n + k)")}\nother: ${like("fine_tune", "1/n")}\nlonger: ${like("original", "1/(n + k)")}`,
  );
  const flags = { "method-file": path, record: "asked" };
  assert.equal(gridPlan({ ...flags, methods: "other,longer" }, null).record, "asked");
  assert.throws(() => gridPlan({ ...flags, methods: "again" }, null), {
    fault: "usage",
    message:
      /^--record must be all where again~[0-9a-f]{8} is trained, whose curve says when x is learned again, got asked: leave one of the two out$/,
  });
});

for (const [content, place, got] of [
  ["", "1:1", "an empty file"],
  ["mine", "1:1", "mine"],
  ["[]", "1:1", "an empty list"],
  ["{}", "1:1", "an empty mapping"],
  ["- original", "1:3", "original"],
]) {
  test(`refused: a method file of ${JSON.stringify(content)}`, (t) => {
    const path = methodFile(t, content);
    assert.throws(() => runPlan({ "method-file": path }), {
      fault: "usage",
      message: `${path}:${place}: a method file must be names with definitions such as mine: { start: original, … }, got ${got}`,
    });
  });
}

test("a method file that is not there is refused by name", () => {
  assert.throws(() => runPlan({ "method-file": "/nowhere/at/all" }), {
    fault: "usage",
    message:
      "--method-file must be a method file, but /nowhere/at/all is not there, nor is any .yaml file in its folder: check the path",
  });
});
