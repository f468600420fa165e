/** Opens stores: the one place that knows which kinds there are. */
import type { Results, Store, StoreKind, StoreReport } from "./contract.js";
import { SQLITE } from "./sqlite/kind.js";

// To add a kind of store, add its record here, before the one that takes any file, and call test/store-contract.ts on it.
const KINDS: readonly StoreKind[] = [SQLITE];

/** Opens a place for writing; ':memory:' keeps all in memory. Throws usage where another process writes it or it is not ours. */
export function openStore(place: string): Promise<Store> {
  return kindOf(place).open(place);
}

/** Opens a place for reading. Throws usage where there is none or it is not ours. */
export function openResults(place: string): Promise<Results> {
  return kindOf(place).read(place);
}

/** Which kinds work on this machine. */
export function storeReports(): Promise<StoreReport[]> {
  return Promise.all(KINDS.map((kind) => kind.report()));
}

function kindOf(place: string): StoreKind {
  const kind = KINDS.find((candidate) => candidate.takes(place));
  if (kind === undefined) throw new Error(`no kind of store takes ${place}`);
  return kind;
}
