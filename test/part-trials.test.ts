/** Parts of a plan with trials of their own: what they ask for, how they are stored, and how they grow. */
import assert from "node:assert/strict";
import test from "node:test";
import { grown } from "../src/plan/growth.js";
import type { PlanPart, SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { parsePlan, textOfPlan } from "../src/plan/stored.js";
import { plannedCells, trajectoriesOf } from "../src/plan/trajectories.js";
import { trajectoryKey } from "../src/trial.js";

const FLAGS = { samples: "10", hidden: "3,2", "data-seeds": "1,2", epochs: "original=2,retrain_scratch=2,1,3" };
const TRIALS = "5";

function planOf(flags: object = {}): SweepPlan {
  return gridPlan({ ...FLAGS, trials: TRIALS, lambda: "1,2,4", ...flags }, null);
}

/** The plan whose one part has so many trials of its own. */
function withTrials(plan: SweepPlan, trials: number): SweepPlan {
  return { ...plan, parts: plan.parts.map((part) => ({ ...part, trials })) };
}

function rowsOf(plan: SweepPlan): Set<string> {
  const specs = [...trajectoriesOf(plan)].flat();
  const rows = specs.flatMap((spec) => spec.asked.map((epochs) => `${trajectoryKey(spec)} ${epochs}`));
  assert.equal(new Set(rows).size, rows.length);
  return new Set(rows);
}

function union(...sets: readonly Set<string>[]): Set<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

test("a part asks for the trials that it has of its own, and no more", () => {
  assert.deepEqual(rowsOf(withTrials(planOf(), 2)), rowsOf(planOf({ trials: "2" })));
});

test("a cell of several parts has the most trials that any of them asks for", () => {
  const parts: PlanPart[] = [
    ...withTrials(planOf(), 2).parts,
    ...withTrials(planOf({ lambda: "2", epochs: "original=2,retrain_scratch=2,3,8" }), 3).parts,
    ...planOf({ lambda: "4", "data-seeds": "2" }).parts,
  ];
  const plan = { ...planOf(), parts };
  assert.deepEqual(
    rowsOf(plan),
    union(
      rowsOf(planOf({ trials: "2" })),
      rowsOf(planOf({ lambda: "2", epochs: "original=2,retrain_scratch=2,3,8", trials: "3" })),
      rowsOf(planOf({ lambda: "4", "data-seeds": "2" })),
    ),
  );
});

test("the planned cells of a plan have the trials that its rows have, each cell once", () => {
  const parts = [
    ...withTrials(planOf(), 2).parts,
    ...planOf({ lambda: "2", epochs: "original=2,retrain_scratch=2,3" }).parts,
  ];
  const plan = { ...planOf(), parts };
  const counted = new Map<string, number>();
  for (const spec of [...trajectoriesOf(plan)].flat())
    for (const epochs of spec.asked) {
      const cell = JSON.stringify([spec.cell.draw, spec.cell.method, spec.cell.lambda, epochs]);
      counted.set(cell, (counted.get(cell) ?? 0) + 1);
    }
  const planned = [...plannedCells(plan)].flatMap(({ template: { cell, asked }, trials }) =>
    asked.map(
      (epochs) => [JSON.stringify([cell.draw, cell.method, cell.lambda, epochs]), trials ?? plan.trials] as const,
    ),
  );
  assert.equal(new Set(planned.map(([cell]) => cell)).size, planned.length);
  assert.deepEqual(new Map(planned), counted);
});

test("a part's own trials are stored and read back, fewer than the plan's and of no copies", () => {
  const plan = withTrials(planOf(), 2);
  assert.deepEqual(parsePlan(textOfPlan(plan)), plan);
  assert.throws(() => parsePlan(textOfPlan(withTrials(planOf(), 5))), {
    fault: "usage",
    message: /parts\[0\]\.trials must be fewer than the plan's 5, got 5/,
  });
  assert.throws(() => parsePlan(textOfPlan(withTrials(planOf({ preset: "notebook" }), 2))), {
    fault: "usage",
    message: /parts\[0\]\.trials must not be there under the preset notebook, whose trials go on from the last, got 2/,
  });
});

test("a plan that asks for a part's cells with all trials takes the part in, and one with fewer adds nothing", () => {
  const [few, all] = [withTrials(planOf(), 2), planOf()];
  assert.deepEqual(grown(few, all, false).parts, all.parts);
  assert.deepEqual(grown(all, few, false).parts, all.parts);
  const other = withTrials(planOf({ lambda: "8" }), 3);
  assert.equal(grown(few, other, false).parts.length, 2);
  assert.deepEqual(rowsOf(grown(few, other, false)), union(rowsOf(few), rowsOf(other)));
});
