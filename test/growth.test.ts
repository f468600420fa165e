/** How a plan that is there takes in what is asked for now: nothing more, nothing less, and nothing by accident. */
import assert from "node:assert/strict";
import test from "node:test";
import { type Stream, stream } from "../src/data/streams.js";
import type { Flags } from "../src/plan/flags.js";
import { grown } from "../src/plan/growth.js";
import { METHOD_NAMES, METHODS } from "../src/plan/methods.js";
import { canonicalText, type SweepPlan, withStarts } from "../src/plan/plan.js";
import { gridPlan } from "../src/plan/request.js";
import { parsePlan } from "../src/plan/stored.js";
import { trajectoriesOf } from "../src/plan/trajectories.js";
import { startTrial, trajectoryKey } from "../src/trial.js";

function some<Item>(random: Stream, list: readonly Item[]): Item[] {
  const chosen = list.filter(() => random.uniform() < 0.5);
  return chosen.length > 0 ? chosen : [list[Math.floor(random.uniform() * list.length)]];
}

/** Flags of a small grid, each list by chance. */
function anyFlags(random: Stream): Flags {
  const methods = some(random, METHOD_NAMES);
  const needed = withStarts(methods, METHODS);
  const values = (list: readonly number[]): string =>
    needed.flatMap((method) => some(random, list).map((value) => `${method}=${value}`)).join(",");
  return {
    methods: methods.join(","),
    trials: String(1 + Math.floor(random.uniform() * 3)),
    preset: some(random, ["notebook", "paired"]).join(","),
    "data-seeds": some(random, [1, 2, 30]).join(","),
    samples: some(random, [10, 20]).join(","),
    hidden: some(random, ["4,3", "2,2"]),
    "learning-rate": some(random, [0.01, 0.1]).join(","),
    ...(random.uniform() < 0.6 ? { epochs: values([1, 2, 8]) } : {}),
    ...(random.uniform() < 0.6 ? { lambda: values([0, 0.5, 3]) } : {}),
  };
}

/** The same flags with some of them as another grid has them: most growth changes one thing. */
function withSome(random: Stream, flags: Flags, other: Flags): Flags {
  const axes = ["trials", "preset", "data-seeds", "samples", "hidden", "learning-rate"];
  const changed = axes.filter(() => random.uniform() < 0.2);
  return { ...flags, ...Object.fromEntries(changed.map((name) => [name, other[name]])) };
}

/** Every trial row that a plan asks for, copies included, as texts in one order. */
function rowsOf(plan: SweepPlan): string[] {
  const rows = [...trajectoriesOf(plan)].flat().flatMap((spec) =>
    spec.asked.flatMap((epochs) =>
      Array.from({ length: 1 + spec.copies }, (_, copy) => {
        const trial = spec.trial + copy;
        return `${trajectoryKey({ ...spec, trial })} ${epochs} ${startTrial(spec)} ${JSON.stringify(spec.cell.objective)}`;
      }),
    ),
  );
  return rows.sort();
}

function atTrials(plan: SweepPlan, trials: number): SweepPlan {
  return { ...plan, trials };
}

test("a grown plan asks for each trial row that either plan asks for with the larger count of trials, once, and for no other", () => {
  const random = stream("test", "growth", "union");
  for (let i = 0; i < 150; i++) {
    const flags = anyFlags(random);
    const held = gridPlan(flags, null);
    const asked = gridPlan(i % 2 === 0 ? anyFlags(random) : withSome(random, flags, anyFlags(random)), null);
    const all = grown(held, asked, true);
    const trials = Math.max(held.trials, asked.trials);
    const either = new Set([...rowsOf(atTrials(held, trials)), ...rowsOf(atTrials(asked, trials))]);
    assert.deepEqual(rowsOf(all), [...either].sort(), `${JSON.stringify([held.parts, asked.parts])}`);
    assert.deepEqual(parsePlan(canonicalText(all)), all);
  }
});

test("a plan that grew by another does not grow by it again, nor by itself, nor by less", () => {
  const random = stream("test", "growth", "again");
  for (let i = 0; i < 100; i++) {
    const flags = anyFlags(random);
    const held = gridPlan(flags, null);
    const asked = gridPlan(withSome(random, flags, anyFlags(random)), null);
    const all = grown(held, asked, true);
    for (const again of [asked, held, all]) assert.deepEqual(grown(all, again, true), all);
    assert.deepEqual(grown(held, held, false), held);
  }
});

test("a plan that grows to one that asks for all of it is that one, in its order", () => {
  const less: Flags = { trials: "2", lambda: "1", epochs: "2", methods: "original,unlearn", "data-seeds": "3" };
  const more: Flags[] = [
    { ...less, trials: "5" },
    { ...less, lambda: "0:2" },
    { ...less, epochs: "1:3,original=50,original=100" },
    { ...less, methods: "original,retrain_scratch,unlearn,fine_tune" },
    { ...less, "data-seeds": "1:4" },
    { trials: "3", lambda: "0:2", epochs: "1:3", "data-seeds": "1:4" },
  ];
  for (const flags of more) {
    const at = gridPlan(flags, null);
    assert.deepEqual(grown(gridPlan(less, null), at, false), at, JSON.stringify(flags));
  }
});

test("growth one list at a time gives the plan of all at once", () => {
  const steps: Flags[] = [{ lambda: "1" }, { lambda: "3" }, { lambda: "0,2" }, { lambda: "0:3", epochs: "1:9" }];
  const [first, ...others] = steps.map((flags) => gridPlan({ methods: "unlearn,original", ...flags }, null));
  const all = others.reduce((held, asked) => grown(held, asked, false), first);
  assert.deepEqual(all.parts, gridPlan({ methods: "unlearn,original", lambda: "0:3", epochs: "1:9" }, null).parts);
});

test("what makes no one grid stays two parts, whose shared trajectories hold the epochs of both", () => {
  const held = gridPlan({ lambda: "0:1", epochs: "2", trials: "1", methods: "unlearn" }, null);
  const all = grown(held, gridPlan({ lambda: "1:2", epochs: "1,3", trials: "1", methods: "unlearn" }, null), false);
  assert.equal(all.parts.length, 2);
  assert.deepEqual(
    [...trajectoriesOf(all)].flat().map(({ cell, asked }) => [cell.lambda, asked]),
    [
      [0, [2]],
      [1, [1, 2, 3]],
      [2, [1, 3]],
    ],
  );
});

/** A plan on one draw, which is imported and lies in a folder. */
function importedFrom(directory: string, flags: Flags): SweepPlan {
  const plan = gridPlan({ methods: "unlearn", ...flags }, null);
  const draw = {
    kind: "imported" as const,
    directory,
    sha256: "a".repeat(64),
    samples: 20,
    features: 2,
    forgetRows: 1,
  };
  return { ...plan, parts: plan.parts.map((part) => ({ ...part, draws: { kind: "imported", draws: [draw] } })) };
}

/** Where each part of a plan has its imported data. */
function foldersOf({ parts }: SweepPlan): string[][] {
  return parts.map(({ draws }) => (draws.kind === "seeded" ? [] : draws.draws.map(({ directory }) => directory)));
}

test("imported data in another folder are the same draw, and lie where they were asked for last, in every part", () => {
  const here = importedFrom("here", { lambda: "0:1", epochs: "2" });
  const there = importedFrom("there", { lambda: "1:2", epochs: "3" });
  assert.deepEqual(foldersOf(grown(here, importedFrom("there", { lambda: "0:1", epochs: "2" }), false)), [["there"]]);
  assert.deepEqual(foldersOf(grown(here, importedFrom("there", { lambda: "2", epochs: "2" }), false)), [["there"]]);
  const two = grown(here, there, false);
  assert.deepEqual(foldersOf(two), [["there"], ["there"]]);
  assert.deepEqual(foldersOf(grown(two, importedFrom("here", { lambda: "1", epochs: "3" }), false)), [
    ["here"],
    ["here"],
  ]);
  assert.deepEqual(parsePlan(canonicalText(two)), two);
});

test("a plan that has one imported draw in two folders grows to one that has it in one", () => {
  const parts = [
    ...importedFrom("here", { lambda: "0:1", epochs: "2" }).parts,
    ...importedFrom("there", { lambda: "1:2", epochs: "3" }).parts,
  ];
  const plan = { ...importedFrom("here", {}), parts };
  for (const all of [grown(plan, plan, false), grown(importedFrom("here", { lambda: "5" }), plan, false)])
    assert.deepEqual(new Set(foldersOf(all).flat()), new Set(["there"]));
});

test("engine and record level are those that were asked for last, name, seed and version those of the sweep", () => {
  const held = gridPlan({ name: "mine", seed: "3" }, null);
  const asked = gridPlan({ name: "mine", seed: "3", engine: "reference", record: "asked" }, null);
  const { name, seed, engine, record, version } = grown(held, asked, false);
  assert.deepEqual([name, seed, version, record], ["mine", 3, 1, "asked"]);
  assert.deepEqual(engine, { name: "reference", precision: "f64" });
});

const HELD: Flags = { name: "mine", samples: "500,5000", features: "10", hidden: "64,32" };

/** What is asked of a sweep called mine, and what is said of it. */
const REFUSED: [flags: Flags, subject: string][] = [
  [{ samples: "100,500" }, "--samples must be what the sweep mine has, 500 or 5000, got 100"],
  [{ features: "2" }, "--features must be what the sweep mine has, 10, got 2"],
  [{ "forget-rows": "2" }, "--forget-rows must be what the sweep mine has, 1, got 2"],
  [{ hidden: ["64,32", "8,4"] }, "--hidden must be what the sweep mine has, 64,32, got 8,4"],
  [{ "learning-rate": "0.1" }, "--learning-rate must be what the sweep mine has, 0.01, got 0.1"],
  [{ preset: "notebook" }, "--preset must be what the sweep mine has, paired, got notebook"],
];

for (const [flags, subject] of REFUSED) {
  test(`${JSON.stringify(flags)} is refused without --grow, with both ways on`, () => {
    const held = gridPlan(HELD, null);
    const asked = gridPlan({ ...HELD, ...flags }, null);
    const message = `${subject}: give another sweep its own --name, or --grow where this one is to have both`;
    assert.throws(() => grown(held, asked, false), { name: "SweepError", fault: "usage", message });
    assert.notDeepEqual(grown(held, asked, true).parts, held.parts);
  });
}

test("more trials, λ, epochs, draws and methods, and fewer of anything, need no word", () => {
  const held = gridPlan(HELD, null);
  for (const flags of [
    { trials: "200" },
    { lambda: "0:9" },
    { epochs: "1:9" },
    { "data-seeds": "1:9" },
    { methods: "relearn" },
    { samples: "500" },
  ])
    grown(held, gridPlan({ ...HELD, ...flags }, null), false);
});

test("a record that is stored under a name is not replaced by another of that name", () => {
  const held = gridPlan({ name: "mine" }, null);
  const methods = held.methods.map((method) => (method.name === "unlearn" ? { ...method, lambda: 1 } : method));
  assert.throws(() => grown({ ...held, methods }, held, false), {
    fault: "usage",
    message:
      "the method unlearn must be what the sweep mine stores of it, but this gmm-sweep has another of that name: give the new one its own --name",
  });
});

test("a sweep with relearn keeps whole curves, whatever is asked of it later", () => {
  const held = gridPlan({ methods: "relearn" }, null);
  assert.throws(() => grown(held, gridPlan({ record: "final" }, null), false), {
    fault: "usage",
    message:
      "--record must be all where relearn is trained, whose curve says when x is learned again, got final: leave one of the two out",
  });
});

test("a sweep that keeps less than relearn needs grows as it is: files of schema 1 may hold one", () => {
  const { parts, methods } = gridPlan({ methods: "relearn" }, null);
  const held = { ...gridPlan({ record: "final" }, null), parts, methods };
  assert.equal(grown(held, gridPlan({ record: "final" }, null), false).record, "final");
});

test("a sweep grows to a million settings and no further", () => {
  const held = gridPlan({ "data-seeds": "0:599999" }, null);
  assert.throws(() => grown(held, gridPlan({ "data-seeds": "600000:1199999" }, null), false), {
    fault: "usage",
    message:
      "a sweep must have at most 1000000 settings of a kind, got 1200000 with those it has: give the new ones their own --name",
  });
});
