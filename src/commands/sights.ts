/** What a command line asks to see of a place of results: which sweeps, which cells, by which question. */
import { bad, type SweepError, shellWord } from "../errors.js";
import { type Flags, questionFrom, sweepFrom, text } from "../plan/flags.js";
import { ESTIMANDS, type Question, questionOf } from "../plan/question.js";
import type { Results, Sweep } from "../store/contract.js";
import { roundsIn } from "../verdict/decisions.js";
import type { Finding } from "../verdict/finding.js";
import { type Sight, sightsOf, sweepNamed } from "../verdict/sights.js";
import { DB_OPTION, type Options, SWEEP_OPTION, value } from "./command.js";
import { FILTER_OPTIONS, filterFrom } from "./filter.js";
import { sweepsFrom } from "./sweeps.js";

const AS_ASKED = "as the sweep was asked";

/** The options of every command that looks at results as a verdict does. */
export const SEEING_OPTIONS: Options = {
  margin: value("how large a difference does not matter, as ENDPOINT=NUMBER", AS_ASKED),
  estimand: value(`${ESTIMANDS.join(" or ")}: what is compared`, AS_ASKED),
  ...FILTER_OPTIONS,
};

export const PLACE_OPTIONS: Options = { ...SWEEP_OPTION, ...DB_OPTION };

/** What says among which recipes is chosen. */
const CHOOSING = ["methods", "lambda", "epochs"];

/** Every setting that is asked about, one at least; with `all` each recipe is judged, too. */
export async function sightsFrom(
  results: Results,
  flags: Flags,
  { path, all }: { readonly path: string; readonly all: boolean },
): Promise<Sight[]> {
  const sweeps = await sweepsFrom(results, sweepFrom(flags), path);
  const isKept = filterFrom(flags, sweeps);
  const asked = questionFrom(flags);
  const recipes = { there: 0, kept: 0 };
  const isChosen = CHOOSING.some((name) => flags[name] !== undefined);
  const isNarrowed = isChosen || flags["draws"] !== undefined;
  const sights: Sight[] = [];
  for (const sweep of sweeps) {
    if (flags["draws"] !== undefined && (await roundsIn(results, sweep)) !== null)
      throw allDraws(sweep, String(flags["draws"]));
    const seeing = {
      ...{ questionOf: (stored: Question) => questionOf(asked, stored), all, isKept },
      ...{ place: shellWord(path), draws: text(flags, "draws"), isNarrowed },
    };
    const seen = sightsOf(results, sweep, seeing, recipes);
    for await (const sight of seen) sights.push(sight);
  }
  if (isChosen && sights.length > 0 && recipes.there > 0 && recipes.kept === 0)
    throw bad(
      `${path} must have a recipe that --methods, --lambda and --epochs leave to choose from, but there is none: gmm-sweep verdict ${shellWord(path)} --all lists its recipes`,
    );
  if (sights.length === 0)
    throw bad(
      `${path} must have trials of what is asked about, but there are none: gmm-sweep status ${shellWord(path)} says what is there`,
    );
  return sights;
}

/** How a command names the sweep of each of their findings. */
export function namesIn(sights: readonly Sight[]): (finding: Finding) => string {
  const names = new Map(sights.map((sight) => [sight.sweep.id, sweepNamed(sight)]));
  return ({ sweep }) => names.get(sweep) as string;
}

/** Which other sweep has the null that the sweep of each of their findings lacks. */
export function nullsIn(sights: readonly Sight[]): (finding: Finding) => number | null {
  const sweeps = new Map(sights.map(({ sweep, nullIn }) => [sweep.id, nullIn]));
  return ({ sweep }) => sweeps.get(sweep) ?? null;
}

/** Its looks are at draws that were decided beforehand. */
function allDraws({ id }: Sweep, given: string): SweepError {
  return bad(
    `--draws must be left out of sweep ${id}, which is trained in rounds and judged by the draws of its last look, got ${given}`,
  );
}
