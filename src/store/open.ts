/** Opens stores: the one place that knows which kinds there are. */
import { bad } from "../errors.js";
import { anotherPlace } from "../files/places.js";
import {
  type BackupProgress,
  type Merged,
  type Opening,
  QUIETLY,
  type Results,
  type Store,
  type StoreKind,
  type StoreReport,
} from "./contract.js";
import { POSTGRES } from "./postgres/kind.js";
import { SQLITE } from "./sqlite/kind.js";

// To add a kind of store, add its record here, before the one that takes any file, and call test/store-contract.ts on it.
const KINDS: readonly StoreKind[] = [POSTGRES, SQLITE];

/** Opens a place for writing; ':memory:' keeps all in memory. Throws usage where another process writes it or it is not ours. */
export function openStore(place: string, opening: Opening = QUIETLY): Promise<Store> {
  return kindOf(place).open(place, opening);
}

/** Opens a place for reading. Throws usage where there is none or it is not ours. */
export async function openResults(place: string): Promise<Results> {
  const results = await openBegun(place);
  if (results !== null) return results;
  throw bad(`${place} must hold results, but it is empty: run gmm-sweep first, or ${anotherPlace(place)}`);
}

/** The same; null of a place where nothing has been written yet, as a run leaves that is killed at its birth. */
export function openBegun(place: string): Promise<Results | null> {
  return kindOf(place).read(place);
}

/** Unites parts in a place, which is made where there is none: whole, or not at all. */
export function mergeStores(place: string, parts: readonly string[], opening: Opening = QUIETLY): Promise<Merged[]> {
  return kindOf(place).merge(place, parts, opening);
}

/** Copies one state of a place, which another process may be writing, to one that is not there. */
export function backUp(place: string, copy: string, tell: BackupProgress): Promise<void> {
  return kindOf(place).backUp(place, copy, tell);
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
