/** The store in PostgreSQL: the suites that every store passes, and what is its own. */

import test from "node:test";
import { openResults, openStore } from "../src/store/open.js";
import { database, NO_SERVER } from "./fixtures/postgres.js";
import { type Make, testStoreContract, type Words } from "./store-contract.js";
import { testStoreViews } from "./store-views.js";

const OF_STORES: Words = { what: "store", option: "--store", anyAggregate: false };

const inDatabase: Make = async (t) => {
  const place = await database(t);
  const store = await openStore(place);
  t.after(() => store.close());
  return { store, place, read: () => openResults(place), words: OF_STORES };
};

if (NO_SERVER !== null) test("a store in PostgreSQL", { skip: NO_SERVER }, () => {});
else {
  testStoreContract("postgres", inDatabase);
  testStoreViews("postgres", inDatabase);
}
