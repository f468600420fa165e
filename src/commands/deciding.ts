/** Sweeps that are trained in rounds, taken to the next round by what a look decides. */
import { SweepError } from "../errors.js";
import { USUAL_QUESTION } from "../plan/question.js";
import { lookSentence } from "../report/rounds.js";
import type { SweepEvent } from "../run/events.js";
import type { Store, Sweep } from "../store/contract.js";
import { noteOf } from "../sweep/notes.js";
import { roundOf } from "../sweep/rounds.js";
import { lastDecision, roundsIn } from "../verdict/decisions.js";
import { nextLook } from "../verdict/round-look.js";
import { isOver, type Rounds } from "../verdict/rounds.js";
import { settingsIn } from "../verdict/scores.js";
import { lastCommand } from "./sweeps.js";

/** What was decided after a round, and the sweep with what the next one asks for; null: it was the last. */
export interface Decided {
  readonly event: SweepEvent;
  readonly next: Sweep | null;
}

/** Looks at the round that a sweep has trained, and opens the next; null where nothing is left to decide. Throws check where there is nothing to look at. */
export async function decided(store: Store, sweep: Sweep): Promise<Decided | null> {
  const rounds = await roundsIn(store, sweep);
  if (rounds === null || isOver(rounds)) return null;
  const { profile, shard } = sweep;
  const question = sweep.question ?? USUAL_QUESTION;
  const [setting] = await settingsIn(store.cellSamples(sweep));
  const look = setting === undefined ? null : nextLook(setting, rounds, question);
  if (look === null)
    throw new SweepError(
      "check",
      `round ${rounds.looks.length + 1} of sweep ${sweep.id} must have trials of retraining and of some recipe on each draw to be looked at, but they diverged or failed: gmm-sweep status says which, --retry-failed trains those again that failed`,
    );
  const after: Rounds = { ...rounds, looks: [...rounds.looks, look] };
  const plan = roundOf(after, sweep.plan);
  const command = noteOf(await lastCommand(store, sweep));
  const next = await store.open({
    ...{ plan, profile, shard, question, command },
    ...{ grow: false, decision: lastDecision(after) },
  });
  const [taken, of] = [after.looks.length, after.steps.length];
  const event: SweepEvent = { kind: "decided", look: taken, of, sentence: lookSentence(after, question) };
  return { event, next: isOver(after) ? null : next };
}
