/** What measures need beside trial rows: the margins of several forget rows, and curves of nets that are trained on x again. */
import { CELL_NAMES, type CellKey } from "../../plan/cell.js";
import type { MethodRecord } from "../../plan/methods.js";
import type { Results, StoredMargin, Sweep } from "../../store/contract.js";
import { RELEARNED } from "../roles.js";
import type { RelearnedEpoch } from "./relearn-steps.js";

export interface Beside {
  /** Of the sweep's plan. */
  readonly methods: readonly MethodRecord[];
  /** Of each trial with several forget rows their margins, by `trialKey`. */
  readonly margins: ReadonlyMap<string, readonly number[]>;
  /** Of each trial that was trained again its curve, by `trialKey` of the relearning's start. */
  readonly relearned: ReadonlyMap<string, readonly RelearnedEpoch[]>;
}

/** What a relearning shares with the net that it goes on from. */
const SHARED = CELL_NAMES.filter((name) => !["method", "lambda_reg", "epochs", "start"].includes(name));

/** A trial of a cell as one text. */
export function trialKey(cell: CellKey, trial: number): string {
  return JSON.stringify([...CELL_NAMES.map((name) => cell[name]), trial]);
}

/** A trial of the cell that a relearning goes on from: what its column start says of the cell `cell`. */
export function relearnedKey(cell: CellKey, trial: number): string {
  const { method, lambda_reg, epochs, start } = cell;
  return startedKey(cell, `${method}@${lambda_reg}x${epochs}${start === "" ? "" : `<${start}`}`, trial);
}

function startedKey(cell: CellKey, start: string, trial: number): string {
  return JSON.stringify([...SHARED.map((name) => cell[name]), start, trial]);
}

/** Asks a store for all of it; `trials` are the numbers of those that are judged. */
export async function besideOf(results: Results, sweep: Sweep, trials: readonly number[]): Promise<Beside> {
  return {
    methods: sweep.plan.methods,
    margins: await marginsIn(results.margins(sweep)),
    relearned: await relearnedIn(results, sweep, trials),
  };
}

async function marginsIn(rows: AsyncIterable<StoredMargin>): Promise<Map<string, number[]>> {
  const margins = new Map<string, number[]>();
  for await (const row of rows) {
    const key = trialKey(row, row.trial);
    const known = margins.get(key) ?? [];
    if (known.length === 0) margins.set(key, known);
    known[row.forget_row - 1] = row.forget_margin ?? Number.NaN;
  }
  return margins;
}

async function relearnedIn(
  results: Results,
  sweep: Sweep,
  trials: readonly number[],
): Promise<Map<string, RelearnedEpoch[]>> {
  const relearned = new Map<string, RelearnedEpoch[]>();
  for (const trial of trials) {
    for (const found of await results.trajectories(sweep, RELEARNED, trial)) {
      const curve = await results.curve(found.source, found.epochs);
      const epochs = curve.map(({ epoch, forget_probability }) => ({
        epoch,
        forget: forget_probability ?? Number.NaN,
      }));
      relearned.set(startedKey(found, found.start, trial), epochs);
    }
  }
  return relearned;
}
