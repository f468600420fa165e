/** Holds the rounds of a grid to what they ask for: what is kept and what it is held against, and nothing else. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Flags } from "../src/plan/flags.js";
import { grown } from "../src/plan/growth.js";
import type { SweepPlan } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { parsePlan, textOfPlan } from "../src/plan/stored.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { type CellChoice, roundPlan, type Step, stepsOf } from "../src/verdict/round-plan.js";

function planOf(flags: Flags = {}): SweepPlan {
  return gridPlan(
    {
      ...{ samples: "10", hidden: "3,2", "data-seeds": "1:20", trials: "40", lambda: "1,2,4", epochs: "1:3" },
      ...{ methods: "original,retrain_scratch,unlearn,fine_tune", ...flags },
    },
    null,
  );
}

/** How many trial rows a plan asks for of each draw, method, λ and epoch count. */
function cellsOf(plan: SweepPlan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { cell, asked } of [...trajectoriesOf(plan)].flat())
    for (const epochs of asked) {
      const seed = cell.draw.kind === "seeded" ? cell.draw.dataSeed : "imported";
      const key = `${seed} ${cell.method} ${cell.lambda} ${epochs}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  return counts;
}

test("over draws the looks have a quarter of the trials, and a last round has them all", () => {
  assert.deepEqual(stepsOf(planOf()), [
    { draws: 7, trials: 10 },
    { draws: 11, trials: 10 },
    { draws: 17, trials: 10 },
    { draws: 20, trials: 10 },
    { draws: 20, trials: 40 },
  ]);
  assert.deepEqual(stepsOf(planOf({ trials: "3" })).at(-1), { draws: 20, trials: 3 });
  assert.deepEqual(stepsOf(planOf({ "data-seeds": "5" })), [
    { draws: 1, trials: 7 },
    { draws: 1, trials: 11 },
    { draws: 1, trials: 17 },
    { draws: 1, trials: 26 },
    { draws: 1, trials: 39 },
    { draws: 1, trials: 40 },
  ]);
});

test("the looks at one draw count the trials that are left where some are set aside beside doing nothing", () => {
  const oneDraw = { "data-seeds": "1", trials: "100" };
  const [first] = stepsOf(planOf(oneDraw));
  const [without] = stepsOf(planOf({ ...oneDraw, methods: "retrain_scratch,unlearn" }));
  assert.deepEqual([first.trials, without.trials], [10, 8]);
});

const REFUSED: [flags: Flags, sentence: RegExp][] = [
  [{ "data-seeds": "1:5" }, /^--until must have at least 6 draws, or trials where there is one draw, got 5: /],
  [{ "data-seeds": "1", trials: "5" }, /^--until must have at least 6 draws, .*, got 5: /],
  [{ preset: "notebook" }, /^--until must be under a preset whose trials differ, got notebook: take --preset paired$/],
  [{ samples: "10,20" }, /^--until must be of one setting, .*, got 2: /],
  [{ hidden: ["3,2", "4,4"] }, /^--until must be of one setting, /],
  [{ methods: "original,unlearn" }, /^--until must have retrain_scratch among --methods, /],
  [
    { methods: "original,retrain_scratch", lambda: undefined, epochs: undefined },
    /^--until must have a method that unlearns among --methods, /,
  ],
  [{ methods: "retrain_scratch,unlearn,relearn" }, /^--until must be without relearn, /],
];

for (const [flags, message] of REFUSED)
  test(`no rounds are made of ${JSON.stringify(flags)}`, () => {
    assert.throws(() => stepsOf(planOf(flags)), { fault: "usage", message });
  });

const KEPT: readonly CellChoice[] = [
  { method: "unlearn", lambda: 1, epochs: 2 },
  { method: "unlearn", lambda: 1, epochs: 3 },
  { method: "unlearn", lambda: 4, epochs: 3 },
  { method: "unlearn", lambda: 2, epochs: 2 },
  { method: "unlearn", lambda: 2, epochs: 3 },
];

test("a round asks for the cells that are kept and for what they are held against, on its draws with its trials", () => {
  const step: Step = { draws: 2, trials: 3 };
  const counts = cellsOf(roundPlan(planOf(), step, KEPT));
  const wanted = ["original 0 100", "retrain_scratch 0 100"].concat(
    KEPT.map(({ method, lambda, epochs }) => `${method} ${lambda} ${epochs}`),
  );
  assert.deepEqual(counts, Object.fromEntries([1, 2].flatMap((seed) => wanted.map((cell) => [`${seed} ${cell}`, 3]))));
});

test("the first round asks for all cells, and the last for all trials of what is kept", () => {
  const first = cellsOf(roundPlan(planOf(), { draws: 3, trials: 10 }, null));
  assert.equal(Object.keys(first).length, 3 * (2 + 3 * 3 + 1));
  assert.deepEqual(new Set(Object.values(first)), new Set([10]));
  const last = cellsOf(roundPlan(planOf(), { draws: 20, trials: 40 }, KEPT));
  assert.deepEqual(new Set(Object.values(last)), new Set([40]));
});

test("a sweep that grew round by round asks for what its rounds asked for, and is stored as any other", () => {
  const plan = planOf();
  const rounds = [
    roundPlan(plan, { draws: 2, trials: 3 }, null),
    roundPlan(plan, { draws: 4, trials: 3 }, KEPT),
    roundPlan(plan, { draws: 4, trials: 40 }, KEPT.slice(0, 1)),
  ];
  const all = rounds.slice(1).reduce((held, round) => grown(held, round, false), rounds[0]);
  const most: Record<string, number> = {};
  for (const counts of rounds.map(cellsOf))
    for (const [cell, count] of Object.entries(counts)) most[cell] = Math.max(most[cell] ?? 0, count);
  assert.deepEqual(cellsOf(all), most);
  assert.deepEqual(parsePlan(textOfPlan(all)), all);
});
