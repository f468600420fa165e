/** What the table says of the notebook's single runs is what the default draw gives, from one original after another. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { loadDraw } from "../src/data/source.js";
import { loadEngine } from "../src/engine/engines.js";
import { drawsOf } from "../src/plan/plan.js";
import { runPlan } from "../src/plan/request.js";
import { PUBLISHED, type Spread } from "../src/report/published.js";
import { trainedFromOwn } from "./fixtures/starts.js";

interface Values {
  readonly forget_probability: readonly number[];
  readonly train_accuracy: readonly number[];
}

type Method = "unlearn" | "retrain_original";

/** Made by scripts/starts.ts: a value for each original of the default run. */
const STARTS = JSON.parse(readFileSync("test/golden/starts.json", "utf8")) as Record<Method, Values> & {
  profile: string;
};

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rounded = (value: number): number => Number(value.toFixed(3));
  return { least: rounded(least), most: rounded(most), mean: rounded(mean), std: rounded(std) };
}

for (const method of ["unlearn", "retrain_original"] as const) {
  test(`the spread of ${method} over starts is that of its values from each original`, () => {
    const { forget_probability, train_accuracy } = STARTS[method];
    assert.deepEqual([forget_probability.length, train_accuracy.length], [100, 100]);
    assert.deepEqual(PUBLISHED.get(method)?.overStarts, {
      forgetProbability: spread(forget_probability),
      trainAccuracy: spread(train_accuracy),
    });
  });
}

test("unlearn from the originals with its least and its most, and from the last, gives the values that are kept", async (t) => {
  const plan = runPlan({ methods: "unlearn" });
  const engine = await loadEngine({ ...plan.engine, isa: null });
  // Another profile rounds otherwise, which Adam's restart enlarges.
  if (engine.profile !== STARTS.profile) return t.skip(`the values are those of ${STARTS.profile}`);
  const draw = loadDraw(drawsOf(plan.parts[0].draws)[0]);
  const kept = STARTS.unlearn.forget_probability;
  for (const i of [kept.indexOf(Math.min(...kept)), kept.indexOf(Math.max(...kept)), kept.length - 1]) {
    const { forget_probability } = trainedFromOwn(plan, i + 1, engine, draw)["unlearn"];
    assert.equal(forget_probability, kept[i], `trial ${i + 1}`);
  }
});
