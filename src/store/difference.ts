/** What differs between the trial rows of two stores: both are read in the order of their keys, side by side. */
import { bad } from "../errors.js";
import { MEASURES } from "../measures.js";
import { CELL_NAMES, type CellKey, ROW_KEY_NAMES, type RowKey } from "../plan/cell.js";
import type { Results, StoredMargin, StoredRow } from "./contract.js";

/** A cell of either store. */
export interface CellDifference extends Omit<CellKey, "profile"> {
  /** Null where the two stores have one numerics profile each, which may be another: rows of equal keys are compared all the same. */
  readonly profile: string | null;
  /** Finished rows in both stores, in the first only, and in the second only. */
  readonly both: number;
  readonly only_first: number;
  readonly only_second: number;
  /** Of those in both, the rows with any bit in which they differ. */
  readonly differing: number;
  readonly train_accuracy_largest: number | null;
  readonly forget_probability_largest: number | null;
  /** The second's mean minus the first's, over the rows in both. */
  readonly forget_probability_mean: number | null;
}

export interface Differences {
  /** The numerics profiles of the first store and of the second. */
  readonly profiles: readonly [readonly string[], readonly string[]];
  /** Every cell of either store, equal ones too. */
  readonly cells: readonly CellDifference[];
}

type Name = keyof RowKey;
type Pair<Row> = readonly [first: Row | null, second: Row | null];

/** Throws usage where what one of them holds does not match its hash. */
export async function cellDifferences(first: Results, second: Results): Promise<Differences> {
  await refuseChanged("the first file", first);
  await refuseChanged("the second file", second);
  const profiles = [await profilesOf(first), await profilesOf(second)] as const;
  // Where a store has several, each is held against its own.
  const several = profiles.some(({ length }) => length !== 1);
  const key = ROW_KEY_NAMES.filter((name) => several || name !== "profile");
  const cell = CELL_NAMES.filter((name) => several || name !== "profile");
  const unequal = new Set<string>();
  for await (const pair of sideBySide(first.margins(null), second.margins(null), (a, b) => marginOrder(a, b, key)))
    if (!Object.is(pair[0]?.forget_margin, pair[1]?.forget_margin)) unequal.add(keyText(pair, key));
  const cells = new Map<string, CellTally>();
  const rows = [finished(first), finished(second)] as const;
  for await (const pair of sideBySide(...rows, (a, b) => keyOrder(a, b, key))) {
    const name = keyText(pair, cell);
    const tally = cells.get(name) ?? new CellTally((pair[0] ?? pair[1]) as StoredRow, several);
    cells.set(name, tally);
    tally.add(pair, unequal.has(keyText(pair, key)));
  }
  return { profiles, cells: [...cells.values()].map((tally) => tally.difference()) };
}

/** Throws usage where what a file holds, which is called so, is not what landed in it: neither is it compared nor gone on with. */
export async function refuseChanged(called: string, results: Pick<Results, "damages">): Promise<void> {
  for await (const { sentence } of results.damages())
    throw bad(
      `${called} must hold what landed in it, but it was changed by another program or is damaged: ${sentence}; take another copy of it, or see with gmm-sweep verify all that was changed`,
    );
}

async function profilesOf(results: Results): Promise<string[]> {
  return [...new Set((await results.sweeps()).map(({ profile }) => profile))].sort();
}

async function* finished(results: Results): AsyncGenerator<StoredRow> {
  for await (const row of results.rows(null)) if (row.state !== "failed") yield row;
}

/** Rows of equal keys together, in the order of the keys; null beside a row that the other store lacks. */
async function* sideBySide<Row>(
  first: AsyncIterable<Row>,
  second: AsyncIterable<Row>,
  orderOf: (a: Row, b: Row) => number,
): AsyncGenerator<Pair<Row>> {
  const [left, right] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
  let [a, b] = [await left.next(), await right.next()];
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : orderOf(a.value, b.value);
    yield [order <= 0 ? (a.value as Row) : null, order >= 0 ? (b.value as Row) : null];
    if (order <= 0) a = await left.next();
    if (order >= 0) b = await right.next();
  }
}

/** As stores order them: numbers by value; texts by their bytes, which for the ASCII of keys is JavaScript's order too. */
function keyOrder(a: RowKey, b: RowKey, key: readonly Name[]): number {
  for (const name of key) {
    // A fresh start has no trial, and stands first.
    const [left, right] = [a[name] ?? 0, b[name] ?? 0];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function marginOrder(a: StoredMargin, b: StoredMargin, key: readonly Name[]): number {
  return keyOrder(a, b, key) || a.forget_row - b.forget_row;
}

function keyText([a, b]: Pair<RowKey>, key: readonly Name[]): string {
  const row = (a ?? b) as RowKey;
  return JSON.stringify(key.map((name) => row[name]));
}

/** Counts the rows of one cell. */
class CellTally {
  readonly #cell: Omit<CellKey, "profile"> & { profile: string | null };
  readonly #counts = { both: 0, only_first: 0, only_second: 0, differing: 0 };
  readonly #accuracies: Distance = { largest: null, sum: 0, rows: 0 };
  readonly #probabilities: Distance = { largest: null, sum: 0, rows: 0 };

  constructor(row: StoredRow, several: boolean) {
    const cell = Object.fromEntries(CELL_NAMES.map((name) => [name, row[name]])) as unknown as CellKey;
    this.#cell = { ...cell, profile: several ? row.profile : null };
  }

  add([a, b]: Pair<StoredRow>, marginsDiffer: boolean): void {
    if (a === null || b === null) {
      this.#counts[a === null ? "only_second" : "only_first"] += 1;
      return;
    }
    this.#counts.both += 1;
    const differs = a.state !== b.state || MEASURES.some(({ name }) => !Object.is(a.measures[name], b.measures[name]));
    if (marginsDiffer || differs) this.#counts.differing += 1;
    addDistance(this.#accuracies, a.measures.train_accuracy, b.measures.train_accuracy);
    addDistance(this.#probabilities, a.measures.forget_probability, b.measures.forget_probability);
  }

  difference(): CellDifference {
    const { rows, sum, largest } = this.#probabilities;
    return {
      ...this.#cell,
      ...this.#counts,
      train_accuracy_largest: this.#accuracies.largest,
      forget_probability_largest: largest,
      forget_probability_mean: rows === 0 ? null : sum / rows,
    };
  }
}

interface Distance {
  largest: number | null;
  sum: number;
  rows: number;
}

function addDistance(distance: Distance, a: number | null, b: number | null): void {
  if (a === null || b === null) return;
  const delta = b - a;
  distance.largest = Math.max(distance.largest ?? 0, Math.abs(delta));
  distance.sum += delta;
  distance.rows += 1;
}
