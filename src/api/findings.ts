/** What is found of an open sweep: the verdict on each of its settings, and the numbers of its figures. */
import { bad, didYouMean, shellWord } from "../errors.js";
import type { FigureNumbers } from "../figures/numbers.js";
import type { CellKey } from "../plan/cell.js";
import { type Estimand, type Margins, type Question, questionOf } from "../plan/question.js";
import { FIGURES } from "../report/figures/figures.js";
import { FIGURE_KINDS } from "../report/figures/kinds.js";
import type { Finding } from "../verdict/finding.js";
import type { SettingKey } from "../verdict/scores.js";
import { type Sight, sightsOf } from "../verdict/sights.js";
import { sayingKeys } from "./keys.js";
import type { OpenSweep } from "./open-sweep.js";

export interface VerdictOptions {
  /** How large a difference does not matter; what is not said is as the sweep was asked. */
  readonly margin?: Partial<Margins>;
  /** What is compared; where it is not said, as the sweep was asked. */
  readonly estimand?: Estimand;
  /** Whether every recipe is judged too, with bands that hold all at once. */
  readonly all?: boolean;
  /** Which cells are asked about; where it is not said, all. */
  readonly cells?: (cell: CellKey) => boolean;
}

/** The verdict on each setting of a sweep, as `gmm-sweep verdict --format json` prints it, but with the names of types. */
export async function verdict(sweep: OpenSweep, options: VerdictOptions = {}): Promise<Finding[]> {
  return (await sightsIn(sweep, options)).map(({ finding }) => finding);
}

/** A figure of one setting: its numbers, or the sentence that says why it cannot be shown. */
export type FigureFound =
  | { readonly setting: SettingKey; readonly numbers: FigureNumbers; readonly caption: string }
  | { readonly setting: SettingKey; readonly numbers: null; readonly reason: string };

/** The numbers of a figure, of each setting of a sweep: what `gmm-sweep plot KIND --data` writes. */
export async function figure(sweep: OpenSweep, kind: string, options: VerdictOptions = {}): Promise<FigureFound[]> {
  const drawn = FIGURES.find((one) => one.kind === kind);
  if (drawn === undefined)
    throw bad(`kind must be one of ${FIGURE_KINDS.join(", ")}, got ${kind}${didYouMean(kind, FIGURE_KINDS)}`);
  const found: FigureFound[] = [];
  for (const sight of await sightsIn(sweep, options)) {
    const { setting } = sight.finding;
    const numbers = await drawn.numbers(sight);
    found.push(
      typeof numbers === "string"
        ? { setting, numbers: null, reason: numbers }
        : { setting, numbers, caption: drawn.caption(numbers) },
    );
  }
  return found;
}

async function sightsIn({ inner, place }: OpenSweep, options: VerdictOptions): Promise<Sight[]> {
  const { all = false, cells } = options;
  const questionIn = (stored: Question): Question => sayingKeys(() => questionOf(askedIn(options), stored));
  const sights: Sight[] = [];
  const asked = {
    ...{ questionOf: questionIn, all, isKept: cells ?? (() => true) },
    ...{ place: shellWord(place), draws: null, isNarrowed: cells !== undefined },
  };
  for await (const sight of sightsOf(inner.results, inner.sweep, asked)) sights.push(sight);
  return sights;
}

/** The question as a command line asks it, which checks it. */
function askedIn({ margin = {}, estimand = null }: Omit<VerdictOptions, "estimand"> & { estimand?: string | null }): {
  readonly estimand: string | null;
  readonly margins: readonly string[];
} {
  return { estimand, margins: Object.entries(margin).map(([endpoint, width]) => `${endpoint}=${width}`) };
}
