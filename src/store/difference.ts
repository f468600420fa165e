/** What differs between the trial rows of two files: both are read in the order of their keys, side by side. */
import type { Reader } from "./contract.js";

/** A cell of either file. */
export interface CellDifference {
  /** Null where the two files have one numerics profile each, which may be another: rows of equal keys are compared all the same. */
  readonly profile: string | null;
  readonly preset: string;
  readonly draw: string;
  readonly samples: number;
  readonly features: number;
  readonly forget_rows: number;
  readonly hidden: string;
  readonly learning_rate: number;
  readonly method: string;
  readonly lambda_reg: number;
  readonly seed: number;
  readonly start: string;
  readonly epochs: number;
  /** Finished rows in both files, in the first only, and in the second only. */
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
  /** The numerics profiles of the first file and of the second. */
  readonly profiles: readonly [readonly string[], readonly string[]];
  /** Every cell of either file, equal ones too. */
  readonly cells: readonly CellDifference[];
}

type Row = Readonly<Record<string, string | number | null>>;
type Pair = readonly [first: Row | null, second: Row | null];

const CELL = [
  ...["preset", "draw", "samples", "features", "forget_rows", "hidden", "learning_rate"],
  ...["method", "lambda_reg", "seed", "start", "epochs"],
];
const TRIAL = ["trial", "start_trial"];
const MEASURES = [
  ...["train_accuracy", "test_accuracy", "forget_probability", "forget_logit", "cross_entropy", "penalty"],
];

export async function cellDifferences(first: Reader, second: Reader): Promise<Differences> {
  const profiles = [await profilesOf(first), await profilesOf(second)] as const;
  // Where a file has several, each is held against its own.
  const cell = profiles.every(({ length }) => length === 1) ? CELL : ["profile", ...CELL];
  const key = [...cell, ...TRIAL];
  const rows = `select distinct ${columns(key)}, state, ${MEASURES} from trial_results where state <> 'failed' order by ${key}`;
  const logits = `select distinct ${columns(key)}, forget_row, forget_logit from forget_results order by ${key}, forget_row`;
  const unequal = new Set<string>();
  for await (const pair of sideBySide(first.each<Row>(logits), second.each<Row>(logits), [...key, "forget_row"]))
    if (differs(pair, ["forget_logit"])) unequal.add(keyText(pair, key));
  const cells: CellTally[] = [];
  for await (const pair of sideBySide(first.each<Row>(rows), second.each<Row>(rows), key)) {
    const name = keyText(pair, cell);
    if (cells.at(-1)?.name !== name) cells.push(new CellTally(name));
    cells[cells.length - 1].add(pair, unequal.has(keyText(pair, key)));
  }
  return { profiles, cells: cells.map((tally) => tally.difference()) };
}

async function profilesOf(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ profile: string }>("select distinct profile from sweeps order by profile");
  return rows.map(({ profile }) => profile);
}

function columns(key: readonly string[]): string[] {
  // A fresh start has none, and null has no place in an order of numbers.
  return key.map((name) => (name === "start_trial" ? "coalesce(start_trial, 0) as start_trial" : name));
}

/** Rows of equal keys together, in the order of the keys; null beside a row that the other file lacks. */
async function* sideBySide(
  first: AsyncIterable<Row>,
  second: AsyncIterable<Row>,
  key: readonly string[],
): AsyncGenerator<Pair> {
  const [left, right] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
  let [a, b] = [await left.next(), await right.next()];
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : keyOrder(a.value, b.value, key);
    yield [order <= 0 ? (a.value as Row) : null, order >= 0 ? (b.value as Row) : null];
    if (order <= 0) a = await left.next();
    if (order >= 0) b = await right.next();
  }
}

/** As SQLite orders them: numbers by value; texts by their bytes, which for the ASCII of keys is JavaScript's order too. */
function keyOrder(a: Row, b: Row, key: readonly string[]): number {
  for (const name of key) {
    const [left, right] = [a[name] as string | number, b[name] as string | number];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function keyText([a, b]: Pair, key: readonly string[]): string {
  const row = (a ?? b) as Row;
  return JSON.stringify(key.map((name) => row[name]));
}

/** Whether two rows, or a row and none, have any bit in which they differ. */
function differs([a, b]: Pair, names: readonly string[]): boolean {
  return names.some((name) => !Object.is(a?.[name], b?.[name]));
}

/** Counts the rows of one cell. */
class CellTally {
  readonly name: string;
  #cell: Row = {};
  readonly #counts = { both: 0, only_first: 0, only_second: 0, differing: 0 };
  readonly #accuracies: Distance = { largest: null, sum: 0, rows: 0 };
  readonly #probabilities: Distance = { largest: null, sum: 0, rows: 0 };

  constructor(name: string) {
    this.name = name;
  }

  add([a, b]: Pair, logitsDiffer: boolean): void {
    this.#cell = (a ?? b) as Row;
    if (a === null || b === null) {
      this.#counts[a === null ? "only_second" : "only_first"] += 1;
      return;
    }
    this.#counts.both += 1;
    if (logitsDiffer || differs([a, b], ["state", ...MEASURES])) this.#counts.differing += 1;
    addDistance(this.#accuracies, a["train_accuracy"], b["train_accuracy"]);
    addDistance(this.#probabilities, a["forget_probability"], b["forget_probability"]);
  }

  difference(): CellDifference {
    const cell = Object.fromEntries(["profile", ...CELL].map((name) => [name, this.#cell[name] ?? null]));
    const { rows, sum, largest } = this.#probabilities;
    return {
      ...(cell as unknown as CellDifference),
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

function addDistance(distance: Distance, a: Row[string], b: Row[string]): void {
  if (typeof a !== "number" || typeof b !== "number") return;
  const delta = b - a;
  distance.largest = Math.max(distance.largest ?? 0, Math.abs(delta));
  distance.sum += delta;
  distance.rows += 1;
}
