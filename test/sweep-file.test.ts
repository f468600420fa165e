/** Sweep files: what stands in one is what the flags would say, every fault is told where it stands, and the ready ones are as their comments say. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { exportDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import { ENGINE_NAMES } from "../src/engine/engines.js";
import type { Flags } from "../src/plan/flags.js";
import { GRID_READERS } from "../src/plan/grid.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { drawsOf, RECORDS, type SweepPlan, settingsOf } from "../src/plan/plan.js";
import { PRESET_NAMES } from "../src/plan/presets.js";
import { ENDPOINTS, ESTIMANDS, USUAL_QUESTION } from "../src/plan/question.js";
import { gridPlan } from "../src/plan/request.js";
import { readSweepFile } from "../src/plan/sweep-file.js";
import { listed } from "../src/printable.js";
import type { DrawSource } from "../src/trial.js";
import { folder } from "./command-line.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const METHODS = METHOD_NAMES.join(", ");
const KEYS = listed(Object.keys(GRID_READERS));

/** A sweep file of this content. */
function fileOf(t: TestContext, content: string | Uint8Array, name = "sweep.yaml"): string {
  const path = join(folder(t), name);
  writeFileSync(path, content);
  return path;
}

/** The first draw of a plan. */
function drawIn({ parts }: SweepPlan): DrawSource {
  return drawsOf(parts[0].draws)[0];
}

/** Lines of a file, and the flags that say the same. */
const SAME: [yaml: string, flags: Flags][] = [
  ["{}", {}],
  ["lambda: 0:10:0.25", { lambda: "0:10:0.25" }],
  ["lambda: 4.2", { lambda: "4.2" }],
  ["lambda: 1e-3", { lambda: "1e-3" }],
  ["lambda: 0.10000000000000000001", { lambda: "0.10000000000000000001" }],
  ["lambda: [0, 0.5, 1:3]", { lambda: ["0", "0.5", "1:3"] }],
  ["lambda: 0,0.5,1:3", { lambda: "0,0.5,1:3" }],
  ["lambda: {unlearn: 0:10, original: [0, 1]}", { lambda: ["unlearn=0:10", "original=0", "original=1"] }],
  ["lambda:\n  unlearn: 0:10\n  original: 1", { lambda: ["unlearn=0:10", "original=1"] }],
  ["lambda: [1, original=2]", { lambda: ["1", "original=2"] }],
  ["epochs: 1:50", { epochs: "1:50" }],
  ["epochs: [1:50, 60]", { epochs: ["1:50", "60"] }],
  ["epochs:\n  - 1:50\n  - 60", { epochs: ["1:50", "60"] }],
  ["epochs: {original: 50,}", { epochs: "original=50" }],
  ["epochs:\n  original: 50,100", { epochs: ["original=50", "original=100"] }],
  ["hidden: [64, 32]", { hidden: "64,32" }],
  ["hidden: 64,32", { hidden: "64,32" }],
  ["hidden: [[64, 32], [128, 64]]", { hidden: ["64,32", "128,64"] }],
  ["hidden: ['64,32', [128, 64]]", { hidden: ["64,32", "128,64"] }],
  ["preset: [notebook, paired]\ntrials: 10", { preset: ["notebook", "paired"], trials: "10" }],
  ["data-seeds: 1:200\nsamples: [500, 5000]", { "data-seeds": "1:200", samples: ["500", "5000"] }],
  ['seed: "7"\nname: 2024', { seed: "7", name: "2024" }],
  ["seed: 9007199254740991", { seed: "9007199254740991" }],
  ["engine: reference\nprecision: f64\nrecord: final", { engine: "reference", precision: "f64", record: "final" }],
  ["precision: f64 # whatever engine the command line says", { precision: "f64" }],
  ["lambda: &values [1, 2]\nepochs: *values", { lambda: ["1", "2"], epochs: ["1", "2"] }],
  ["with-null: true", { "with-null": "true" }],
  ["with-null: False", { "with-null": "false" }],
  ["estimand: forget_margin\nmargin: {forget: 0.5}", { estimand: "forget_margin", margin: "forget=0.5" }],
  ["margin: {forget: 0.1, accuracy: 2e-2}", { margin: ["forget=0.1", "accuracy=2e-2"] }],
  ["margin: forget=0.1,accuracy=0.02", { margin: "forget=0.1,accuracy=0.02" }],
  ["margin: [forget=0.1, accuracy=0.02]", { margin: ["forget=0.1", "accuracy=0.02"] }],
  ["\uFEFFtrials: 3\r\nseed: 4\r\n", { trials: "3", seed: "4" }],
];

for (const [yaml, flags] of SAME) {
  test(`${JSON.stringify(yaml)} says ${JSON.stringify(flags)}`, (t) => {
    assert.deepEqual(readSweepFile(fileOf(t, yaml)).flags, flags);
  });
}

/** Lines of a file, and its faults as LINE:COLUMN and a sentence. */
const REFUSED: [yaml: string, ...faults: string[]][] = [
  ["lambda: -1", "1:9: lambda must be a number from 0 up, got -1"],
  ["lambda: .inf", "1:9: lambda must be a number from 0 up, got .inf"],
  [
    "trials: 10\nlambda:\n  - 0\n  - much\n  - -1",
    "4:5: lambda must be a number from 0 up, got much",
    "5:5: lambda must be a number from 0 up, got -1",
  ],
  ["lambda: 0:1:0.3", "1:9: lambda must be a range whose steps meet its end, got 0:1:0.3: write 0:0.9:0.3"],
  ["lambda: {original: -1}", "1:20: lambda original must be a number from 0 up, got -1"],
  ["lambda: {original: [0, 1, x]}", "1:27: lambda original must be a number from 0 up, got x"],
  ["lambda: {orig: 1}", `1:10: lambda METHOD must be one of ${METHODS}, got orig: did you mean original`],
  ["lambda: [orig=1]", `1:10: lambda METHOD=VALUE must be one of ${METHODS}, got orig: did you mean original`],
  [
    "epochs: {unlearn:1:50}",
    `1:10: epochs METHOD must be one of ${METHODS}, got unlearn:1:50: leave a blank after the colon`,
  ],
  ["epochs: {unlearn: 5, unlearn: 6}", "1:22: epochs unlearn must be given once, got it at 1:10 too: keep one"],
  ["epochs: {unlearn: {a: 1}}", "1:19: epochs must be a value or a list, got a mapping"],
  ["epochs: [unlearn: 5]", "1:10: epochs must be a value in a list, got a mapping"],
  ["epochs: [[1, 2]]", "1:10: epochs must be a value in a list, got a list"],
  ["epochs: 1:10:2.5", "1:9: epochs 1:10:2.5 must be a whole number from 1 to 1000000, got 3.5"],
  [
    "epochs: [1:50, 20, 60, 3]",
    "1:16: epochs unlearn must have each value once, got 20 twice: leave one out",
    "1:24: epochs unlearn must have each value once, got 3 twice: leave one out",
  ],
  [
    "lambda: [x, 2, 1, 2]",
    "1:10: lambda must be a number from 0 up, got x",
    "1:19: lambda unlearn must have each value once, got 2 twice: leave one out",
  ],
  ["trials: 0x10", "1:9: trials must be a whole number from 1 to 1000000, got 0x10"],
  ["trials: 1e2", "1:9: trials must be a whole number from 1 to 1000000, got 1e2"],
  ["trials: 2.0", "1:9: trials must be a whole number from 1 to 1000000, got 2.0"],
  ["trials: [5]", "1:9: trials must be one value, got a list"],
  ["trials: {a: 1}", "1:9: trials must be one value, got a mapping"],
  ["seed: 9007199254740993", "1:7: seed must be a whole number from 0 up to 2^53 − 1, got 9007199254740993"],
  ["samples: [500, 501]", "1:16: samples must be even, since both classes have half of them, got 501: try 502"],
  ["samples: {a: 1}", "1:10: samples must be a value or a list, got a mapping"],
  ["preset: [paired, notebook, paired]", "1:28: preset must have each value once, got paired twice: leave one out"],
  ["methods: [unlearn, unlern]", `1:20: methods must be one of ${METHODS}, got unlern: did you mean unlearn`],
  ["methods: [unlearn, unlearn]", "1:20: methods must name each method once, got unlearn twice: leave one out"],
  ["engine: gpu", `1:9: engine must be one of ${ENGINE_NAMES.join(", ")}, got gpu`],
  ["precision: f16", "1:12: precision must be one of f32, f64, got f16"],
  ["with-null: maybe", "1:12: with-null must be one of true, false, got maybe"],
  ["with-null: [true]", "1:12: with-null must be one value, got a list"],
  ["estimand: forget", "1:11: estimand must be one of forget_probability, forget_margin, got forget"],
  ["margin: 0.05", "1:9: margin must be ENDPOINT=NUMBER such as forget=0.05, got 0.05"],
  ["margin: forget=0", "1:9: margin forget must be a number above 0, got 0"],
  [
    "margin: {forgets: 1, accuracy: -1}",
    "1:10: margin ENDPOINT must be one of forget, accuracy, got forgets: did you mean forget",
    "1:32: margin accuracy must be a number above 0, got -1",
  ],
  [
    "margin: [forget=0.1, accuracy=0.1, forget=0.2]",
    "1:36: margin must give each endpoint one value, got two for forget: keep one",
  ],
  ["margin: [[forget, 1]]", "1:10: margin must be a value in a list, got a list"],
  ["record: some", "1:9: record must be one of final, asked, all, got some"],
  ["name: a b", "1:7: name must be up to 64 letters, digits, dots, dashes and underscores, got a b"],
  ["name: |\n  a\n  b", "1:7: name must be one line, got 2 lines"],
  ["name: true", "1:7: name must be text or a number, got the boolean true: put it in quotes if it is text"],
  ["lambda: [false]", "1:10: lambda must be text or a number, got the boolean false: put it in quotes if it is text"],
  ["lambda:\nseed: 3", "1:8: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda: ~", "1:9: lambda must have a value, got nothing: give it one or leave it out"],
  ['lambda: ""', "1:9: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda: {unlearn}", "1:10: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda:\n  -\n  - 1", "2:4: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda: [1, null]", "1:13: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda: []", "1:9: lambda must have a value, got an empty list: give it one or leave it out"],
  ["lambda: {}", "1:9: lambda must have a value, got an empty mapping: give it one or leave it out"],
  ["lambda: {unlearn: }", "1:19: lambda must have a value, got nothing: give it one or leave it out"],
  ["lambda: 0, 1, 2", "1:9: lambda must have no blanks in a value, got 0, 1, 2: write [0, 1, 2]"],
  [
    "lambda: 0 : 10",
    "1:9: a sweep file must be YAML, got a fault: Nested mappings are not allowed in compact mappings",
  ],
  ["lambda: '0 :10'", "1:9: lambda must have no blanks in a value, got 0 :10"],
  [
    "lambda: 1,,2",
    "1:9: lambda must be values separated by commas, got an empty one: remove the extra comma or leave lambda out",
  ],
  [
    "lambda: *values",
    "1:9: lambda must be a value, a list or a mapping of methods to these, got an alias of no anchor",
  ],
  ["lambda: &loop [*loop]", "1:16: lambda must be a value in a list, got a list"],
  ["hidden: 64", "1:9: hidden must be two widths such as 64,32, got 64"],
  ["hidden: [64]", "1:9: hidden must be two widths such as 64,32, got 64"],
  ["hidden: [64, 32, 16]", "1:9: hidden must be two widths such as 64,32, got 64,32,16"],
  ["hidden: [64, 257]", "1:14: hidden must be a whole number from 1 to 256, got 257"],
  [
    "hidden: [[64, x], [0, 32], 5]",
    "1:15: hidden must be a whole number from 1 to 256, got x",
    "1:20: hidden must be a whole number from 1 to 256, got 0",
    "1:28: hidden must be two widths such as 64,32, got 5",
  ],
  ["hidden: [[64, 32], [64, 32]]", "1:20: hidden must have each value once, got 64,32 twice: leave one out"],
  ["hidden: [[64, [32]]]", "1:15: hidden must be a value in a list, got a list"],
  ["hidden: [[]]", "1:10: hidden must have a value, got an empty list: give it one or leave it out"],
  ["hidden: {a: 1}", "1:9: hidden must be two widths or a list of such pairs, got a mapping"],
  [
    "lamda: 1\ndata_seed: 3\nworkers: 4",
    `1:1: a key must be one of ${KEYS}, got lamda: did you mean lambda`,
    `2:1: a key must be one of ${KEYS}, got data_seed: did you mean data-seeds`,
    `3:1: a key must be one of ${KEYS}, got workers`,
  ],
  ["Lambda: 1", `1:1: a key must be one of ${KEYS}, got Lambda: did you mean lambda`],
  ["__proto__: 1", `1:1: a key must be one of ${KEYS}, got __proto__`],
  ["<<: {lambda: 1}", `1:1: a key must be one of ${KEYS}, got <<`],
  ["1: 2", `1:1: a key must be one of ${KEYS}, got 1`],
  ["? [a]\n: 2", `1:3: a key must be one of ${KEYS}, got a list`],
  [": 2", `1:1: a key must be one of ${KEYS}, got nothing`],
  ["lambda: 1\nseed: 2\nlambda: 3", "3:1: lambda must be given once, got it at 1:1 too: keep one"],
  ["- lambda", "1:1: a sweep file must be keys with values such as lambda: 0:10:0.25, got a list"],
  ["lambda", "1:1: a sweep file must be keys with values such as lambda: 0:10:0.25, got lambda"],
  ["", "1:1: a sweep file must be keys with values such as lambda: 0:10:0.25, got an empty file"],
  ["# nothing", "1:1: a sweep file must be keys with values such as lambda: 0:10:0.25, got an empty file"],
  ["trials: 3\nlambda: [1,,2]\n", "2:12: a sweep file must be YAML, got a fault: Unexpected , in flow sequence"],
  ["\tseed: 1", "1:1: a sweep file must be YAML, got a fault: Tabs are not allowed as indentation"],
  ["lambda: !those 1", "1:9: a sweep file must be YAML, got a fault: Unresolved tag: !those"],
  ["seed: 1\n---\nseed: 2", "2:1: a sweep file must be one YAML document, got a second: make two files"],
];

for (const [yaml, ...faults] of REFUSED) {
  test(`refused: ${JSON.stringify(yaml)}`, (t) => {
    const path = fileOf(t, yaml);
    const message = faults.map((fault) => `${path}:${fault}`).join("\n");
    assert.throws(() => readSweepFile(path), { name: "SweepError", fault: "usage", message });
  });
}

test("a file that is not there, and one that is no text, are refused by name", (t) => {
  const missing = join(folder(t), "missing.yaml");
  assert.throws(() => readSweepFile(missing), {
    fault: "usage",
    message: `FILE must be a sweep file, but ${missing} is not there, nor is any .yaml file in its folder: check the path`,
  });
  const bytes = fileOf(t, Uint8Array.from([0x61, 0x3a, 0xff]));
  assert.throws(() => readSweepFile(bytes), {
    fault: "usage",
    message: `FILE must be a sweep file in UTF-8, but ${bytes} has other bytes`,
  });
});

test("a grid is called what its file says, else what its file is called, and the command line is above both", (t) => {
  assert.equal(gridPlan({}, fileOf(t, "{}", "many.v2.yaml")).name, "many.v2");
  assert.equal(gridPlan({}, fileOf(t, "name: mine")).name, "mine");
  assert.equal(gridPlan({ name: "ours" }, fileOf(t, "name: mine")).name, "ours");
  const blank = fileOf(t, "{}", "my sweep.yaml");
  assert.equal(gridPlan({ name: "ours" }, blank).name, "ours");
  assert.throws(() => gridPlan({}, blank), {
    fault: "usage",
    message: `${blank}: name must be up to 64 letters, digits, dots, dashes and underscores, got my sweep, which is the file's own: give the grid another with the key name`,
  });
});

test("a flag replaces the file's key wholly, and a flag that was not given leaves it alone", (t) => {
  const path = fileOf(t, "lambda: {unlearn: 0:10, original: 3}\ntrials: 7");
  const { parts, trials } = gridPlan({ lambda: "5", trials: undefined, epochs: "9" }, path);
  const [{ lambda, epochs }] = parts;
  assert.deepEqual([lambda["unlearn"], lambda["original"]], [[5], [0]]);
  assert.deepEqual([trials, epochs["unlearn"]], [7, [9]]);
});

/** Faults that only the whole grid has; FILE stands for the file. */
const CLASHES: [yaml: string, given: Flags, sentence: string][] = [
  [
    "data: there\nsamples: 10",
    {},
    "FILE:2:1: samples must not be given with data, whose files decide it, got 10: leave one of the two out",
  ],
  [
    "trials: 1\ndata: there",
    { samples: "10" },
    "--samples must not be given with data (FILE:2:1), whose files decide it, got 10: leave one of the two out",
  ],
  [
    "samples: 10",
    { data: "there" },
    "FILE:1:1: samples must not be given with --data, whose files decide it, got 10: leave one of the two out",
  ],
  [
    "methods: [relearn]\nrecord: final",
    {},
    "FILE:2:1: record must be all where relearn is trained, whose curve says when x is learned again, got final: leave one of the two out",
  ],
  [
    "record: final",
    { record: "asked", methods: "relearn" },
    "--record must be all where relearn is trained, whose curve says when x is learned again, got asked: leave one of the two out",
  ],
  [
    "seed: 1\nepochs: {original: 3, fine_tune: 3}",
    {},
    "FILE:2:1: epochs must be of methods that are trained or started from, original, retrain_scratch, unlearn, got fine_tune=3: leave it out, or train fine_tune too",
  ],
  [
    "lambda: 3\nmethods: original",
    {},
    "FILE:1:1: lambda must be of methods that are trained or started from, original, got unlearn=3: leave it out, or train unlearn too",
  ],
  ["precision: f64\nengine: tfjs", {}, "FILE:1:1: precision of engine tfjs must be one of f32, got f64"],
  ["seed: 1", { trials: "0" }, "--trials must be a whole number from 1 to 1000000, got 0"],
];

for (const [yaml, given, sentence] of CLASHES) {
  test(`refused together: ${JSON.stringify(yaml)} and ${JSON.stringify(given)}`, (t) => {
    const path = fileOf(t, yaml);
    const message = sentence.replaceAll("FILE", path);
    assert.throws(() => gridPlan(given, path), { name: "SweepError", fault: "usage", message });
  });
}

test("a folder of data is looked for beside the file, and what is wrong with it is told at the key", (t) => {
  const path = fileOf(t, "preset: notebook\ndata: draws");
  const missing = join(path, "..", "draws", "X.npy");
  assert.throws(() => gridPlan({}, path), {
    message: `${path}:2:1: data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X.npy in ${join(path, "..", "draws")} cannot be read (ENOENT: no such file or directory, open '${missing}')`,
  });
  exportDraw(
    seededDraw({ kind: "seeded", dataSeed: 3, samples: 8, features: 2, forgetRows: 2 }),
    join(path, "../draws"),
  );
  assert.equal(drawIn(gridPlan({}, path)).samples, 8);
  const absolute = fileOf(t, `data: ${join(path, "../draws")}`);
  assert.equal(drawIn(gridPlan({}, absolute)).samples, 8);
});

test("a long list is refused at the item that is there twice", (t) => {
  const seeds = Array.from({ length: 2000 }, (_, i) => `- ${i}`);
  const path = fileOf(t, ["data-seeds:", ...seeds, "- 3"].join("\n"));
  assert.throws(() => readSweepFile(path), {
    message: `${path}:2002:3: data-seeds must have each value once, got 3 twice: leave one out`,
  });
});

test("in a long list the first 20 repeats are told, as if each were the only one, and how many more there are", (t) => {
  const twice = Array.from({ length: 4000 }, (_, i) => `- ${Math.floor(i / 2)}`);
  const path = fileOf(t, ["lambda:", ...twice].join("\n"));
  const told = Array.from(
    { length: 20 },
    (_, i) => `${path}:${2 * i + 3}:3: lambda unlearn must have each value once, got ${i} twice: leave one out`,
  );
  assert.throws(() => readSweepFile(path), { message: [...told, "… and 1980 more"].join("\n") });
});

test("of a hundred thousand keys that there are not, of a long key and of a value of a megabyte, no more is told than a screen shows", (t) => {
  const keys = Array.from({ length: 100_000 }, (_, i) => `key${i}: 1`).join("\n");
  for (const yaml of [keys, `${"k".repeat(1000)}: 1`, `preset: ${"p".repeat(1_000_000)}`])
    assert.throws(
      () => readSweepFile(fileOf(t, yaml)),
      ({ message }: Error) => message.length < 20 * 300 && /… and \d+ more/.test(message),
    );
});

test("sixteen thousand values are as many whether they are a range, a list or under a method's name", (t) => {
  const values = Array.from({ length: 16_000 }, (_, i) => i / 10);
  const list = values.map((value) => `  - ${value}`).join("\n");
  for (const yaml of ["lambda: 0:1599.9:0.1", `lambda:\n${list}`, `lambda:\n unlearn:\n${list}`])
    assert.deepEqual(gridPlan({}, fileOf(t, yaml)).parts[0].lambda["unlearn"], values);
});

// Below: the ready files, and the schema that editors check them with.

function ready(name: string): SweepPlan {
  return gridPlan({}, join(ROOT, "data", name));
}

const READY = readdirSync(join(ROOT, "data")).filter((name) => name.endsWith(".yaml"));
const schema = JSON.parse(readFileSync(join(ROOT, "data/sweep.schema.json"), "utf8"));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

test("the ready files are these three, and they and the schema are shipped", () => {
  assert.deepEqual(READY.toSorted(), ["lambda-epoch.yaml", "many-draws.yaml", "notebook.yaml"]);
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
  assert.ok(files.includes("data/*.yaml") && files.includes("data/sweep.schema.json"));
});

for (const name of READY) {
  test(`${name} names the schema in its first line, fits it, and is a grid of its own name`, () => {
    const source = readFileSync(join(ROOT, "data", name), "utf8");
    assert.ok(source.startsWith("# yaml-language-server: $schema=sweep.schema.json\n"));
    assert.ok(validate(parse(source)), JSON.stringify(validate.errors));
    assert.equal(`${ready(name).name}.yaml`, name);
  });
}

test("notebook.yaml is the notebook's experiment and fine_tune", () => {
  const methods = ["original", "retrain_scratch", "unlearn", "retrain_original", "fine_tune"];
  const flags = { name: "notebook", preset: "notebook", methods: methods.join(",") };
  assert.deepEqual(ready("notebook.yaml"), gridPlan(flags, null));
});

test("lambda-epoch.yaml trains 215,000 epochs for 41 λ × 50 epochs × 100 trials, and 10,000 more for the retrain", () => {
  const { parts, trials } = ready("lambda-epoch.yaml");
  const [{ presets, methods, lambda, epochs }] = parts;
  assert.deepEqual([presets, methods, trials], [["paired"], ["original", "retrain_scratch", "unlearn"], 100]);
  assert.deepEqual(
    lambda["unlearn"],
    Array.from({ length: 41 }, (_, i) => i / 4),
  );
  assert.deepEqual(
    epochs["unlearn"],
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  const trained = (method: string): number => trials * lambda[method].length * Math.max(...epochs[method]);
  assert.equal(trained("original") + trained("unlearn"), 215_000);
  assert.equal(trained("retrain_scratch"), 10_000);
});

test("many-draws.yaml asks 200 draws under both presets, with both baselines that start where unlearn does", () => {
  const plan = ready("many-draws.yaml");
  assert.equal(settingsOf(plan).length, 400);
  const [{ presets, methods, draws }] = plan.parts;
  assert.deepEqual(
    drawsOf(draws).map((draw) => (draw.kind === "seeded" ? draw.dataSeed : null)),
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  assert.deepEqual(presets, ["notebook", "paired"]);
  assert.deepEqual(methods, ["original", "retrain_scratch", "unlearn", "retrain_original", "fine_tune"]);
});

test("the schema knows the keys that a grid has, and the names that each of them takes", () => {
  assert.deepEqual(Object.keys(schema.properties), Object.keys(GRID_READERS));
  assert.deepEqual(schema.$defs.method.enum, METHOD_NAMES);
  assert.equal(schema.$defs.methods.pattern, `^(${METHOD_NAMES.join("|")})(,(${METHOD_NAMES.join("|")}))*$`);
  for (const name of ["epochs", "lambda"])
    assert.ok(schema.$defs[`${name}ByName`].anyOf[1].pattern.startsWith(`^((${METHOD_NAMES.join("|")})=)?`));
  assert.equal(schema.$defs.presets.pattern, `^(${PRESET_NAMES.join("|")})(,(${PRESET_NAMES.join("|")}))*$`);
  assert.deepEqual(schema.properties.engine.enum, ENGINE_NAMES);
  assert.deepEqual(schema.properties.record.enum, RECORDS);
  assert.deepEqual(schema.properties.estimand.enum, ESTIMANDS);
  assert.deepEqual(schema.properties.margin.default, USUAL_QUESTION.margins);
  assert.deepEqual(Object.keys(schema.properties.margin.anyOf[2].properties), ENDPOINTS);
  assert.ok(schema.$defs.margins.pattern.startsWith(`^(${ENDPOINTS.join("|")})=`));
});

test("the schema takes what the reader takes", () => {
  for (const [yaml] of SAME) assert.ok(validate(parse(yaml)), `${yaml}: ${JSON.stringify(validate.errors)}`);
});

/** What only a reader can know: what was written before it became a number, and what takes arithmetic or another key. */
const BEYOND_A_SCHEMA = [
  "lambda: 0:1:0.3",
  "epochs: 1:10:2.5",
  "epochs: [1:50, 20, 60, 3]",
  "trials: 0x10",
  "trials: 1e2",
  "trials: 2.0",
  "lambda: *values",
  "lambda: &loop [*loop]",
  "__proto__: 1",
  "margin: forget=0",
];

test("the schema knows that a margin of log-odds must be said", () => {
  assert.equal(validate({ estimand: "forget_margin" }), false);
  assert.ok(
    validate({ estimand: "forget_margin", margin: "forget=0.5" }) && validate({ estimand: "forget_probability" }),
  );
});

test("the schema refuses what the reader refuses, wherever a schema can", () => {
  const syntax = /must be YAML|must be one YAML document|must be given once/;
  const judged = REFUSED.filter(([yaml, fault]) => !syntax.test(fault) && !BEYOND_A_SCHEMA.includes(yaml));
  const taken = judged.filter(([yaml]) => validate(parse(yaml))).map(([yaml]) => yaml);
  assert.deepEqual(taken, []);
  assert.ok(judged.length > 40, `${judged.length} were judged`);
  assert.equal(validate({ data: "there", samples: 10 }), false);
  assert.equal(validate({ "forget-label": 1 }), false);
  assert.equal(validate({ data: "there", "forget-label": 1 }), true);
});
