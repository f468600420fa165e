/** Among the sweeps that a pilot can be extended to, the cheapest that reaches a goal. */
import { ENDPOINTS, type Margins, type Question } from "../plan/question.js";
import type { Room } from "../run/room.js";
import { type Extended, Extension, halfWidth } from "../stats/extension.js";
import { ascending } from "../stats/moments.js";
import { ALPHA } from "./answer.js";
import { judgedAmong } from "./memorisation.js";
import { type Measured, type PerEndpoint, perEndpoint } from "./pilot.js";
import { LEAST_UNITS } from "./selection.js";

/** In which share of sweeps that are planned like this a promised half-width is met. */
const ASSURANCE = 0.9;

/** What the extended sweep is to reach: half-widths of the 90 % intervals, or how likely its answer is "equivalent" where nothing differs. */
export type Goal =
  | { readonly kind: "half-width"; readonly most: Partial<Margins> }
  | { readonly kind: "power"; readonly power: number };

/** So many draws, of so many trials each. */
export interface Pair {
  readonly draws: number;
  readonly trials: number;
}

/** What a pair brings. */
export interface Choice extends Pair {
  /** What the verdict judges by: it sets trials aside to tell memorisation, and chooses among recipes by half of the draws, or of the trials of one draw. */
  readonly judged: Pair;
  /** The half-widths if the variances were as estimated. */
  readonly expected: PerEndpoint<number>;
  /** The half-widths that 90 % of sweeps planned like this meet. */
  readonly promised: PerEndpoint<number>;
  /** How likely the answer is "equivalent", at least, if nothing differed and if all were as estimated. */
  readonly power: { readonly ifEqual: number; readonly asEstimated: number };
  readonly epochs: number;
}

/** Trials that are tried, as multiples of those that are there. */
const MORE_TRIALS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100];
/** Where nothing reaches the goal, what is shown goes up to so many times what is there. */
const FAR = 8;

/** What is asked of every plan. */
export interface Aims {
  readonly goal: Goal;
  readonly question: Question;
}

interface PlannerRoom extends Room {
  /** Draws of the pilot that have everything. */
  readonly compared: number;
  /** Whether a verdict sets trials aside, to tell memorisation by. */
  readonly setsAside: boolean;
  /** The differences. */
  readonly estimated: PerEndpoint<number>;
}

/** Looks among extended sweeps for the cheapest that reaches a goal. */
export class Planner {
  readonly #pilot: Measured;
  readonly #extensions: PerEndpoint<Extension>;
  readonly #asked: Aims;
  readonly #room: PlannerRoom;

  constructor(pilot: Measured, asked: Aims, room: PlannerRoom) {
    this.#pilot = pilot;
    this.#extensions = extensionsOf(pilot);
    this.#asked = asked;
    this.#room = room;
  }

  cheapest(): Pair | null {
    const { draws: fewest, trials: fewestTrials, mostDraws, mostTrials, epochs } = this.#room;
    if (mostDraws === fewest) {
      const trials = leastThat((count) => this.#reaches(fewest, count), fewestTrials, mostTrials);
      return trials === null ? null : { draws: fewest, trials };
    }
    let best: (Pair & { readonly epochs: number }) | null = null;
    for (const trials of this.#trialsTried()) {
      if (best !== null && epochs(fewest, trials) >= best.epochs) break;
      const draws = leastThat((count) => this.#reaches(count, trials), fewest, mostDraws);
      if (draws === null) continue;
      const cost = epochs(draws, trials);
      if (best === null || cost < best.epochs) best = { draws, trials, epochs: cost };
    }
    return best;
  }

  /** Some pairs around the best, or on the way to where it might be; ascending. */
  choices(best: Choice | null): Choice[] {
    const { draws, trials, mostDraws, mostTrials } = this.#room;
    const to = best ?? { draws: FAR * draws, trials: FAR * trials };
    const rows = steps(draws, to.draws, mostDraws);
    const columns = rows.length === 1 ? steps(trials, to.trials, mostTrials) : [trials, to.trials, 2 * trials];
    const pairs = rows.flatMap((row) =>
      ascending([...new Set(columns)].filter((column) => column <= mostTrials)).map(
        (column): Pair => ({ draws: row, trials: column }),
      ),
    );
    return pairs.filter((pair) => isJudged(this.#extended(this.#pilot, pair))).map((pair) => this.choice(pair));
  }

  promisedOf(pilot: Measured, at: Choice): PerEndpoint<number> {
    const extended = this.#extended(pilot, at);
    const extensions = extensionsOf(pilot);
    return perEndpoint((endpoint) => extensions[endpoint].promised(extended, ASSURANCE));
  }

  #trialsTried(): number[] {
    const { trials, mostTrials } = this.#room;
    const counts = new Set(MORE_TRIALS.map((times) => Math.ceil(times * trials)));
    return [...counts].filter((count) => count <= mostTrials);
  }

  #reaches(draws: number, trials: number): boolean {
    const { goal } = this.#asked;
    const extended = this.#extended(this.#pilot, { draws, trials });
    if (!isJudged(extended)) return false;
    if (goal.kind === "power") return this.#power(extended, NO_DIFFERENCE) >= goal.power;
    return ENDPOINTS.every((endpoint) => {
      const most = goal.most[endpoint];
      return most === undefined || this.#extensions[endpoint].chanceWithin(extended, most) >= ASSURANCE;
    });
  }

  /** Both endpoints must be equivalent; what each of them misses is at most what both miss together. */
  #power(extended: Extended, truth: PerEndpoint<number>): number {
    const missed = ENDPOINTS.reduce(
      (sum, endpoint) =>
        sum + 1 - this.#extensions[endpoint].power(extended, this.#asked.question.margins[endpoint], truth[endpoint]),
      0,
    );
    return Math.max(0, 1 - missed);
  }

  /** What of a pair the verdict judges a recipe by, and what of that is the pilot's. */
  #extended({ trials, isOneDraw, hasRivals }: Measured, at: Pair): Extended {
    const { compared, setsAside } = this.#room;
    // Of several recipes the verdict chooses by every other unit, and judges by those between.
    const half = (units: number): number => (hasRivals ? Math.ceil(units / 2) : units);
    const among = (count: number): number => (setsAside ? judgedAmong(count, at.trials) : count);
    if (isOneDraw) return { groups: half(among(at.trials)), size: 1, keptGroups: half(among(trials)), kept: 1 };
    return { groups: half(at.draws), size: among(at.trials), keptGroups: half(compared), kept: among(trials) };
  }

  choice({ draws, trials }: Pair): Choice {
    const { spread, isOneDraw } = this.#pilot;
    const extended = this.#extended(this.#pilot, { draws, trials });
    return {
      ...{ draws, trials, epochs: this.#room.epochs(draws, trials) },
      judged: isOneDraw ? { draws: 1, trials: extended.groups } : { draws: extended.groups, trials: extended.size },
      expected: perEndpoint((endpoint) => {
        const { draw, trial } = spread[endpoint];
        const components = { group: Math.max(0, draw?.variance ?? 0), trial: trial.variance };
        return halfWidth(components, extended, ALPHA);
      }),
      promised: perEndpoint((endpoint) => this.#extensions[endpoint].promised(extended, ASSURANCE)),
      power: {
        ifEqual: this.#power(extended, NO_DIFFERENCE),
        asEstimated: this.#power(extended, this.#room.estimated),
      },
    };
  }
}

/** One unit that is left to judge by has no interval, and so nothing to promise. */
function isJudged({ groups }: Extended): boolean {
  return groups >= LEAST_UNITS;
}

const NO_DIFFERENCE: PerEndpoint<number> = { forget: 0, accuracy: 0 };

function extensionsOf(pilot: Measured): PerEndpoint<Extension> {
  return perEndpoint((endpoint) => new Extension(pilot[endpoint], ALPHA));
}

/** What is there, the aim, half way to it and half as far beyond, or as many again where it is near. */
function steps(from: number, aim: number, most: number): number[] {
  const way = Math.max(aim - from, from);
  const counts = [from, from + way / 2, aim, from + 1.5 * way].map((count) => Math.min(most, Math.round(count)));
  return ascending([...new Set(counts)]);
}

/** The least count from `from` to `most` that is enough, where more is never worse; null where not even the most is. */
function leastThat(isEnough: (count: number) => boolean, from: number, most: number): number | null {
  let low = from - 1;
  let high = from;
  while (!isEnough(high)) {
    if (high >= most) return null;
    [low, high] = [high, Math.min(most, 2 * high)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
