/** What is found of each setting of a sweep, as typed findings: what `verdict` prints in every format. */
import { isSameQuestion, type Question, USUAL_QUESTION } from "../plan/question.js";
import type { Sweep } from "../store/contract.js";
import { ALPHA } from "./answer.js";
import { inUnitOf } from "./basis.js";
import { spentAt } from "./look.js";
import { RETRAINED } from "./roles.js";
import { countRecipes, lookedAt } from "./round-look.js";
import type { Rounds } from "./rounds.js";
import { type Setting, type SettingKey, settingKeyOf } from "./scores.js";
import { type Simultaneous, simultaneous } from "./simultaneous.js";
import { trainsOn } from "./trains-on.js";
import { type Verdict, verdictOn } from "./verdict.js";
import { verdictInRounds } from "./verdict-in-rounds.js";

/** Whether a question was asked when the sweep was opened. narrowed: it was, but of all recipes and draws. unasked: it is the usual one, and the sweep was asked none. */
type Asked = "beforehand" | "narrowed" | "afterwards" | "unasked";

/** diverged: on every draw, whatever of it is there. failed: some of it, and none is done. no look: the first round is being trained. dropped: the last look saw none of those that are asked about. */
type Refusal =
  | "retraining is not planned"
  | "retraining is not done"
  | "retraining has diverged"
  | "retraining has failed"
  | "no look has been taken"
  | "recipes were dropped";

export interface Finding {
  readonly sweep: number;
  readonly name: string | null;
  readonly setting: SettingKey;
  /** Whether the sweep is one shard of several: what is missing is in the others. */
  readonly isShard: boolean;
  readonly asked: Asked;
  /** The error a side of its answers and intervals; of a sweep that is trained in rounds what each look may spend of it. */
  readonly alpha: number;
  /** Whether the chosen recipe has no penalty, and trains on with x as before. */
  readonly trainsOn: boolean;
  /** Null where nothing can be held against retraining, for the reason that `refused` gives. */
  readonly verdict: Verdict | null;
  readonly refused: Refusal | null;
  /** Every recipe at once; null where that was not asked for. */
  readonly simultaneous: Simultaneous | null;
}

export interface FindingAsked {
  readonly question: Question;
  readonly all: boolean;
  /** Whether some recipes or draws were left out when the results were there. */
  readonly isNarrowed?: boolean;
  /** How the sweep is trained in rounds; null: it is not. */
  readonly rounds: Rounds | null;
}

/** What is found of a setting of a sweep. */
export function findingOf(
  sweep: Sweep,
  setting: Setting,
  { question, all, isNarrowed = false, rounds }: FindingAsked,
): Finding {
  const asked = sweep.question ?? USUAL_QUESTION;
  const verdict =
    rounds === null ? verdictOn(setting, question) : verdictInRounds(setting, { question, asked, rounds });
  const chosen = verdict?.rows.find(({ what }) => what === "chosen") ?? null;
  const alpha = rounds === null ? ALPHA : spentAt(rounds.steps.length);
  return {
    ...{ sweep: sweep.id, name: sweep.plan.name, setting: settingKeyOf(setting.key) },
    isShard: sweep.shard.count > 1,
    ...{ asked: askedOf(sweep, question, isNarrowed), alpha, verdict },
    trainsOn: chosen !== null && trainsOn(sweep.plan, chosen.recipe),
    refused: verdict === null ? refusalOf(sweep, setting, { question, rounds }) : null,
    simultaneous: all && verdict !== null ? simultaneous(lookedAt(setting, rounds), question, alpha) : null,
  };
}

/** Whether anything is held against retraining: of a shard, or of trials that diverged, nothing may be. */
export function judges({ verdict }: Finding): boolean {
  return verdict?.rows.some(({ judgement }) => judgement !== null) === true;
}

function refusalOf(
  { plan }: Sweep,
  setting: Setting,
  { question, rounds }: Pick<FindingAsked, "question" | "rounds">,
): Refusal {
  if (!plan.methods.some(({ name }) => name === RETRAINED)) return "retraining is not planned";
  const { samples } = inUnitOf(setting, question);
  const retrained = samples.filter(({ key }) => key.method === RETRAINED);
  if (retrained.some(({ failed }) => failed > 0)) return "retraining has failed";
  const isLost = retrained.length > 0 && retrained.every(({ diverged }) => diverged > 0);
  if (isLost) return "retraining has diverged";
  if (rounds === null) return "retraining is not done";
  if (rounds.looks.length === 0) return "no look has been taken";
  return countRecipes(setting, rounds, rounds.looks.length) === 0 ? "recipes were dropped" : "retraining is not done";
}

function askedOf({ question: stored }: Sweep, question: Question, isNarrowed: boolean): Asked {
  if (stored === null) return "unasked";
  if (!isSameQuestion(stored, question)) return "afterwards";
  return isNarrowed ? "narrowed" : "beforehand";
}
