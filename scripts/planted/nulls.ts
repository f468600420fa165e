/** What is planted: differences to retraining of known truth, and whether the verdict's answer is the error that it states. */
import type { Stream } from "../../src/data/streams.js";
import type { CellKey } from "../../src/plan/cell.js";
import type { Question } from "../../src/plan/question.js";
import { ALPHA, type Answer } from "../../src/verdict/answer.js";
import type { Sample } from "../../src/verdict/scores.js";
import { type Candidate, choose, judgedAt } from "../../src/verdict/selection.js";
import { simultaneous } from "../../src/verdict/simultaneous.js";
import { verdictOn } from "../../src/verdict/verdict.js";
import { type Noise, normal, skewed } from "./noise.js";

export interface PlantedNull {
  readonly what: string;
  /** The share of data sets that the answer may be wrong in. */
  readonly stated: number;
  /** Plants one data set, and tells whether its answer is wrong. */
  readonly errs: (random: Stream) => boolean;
  /** Why it is known to miss, as the documentation says; null: it must not. */
  readonly known: string | null;
}

const QUESTION: Question = { estimand: "forget_probability", margins: { forget: 0.05, accuracy: 0.01 } };
const { margins: MARGINS } = QUESTION;
const SIGMA = 0.03; // of a difference on a draw
/** Recipes and trials of a whole verdict, and recipes of bands that hold at once. */
const [RECIPES, TRIALS, TOGETHER] = [6, 8, 100];

/** How a data set is made: its true differences in margins, and its noise. */
interface Planting {
  readonly cells: number;
  readonly draws: number;
  /** The true difference of a cell in forget probability, in margins. */
  readonly truth: (cell: number) => number;
  /** How much of the variance all cells of a draw share. */
  readonly shared: number;
  readonly noise: Noise;
}

const AT_MARGIN = (): number => 1;
const BOTH_SIDES = (cell: number): number => (cell % 2 === 0 ? 1 : -1);
const LOWER = (): number => -1;
const SAME = (): number => 0;

function planted({ cells, draws, truth, shared, noise }: Planting, random: Stream): Candidate[] {
  const common = Array.from({ length: draws }, () => Math.sqrt(shared) * noise(random));
  const accuracy = common.map((value) => (value * MARGINS.accuracy) / 100);
  const own = Math.sqrt(1 - shared);
  return Array.from({ length: cells }, (_, cell) => {
    const mean = truth(cell) * MARGINS.forget;
    const forget = common.map((value) => mean + SIGMA * (value + own * noise(random)));
    return { recipe: `${cell}`, forget, accuracy };
  });
}

/** What a verdict says of the recipe that it chooses. */
function answerTo(planting: Planting, random: Stream): Answer | null {
  const candidates = planted(planting, random);
  const { chosen, judgedBy } = choose(candidates, MARGINS);
  const recipe = candidates.find(({ recipe }) => recipe === chosen);
  return recipe === undefined ? null : (judgedAt(recipe, MARGINS, judgedBy)?.answer ?? null);
}

const USUAL = { truth: AT_MARGIN, shared: 0, noise: normal } as const;

function chosen(
  what: string,
  wrong: Answer,
  planting: Partial<Planting> & Pick<Planting, "cells" | "draws">,
  known: string | null = null,
): PlantedNull {
  const { cells, draws } = planting;
  const errs = (random: Stream): boolean => answerTo({ ...USUAL, ...planting }, random) === wrong;
  return { what: `best of ${cells}, ${draws} draws, ${what}: ${wrong}`, stated: ALPHA, errs, known };
}

const SKEWED = "the t test leans on normal means: a few draws of a skewed difference are too few";
const DRAWS = [4, 10, 20, 200] as const;

export const NULLS: readonly PlantedNull[] = [
  ...DRAWS.flatMap((draws) => [
    chosen("all at the margin", "equivalent", { cells: 2000, draws }),
    chosen("all at the margin", "different", { cells: 2000, draws }),
    chosen("at the margin on either side", "equivalent", { cells: 2000, draws, truth: BOTH_SIDES }),
    chosen("at the margin, neighbours alike", "equivalent", { cells: 2000, draws, shared: 0.64 }),
    chosen("none differs", "different", { cells: 2000, draws, truth: SAME }),
  ]),
  chosen("at the margin, skewed", "equivalent", { cells: 200, draws: 20, noise: skewed }, SKEWED),
  chosen("at the margin, skewed", "different", { cells: 200, draws: 20, noise: skewed }, SKEWED),
  chosen("at the lower margin, skewed", "equivalent", { cells: 200, draws: 20, truth: LOWER, noise: skewed }, SKEWED),
  chosen("at the margin, skewed", "different", { cells: 200, draws: 40, noise: skewed }, SKEWED),
  chosen("at the lower margin, skewed", "equivalent", { cells: 200, draws: 40, truth: LOWER, noise: skewed }, SKEWED),
  whole("whole verdict, 6 recipes, 10 draws, all at the margin: equivalent", "equivalent", { draws: 10, forget: 1 }),
  whole("whole verdict, 6 recipes, 10 draws, none differs: different", "different", { draws: 10, forget: 0 }),
  whole("whole verdict, 6 recipes, one draw, all at the margin: equivalent", "equivalent", { draws: 1, forget: 1 }),
  whole("whole verdict, 6 recipes, one draw, none differs: different", "different", { draws: 1, forget: 0 }),
  ...([5, 8, 12, 20] as const).map(together),
];

/** A difference of every recipe in margins, planted in trials. */
interface PlantedTrials {
  readonly draws: number;
  readonly forget: number;
}

function whole(what: string, wrong: Answer, { draws, forget }: PlantedTrials): PlantedNull {
  const errs = (random: Stream): boolean => {
    const trials = draws === 1 ? 5 * TRIALS : TRIALS;
    const found = verdictOn(
      { key: keyOf("unlearn", 0, 0), samples: samplesOf(draws, trials, forget, random) },
      QUESTION,
    );
    return found?.rows[0]?.judgement?.answer === wrong;
  };
  return { what, stated: ALPHA, errs, known: null };
}

function samplesOf(draws: number, trials: number, forget: number, random: Stream): Sample[] {
  const methods = ["retrain_scratch", "original", ...Array.from({ length: RECIPES }, () => "unlearn")];
  return Array.from({ length: draws }, (_, draw) => {
    const center = 0.6 + 0.1 * random.normal();
    return methods.map((method, lambda): Sample => {
      const truth = method === "unlearn" ? forget * MARGINS.forget : method === "original" ? 0.3 : 0;
      // What a recipe does on one draw and not on another; on one draw alone that is no noise.
      const own = draws === 1 || method === "retrain_scratch" ? 0 : SIGMA * random.normal();
      const values = (mean: number, sigma: number): number[] =>
        Array.from({ length: trials }, () => mean + sigma * random.normal());
      return {
        ...{ key: keyOf(method, lambda, draw), recipe: `${method} ${lambda}`, diverged: 0, failed: 0, isOneRun: false },
        trials: Array.from({ length: trials }, (_, i) => i + 1),
        forget: values(center + truth + own, 0.05),
        accuracy: values(0.93, 0.001),
        ...{ margin: Array<null>(trials).fill(null), test: Array<null>(trials).fill(null) },
      };
    });
  }).flat();
}

function keyOf(method: string, lambda: number, draw: number): CellKey {
  return {
    ...{ draw: `${draw}`, samples: 500, features: 4, forget_rows: 1, hidden: "8,8", learning_rate: 0.01 },
    ...{ preset: "paired", method, lambda_reg: lambda, epochs: 5, seed: 0, start: "", profile: "planted" },
  };
}

/** Bands of all recipes at once, half of which are at either margin: whether any is called equivalent. */
function together(draws: number): PlantedNull {
  const planting = { ...USUAL, cells: TOGETHER, draws, truth: BOTH_SIDES, shared: 0.5 };
  const errs = (random: Stream): boolean => {
    const values = planted(planting, random);
    const zeros = values[0].forget.map(() => 0);
    const retrained = sampleList("retrain_scratch", -1, zeros, zeros);
    const samples = values.flatMap(({ forget, accuracy }, i) => sampleList("unlearn", i, forget, accuracy));
    const found = simultaneous({ key: samples[0].key, samples: [...retrained, ...samples] }, QUESTION);
    return found?.rows.some(({ isEquivalent }) => isEquivalent) ?? false;
  };
  return {
    what: `any of ${TOGETHER} at once, ${draws} draws, at either margin: equivalent`,
    stated: ALPHA,
    errs,
    known: null,
  };
}

/** A trial on each draw. */
function sampleList(method: string, lambda: number, forget: readonly number[], accuracy: readonly number[]): Sample[] {
  return forget.map((value, draw) => ({
    ...{ key: keyOf(method, lambda, draw), recipe: `${method} ${lambda}`, diverged: 0, failed: 0, isOneRun: false },
    ...{ trials: [1], forget: [value], accuracy: [accuracy[draw]], margin: [null], test: [null] },
  }));
}
