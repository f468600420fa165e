/** From a stored row's key back to its trajectory, by the sweep's plan alone. */
import assert from "node:assert/strict";
import test from "node:test";
import { ROW_KEY, type RowKey } from "../src/plan/cell.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { isStoredAs, specOfRow, templatesOf } from "../src/run/rebuild.js";
import type { ImportedDraw, TrajectorySpec } from "../src/trial.js";
import { PROFILE, smallPlan, withLists } from "./fixtures/sweeps.js";

type Row = RowKey & { readonly replicate_of: number | null };

/** A row as a store keeps its key. */
function rowOf(spec: TrajectorySpec, epochs: number, copyOf: number | null = null): Row {
  const keyed = { spec, epochs, profile: PROFILE };
  const key = Object.fromEntries(ROW_KEY.map(({ name, value }) => [name, value(keyed)])) as unknown as RowKey;
  return { ...key, replicate_of: copyOf };
}

/** Chains of starts, several λ, epochs and lengths of starts. */
function chains(preset: string): SweepPlan {
  const methods = "original,retrain_scratch,unlearn,relearn";
  const epochs = { original: [2, 4], retrain_scratch: [3], unlearn: [1, 3], relearn: [2] };
  return withLists(smallPlan({ preset, methods }), { epochs, lambda: { unlearn: [0, 1e-7, 4.2] } });
}

const NO_FOLDERS = new Map();

for (const preset of ["notebook", "paired"]) {
  test(`under ${preset} every row of a plan is that of its trajectory, copies of the run that they repeat`, () => {
    const plan = chains(preset);
    const templates = templatesOf(plan);
    let rows = 0;
    for (const spec of [...trajectoriesOf(plan)].flat()) {
      for (const epochs of spec.asked) {
        const expected = { ...spec, asked: [epochs], copies: 0 };
        assert.deepEqual(specOfRow(templates, rowOf(spec, epochs), NO_FOLDERS), expected);
        for (let copy = 1; copy <= spec.copies; copy++, rows++) {
          const row = rowOf({ ...spec, trial: spec.trial + copy }, epochs, spec.trial);
          assert.deepEqual(specOfRow(templates, row, NO_FOLDERS), expected);
        }
        rows += 1;
      }
    }
    assert.equal(rows, 3 * (2 + 1 + 3 * 2 * 2 + 3 * 2 * 2));
  });
}

test("a sweep that has grown to more trials still knows the copies of before", () => {
  const [unlearn] = [...trajectoriesOf(smallPlan({ trials: "2" }))].flat().filter(({ copies }) => copies > 0);
  const grown = templatesOf(smallPlan({ trials: "5" }));
  const spec = specOfRow(grown, rowOf(unlearn, unlearn.asked[0]), NO_FOLDERS);
  assert.deepEqual([spec.trial, spec.start?.trial], [1, 2]);
});

const [SCRATCH] = [...trajectoriesOf(smallPlan({ methods: "retrain_scratch" }))].flat();

const STRANGE: [what: string, row: Partial<Row>][] = [
  ["a method that the plan does not have", { method: "relabel" }],
  ["another λ", { lambda_reg: 7 }],
  ["a start that its method does not have", { start: "original@0x4", start_trial: 1 }],
  ["a start's trial, and no start", { start_trial: 1 }],
  ["another seed", { seed: 9 }],
  ["more epochs than anybody asks for", { epochs: 1_000_000 }],
  ["no epoch", { epochs: 0 }],
];

for (const [what, change] of STRANGE) {
  test(`a row of ${what} is damage of the file, in a sentence`, () => {
    const row = { ...rowOf(SCRATCH, 4), ...change };
    const message = `the file has a row of ${row.method} at λ = ${row.lambda_reg} and ${row.epochs} epochs, trial 1, that its sweep does not ask for, so another program changed it: go back to a copy from before`;
    const templates = templatesOf(smallPlan({ methods: "retrain_scratch" }));
    assert.throws(() => specOfRow(templates, row, NO_FOLDERS), { name: "SweepError", fault: "usage", message });
  });
}

test("a row of imported data is trained from the folder that is named now, its starts too", () => {
  const sizes = { kind: "imported", sha256: "00ff", samples: 20, features: 2, forgetRows: 1 } as const;
  const [there, here]: ImportedDraw[] = ["/there", "/here"].map((directory) => ({ ...sizes, directory }));
  const seeded = smallPlan({ methods: "unlearn", preset: "paired", trials: "1" });
  const parts = seeded.parts.map((part) => ({ ...part, draws: { kind: "imported" as const, draws: [there] } }));
  const plan = { ...seeded, parts };
  const [spec] = [...trajectoriesOf(plan)].flat();
  const found = specOfRow(templatesOf(plan), rowOf(spec, 2), new Map([["sha256:00ff", here]]));
  assert.deepEqual([found.cell.draw, found.start?.cell.draw], [here, here]);
  assert.throws(() => specOfRow(templatesOf(plan), rowOf(spec, 2), NO_FOLDERS), {
    fault: "usage",
    message:
      "--data must name the folder of the imported data sha256:00ff, since a file of results does not hold it, got none",
  });
});

test("a number is stored as itself, NaN as null and −0 as 0", () => {
  assert.ok(isStoredAs(0.1, 0.1) && isStoredAs(Number.NaN, null) && isStoredAs(null, null) && isStoredAs(-0, 0));
  assert.ok(!isStoredAs(0.1, null) && !isStoredAs(0.1, 0.1 + 2 ** -56) && !isStoredAs(Number.NaN, 0));
});
