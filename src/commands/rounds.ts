/** Sweeps that are trained in rounds, opened in the round that they are in. */
import { bad } from "../errors.js";
import { identityOf } from "../plan/growth.js";
import { foldersOf, type SweepPlan, withFolders } from "../plan/plan.js";
import { type StoppingRule, stoppingRuleText } from "../plan/stopping-rule.js";
import type { OpenRequest, Results, Store, Sweep } from "../store/contract.js";
import { beginning, roundsIn } from "../verdict/decisions.js";
import { areSameRounds, currentPlan, type Rounds, roundsOf } from "../verdict/rounds.js";

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
