/** What a grid is asked for to be the experiment of a stored run, and more of it. */
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { asGrid, gridLine, type Instead } from "../src/plan/as-grid.js";
import type { Flags } from "../src/plan/flags.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { gridPlan, runPlan } from "../src/plan/request.js";
import { OWN_METHODS } from "./fixtures/grids.js";

const FOLDER = fileURLToPath(new URL("../../test/golden/small", import.meta.url));
const SAME: Instead = { dataSeeds: null, recipes: null };

/** Options as a shell splits them, where no value has a space. */
function typed(options: string): Flags {
  const words = options.split(/ ?--/).slice(1);
  return Object.fromEntries(words.map((word) => word.split(/ (.*)/, 2)));
}

/** The grid that the options ask for. */
function asked(plan: SweepPlan, instead: Instead, files: Flags = {}): SweepPlan {
  return gridPlan({ ...typed(asGrid(plan, instead)), ...files }, null);
}

const RUNS: readonly (readonly [what: string, run: Flags, files: Flags])[] = [
  ["the notebook's", {}, {}],
  ["one of the other preset", { preset: "paired", trials: "12" }, {}],
  ["one of the grid's own methods", { methods: "original,retrain_scratch,unlearn", preset: "paired" }, {}],
  [
    "one of other sizes, nets, rates, seeds and numbers",
    {
      ...{ "data-seed": "7", samples: "40", features: "3", "forget-rows": "2", hidden: "6,4", "learning-rate": "0.02" },
      ...{ seed: "5", engine: "fused", precision: "f64" },
    },
    {},
  ],
  ["one of another engine", { engine: "reference" }, {}],
  [
    "one of other λ and epochs",
    { lambda: "2,fine_tune=1", epochs: "3,original=200", methods: "fine_tune,unlearn" },
    {},
  ],
  ["one with the null", { "with-null": true, epochs: "retrain_scratch=50" }, {}],
  ["one of imported data", { data: FOLDER, "forget-label": "0" }, { "forget-label": "0" }],
  [
    "one with methods of one's own",
    { "method-file": OWN_METHODS, lambda: "neg_grad_plus=3" },
    { "method-file": OWN_METHODS },
  ],
];

for (const [what, run, files] of RUNS) {
  test(`${what}: the grid is the run's plan under a name`, () => {
    const plan = runPlan(run);
    assert.deepEqual(asked(plan, SAME, files), { ...plan, name: "grid" });
  });
}

test("nothing is said that a grid has anyway", () => {
  const methods = "original,retrain_scratch,unlearn";
  assert.equal(asGrid(runPlan({ preset: "paired", methods }), SAME), "");
  assert.equal(
    asGrid(runPlan({}), { ...SAME, dataSeeds: "1:20" }),
    "--preset notebook --data-seeds 1:20 --methods original,retrain_scratch,unlearn,retrain_original",
  );
});

test("other draws stand in place of the run's, and recipes in place of the one of their method alone", () => {
  const plan = runPlan({
    preset: "paired",
    epochs: "3,original=200",
    methods: "original,retrain_scratch,fine_tune,unlearn",
  });
  assert.deepEqual(asked(plan, { ...SAME, dataSeeds: "1:3" }).parts[0], {
    ...plan.parts[0],
    draws: { ...plan.parts[0].draws, dataSeeds: [1, 2, 3] },
  });
  const recipes = { method: "fine_tune", lambda: "0:1", epochs: "1:2" };
  const { lambda, epochs } = asked(plan, { ...SAME, recipes }).parts[0];
  assert.deepEqual(
    [lambda["fine_tune"], epochs["fine_tune"]],
    [
      [0, 1],
      [1, 2],
    ],
  );
  assert.deepEqual([epochs["original"], epochs["unlearn"], lambda["unlearn"]], [[200], [3], [4.2]]);
});

test("what no plan knows is a word to be replaced, and beside other sweeps the grid has a name of its own", () => {
  const plan = runPlan({ data: FOLDER, "forget-label": "0", "method-file": OWN_METHODS });
  const options = asGrid(plan, { ...SAME, dataSeeds: "1:20" });
  assert.match(options, /--data FOLDER /);
  assert.match(options, / --method-file FILE$/);
  const of = { place: "a.db", id: 3, isOnly: true };
  const several = { ...SAME, dataSeeds: "1:20" };
  assert.match(gridLine(runPlan({}), several, of), /^gmm-sweep grid a\.db --preset notebook /);
  assert.match(
    gridLine(runPlan({}), several, { ...of, isOnly: false }),
    /^gmm-sweep grid a\.db --name of-sweep-3 --preset /,
  );
});
