/** What unlearn and retrain_original of the default run give from each of its originals, of which the notebook has the last alone: prints test/golden/starts.json. */
import { loadDraw } from "../src/data/source.js";
import { loadEngine } from "../src/engine/engines.js";
import { drawsOf } from "../src/plan/plan.js";
import { runPlan } from "../src/plan/request.js";
import { trainedFromOwn } from "../test/fixtures/starts.js";

const plan = runPlan({ methods: "unlearn,retrain_original" });
const engine = await loadEngine({ ...plan.engine, isa: null });
const draw = loadDraw(drawsOf(plan.parts[0].draws)[0]);
const trials = Array.from({ length: plan.trials }, (_, i) => trainedFromOwn(plan, i + 1, engine, draw));
const values = (method: string, measure: "forget_probability" | "train_accuracy"): number[] =>
  trials.map((found) => found[method][measure]);
const [unlearn, retrain_original] = ["unlearn", "retrain_original"].map((method) => ({
  forget_probability: values(method, "forget_probability"),
  train_accuracy: values(method, "train_accuracy"),
}));
process.stdout.write(`${JSON.stringify({ profile: engine.profile, unlearn, retrain_original })}\n`);
