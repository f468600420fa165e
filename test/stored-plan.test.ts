/** A plan read back from its text: what was stored comes back, and what is not as a plan has it is told by its field. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { Flags } from "../src/plan/flags.js";
import { askedText, grown, identityOf } from "../src/plan/growth.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { canonicalText, type SweepPlan } from "../src/plan/plan.js";
import { PRESET_NAMES } from "../src/plan/presets.js";
import { gridPlan, runPlan } from "../src/plan/request.js";
import { parsePlan } from "../src/plan/stored.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { folder } from "./command-line.js";

const OWN =
  "mine: { start: unlearn, cross-entropy: { retained: b/n, forget: -a/k }, penalty: { retained: 1/n, forget: 0 }, forget-labels: flipped, lambda: 1, epochs: 3, parameters: { b: -1, a: [2, 0.5] } }";

/** A plan with a method of one's own. */
function ownPlan(t: TestContext): SweepPlan {
  const path = join(folder(t), "methods.yaml");
  writeFileSync(path, OWN);
  return gridPlan({ "method-file": path, methods: "original,mine" }, null);
}

const ALL: Flags = { methods: METHOD_NAMES.join(","), preset: PRESET_NAMES.join(","), trials: "3" };

test("a plan that is stored comes back as it was, whatever it asks for", (t) => {
  const grid = gridPlan(ALL, null);
  for (const plan of [
    runPlan({}),
    grid,
    gridPlan({ seed: "9007199254740991", lambda: "0,1e-320,1e308", epochs: "1000000", trials: "1000000" }, null),
    grown(grid, gridPlan({ ...ALL, lambda: "3", epochs: "relabel=9" }, null), false),
    ownPlan(t),
    runPlan({ data: "test/golden/small", "forget-label": "0" }),
  ])
    assert.deepEqual(parsePlan(canonicalText(plan)), plan);
});

/** The first 16 digits of SHA-256. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

test("what plans said before there was a twin, they say to the byte: texts, identities and all that is trained", () => {
  const eight = METHOD_NAMES.slice(0, 8).join(",");
  const plans = [
    runPlan({}),
    runPlan({ preset: "paired" }),
    gridPlan({ methods: eight, preset: "notebook,paired", "data-seeds": "1:2", trials: "3" }, null),
  ];
  const hashes = plans.map((plan) => {
    const specs = [...trajectoriesOf({ ...plan, trials: 3 })].flat().map((spec) => JSON.stringify(spec));
    return [canonicalText(plan), identityOf(plan, "p"), askedText(plan), specs.join("\n")].map(hashOf);
  });
  assert.deepEqual(hashes, [
    ["37319393b6489a04", "1d55eba2b123195a", "cd00d4d98dd14c72", "4810371de61aa6c8"],
    ["2db10b2e6486b996", "6010d9839b4e7e0c", "d7964da771ae2c2c", "06e39f4d4a128b56"],
    ["bd80bcd8793260fd", "1242828ab78b0aa1", "a914b31fda08a457", "82dce3d5b066b557"],
  ]);
});

/** Where a changed value stands, what is put there, and what is said of it; a value of undefined takes the field away. */
type Change = readonly [path: string, value: unknown, sentence: string];

const LIST = "must be a list of at least one";
const EPOCHS = "must be a whole number from 1 to 1000000";

const REFUSED: Change[] = [
  [
    "",
    null,
    "plan must be an object of version, name, seed, engine, record, trials, presets, methods, parts, got null",
  ],
  ["", [], "plan must be an object of version, name, seed, engine, record, trials, presets, methods, parts, got []"],
  ["version", 2, "version must be 1, got 2"],
  ["version", "1", 'version must be 1, got "1"'],
  ["version", undefined, "version must be there, got nothing"],
  ["name", "a b", "name must be up to 64 letters, digits, dots, dashes and underscores, got a b"],
  ["name", 3, "name must be a text, got 3"],
  ["name", undefined, "name must be there, got nothing"],
  ["seed", 2 ** 53, "seed must be a whole number from 0 up to 2^53 − 1, got 9007199254740992"],
  ["seed", -1, "seed must be a whole number from 0 up to 2^53 − 1, got -1"],
  ["seed", "0", 'seed must be a number, got "0"'],
  ["engine.name", "a b", "engine.name must be up to 64 letters, digits, dots, dashes and underscores, got a b"],
  ["engine.precision", "f16", "engine.precision must be one of f32, f64, got f16"],
  ["engine", { name: "reference", precision: "f32" }, "engine.precision must be one of f64, got f32"],
  ["record", "some", "record must be one of final, asked, all, got some"],
  ["trials", 0, "trials must be a whole number from 1 to 1000000, got 0"],
  ["trials", 1.5, "trials must be a whole number from 1 to 1000000, got 1.5"],
  [
    "more",
    1,
    'plan must have no field but version, name, seed, engine, record, trials, presets, methods, parts, got "more"',
  ],
  ["presets", [], `presets ${LIST}, got []`],
  ["presets.0.freshLambda", 2, "presets[0] must be notebook as this gmm-sweep has it, got another of that name"],
  ["presets.0.freshLambda", -1, "presets[0].freshLambda must be a number from 0 up, got -1"],
  ["presets.0.initialWeights", "mine", "presets[0].initialWeights must be one of own, shared, got mine"],
  [
    "presets.0.penalties.original",
    { retained: "1" },
    "presets[0].penalties.original.forget must be there, got nothing",
  ],
  [
    "presets.0.penalties.original",
    { retained: "1", forget: "m" },
    "presets[0].penalties.original.forget must have one of the names n, k there, got m: define it under parameters, or take one of these (character 1)",
  ],
  ["presets.1.name", "notebook", "presets[1] must be notebook as this gmm-sweep has it, got another of that name"],
  ["methods.2.lambda", 4, "methods[2] must be unlearn as this gmm-sweep has it, got another of that name"],
  ["methods.2.lambda", null, "methods[2].lambda must be a number, got null"],
  ["methods.2.epochs", 0, `methods[2].epochs ${EPOCHS}, got 0`],
  ["methods.2.forgetLabels", "lost", "methods[2].forgetLabels must be one of kept, flipped, got lost"],
  ["methods.2.crossEntropy.forget", 1, "methods[2].crossEntropy.forget must be a text, got 1"],
  [
    "methods.2.crossEntropy.forget",
    "1/",
    "methods[2].crossEntropy.forget must have a number, a name or a parenthesis there, got its end (character 3)",
  ],
  [
    "methods.2.parameters",
    { B: 1 },
    "methods[2].parameters must be named by up to 32 letters, digits and underscores from a small letter on, got B",
  ],
  ["methods.2.parameters", { b: "1" }, 'methods[2].parameters.b must be a number, got "1"'],
  ["methods.2.name", "other", "methods[2].name must be the one that its definition gives, got other"],
  ["methods.8.twinOf", undefined, "methods[8].twinOf must be there, got nothing"],
  ["methods.8.twinOf", 1, "methods[8].twinOf must be a text, got 1"],
  [
    "methods.8.twinOf",
    "original",
    "methods[8] must be retrain_twin as this gmm-sweep has it, got another of that name",
  ],
  [
    "methods.1.twinOf",
    "original",
    'methods[1] must have no field but name, start, crossEntropy, penalty, forgetLabels, lambda, epochs, parameters, got "twinOf"',
  ],
  ["parts", [], `parts ${LIST}, got []`],
  ["parts.0.presets", ["paired"], "presets must be those that its parts name, got notebook too"],
  ["parts.0.presets", ["paired", "other"], "parts[0].presets must be one of notebook, paired, got other"],
  ["parts.0.presets", ["paired", "paired"], "parts[0].presets must have each once, got paired twice"],
  ["parts.0.draws.kind", "found", "parts[0].draws.kind must be one of seeded, got found"],
  ["parts.0.draws.samples", [], `parts[0].draws.samples ${LIST}, got []`],
  [
    "parts.0.draws.samples",
    [5],
    "parts[0].draws.samples[0] must be even, since both classes have half of them, got 5: try 6",
  ],
  ["parts.0.draws.features", [257], "parts[0].draws.features[0] must be a whole number from 1 to 256, got 257"],
  ["parts.0.draws.dataSeeds", [3, 2], "parts[0].draws.dataSeeds must ascend, got 2 after 3"],
  ["parts.0.draws.dataSeeds", [2, 2], "parts[0].draws.dataSeeds must ascend, got 2 after 2"],
  ["parts.0.draws.forgetRows", [0], "parts[0].draws.forgetRows[0] must be a whole number from 1 to 10000, got 0"],
  ["parts.0.widths", [[64]], "parts[0].widths[0] must be two widths such as 64,32, got 64"],
  ["parts.0.widths", [[64, 0]], "parts[0].widths[0][1] must be a whole number from 1 to 256, got 0"],
  [
    "parts.0.widths",
    [
      [4, 3],
      [4, 3],
    ],
    "parts[0].widths must have each once, got 4,3 twice",
  ],
  ["parts.0.learningRates", [0], "parts[0].learningRates[0] must be a number above 0, got 0"],
  [
    "parts.0.methods",
    [...METHOD_NAMES, "other"],
    `parts[0].methods must be one of ${METHOD_NAMES.join(", ")}, got other`,
  ],
  [
    "parts.0.methods",
    METHOD_NAMES.toReversed(),
    `parts[0].methods must be in the order of the plan's methods, ${METHOD_NAMES.join(", ")}, got ${METHOD_NAMES.toReversed().join(", ")}`,
  ],
  ["parts.0.epochs.unlearn", [1, 0], `parts[0].epochs.unlearn[1] ${EPOCHS}, got 0`],
  ["parts.0.epochs.unlearn", [2, 1], "parts[0].epochs.unlearn must ascend, got 1 after 2"],
  ["parts.0.epochs.unlearn", undefined, "parts[0].epochs.unlearn must be there, got nothing"],
  ["parts.0.epochs.other", [1], "parts[0].epochs must be of methods of the part and their starts, got other"],
  ["parts.0.lambda.unlearn", [-1], "parts[0].lambda.unlearn[0] must be a number from 0 up, got -1"],
  ["parts.0.lambda.unlearn", [null], "parts[0].lambda.unlearn[0] must be a number, got null"],
  [
    "parts.0.more",
    1,
    'parts[0] must have no field but presets, draws, widths, learningRates, methods, epochs, lambda, got "more"',
  ],
];

/** The text of a plan with one value changed. */
function changed(plan: unknown, path: string, value: unknown): string {
  if (path === "") return JSON.stringify(value);
  const copy = JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;
  const names = path.split(".");
  const [last] = names.splice(-1);
  const owner = names.reduce((inner, name) => inner[name] as Record<string, unknown>, copy);
  owner[last] = value;
  return JSON.stringify(copy);
}

function assertRefused(text: string, sentence: string): void {
  assert.throws(() => parsePlan(text), {
    name: "SweepError",
    fault: "usage",
    message: sentence,
  });
}

for (const [path, value, sentence] of REFUSED) {
  test(`a plan whose ${path || "whole"} is ${JSON.stringify(value)?.slice(0, 60)} is refused`, () => {
    assertRefused(changed(gridPlan(ALL, null), path, value), sentence);
  });
}

test("what is no JSON is refused", () => {
  assert.throws(() => parsePlan("{"), {
    fault: "usage",
    message: /^text must be JSON \(/,
  });
});

test("a method that no part names, nor starts from, is refused", () => {
  const { parts, ...plan } = gridPlan(ALL, null);
  const [part] = runPlan({}).parts;
  const presets = plan.presets.filter(({ name }) => name === "notebook");
  assertRefused(
    JSON.stringify({ ...plan, presets, parts: [part] }),
    "methods must be those that its parts name, got fine_tune too",
  );
  assert.equal(parts.length, 1);
});

test("a start stands before what starts from it, so that none leads back to itself", () => {
  const plan = gridPlan(ALL, null);
  assertRefused(
    changed(plan, "methods", plan.methods.toReversed()),
    "methods[1].start must be a method that stands before it, got unlearn",
  );
  const others = plan.methods.filter(({ name }) => name !== "original");
  assertRefused(
    changed(plan, "methods", others),
    "methods[1].start must be a method that stands before it, got original",
  );
});

test("a method of one's own has the name of what it does, and parameters that are its own", (t) => {
  const plan = ownPlan(t);
  const { name } = plan.methods[2];
  assertRefused(
    changed(plan, "methods.2.parameters.b", -2),
    `methods[2].name must be the one that its definition gives, got ${name}`,
  );
  assertRefused(
    changed(plan, "methods.2.parameters.b", undefined),
    "methods[2].crossEntropy.retained must have one of the names n, k, a there, got b: define it under parameters, or take one of these (character 1)",
  );
});

test("a part of more settings than a grid may ask for is refused before they are made", () => {
  const { parts, ...plan } = gridPlan({}, null);
  const features = Array.from({ length: 256 }, (_, i) => i + 1);
  const samples = Array.from({ length: 4000 }, (_, i) => 2 * i + 4);
  const part = { ...parts[0], draws: { ...parts[0].draws, features, samples } };
  assertRefused(JSON.stringify({ ...plan, parts: [part] }), "parts[0] must make at most 1000000 settings, got 1024000");
});

test("imported data is known by 64 digits, and its sizes are numbers", () => {
  const plan = runPlan({ data: "test/golden/small", "forget-label": "0" });
  assertRefused(
    changed(plan, "parts.0.draws.draws.0.sha256", "ab"),
    'parts[0].draws.draws[0].sha256 must be 64 hexadecimal digits, got "ab"',
  );
  assertRefused(
    changed(plan, "parts.0.draws.draws.0.samples", 0),
    "parts[0].draws.draws[0].samples must be a whole number from 1 up to 2^53 − 1, got 0",
  );
  assertRefused(changed(plan, "parts.0.draws.draws", []), `parts[0].draws.draws ${LIST}, got []`);
});

test("any one value of a plan that is another is refused by a sentence, or read back as it stands", () => {
  const plan = gridPlan({ ...ALL, lambda: "0,1e308" }, null);
  const values = [null, true, -1, 0.5, 2 ** 53, 1e300, "", "x", [], {}, [[]]];
  let refused = 0;
  const visit = (owner: Record<string, unknown>): void => {
    for (const key of Object.keys(owner)) {
      const was = owner[key];
      for (const value of values) {
        owner[key] = value;
        try {
          assert.deepEqual(parsePlan(JSON.stringify(copy)), copy);
        } catch (error) {
          assert.equal((error as Error).name, "SweepError", `${key}: ${value}: ${(error as Error).stack}`);
          refused += 1;
        }
      }
      owner[key] = was;
      if (typeof was === "object" && was !== null) visit(was as Record<string, unknown>);
    }
  };
  const copy = JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;
  visit(copy);
  assert.ok(refused > 1000, `${refused} were refused`);
});
