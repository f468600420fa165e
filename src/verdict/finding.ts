/** What is found of each setting of a sweep, as typed findings: what `verdict` prints in every format. */
import { ENDPOINTS, type Question } from "../plan/question.js";
import type { Sweep } from "../store/contract.js";
import { RETRAINED } from "./roles.js";
import type { Setting } from "./scores.js";
import { type Simultaneous, simultaneous } from "./simultaneous.js";
import { inUnitOf, type SettingKey, settingOf, type Verdict, verdictOn } from "./verdict.js";

/** Whether a question was asked when the sweep was opened. unasked: it is the usual one, and the sweep was asked none. */
type Asked = "beforehand" | "afterwards" | "unasked";

/** diverged: on every draw, whatever of it is there. failed: some of it, and none is done. */
type Refused =
  | "retraining is not planned"
  | "retraining is not done"
  | "retraining has diverged"
  | "retraining has failed";

export interface Finding {
  readonly sweep: number;
  readonly name: string | null;
  readonly setting: SettingKey;
  readonly asked: Asked;
  /** Null where nothing can be held against retraining, for the reason that `refused` gives. */
  readonly verdict: Verdict | null;
  readonly refused: Refused | null;
  /** Every recipe at once; null where that was not asked for. */
  readonly simultaneous: Simultaneous | null;
}

export interface FindingAsked {
  readonly question: Question;
  readonly all: boolean;
}

/** What is found of a setting of a sweep. */
export function findingOf(sweep: Sweep, setting: Setting, { question, all }: FindingAsked): Finding {
  const verdict = verdictOn(setting, question);
  return {
    ...{
      sweep: sweep.id,
      name: sweep.plan.name,
      setting: settingOf(setting),
      asked: askedOf(sweep, question),
      verdict,
    },
    refused: verdict !== null ? null : refusedOf(sweep, setting, question),
    simultaneous: all ? simultaneous(setting, question) : null,
  };
}

function refusedOf({ plan }: Sweep, setting: Setting, question: Question): Refused {
  if (!plan.methods.some(({ name }) => name === RETRAINED)) return "retraining is not planned";
  const { samples } = inUnitOf(setting, question);
  const retrained = samples.filter(({ key }) => key.method === RETRAINED);
  if (retrained.some(({ failed }) => failed > 0)) return "retraining has failed";
  const isLost = retrained.length > 0 && retrained.every(({ diverged }) => diverged > 0);
  return isLost ? "retraining has diverged" : "retraining is not done";
}

function askedOf({ question: stored }: Sweep, question: Question): Asked {
  if (stored === null) return "unasked";
  const isSame = ENDPOINTS.every((endpoint) => stored.margins[endpoint] === question.margins[endpoint]);
  return isSame && stored.estimand === question.estimand ? "beforehand" : "afterwards";
}
