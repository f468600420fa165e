/** Sweeps that are trained in rounds until they are decided, of planted truth: how often what they decide is wrong, and how much of the whole grid they train. */
import type { Stream } from "../../src/data/streams.js";
import type { Margins } from "../../src/plan/question.js";
import { ALPHA } from "../../src/verdict/answer.js";
import { look, type Seen, spentAt } from "../../src/verdict/look.js";
import { looksOf } from "../../src/verdict/round-plan.js";
import type { Candidate } from "../../src/verdict/selection.js";
import { type Noise, normal, skewed } from "./noise.js";

/** What it would be wrong to decide. */
export const WRONG = ["equivalent", "different", "dropped"] as const;
type Wrong = (typeof WRONG)[number];

export interface RoundsPlanted {
  readonly what: string;
  /** The share of sweeps that each error may be made in. */
  readonly stated: Readonly<Partial<Record<Wrong, number>>>;
  /** Why it is known to miss, as the documentation says; null: it must not. */
  readonly known: string | null;
  readonly played: (random: Stream) => Played;
}

/** What came of a sweep. */
interface Played {
  /** equivalent: what lies at or beyond the margin is called so. different: what does not. dropped: the nearest is. */
  readonly wrong: Readonly<Record<Wrong, boolean>>;
  /** Whether it ended with an answer. */
  readonly isDecided: boolean;
  /** Of the trials of the whole grid. */
  readonly share: number;
}

interface Planting {
  /** The true difference of a cell in forget probability, in margins; the nearest is the first, where one is nearer than the rest. */
  readonly truth: (cell: number) => number;
  readonly noise: Noise;
}

const MARGINS: Margins = { forget: 0.05, accuracy: 0.01 };
const [CELLS, DRAWS] = [60, 20];
/** Of a difference on a draw, and of what a quarter of its trials add to it. */
const [SIGMA, QUARTER_SIGMA] = [0.03, 0.02];
const SHARED = 0.64; // of the variance of a draw, by all cells
const QUARTERS = 4; // of the trials, of which all rounds but the last have one
/** Both sides of a band may miss. */
const EITHER_SIDE = 2 * ALPHA;
const SKEWED = "the skewness of so few draws is known too badly to be taken out whole";

const SPREAD = (cell: number): number => (2 * cell) / (CELLS - 1);
const ONE = (cell: number): number => (cell === 0 ? 0 : 4);

export const ROUNDS: readonly RoundsPlanted[] = [
  sweeps("all at the margin", { equivalent: ALPHA, different: ALPHA }, { truth: () => 1 }),
  sweeps("at the margin on either side", { equivalent: EITHER_SIDE }, { truth: (cell) => (cell % 2 === 0 ? 1 : -1) }),
  sweeps("from 0 to 2 margins", { equivalent: ALPHA, different: EITHER_SIDE, dropped: EITHER_SIDE }, { truth: SPREAD }),
  sweeps("one at 0, all others at 4 margins", { equivalent: ALPHA, dropped: EITHER_SIDE }, { truth: ONE }),
  sweeps("all at 4 margins", { equivalent: ALPHA }, { truth: () => 4 }),
  sweeps(
    "all at the upper margin, skewed down",
    { equivalent: ALPHA, different: ALPHA },
    { truth: () => 1, noise: skewed },
    SKEWED,
  ),
  sweeps(
    "all at the lower margin, skewed down",
    { equivalent: ALPHA, different: ALPHA },
    { truth: () => -1, noise: skewed },
    SKEWED,
  ),
  sweeps("from 0 to 2 margins, skewed", { dropped: EITHER_SIDE }, { truth: SPREAD, noise: skewed }, SKEWED),
];

function sweeps(
  what: string,
  stated: RoundsPlanted["stated"],
  planting: Partial<Planting> & Pick<Planting, "truth">,
  known: string | null = null,
): RoundsPlanted {
  const played = (random: Stream): Played => play({ noise: normal, ...planting }, random);
  return { what: `rounds, ${CELLS} recipes, ${DRAWS} draws, ${what}`, stated, known, played };
}

/** Differences on all draws, at a quarter of the trials and at all of them. */
interface Cell {
  readonly candidate: Candidate;
  readonly whole: readonly number[];
  readonly truth: number;
}

function play(planting: Planting, random: Stream): Played {
  const looks = looksOf(DRAWS, { beside: 1 });
  const alpha = spentAt(looks.length + 1);
  let left = planted(planting, random);
  const truth = new Map(left.map(({ candidate, truth: of }) => [candidate.recipe, Math.abs(of)]));
  const nearest = left.reduce((best, cell) => (Math.abs(cell.truth) < Math.abs(best.truth) ? cell : best));
  const isWrong = { equivalent: false, different: false, dropped: false };
  let [trained, before] = [0, 0];
  for (const round of [...looks.keys(), looks.length]) {
    const isLast = round === looks.length;
    const units = looks[round] ?? DRAWS;
    const done = isLast ? DRAWS * QUARTERS : units;
    trained += left.length * (done - before);
    before = done;
    const seen = look(
      left.map((cell) => upTo(cell, units, isLast)),
      { margins: MARGINS, alpha, until: { kind: "decided" } },
    );
    const of = ({ recipe }: Seen): number => truth.get(recipe) ?? Number.NaN;
    const all = [...seen.kept, ...seen.dropped];
    isWrong.equivalent ||= all.some((cell) => cell.answer === "equivalent" && of(cell) >= 1);
    isWrong.different ||= all.some((cell) => cell.answer === "different" && of(cell) <= 1);
    isWrong.dropped ||= seen.dropped.some(({ recipe }) => recipe === nearest.candidate.recipe);
    const kept = new Set(seen.kept.map(({ recipe }) => recipe));
    left = left.filter(({ candidate }) => kept.has(candidate.recipe));
    if (seen.reached || isLast)
      return { wrong: isWrong, isDecided: seen.reached, share: trained / (CELLS * DRAWS * QUARTERS) };
  }
  throw new Error("a sweep has a last round");
}

/** What a round sees of a cell. */
function upTo({ candidate, whole }: Cell, units: number, isLast: boolean): Candidate {
  const forget = isLast ? whole : candidate.forget.slice(0, units);
  return { ...candidate, forget, accuracy: candidate.accuracy.slice(0, units) };
}

function planted({ truth, noise }: Planting, random: Stream): Cell[] {
  const common = Array.from({ length: DRAWS }, () => Math.sqrt(SHARED) * noise(random));
  // No difference of accuracy, nor an error in it: what is stated is of one endpoint.
  const accuracy = common.map((value) => (value * MARGINS.accuracy) / 100);
  const own = Math.sqrt(1 - SHARED);
  return Array.from({ length: CELLS }, (_, place) => {
    const mean = truth(place) * MARGINS.forget;
    const centers = common.map((value) => mean + SIGMA * (value + own * noise(random)));
    const forget = centers.map((center) => center + QUARTER_SIGMA * random.normal());
    const others = Math.sqrt(QUARTERS - 1) * QUARTER_SIGMA;
    const whole = forget.map((value, i) => {
      const rest = (QUARTERS - 1) * centers[i] + others * random.normal();
      return (value + rest) / QUARTERS;
    });
    return { candidate: { recipe: `${place}`, forget, accuracy }, whole, truth: truth(place) };
  });
}
