/** Plans of one part, made of values that are read already. */
import type { DrawSource } from "../trial.js";
import type { SettingAsked } from "./flags.js";
import type { MethodRecord } from "./methods.js";
import { refuseEndlessWeights } from "./objective.js";
import { type DrawAxes, type PerMethod, PLAN_VERSION, type PlanPart, type SweepPlan, withStarts } from "./plan.js";
import { PRESETS } from "./presets.js";

/** What is trained in one setting. */
interface Trained {
  readonly methods: readonly string[];
  readonly trials: number;
  readonly epochs: PerMethod;
  readonly lambda: PerMethod;
}

/** A setting whose draw is known. */
type Setting = Omit<SettingAsked, "draw"> & { readonly draw: DrawSource };

/** The plan of one setting, of a run or of a single trajectory. */
export function planOfSetting(setting: Setting, trained: Trained, known: readonly MethodRecord[]): SweepPlan {
  const { preset, draw, widths, learningRate, seed, engine } = setting;
  const { methods, trials, epochs, lambda } = trained;
  const draws = axesOf(draw);
  const part = { presets: [preset], draws, widths: [widths], learningRates: [learningRate], methods, epochs, lambda };
  return planOf({ name: null, seed, engine, record: "all", trials }, part, known);
}

function axesOf(draw: DrawSource): DrawAxes {
  if (draw.kind === "imported") return { kind: "imported", draws: [draw] };
  const { dataSeed, samples, features, forgetRows } = draw;
  return { kind: "seeded", dataSeeds: [dataSeed], samples: [samples], features: [features], forgetRows: [forgetRows] };
}

/** A plan of one part, with the records that the part names and no others, in the order of their registries. */
export function planOf(
  whole: Pick<SweepPlan, "name" | "seed" | "engine" | "record" | "trials">,
  part: PlanPart,
  known: readonly MethodRecord[],
): SweepPlan {
  const needed = new Set(withStarts(part.methods, known));
  const plan: SweepPlan = {
    version: PLAN_VERSION,
    ...whole,
    presets: PRESETS.filter(({ name }) => part.presets.includes(name)),
    methods: known.filter(({ name }) => needed.has(name)),
    parts: [part],
  };
  refuseEndlessWeights(plan);
  return plan;
}
