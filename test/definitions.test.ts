/** Methods of one's own in a sweep file: what a definition says, and the place and remedy of everything that is wrong in one. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import type { Flags } from "../src/plan/flags.js";
import { METHOD_NAMES, type MethodRecord } from "../src/plan/methods.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { folder } from "./command-line.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(ROOT, "data/sweep.schema.json"), "utf8")),
);

function fileOf(t: TestContext, content: string, name = "sweep.yaml"): string {
  const path = join(folder(t), name);
  writeFileSync(path, content);
  return path;
}

function planOf(t: TestContext, content: string, flags: Flags = {}): SweepPlan {
  return gridPlan(flags, fileOf(t, content));
}

const NEG_GRAD_PLUS = `methods:
  - original
  - retrain_scratch
  - neg_grad_plus:
      start: original
      cross-entropy: { retained: 1/n, forget: -beta/k }
      penalty: { retained: 0, forget: 0 }
      forget-labels: kept
      lambda: 0
      epochs: 5
      parameters: { beta: [0.1, 0.5, 0.9] }
`;

function own({ methods }: SweepPlan): MethodRecord[] {
  return methods.filter(({ name }) => !METHOD_NAMES.includes(name));
}

test("a definition is a method for each value of its parameter, which the sweep trains as any other", (t) => {
  const plan = planOf(t, NEG_GRAD_PLUS);
  const records = own(plan);
  assert.deepEqual(
    records.map(({ name }) => name.split("~")[0]),
    ["neg_grad_plus:beta=0.1", "neg_grad_plus:beta=0.5", "neg_grad_plus:beta=0.9"],
  );
  const { name: _name, ...definition } = records[1];
  assert.deepEqual(definition, {
    start: "original",
    crossEntropy: { retained: "1/n", forget: "-beta/k" },
    penalty: { retained: "0", forget: "0" },
    forgetLabels: "kept",
    lambda: 0,
    epochs: 5,
    parameters: { beta: 0.5 },
  });
  assert.deepEqual(plan.parts[0].methods, ["original", "retrain_scratch", ...records.map(({ name }) => name)]);
  const [group] = trajectoriesOf(plan);
  const { objective } = group[2].cell;
  assert.deepEqual(objective.crossEntropy, { retained: 1 / 5000, forget: -0.5 });
  assert.deepEqual(objective.penalty, { retained: 0, forget: 0 });
});

test("penalty and labels may be left out, parameters where there are none, and a definition may stand alone", (t) => {
  const plan = planOf(
    t,
    "methods: { mine: { start: fresh, cross-entropy: { retained: 1/n, forget: 0 }, lambda: 1, epochs: 7 } }",
  );
  const [{ name, ...definition }] = own(plan);
  assert.match(name, /^mine~[0-9a-f]{8}$/);
  assert.deepEqual(definition, {
    start: null,
    crossEntropy: { retained: "1/n", forget: "0" },
    penalty: { retained: "0", forget: "0" },
    forgetLabels: "kept",
    lambda: 1,
    epochs: 7,
    parameters: {},
  });
  assert.deepEqual(plan.parts[0], {
    ...plan.parts[0],
    methods: [name],
    epochs: { [name]: [7] },
    lambda: { [name]: [1] },
  });
});

test("λ and epochs of a method of one's own are said by its name, of every value of its parameters", (t) => {
  const plan = planOf(
    t,
    `${NEG_GRAD_PLUS}epochs: { neg_grad_plus: 1:3 }\nlambda: ["neg_grad_plus=0", neg_grad_plus=2]`,
  );
  const { epochs, lambda } = plan.parts[0];
  for (const { name } of own(plan))
    assert.deepEqual(
      [epochs[name], lambda[name]],
      [
        [1, 2, 3],
        [0, 2],
      ],
    );
});

test("parameters have values, lists and ranges, ascending, and every combination is a method", (t) => {
  const body = "start: original, cross-entropy: { retained: a/n, forget: b*c }, lambda: 0, epochs: 1";
  const plan = planOf(t, `methods: [mine: { ${body}, parameters: { c: 0:1:0.5, a: -2, b: [3, '1,2'] } }]`);
  assert.deepEqual(
    own(plan).map(({ parameters }) => [parameters["a"], parameters["b"], parameters["c"]]),
    [0, 0.5, 1].flatMap((c) => [1, 2, 3].map((b) => [-2, b, c])),
  );
});

test("definitions may start from each other in any order, from every value of the other's parameters", (t) => {
  const plan = planOf(
    t,
    `methods:
  - again: { start: mine, cross-entropy: { retained: 1/n, forget: 0 }, lambda: 0, epochs: 2 }
  - mine: { start: unlearn, cross-entropy: { retained: 1/n, forget: -a/k }, lambda: 0, epochs: 1, parameters: { a: [1, 2] } }`,
  );
  const [one, two, afterOne, afterTwo] = own(plan);
  assert.deepEqual([one.start, two.start], ["unlearn", "unlearn"]);
  assert.deepEqual([afterOne.start, afterTwo.start], [one.name, two.name]);
  const starts = [...trajectoriesOf(plan)]
    .flat()
    .flatMap(({ cell }) => (cell.method === afterTwo.name ? [cell.start] : []));
  assert.equal(starts[0], `${two.name}@0x1<unlearn@4.2x5<original@0x100`);
});

test("--methods chooses among the file's definitions too, and --method-file adds to them", (t) => {
  assert.equal(own(planOf(t, NEG_GRAD_PLUS, { methods: "original" })).length, 0);
  assert.equal(own(planOf(t, NEG_GRAD_PLUS, { methods: "neg_grad_plus" })).length, 3);
  const more = fileOf(
    t,
    "yours: { start: original, cross-entropy: { retained: 0, forget: 1/k }, lambda: 0, epochs: 2 }",
  );
  const chosen = planOf(t, NEG_GRAD_PLUS, { "method-file": more, methods: "yours,neg_grad_plus" });
  assert.equal(own(chosen).length, 4);
  assert.equal(own(planOf(t, "methods: [original, yours]", { "method-file": more })).length, 1);
  assert.equal(own(planOf(t, "{}", { "method-file": more })).length, 0, "a file without methods has the usual ones");
});

const BODY = "start: original, cross-entropy: { retained: 1/n, forget: 0 }, lambda: 0, epochs: 5";
const KEYS = "start, cross-entropy, penalty, forget-labels, lambda, epochs, parameters";
const NAMES = "one of the names n, k there, got m: define it under parameters, or take one of these";

/** A definition of `mine`, `from` in it replaced by `to`. */
function mine(from = "", to = ""): string {
  assert.ok(BODY.includes(from));
  return `methods: [mine: { ${BODY.replace(from, to)} }]`;
}

/** The same with more keys. */
function mineAnd(more: string, from = "", to = ""): string {
  return mine(from, to).replace(" }]", `, ${more} }]`);
}

/** A file with ‸ before each fault, and what is said of them. */
const REFUSED: [yaml: string, ...sentences: string[]][] = [
  [mineAnd("‸strat: fresh"), `a key of mine must be one of ${KEYS}, got strat: did you mean start`],
  [mineAnd("‸colour: red"), `a key of mine must be one of ${KEYS}, got colour`],
  [mineAnd("‸epochs: 6"), "mine epochs must be given once, got it at 1:92 too: keep one"],
  [
    "methods: [‸‸‸‸mine: {}]",
    "mine must have the key start, got none: write start: original, or start: fresh for fresh weights",
    "mine must have the key cross-entropy, got none: write cross-entropy: { retained: 1/n, forget: -1/k }",
    "mine must have the key lambda, got none: write lambda: 0",
    "mine must have the key epochs, got none: write epochs: 5",
  ],
  ["methods: [mine: ‸3]", `mine must be a mapping of ${KEYS}, got 3`],
  [
    `methods: [‸unlearn: { ${BODY} }]`,
    "a method must have a name of its own, got unlearn, which gmm-sweep has too: take another",
  ],
  [
    `methods: [‸fresh: { ${BODY} }]`,
    "a method must have a name of its own, got fresh, which the key start has too: take another",
  ],
  [
    `methods:\n- mine: { ${BODY} }\n- ‸mine: { ${BODY} }`,
    "a method must have a name of its own, got mine, which this file defines too: take another",
  ],
  [
    `methods: { mine: { ${BODY} }, ‸mine: { ${BODY} } }`,
    "the method mine must be given once, got it at 1:12 too: keep one",
  ],
  [
    `methods: [‸Mine: { ${BODY} }]`,
    "a method must be named by up to 32 letters, digits and underscores from a small letter on, got Mine",
  ],
  [
    mine("original", "‸orig"),
    `mine start must be one of fresh, ${METHOD_NAMES.join(", ")}, mine, got orig: did you mean original`,
  ],
  [
    `methods:\n- a: { ${BODY.replace("original", "‸b")} }\n- b: { ${BODY.replace("original", "‸a")} }`,
    "a start must be a method that does not wait for it in turn, got b: let one of them start from fresh or original",
    "b start must be a method that does not wait for it in turn, got a: let one of them start from fresh or original",
  ],
  [mine("1/n", "1/‸m"), `mine cross-entropy retained must have ${NAMES}`],
  [mine("1/n", "'1 / ‸m'"), `mine cross-entropy retained must have ${NAMES}`],
  [mine("1/n", "1/(n‸"), "mine cross-entropy retained must have a closing parenthesis there, got its end"],
  [mine("1/n", "‸[1]"), "mine cross-entropy retained must be one value, got a list"],
  [mine("1/n", "‸~"), "mine cross-entropy retained must have a value, got nothing: give it one or leave it out"],
  [
    mine("{ retained: 1/n, forget: 0 }", "‸{ retained: 1/n }"),
    "mine cross-entropy must have a weight forget, got none: write forget: 0 if it is to have none",
  ],
  [
    mine("forget", "‸forgot"),
    "a key of mine cross-entropy must be one of retained, forget, got forgot: did you mean forget",
  ],
  [mineAnd("penalty: ‸1/n"), "mine penalty must be a mapping such as { retained: 1/n, forget: 0 }, got 1/n"],
  [mineAnd("forget-labels: ‸swapped"), "mine forget-labels must be one of kept, flipped, got swapped"],
  [mine("lambda: 0", "lambda: ‸-1"), "mine lambda must be a number from 0 up, got -1"],
  [mine("epochs: 5", "epochs: ‸1:5"), "mine epochs must be a whole number from 1 to 1000000, got 1:5"],
  [mineAnd("parameters: ‸3"), "mine parameters must be a mapping such as { beta: [0.1, 0.5] }, got 3"],
  [
    mineAnd("parameters: { ‸beta: 3 }"),
    "mine parameters beta must be named in a weight, got weights without it: use it or leave it out",
  ],
  [
    mineAnd("parameters: { ‸k: 3 }"),
    "a parameter of mine must not be called n or k, which count the rows of D and F, got k: take another name",
  ],
  [
    mineAnd("parameters: { ‸B: 3 }"),
    "a parameter of mine must be named by up to 32 letters, digits and underscores from a small letter on, got B",
  ],
  ...(
    [
      ["‸much", "be a number, got much"],
      ["[1, ‸1e999]", "be a number, got 1e999"],
      ["[1, 2, ‸1]", "have each value once, got 1 twice: leave one out"],
      ["‸[]", "have a value, got an empty list: give it one or leave it out"],
      ["‸{ a: 1 }", "be one value, got a mapping"],
      ["‸0:1:0.3", "be a range whose steps meet its end, got 0:1:0.3: write 0:0.9:0.3"],
    ] as const
  ).map(([values, rest]): (typeof REFUSED)[number] => [
    mineAnd(`parameters: { b: ${values} }`, "1/n", "b/n"),
    `mine parameters b must ${rest}`,
  ]),
  [
    mineAnd("‸parameters: { a: 1:101, b: 1:100 }", "1/n", "a*b"),
    "mine parameters must make at most 10000 methods, got 10100: give them fewer values",
  ],
  ["methods: [‸{}]", "methods must have a value, got an empty mapping: give it one or leave it out"],
];

/** A file of the text but its marks, and the places of these as FILE:LINE:COLUMN. */
function marked(t: TestContext, text: string): { path: string; places: string[] } {
  const path = fileOf(t, text.replaceAll("‸", ""));
  const places = text
    .split("‸")
    .slice(0, -1)
    .map((_, i, pieces) =>
      pieces
        .slice(0, i + 1)
        .join("")
        .split("\n"),
    )
    .map((lines) => `${path}:${lines.length}:${lines[lines.length - 1].length + 1}`);
  return { path, places };
}

function assertRefused(t: TestContext, yaml: string, sentences: readonly string[]): void {
  const { path, places } = marked(t, yaml);
  assert.equal(places.length, sentences.length);
  const message = sentences.map((sentence, i) => `${places[i]}: ${sentence}`).join("\n");
  assert.throws(() => gridPlan({}, path), { name: "SweepError", fault: "usage", message });
}

for (const [yaml, ...sentences] of REFUSED)
  test(`refused: ${JSON.stringify(yaml)}`, (t) => assertRefused(t, yaml, sentences));

test("a fault in a definition hides no other definition's, and makes none of the file's other keys", (t) => {
  const [one, other] = [BODY.replace("epochs: 5", "epochs: ‸0"), BODY.replace("forget: 0", "forget: ‸m")];
  assertRefused(t, `methods:\n- mine: { ${one} }\n- yours: { ${other} }\nepochs: { mine: 3 }`, [
    "mine epochs must be a whole number from 1 to 1000000, got 0",
    `yours cross-entropy forget must have ${NAMES}`,
  ]);
});

test("a name that --method-file has is not defined again", (t) => {
  const more = fileOf(t, `mine: { ${BODY} }`);
  const path = fileOf(t, `methods: [mine: { ${BODY} }]`);
  assert.throws(() => gridPlan({ "method-file": more }, path), {
    message: `${path}:1:11: a method must have a name of its own, got mine, which --method-file defines too: take another`,
  });
});

test("a weight that is no finite number on one of the sweep's draws is refused before anything is trained", (t) => {
  const path = fileOf(t, `samples: [20, 40]\nmethods: [mine: { ${BODY.replace("1/n", "1/(n - 40)")} }]`);
  assert.throws(
    () => gridPlan({}, path),
    (error: Error) => {
      const name = /mine~[0-9a-f]{8}/.exec(error.message)?.[0];
      assert.equal(
        error.message,
        `${path}:2:1: methods must have weights that are finite numbers, got Infinity for 1/(n - 40) of ${name} where n is 40 and k is 1: change the weight, or leave those sizes out`,
      );
      return true;
    },
  );
});

test("the schema takes a definition in each of its forms, and values by its name", () => {
  for (const yaml of [
    NEG_GRAD_PLUS,
    `${NEG_GRAD_PLUS}epochs: { neg_grad_plus: 1:10, original: 5 }\nlambda: [neg_grad_plus=3]`,
    `methods: { mine: { ${BODY}, parameters: { b: 0:1:0.5, c: [1, '2,3'], d: -1e-3 } } }`,
    `methods: [original, mine: { ${BODY} }, yours: { ${BODY} }]`,
  ])
    assert.ok(validate(parse(yaml)), `${yaml}: ${JSON.stringify(validate.errors)}`);
});

/** What only a reader can know: which names there are, and how texts are computed. */
const BEYOND_A_SCHEMA =
  /one of fresh|wait for|one of the names|closing parenthesis|named in a weight|given once|this file defines|1e999|steps meet|at most 10000/;

test("the schema refuses what the reader refuses in a definition, wherever a schema can", () => {
  const judged = REFUSED.filter(([, fault]) => !BEYOND_A_SCHEMA.test(fault));
  assert.deepEqual(
    judged.filter(([yaml]) => validate(parse(yaml.replaceAll("‸", "")))).map(([yaml]) => yaml),
    [],
  );
  assert.ok(judged.length > 15, `${judged.length} were judged`);
});
