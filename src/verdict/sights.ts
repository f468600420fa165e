/** What there is to see of a sweep: each of its settings, with what is found of it. */
import type { CellKey } from "../plan/cell.js";
import { hasNullOf } from "../plan/more.js";
import { type Question, USUAL_QUESTION } from "../plan/question.js";
import type { CellSample, Results, Sweep } from "../store/contract.js";
import { roundsIn } from "./decisions.js";
import { type Finding, findingOf } from "./finding.js";
import { unlearns } from "./roles.js";
import { lookedAt } from "./round-look.js";
import { type Setting, settingsIn } from "./scores.js";

/** One setting of a sweep: what verdicts, figures and pages are of. */
export interface Sight {
  readonly results: Results;
  readonly sweep: Sweep;
  readonly question: Question;
  /** The cells that are asked about; of a sweep that is trained in rounds those that its last look saw. */
  readonly setting: Setting;
  readonly finding: Finding;
  /** The place of the results, as a suggested command names it. */
  readonly place: string;
  /** Whether the place has no other sweep, so that a command needs no number of one. */
  readonly isOnly: boolean;
  /** Another sweep of the place, which has all of this one and the null that it lacks; null: there is none. */
  readonly nullIn: number | null;
  /** Which of its draws are asked about, as was typed; null: all. */
  readonly draws: string | null;
}

/** The sweep of a sight, as a suggested command names it. */
export function sweepNamed({ place, isOnly, sweep }: Sight): string {
  return isOnly ? place : `${place} --sweep ${sweep.id}`;
}

export interface SightsAsked {
  /** What is asked in place of what the sweep was. */
  readonly questionOf: (stored: Question) => Question;
  /** Whether every recipe is judged at once, too. */
  readonly all: boolean;
  /** Which cells are asked about. */
  readonly isKept: (cell: CellKey) => boolean;
  /** As in a sight. */
  readonly place: string;
  readonly draws: string | null;
  /** Whether recipes or draws were left out by who asks. */
  readonly isNarrowed: boolean;
}

/** The settings of a sweep in the order in which its cells come, with how many recipes they had before some were left out. */
export async function* sightsOf(
  results: Results,
  sweep: Sweep,
  { questionOf, all, isKept, place, draws, isNarrowed }: SightsAsked,
  recipes: { there: number; kept: number } = { there: 0, kept: 0 },
): AsyncGenerator<Sight> {
  const rounds = await roundsIn(results, sweep);
  const sweeps = await results.sweeps();
  const isOnly = sweeps.length === 1;
  const question = questionOf(sweep.question ?? USUAL_QUESTION);
  for (const setting of await settingsIn(kept(results.cellSamples(sweep), isKept, recipes))) {
    const finding = findingOf(sweep, setting, { question, all, isNarrowed, rounds });
    yield {
      ...{ results, sweep, question, setting: lookedAt(setting, rounds), finding, place, isOnly, draws },
      nullIn: nullIn(finding, sweep, sweeps),
    };
  }
}

/** The number of the first sweep that has what a finding's sweep has, and the null too; null where the finding has it, or no sweep. */
function nullIn({ verdict }: Finding, { id, plan, profile }: Sweep, sweeps: readonly Sweep[]): number | null {
  if (verdict === null || verdict.rows.some(({ what }) => what === "null")) return null;
  const isOther = (other: Sweep): boolean => other.id !== id && other.profile === profile && other.shard.count === 1;
  return sweeps.find((other) => isOther(other) && hasNullOf(plan, other.plan))?.id ?? null;
}

/** The cells that are asked for; of those of recipes it counts how many there are, and how many are left. */
async function* kept(
  cells: AsyncIterable<CellSample>,
  isKept: SightsAsked["isKept"],
  recipes: { there: number; kept: number },
): AsyncGenerator<CellSample> {
  for await (const cell of cells) {
    const kept = isKept(cell.key);
    if (unlearns(cell.key.method)) {
      recipes.there += 1;
      if (kept) recipes.kept += 1;
    }
    if (kept) yield cell;
  }
}
