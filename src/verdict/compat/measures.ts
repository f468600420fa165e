/** The measures that papers on unlearning report, of a recipe beside retraining: each with its source, its trap, and the reason where it says nothing. */
import type { Interval } from "../../stats/interval.js";
import { kolmogorovSmirnov } from "../../stats/kolmogorov-smirnov.js";
import { mannWhitney } from "../../stats/mann-whitney.js";
import { mean } from "../../stats/moments.js";
import { errorOfMean } from "../../stats/monte-carlo-error.js";
import { wasserstein1 } from "../../stats/wasserstein.js";
import { accuracyGap, forgetAccuracy, unlearningGap } from "./accuracy-gaps.js";
import { auc } from "./auc.js";
import { finalScore } from "./final-score.js";
import { forgettingBounds, forgettingPoints, forgettingQuality } from "./forgetting-quality.js";
import { klom, klomCorrected } from "./klom.js";
import { relearnSteps } from "./relearn-steps.js";
import { runTimeEfficiency } from "./run-time-efficiency.js";
import { errorOf, independent, marginsOfRow, type Side, type Sides } from "./sides.js";
import { type Accuracies, tugOfWar } from "./tug-of-war.js";
import { uLira } from "./u-lira.js";

/** A measure's value, or the reason why it has none. */
type Valued = number | string;

interface MeasureRecord {
  /** As data call it, and as people do. */
  readonly name: string;
  readonly title: string;
  /** distribution: how trials are spread, which copies of one run cannot say. mean: a run has one. */
  readonly of: "distribution" | "mean";
  readonly value: (sides: Sides) => Valued;
  /** How its standard error over trials is found; none: it is a maximum, a step or a p-value, for which the jackknife fails, or nothing of it is random. */
  readonly error: "jackknife" | "none";
  /** Bounds with 95 % confidence. */
  readonly interval: ((sides: Sides) => Interval | null) | null;
  /** Whether trials that share a stream are held apart for it. */
  readonly needsIndependence: boolean;
  readonly formula: string;
  readonly source: string;
  /** What its reader may take it for and it is not. */
  readonly trap: string;
}

const DESCRIPTIVE = { error: "jackknife", interval: null, needsIndependence: false } as const;
const STEP = { error: "none", interval: null, needsIndependence: false } as const;
const P_VALUE = { error: "none", interval: null, needsIndependence: true } as const;

const CHALLENGE = "NeurIPS 2023 unlearning challenge, arXiv 2406.09073";
const SPARSITY = "Jia et al. 2023, arXiv 2304.04934";

/** In the order in which they are shown. To add one, add a record. */
export const COMPAT_MEASURES: readonly MeasureRecord[] = [
  {
    ...{ name: "wasserstein_1", title: "Wasserstein-1", of: "distribution", ...DESCRIPTIVE },
    value: ({ unlearned, retrained }) => wasserstein1(unlearned.forget, retrained.forget),
    formula: "∫ |F_u − F_r| of forget probabilities",
    source: "Kantorovich 1942; Vallender 1974",
    trap: "never 0, even between two sets of retraining: read it beside the null's",
  },
  {
    ...{ name: "ks_d", title: "KS D", of: "distribution", ...STEP },
    value: ({ unlearned, retrained }) => kolmogorovSmirnov(unlearned.forget, retrained.forget).statistic,
    formula: "sup |F_u − F_r| of forget probabilities",
    source: "Smirnov 1939",
    trap: "grows as trials get fewer, whatever the method; says where, not how far, they differ",
  },
  {
    ...{ name: "ks_p", title: "forget quality (KS p)", of: "distribution", ...P_VALUE },
    value: ({ unlearned, retrained }) => kolmogorovSmirnov(unlearned.forget, retrained.forget).p,
    formula: "exact two-sided p of D, of independent samples",
    source: "TOFU: Maini et al. 2024, arXiv 2401.06121",
    trap: "a large p shows no equality: few trials give one too; a mean of p-values is no p-value",
  },
  {
    ...{ name: "auc", title: "AUC", of: "distribution", ...DESCRIPTIVE },
    value: ({ unlearned, retrained }) => auc(unlearned.forget, retrained.forget),
    formula: "P(u > r) + P(u = r)/2 of forget probabilities: U/(N_u·N_r)",
    source: "Mann & Whitney 1947",
    trap: "1/2 also where both have one middle and other spreads",
  },
  {
    ...{ name: "mann_whitney_p", title: "Mann–Whitney p", of: "distribution", ...P_VALUE },
    value: ({ unlearned, retrained }) => mannWhitney(unlearned.forget, retrained.forget).p,
    formula: "two-sided p of U given the ties, exact for small N, of independent samples",
    source: "Mann & Whitney 1947",
    trap: "a large p shows no equality; a mean of p-values is no p-value",
  },
  {
    ...{ name: "epsilon", title: "ε", of: "distribution", ...STEP },
    value: (sides) => {
      const epsilons = epsilonsOf(sides);
      return typeof epsilons === "string" ? epsilons : mean(epsilons);
    },
    // Of several rows the bounds of each would need a correction for their number.
    interval: (sides) =>
      rowsOf(sides) === 1 ? forgettingBounds(marginsOfRow(sides.unlearned, 0), marginsOfRow(sides.retrained, 0)) : null,
    formula: "max over rules of max(ln(1−δ−FPR) − ln FNR, ln(1−δ−FNR) − ln FPR), δ = 1e-5, at most 50",
    source: CHALLENGE,
    trap: "a maximum over thresholds, so too large, and N nets show at most about ln N; the bounds are of one rule, chosen on one half, counted on the other",
  },
  {
    ...{ name: "forgetting_quality", title: "forgetting quality F", of: "distribution", ...STEP },
    value: forgettingScore,
    formula: "mean over forget rows of H = 2^−⌊ε/0.5⌋, 0 from ε ≥ ⌈ln(N−1)⌉ on",
    source: CHALLENGE,
    trap: "halves with every ½ of an ε that is too large: below 1 even for a second retraining",
  },
  {
    ...{ name: "final_score", title: "final score", of: "distribution", ...STEP },
    value: (sides) => {
      const [quality, u, r] = [forgettingScore(sides), keptOf(sides.unlearned), keptOf(sides.retrained)];
      if (typeof quality === "string") return quality;
      return u === null || r === null ? NO_TEST : finalScore(quality, u, r);
    },
    formula: "F · (RA_u/RA_r) · (TA_u/TA_r)",
    source: CHALLENGE,
    trap: "F decides it: accuracies differ by percents, F by halves",
  },
  {
    ...{ name: "u_lira", title: "U-LiRA accuracy", of: "distribution", ...DESCRIPTIVE },
    value: (sides) => ofRows(sides, uLira, NO_MARGINS),
    formula: "share told rightly by pdf_u/(pdf_u + pdf_r) > ½, normal fits that leave out what they judge",
    source: "Hayes et al. 2024, arXiv 2403.01218",
    trap: "½ is best; somewhat below ½ is chance, and normal fits miss other shapes",
  },
  {
    ...{ name: "klom", title: "KLoM, as published", of: "distribution", ...DESCRIPTIVE },
    value: (sides) => ofRows(sides, klom, NO_BINS),
    formula: "KL(u ‖ r) of margins in 20 bins over the joint range, clipped to ±100, q ≥ 1e-5",
    source: "Georgiev, Rinberg et al. 2024, arXiv 2410.23232",
    trap: "its code leaves out the largest value of all; a bin without a retrained net costs ln 1e5",
  },
  {
    ...{ name: "klom_corrected", title: "KLoM, corrected", of: "distribution", ...DESCRIPTIVE },
    value: (sides) => ofRows(sides, klomCorrected, NO_BINS),
    formula: "the same with the largest value in the last bin",
    source: "Georgiev, Rinberg et al. 2024, arXiv 2410.23232",
    trap: "never 0 between two sets of retraining: few nets leave bins empty",
  },
  {
    ...{ name: "tug_of_war", title: "tug of war", of: "mean", ...DESCRIPTIVE },
    value: (sides) => {
      const [u, r] = [accuraciesOf(sides.unlearned), accuraciesOf(sides.retrained)];
      if (typeof u === "string") return u;
      return typeof r === "string" ? r : tugOfWar(u, r);
    },
    formula: "(1−|ΔFA|)(1−|ΔRA|)(1−|ΔTA|)",
    source: "Zhao et al. 2024, arXiv 2406.01257",
    trap: "1 is best; with one forget row FA is on which side of ½ its probability lies, no more",
  },
  {
    ...{ name: "ua_gap", title: "UA gap", of: "mean", ...DESCRIPTIVE },
    value: ({ unlearned, retrained }) => {
      const [u, r] = [unlearned.margins, retrained.margins];
      return u === null || r === null ? NO_MARGINS : unlearningGap(u.map(forgetAccuracy), r.map(forgetAccuracy));
    },
    formula: "UA_u − UA_r, UA = 1 − accuracy on the forget rows",
    source: SPARSITY,
    trap: "0 is best, not a large UA: retraining may well know x",
  },
  {
    ...{ name: "ra_gap", title: "RA gap", of: "mean", ...DESCRIPTIVE },
    value: ({ unlearned, retrained }) => accuracyGap(unlearned.accuracy, retrained.accuracy),
    formula: "RA_u − RA_r, accuracy on D",
    source: SPARSITY,
    trap: "0 is best; says nothing of x",
  },
  {
    ...{ name: "ta_gap", title: "TA gap", of: "mean", ...DESCRIPTIVE },
    value: ({ unlearned, retrained }) =>
      unlearned.test === null || retrained.test === null ? NO_TEST : accuracyGap(unlearned.test, retrained.test),
    formula: "TA_u − TA_r, accuracy on a fresh sample",
    source: SPARSITY,
    trap: "0 is best; all trials of a draw share one fresh sample, so its error is not in ± se",
  },
  {
    ...{ name: "rte", title: "run-time efficiency", of: "mean", ...STEP },
    value: ({ cost }) => runTimeEfficiency([cost.unlearning], cost.retraining),
    formula: "epochs · rows of the method ÷ those of retraining",
    source: `${SPARSITY}, in row-gradients instead of seconds`,
    trap: "the training of the original is not in it, nor is finding λ and epochs",
  },
  {
    ...{ name: "rte_with_tuning", title: "efficiency with tuning", of: "mean", ...STEP },
    value: ({ cost }) => runTimeEfficiency(cost.tuning, cost.retraining),
    formula: "the same, of every λ and start of the method that was tried, each to its longest",
    source: `${SPARSITY}, in row-gradients instead of seconds`,
    trap: "above 1: whoever has to search like this retrains more cheaply",
  },
  {
    ...{ name: "relearn_steps", title: "relearn steps", of: "mean", ...STEP },
    value: (sides) => {
      const steps = stepsOf(sides);
      return typeof steps === "string" ? steps : mean(steps);
    },
    formula: "epochs of plain training on D ∪ x until p(x) reaches the original's mean, mean over trials",
    source: "Chundawat et al. 2023, arXiv 2201.05629",
    trap: "whole epochs, coarse: 1 of a method that hides x, and of one that never needed to",
  },
];

const ONE_RUN = "its trials are copies of one run, which say nothing of chance";
const ONE_TRIAL = "two trials of each are the least";
const HALVES = "two trials of odd numbers, and two of retraining with even ones, are the least where trials are pairs";
const NO_MARGINS = "the margin of each forget row is not known";
const NO_RULE = "every rule errs on one side alone: there are too few trials, or all are equal";
const NO_BINS = "one side has no value but the largest, which the published code leaves out";
const NO_TEST = "the data have no test sample";
const NO_ORIGINAL = "the original was not trained";
const NOT_RELEARNED = "its nets were not trained again: --methods relearn does that for unlearn";
const NOTHING_KNOWN = "the original is no surer of x than these nets are";

/** One measure of a recipe. */
export interface MeasureFinding {
  readonly name: string;
  readonly title: string;
  /** Of several draws the mean over those that have one; null for the reason that is given. */
  readonly value: number | null;
  /** Why there is no value, or none on some draws. */
  readonly reason: string | null;
  /** Over draws where there are several, else over trials; null where it is not defined. */
  readonly standardError: number | null;
  /** On one draw, of a measure that has them: with 95 % confidence. */
  readonly bounds: Interval | null;
  /** How many draws have a value. */
  readonly draws: number;
  /** Whether odd trials were held against even ones, since trials of one number share initial weights. */
  readonly isSplit: boolean;
  readonly source: string;
  readonly trap: string;
}

/** Every measure of one recipe on one draw or more, in the order in which they are shown. */
export function measuresOf(draws: readonly Sides[]): MeasureFinding[] {
  return COMPAT_MEASURES.map((measure) => {
    const { name, title, source, trap } = measure;
    const values = draws.map((sides) => valueOn(sides, measure));
    const found = values.filter((value) => typeof value === "number");
    const reason = values.find((value) => typeof value === "string") ?? null;
    return {
      ...{ name, title, source, trap, reason, draws: found.length },
      value: found.length === 0 ? null : mean(found),
      standardError:
        found.length === 0 ? null : draws.length > 1 ? finite(errorOfMean(found)) : onOne(draws[0], measure),
      bounds: found.length === 1 && draws.length === 1 ? (measure.interval?.(draws[0]) ?? null) : null,
      isSplit: measure.needsIndependence && found.length > 0 && draws.some(({ isPaired }) => isPaired),
    };
  });
}

function valueOn(sides: Sides, { of, needsIndependence, value }: MeasureRecord): Valued {
  if (of === "mean") return value(sides);
  if (sides.isOneRun) return ONE_RUN;
  if (leastOf(sides) < 2) return ONE_TRIAL;
  if (!needsIndependence) return value(sides);
  const apart = independent(sides);
  return leastOf(apart) < 2 ? HALVES : value(apart);
}

function leastOf({ unlearned, retrained }: Sides): number {
  return Math.min(unlearned.trials.length, retrained.trials.length);
}

/** The standard error over the trials of one draw. */
function onOne(sides: Sides, { name, error, value }: MeasureRecord): number | null {
  if (name === "relearn_steps") {
    const steps = stepsOf(sides);
    return typeof steps === "string" ? null : finite(errorOfMean(steps));
  }
  if (error === "none" || leastOf(sides) < 2) return null;
  const measured = (of: Sides): number => {
    const found = value(of);
    return typeof found === "number" ? found : Number.NaN;
  };
  return finite(errorOf(sides, measured));
}

function finite(error: number): number | null {
  return Number.isFinite(error) ? error : null;
}

function rowsOf({ unlearned, retrained }: Sides): number {
  return unlearned.margins === null || retrained.margins === null ? 0 : (unlearned.margins[0]?.length ?? 0);
}

type MarginMeasure = (unlearned: readonly number[], retrained: readonly number[]) => number | null;

/** The mean over forget rows of a measure of their margins; `without` says why it may be null. */
function ofRows(sides: Sides, measure: MarginMeasure, without: string): Valued {
  const found = overRows(sides, measure, without);
  return typeof found === "string" ? found : mean(found);
}

function overRows(sides: Sides, measure: MarginMeasure, without: string): number[] | string {
  const rows = rowsOf(sides);
  if (rows === 0) return NO_MARGINS;
  const values = Array.from({ length: rows }, (_, row) =>
    measure(marginsOfRow(sides.unlearned, row), marginsOfRow(sides.retrained, row)),
  );
  const found = values.filter((value) => value !== null);
  return found.length < rows ? without : found;
}

function forgettingScore(sides: Sides): Valued {
  const epsilons = epsilonsOf(sides);
  if (typeof epsilons === "string") return epsilons;
  return mean(epsilons.map((epsilon) => forgettingPoints(epsilon, leastOf(sides))));
}

const knownEpsilons = new WeakMap<Sides, readonly number[] | string>();

/** The ε of each forget row, which three measures need: by far the dearest of all to compute. */
function epsilonsOf(sides: Sides): readonly number[] | string {
  const known = knownEpsilons.get(sides);
  if (known !== undefined) return known;
  const found = overRows(sides, forgettingQuality, NO_RULE);
  knownEpsilons.set(sides, found);
  return found;
}

function keptOf({ accuracy, test }: Side): { retained: number; test: number } | null {
  return test === null ? null : { retained: mean(accuracy), test: mean(test) };
}

function accuraciesOf(side: Side): Accuracies | string {
  const kept = keptOf(side);
  if (kept === null) return NO_TEST;
  return side.margins === null ? NO_MARGINS : { ...kept, forget: mean(side.margins.map(forgetAccuracy)) };
}

/** Of each trial that was trained again. */
function stepsOf({ unlearned, original }: Sides): number[] | string {
  const curves = unlearned.relearning.filter((curve) => curve !== null);
  if (original === null) return NO_ORIGINAL;
  if (curves.length === 0) return NOT_RELEARNED;
  if (!(original > mean(unlearned.forget))) return NOTHING_KNOWN;
  const steps = curves.map((curve) => relearnSteps(curve, original)).filter((epochs) => epochs !== null);
  if (steps.length === curves.length) return steps;
  return `${curves.length - steps.length} of ${curves.length} nets had not learned x again when their training ended`;
}
