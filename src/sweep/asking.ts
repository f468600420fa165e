/** What is asked of a store, opened: a new sweep, or the one that is there. */
import { heldIn } from "../plan/growth.js";
import type { StoppingRule } from "../plan/stopping-rule.js";
import type { OpenRequest, Store, Sweep } from "../store/contract.js";

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
  const held = heldIn(await store.sweeps(), asked.plan, asked.profile);
  if (held === null && until === null) return store.open(asked);
  // Most first trials need no word of rounds, and all of verdict/ is loaded with them.
  const { openRound } = await import("./rounds.js");
  return openRound(store, asked, held, until);
}
