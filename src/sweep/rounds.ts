/** Sweeps that are trained in rounds, opened in the round that they are in. */
import { bad } from "../errors.js";
import { foldersOf, type SweepPlan, withFolders } from "../plan/plan.js";
import { type StoppingRule, stoppingRuleText } from "../plan/stopping-rule.js";
import type { OpenRequest, Results, Store, Sweep } from "../store/contract.js";
import { beginning, roundsIn } from "../verdict/decisions.js";
import { areSameRounds, currentPlan, type Rounds, roundsOf } from "../verdict/rounds.js";

/** The rounds of what is asked `until` something of the sweep that is `held`, null: of a new one, before its first; null: all of it is trained at once. Throws usage where the sweep that is there was asked otherwise. */
export async function roundsMeant(
  results: Results | null,
  plan: SweepPlan,
  held: Sweep | null,
  until: StoppingRule | null,
): Promise<Rounds | null> {
  const asked = until === null ? null : roundsOf(until, plan);
  if (results === null || held === null) return asked;
  const there = await roundsIn(results, held);
  refuseOtherRounds(held, there, asked);
  return there;
}

/** Opens the round that what is asked for is in, or all of it where that is not trained in rounds. */
export async function openRound(
  store: Store,
  asked: OpenRequest,
  held: Sweep | null,
  until: StoppingRule | null,
): Promise<Sweep> {
  const rounds = await roundsMeant(store, asked.plan, held, until);
  if (rounds === null) return store.open(asked);
  const round = { ...asked, plan: roundOf(rounds, asked.plan) };
  return store.open(held === null ? { ...round, decision: beginning(rounds) } : round);
}

/** What the round asks for that a sweep is in, in the way of `plan`: how it is trained and kept, and where its data lie, may be another since. */
export function roundOf(rounds: Rounds, plan: SweepPlan): SweepPlan {
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
