/** The queue of the tests is one. */
import { openStore } from "../src/store/open.js";
import { HereQueue, sharedStore } from "./fixtures/here-queue.js";
import { testQueueContract } from "./queue-contract.js";

testQueueContract("here", async (t) => {
  const store = await openStore(":memory:");
  t.after(() => store.close());
  const queue = new HereQueue(store);
  return { store: sharedStore(store, queue), queue, other: queue, lose: async (lease) => queue.lose(lease) };
});
