/** What the notebook published, by the name of the method, and beside which runs it stands: those that repeat the notebook's. */
import { canonicalText, type PlanPart, type SweepPlan, withStarts } from "../plan/plan.js";
import { runPlan } from "../plan/request.js";

/** Mean and population std over 100 trials. */
export interface Published {
  readonly trainAccuracy: readonly [mean: number, std: number];
  readonly forgetProbability: readonly [mean: number, std: number];
  /** Its trials are one run from one original; null: each is its own. What it gives from each of the originals of the default run is in test/golden/starts.json. */
  readonly overStarts: OverStarts | null;
}

/** How far a method spreads over the 100 originals that the default run trains. */
interface OverStarts {
  readonly forgetProbability: Spread;
  readonly trainAccuracy: Spread;
}

export interface Spread {
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  readonly std: number;
}

export const PUBLISHED: ReadonlyMap<string, Published> = new Map([
  ["original", { trainAccuracy: [0.93339, 0.0017], forgetProbability: [0.96756, 0.03002], overStarts: null }],
  ["retrain_scratch", { trainAccuracy: [0.93341, 0.00177], forgetProbability: [0.78481, 0.19006], overStarts: null }],
  [
    "unlearn",
    {
      trainAccuracy: [0.9244, 0],
      forgetProbability: [0.78052, 6e-8],
      overStarts: {
        forgetProbability: { least: 0.317, most: 0.988, mean: 0.725, std: 0.141 },
        trainAccuracy: { least: 0.698, most: 0.935, mean: 0.908, std: 0.035 },
      },
    },
  ],
  [
    "retrain_original",
    {
      trainAccuracy: [0.9452, 0],
      forgetProbability: [1, 0],
      overStarts: {
        forgetProbability: { least: 0.993, most: 1, mean: 1, std: 0.001 },
        trainAccuracy: { least: 0.941, most: 0.962, mean: 0.951, std: 0.004 },
      },
    },
  ],
]);

/** What stands beside a run. */
export interface Beside {
  readonly published: ReadonlyMap<string, Published>;
  /** The options that make it another run than the notebook's: nothing stands beside such a one. */
  readonly unlike: readonly string[];
}

/** What of the published numbers a run of this plan can be held against: those of methods with the notebook's λ and epochs, where all else is the default run's. */
export function besideRun(plan: SweepPlan): Beside {
  const notebook = runPlan({});
  const unlike = unlikeNotebook(plan, notebook);
  if (unlike.length > 0) return { published: new Map(), unlike };
  const [[part], [its]] = [plan.parts, notebook.parts];
  const asPublished = (method: string): boolean =>
    withStarts([method], plan.methods).every(
      (name) =>
        canonicalText([part.lambda[name], part.epochs[name]]) === canonicalText([its.lambda[name], its.epochs[name]]),
    );
  return {
    published: new Map([...PUBLISHED].filter(([method]) => part.methods.includes(method) && asPublished(method))),
    unlike,
  };
}

function unlikeNotebook(plan: SweepPlan, notebook: SweepPlan): string[] {
  const [[part], [its]] = [plan.parts, notebook.parts];
  const setting = ({ presets, widths, learningRates }: PlanPart): [string, unknown][] => [
    ["--preset", presets],
    ["--hidden", widths],
    ["--learning-rate", learningRates],
  ];
  const expected = new Map([...setting(its), ...drawOptions(its)]);
  const unlike = [...setting(part), ...drawOptions(part)].flatMap(([option, value]) =>
    canonicalText(value) === canonicalText(expected.get(option) ?? null) ? [] : [option],
  );
  return plan.trials < notebook.trials ? [...unlike, "--trials"] : unlike;
}

function drawOptions({ draws }: PlanPart): [string, unknown][] {
  if (draws.kind === "imported") return [["--data", draws.draws]];
  const { dataSeeds, samples, features, forgetRows } = draws;
  return [
    ["--data-seed", dataSeeds],
    ["--samples", samples],
    ["--features", features],
    ["--forget-rows", forgetRows],
  ];
}
