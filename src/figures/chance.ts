/** The self-check: what intervals and p-values say of two sets of retraining trials, between which nothing differs. */
import { clopperPearson } from "../stats/clopper-pearson.js";
import type { Sight } from "../verdict/sights.js";
import { groundOfDraws, lineOf } from "./ground.js";
import { grownBy } from "./more.js";
import type { FigureNumbers } from "./numbers.js";
import { type Chance, CONFIDENCE, type DrawDifference, drawDifferences } from "./units.js";

const BAND = 0.05; // left out by the bands that counts and shares are held to

/** A draw's difference between the two. */
type Between = Omit<DrawDifference, "chance"> & Chance;

function differencesIn(sight: Sight): Between[] | string {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const twin = lineOf(ground, "null");
  if (twin === null)
    return `there is no second retraining, between which and the first nothing differs: ${grownBy(sight, "--with-null")} trains it`;
  const found = drawDifferences(twin, ground.basis.table.retrained).flatMap(({ chance, ...of }) =>
    chance !== null && chance.error > 0 ? [{ ...of, ...chance }] : [],
  );
  return found.length > 0 ? found : "no draw has two trials of both retrainings that differ: add trials with --trials";
}

/** Each draw's 90 % interval of no difference, the nearest to 0 by |t| first (zip plot: Morris, White & Crowther 2019, §5.3). */
export async function zipNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const found = differencesIn(sight);
  if (typeof found === "string") return found;
  const size = ({ difference, error }: Between): number => Math.abs(difference) / error;
  const intervals = found
    .toSorted((a, b) => size(a) - size(b))
    .map(({ place: _, p, ...of }, i) => ({
      ...{ ...of, percentile: (100 * (i + 0.5)) / found.length, p },
      holds: of.low <= 0 && of.high >= 0 ? "holds 0" : "misses 0",
    }));
  const holding = intervals.filter(({ holds }) => holds === "holds 0").length;
  const band = clopperPearson(holding, found.length, BAND);
  return {
    series: { intervals },
    shown: [{ what: "draws", shown: intervals.length, of: sight.finding.verdict?.draws.length ?? intervals.length }],
    facts: {
      estimand: sight.question.estimand,
      ...{ holding, draws: found.length, stated: CONFIDENCE, covered_low: band.low, covered_high: band.high },
    },
  };
}

/** The share of draws whose p-value is no larger, which is the p-value itself where the test keeps what it states. */
export async function pValueNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const found = differencesIn(sight);
  if (typeof found === "string") return found;
  const sorted = found.toSorted((a, b) => a.p - b.p);
  const steps = sorted.map(({ p, draw, trials }, i) => ({ p, share: (i + 1) / sorted.length, draw, trials }));
  // Dvoretzky, Kiefer & Wolfowitz 1956, with Massart's constant 1990.
  const half = Math.sqrt(Math.log(2 / BAND) / (2 * sorted.length));
  const grid = Array.from({ length: 101 }, (_, i) => i / 100);
  return {
    series: {
      steps: [{ p: 0, share: 0, draw: null, trials: null }, ...steps],
      band: grid.map((p) => ({ p, low: Math.max(0, p - half), high: Math.min(1, p + half) })),
    },
    shown: [{ what: "draws", shown: sorted.length, of: sight.finding.verdict?.draws.length ?? sorted.length }],
    facts: {
      farthest: steps.reduce((most, { p, share }, i) => Math.max(most, share - p, p - i / sorted.length), 0),
      allowed: half,
      draws: sorted.length,
    },
  };
}
