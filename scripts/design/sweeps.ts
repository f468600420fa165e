/** Simulated pilots of known variances, and the sweeps that they are extended to as planned. */
import type { Stream } from "../../src/data/streams.js";
import type { CellKey } from "../../src/plan/cell.js";
import { type Margins, USUAL_QUESTION } from "../../src/plan/question.js";
import type { Room } from "../../src/run/room.js";
import { halfWidth } from "../../src/stats/extension.js";
import { type Judgement, judged, sampled } from "../../src/verdict/answer.js";
import { cheapestPair } from "../../src/verdict/design.js";
import { byDraw } from "../../src/verdict/differences.js";
import type { Goal } from "../../src/verdict/planner.js";
import type { Sample, Setting } from "../../src/verdict/scores.js";

/** A pilot: σ_draw in units of σ_trial, and how many draws of how many trials. */
export interface Case {
  readonly ratio: number;
  readonly draws: number;
  readonly trials: number;
  /** Whether the sweep can be extended by draws, or by trials alone. */
  readonly byDraws: boolean;
  readonly goal: Goal["kind"];
}

/** What came of a plan; null: it says that the goal is out of reach. */
export interface Outcome {
  readonly draws: number;
  readonly trials: number;
  /** Whether the half-width was met, or the answer was "equivalent". */
  readonly isMet: boolean;
}

const POWER = 0.8;
const ALPHA = 0.05;
const NEEDED = 60; // draws that would do, were the variances known
const NARROWER = 0.8; // than the pilot's, where draws cannot be added
const TRIAL = 0.1;

/** One pilot, its plan, and the sweep that came of it. */
export function simulated({ ratio, draws, trials, byDraws, goal: kind }: Case, random: Stream): Outcome | null {
  const variances = { group: (ratio * TRIAL) ** 2, trial: TRIAL ** 2 };
  const needed = byDraws
    ? halfWidth(variances, { groups: NEEDED, size: trials }, ALPHA)
    : NARROWER * halfWidth(variances, { groups: draws, size: trials }, ALPHA);
  const goal: Goal = kind === "power" ? { kind, power: POWER } : { kind, most: { forget: needed } };
  // A margin of two half-widths is one that some fifty draws show.
  const margins = { forget: 2 * needed, accuracy: 1 };
  const sweep = new Simulation(ratio * TRIAL, random);
  const room: Room = {
    ...{ draws, trials, mostDraws: byDraws ? 1_000_000 : draws, mostTrials: 1_000_000 },
    epochs: (a, b) => a * b,
  };
  const question = { ...USUAL_QUESTION, margins };
  const asked = { goal, question, target: { method: null, lambda: null, epochs: null } };
  const pair = cheapestPair(sweep.setting(draws, trials), asked, room);
  if (typeof pair === "string") throw new Error(pair);
  if (pair === null) return null;
  const { answer, forget } = judgementOf(sweep.setting(pair.draws, pair.trials), margins);
  const { low, high } = forget.interval;
  return { ...pair, isMet: kind === "power" ? answer === "equivalent" : (high - low) / 2 <= needed };
}

/** What a verdict says of the only recipe. */
function judgementOf({ samples }: Setting, margins: Margins): Judgement {
  const of = (method: string): Sample[] => samples.filter(({ recipe }) => recipe === method);
  const { forget, accuracy } = byDraw(of("unlearn"), of("retrain_scratch"));
  return judged({ forget: sampled(forget), accuracy: sampled(accuracy) }, margins, forget.length);
}

/** Differences to retraining that grow with the sweep: what is there stays as it is. */
class Simulation {
  readonly #groups: { readonly of: number; readonly values: number[] }[] = [];
  readonly #sigma: number;
  readonly #random: Stream;

  constructor(sigma: number, random: Stream) {
    this.#sigma = sigma;
    this.#random = random;
  }

  setting(draws: number, trials: number): Setting {
    while (this.#groups.length < draws) this.#groups.push({ of: this.#sigma * this.#random.normal(), values: [] });
    const samples = this.#groups.flatMap(({ of, values }, draw) => {
      while (values.length < trials) values.push(of + TRIAL * this.#random.normal());
      return [
        sampleOf(
          "retrain_scratch",
          draw,
          values.map(() => 0),
        ),
        sampleOf("unlearn", draw, [...values]),
      ];
    });
    return { key: samples[0].key, samples };
  }
}

function sampleOf(method: string, draw: number, forget: readonly number[]): Sample {
  const recipe = {
    ...{ samples: 500, features: 4, forget_rows: 1, hidden: "8,8", learning_rate: 0.01, preset: "paired" },
    ...{ method, lambda_reg: 0, epochs: 5, seed: 0, start: "", profile: "simulated" },
  };
  const key: CellKey = { draw: String(draw), ...recipe };
  return {
    ...{ key, recipe: method, forget, accuracy: forget.map(() => 0) },
    trials: forget.map((_, i) => i + 1),
    ...{ margin: forget.map(() => null), test: forget.map(() => null), diverged: 0, failed: 0, isOneRun: false },
  };
}
