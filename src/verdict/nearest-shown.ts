/** What a comparison says to people: the nearest few beside doing nothing and retraining itself, each with a standard error, and where there was nothing to forget. */
import type { CellKey } from "../plan/cell.js";
import { errorOfMean } from "../stats/monte-carlo-error.js";
import type { CellTrial } from "../store/contract.js";
import { cannotTell, memorised } from "./memorisation.js";
import { type Comparison, distanceOn, type Held, type Judged, type NearestCell } from "./nearest.js";

/** A cell with the standard error of its distance. */
interface FoundCell extends NearestCell {
  /** Over draws where there are several; on one, over trials that are paired by their numbers. Null: one run tells none. */
  readonly standard_error: number | null;
}

/** Cells that are compared on the same draws. */
export interface NearestShown {
  readonly draws: readonly string[];
  /** How many cells are compared; the nearest of them are shown. */
  readonly compared: number;
  readonly nearest: readonly FoundCell[];
  /** Original and retraining of each setting that is shown. */
  readonly originals: readonly FoundCell[];
  readonly retrained: readonly FoundCell[];
  readonly nothing_to_forget: NothingToForget;
  /** How many cells lack some of these draws, and of those that are shown before. */
  readonly left: number;
}

/** Draws, of each setting that is shown, that cannot tell methods apart as far as all their trials tell, of those where that can be told. */
export interface NothingToForget {
  readonly draws: number;
  readonly of: number;
}

/** Asks a store for the trials of a cell. */
export type TrialsOf = (cell: CellKey) => Promise<readonly CellTrial[]>;

/** The `most` nearest of a comparison, and what stands beside them. */
export async function nearestShown(comparison: Comparison, most: number, trialsOf: TrialsOf): Promise<NearestShown> {
  const nearest = comparison.nearest.slice(0, most);
  const settings = new Set((nearest.length === 0 ? comparison.originals : nearest).map(settingOf));
  const beside = (held: readonly Held[]): Held[] => held.filter((one) => settings.has(settingOf(one)));
  const originals = beside(comparison.originals);
  const found = async (held: readonly Held[]): Promise<FoundCell[]> => {
    const cells: FoundCell[] = [];
    for (const one of held) cells.push({ ...one.cell, standard_error: await standardErrorOf(one, trialsOf) });
    return cells;
  };
  return {
    draws: comparison.draws,
    compared: comparison.nearest.length,
    nearest: await found(nearest),
    originals: await found(originals),
    retrained: beside(comparison.retrained).map(({ cell }) => ({ ...cell, standard_error: null })),
    nothing_to_forget: await nothingToForget(originals, trialsOf),
    left: comparison.left,
  };
}

/** All that a recipe shares with those that it stands beside. */
function settingOf({ pairs: [{ cell }] }: Held): string {
  return cell.setting;
}

async function standardErrorOf({ pairs }: Held, trialsOf: TrialsOf): Promise<number | null> {
  // The draw is the unit where there are several: trials are nested in it.
  if (pairs.length > 1) return standardError(pairs.map(distanceOn));
  const [{ cell, yardstick }] = pairs;
  return standardError(await pairedDifferences(cell, yardstick, trialsOf));
}

/** Of each trial that both have, how far their forget probabilities lie apart; copies of one run are one run. */
async function pairedDifferences(cell: Judged, yardstick: Judged, trialsOf: TrialsOf): Promise<number[]> {
  const retrained = new Map((await ownTrials(yardstick, trialsOf)).map((row) => [row.trial, row.forget_probability]));
  return (await ownTrials(cell, trialsOf)).flatMap(({ trial, forget_probability }) => {
    const other = retrained.get(trial);
    return other === undefined ? [] : [forget_probability - other];
  });
}

async function ownTrials({ key }: Judged, trialsOf: TrialsOf): Promise<CellTrial[]> {
  return (await trialsOf(key)).filter(({ replicate_of }) => replicate_of === null);
}

/** Over the originals of the fewest λ and the most epochs, as retraining is chosen. */
async function nothingToForget(originals: readonly Held[], trialsOf: TrialsOf): Promise<NothingToForget> {
  const chosen = new Map<string, Held>();
  const order = ({ cell: a }: Held, { cell: b }: Held): number => b.lambda_reg - a.lambda_reg || a.epochs - b.epochs;
  for (const one of originals.toSorted(order)) chosen.set(settingOf(one), one);
  let [draws, of] = [0, 0];
  for (const { pairs } of chosen.values()) {
    for (const { cell, yardstick } of pairs) {
      const differences = await pairedDifferences(cell, yardstick, trialsOf);
      if (differences.length < 2) continue; // one run tells nothing
      of += 1;
      if (cannotTell(memorised(differences))) draws += 1;
    }
  }
  return { draws, of };
}

/** The standard error of a mean; null where one value tells none. */
function standardError(values: readonly number[]): number | null {
  return values.length < 2 ? null : errorOfMean(values);
}
