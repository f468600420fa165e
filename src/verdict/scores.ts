/** What a verdict weighs: the trials of each recipe on each draw, as samples. */
import { CELL_NAMES, type CellKey } from "../plan/cell.js";
import type { StoredRow } from "../store/contract.js";

/** A recipe on one draw: the trials that did not diverge, in the order of their numbers. */
export interface Sample {
  /** The cell's key. */
  readonly key: CellKey;
  /** Its recipe, a cell but for its draw, as one text. */
  readonly recipe: string;
  readonly trials: readonly number[];
  readonly forget: readonly number[];
  readonly accuracy: readonly number[];
  /** Mean log-odds of the forget rows, and accuracy on a fresh sample; null where a trial has none. */
  readonly margin: readonly (number | null)[];
  readonly test: readonly (number | null)[];
  readonly diverged: number;
  readonly failed: number;
  /** Whether its trials are one run, stored for each: then it stands here once. */
  readonly isOneRun: boolean;
}

/** What may be compared: everything but the draw and what a method is. Sizes are never pooled. */
const SETTING_NAMES = CELL_NAMES.filter((name) => !["draw", "method", "lambda_reg", "epochs", "start"].includes(name));
const RECIPE_NAMES = CELL_NAMES.filter((name) => name !== "draw");

/** The samples of one setting. */
export interface Setting {
  readonly key: CellKey;
  readonly samples: readonly Sample[];
}

/** Every setting of the rows, in the order in which they come. */
export async function settingsIn(rows: AsyncIterable<StoredRow>): Promise<Setting[]> {
  const settings = new Map<string, Map<string, Gathered>>();
  for await (const row of rows) {
    const setting = entry(settings, textOf(row, SETTING_NAMES), () => new Map<string, Gathered>());
    const cell = entry(setting, textOf(row, CELL_NAMES), () => gathered(row));
    add(cell, row);
  }
  return [...settings.values()].map((cells) => {
    const samples = [...cells.values()].map(sampleOf);
    return { key: samples[0].key, samples };
  });
}

interface Scores {
  readonly trial: number;
  readonly forget: number;
  readonly accuracy: number;
  readonly margin: number | null;
  readonly test: number | null;
}

interface Gathered {
  readonly key: CellKey;
  readonly recipe: string;
  readonly rows: Scores[];
  diverged: number;
  failed: number;
  copies: number;
}

function gathered(row: StoredRow): Gathered {
  const key = Object.fromEntries(CELL_NAMES.map((name) => [name, row[name]])) as unknown as CellKey;
  return { key, recipe: textOf(row, RECIPE_NAMES), rows: [], diverged: 0, failed: 0, copies: 0 };
}

function add(cell: Gathered, row: StoredRow): void {
  const { forget_probability: forget, train_accuracy: accuracy, forget_margin: margin } = row.measures;
  if (row.replicate_of !== null) cell.copies += 1;
  else if (row.state === "failed") cell.failed += 1;
  else if (row.state === "diverged" || forget === null || accuracy === null) cell.diverged += 1;
  else cell.rows.push({ trial: row.trial, forget, accuracy, margin, test: row.measures.test_accuracy });
}

function sampleOf({ key, recipe, rows, diverged, failed, copies }: Gathered): Sample {
  const sorted = rows.toSorted((a, b) => a.trial - b.trial);
  return {
    ...{ key, recipe, diverged, failed, isOneRun: copies > 0 },
    trials: sorted.map(({ trial }) => trial),
    forget: sorted.map(({ forget }) => forget),
    accuracy: sorted.map(({ accuracy }) => accuracy),
    margin: sorted.map(({ margin }) => margin),
    test: sorted.map(({ test }) => test),
  };
}

function textOf(key: CellKey, names: readonly (keyof CellKey)[]): string {
  return JSON.stringify(names.map((name) => key[name]));
}

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
