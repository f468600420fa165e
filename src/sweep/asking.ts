/** Which sweep of a store is asked for, and that sweep opened. */
import { identityOf } from "../plan/growth.js";
import type { StoppingRule } from "../plan/stopping-rule.js";
import type { OpenRequest, Results, Store, Sweep } from "../store/contract.js";

/** The sweep that is there of what is asked for; null: it would be a new one. */
export async function heldBy(
  results: Results,
  { plan, profile }: Pick<OpenRequest, "plan" | "profile">,
): Promise<Sweep | null> {
  const identity = identityOf(plan, profile);
  return (await results.sweeps()).find((sweep) => identityOf(sweep.plan, sweep.profile) === identity) ?? null;
}

/** Opens what is asked for: all of it or, where it is asked `until` something, the round that it is in. Throws usage where the sweep that is there was asked otherwise: then the store is closed, and leaves no file behind that was not there before. */
export async function openAsked(store: Store, asked: OpenRequest, until: StoppingRule | null): Promise<Sweep> {
  try {
    return await opened(store, asked, until);
  } catch (error) {
    await store.discard().catch(() => {}); // why it was refused is what is thrown
    throw error;
  }
}

async function opened(store: Store, asked: OpenRequest, until: StoppingRule | null): Promise<Sweep> {
  const held = await heldBy(store, asked);
  if (held === null && until === null) return store.open(asked);
  // Most first trials need no word of rounds, and all of verdict/ is loaded with them.
  const { openRound } = await import("./rounds.js");
  return openRound(store, asked, held, until);
}
