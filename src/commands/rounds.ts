/** Sweeps that are trained in rounds: opened in the round that they are in, and taken to the next by what a look decides. */
import { bad, SweepError } from "../errors.js";
import { identityOf } from "../plan/growth.js";
import { foldersOf, type SweepPlan, withFolders } from "../plan/plan.js";
import { USUAL_QUESTION } from "../plan/question.js";
import { type StoppingRule, stoppingRuleText } from "../plan/stopping-rule.js";
import { lookSentence } from "../report/rounds.js";
import type { SweepEvent } from "../run/events.js";
import type { OpenRequest, Results, Store, Sweep } from "../store/contract.js";
import { beginning, lastDecision, roundsIn } from "../verdict/decisions.js";
import { nextLook } from "../verdict/round-look.js";
import { areSameRounds, currentPlan, isOver, type Rounds, roundsOf } from "../verdict/rounds.js";
import { settingsIn } from "../verdict/scores.js";
import { lastCommand, noteOf } from "./sweeps.js";

/** What is asked for, and the sweep that it is asked of. */
interface Meant {
  /** Null: a new one. */
  readonly held: Sweep | null;
  /** Its rounds, before the first where it is a new one; null: all of it is trained at once. */
  readonly rounds: Rounds | null;
}

/** Which sweep is asked for, `until` what. Throws usage where the sweep that is there was asked otherwise. */
export async function meantBy(
  results: Results | null,
  { plan, profile }: Pick<OpenRequest, "plan" | "profile">,
  until: StoppingRule | null,
): Promise<Meant> {
  const asked = until === null ? null : roundsOf(until, plan);
  const identity = identityOf(plan, profile);
  const sweeps = (await results?.sweeps()) ?? [];
  const held = sweeps.find((sweep) => identityOf(sweep.plan, sweep.profile) === identity);
  if (results === null || held === undefined) return { held: null, rounds: asked };
  const there = await roundsIn(results, held);
  refuseOtherRounds(held, there, asked);
  return { held, rounds: there };
}

/** Opens what is asked for: all of it or, where it is asked `until` something, the round that it is in. */
export async function openAsked(store: Store, asked: OpenRequest, until: StoppingRule | null): Promise<Sweep> {
  const { held, rounds } = await meantBy(store, asked, until);
  if (rounds === null) return store.open(asked);
  const round = { ...asked, plan: roundOf(rounds, asked.plan) };
  return store.open(held === null ? { ...round, decision: beginning(rounds) } : round);
}

/** What the round asks for that a sweep is in, in the way of `plan`: how it is trained and kept, and where its data lie, may be another since. */
function roundOf(rounds: Rounds, plan: SweepPlan): SweepPlan {
  const { engine, record } = plan;
  return withFolders({ ...currentPlan(rounds), engine, record }, foldersOf(plan));
}

function refuseOtherRounds({ plan: { name } }: Sweep, there: Rounds | null, asked: Rounds | null): void {
  if (there === null && asked === null) return;
  if (there === null)
    throw bad(
      `--until must be asked of a new sweep, but all of the sweep ${name} has been asked for at once: give the new one its own --name`,
    );
  if (asked !== null && areSameRounds(there, asked)) return;
  throw bad(
    `--until must be ${stoppingRuleText(there.until)} of the sweep ${name}, with all else as it was first asked, since its looks share one error rate${asked === null ? ", got nothing" : ""}: gmm-sweep resume goes on with it, and another grid needs a --name of its own`,
  );
}

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
