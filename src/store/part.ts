/** What a store that is merged into another gives of itself, whatever keeps it. */
import { SweepError } from "../errors.js";
import type { StoredCommand, StoredDecision, Sweep } from "./contract.js";
import type { Value } from "./sql/columns.js";
import type { OpeningTimes } from "./sweeps.js";
import type { Differ, Stored } from "./trajectories.js";

export interface PartSweep {
  readonly sweep: Sweep;
  readonly times: OpeningTimes;
  readonly commands: readonly StoredCommand[];
  readonly decisions: readonly StoredDecision[];
}

/** One state of a store. */
export interface Part {
  sweeps(): Promise<readonly PartSweep[]>;
  /** Its cell keys by their ids, with their columns in the order of HELD_NAMES. */
  cellKeys(): Promise<ReadonlyMap<number, readonly Value[]>>;
  /**
   * Its trajectories of the cell keys that are meant, each with what it is called, those that repeat a run after all
   * others. Throws usage where it comes to one that is not as it landed.
   */
  trajectories(
    isMeant: (cellKey: number) => boolean,
  ): AsyncIterable<{ readonly stored: Stored; readonly what: string }>;
  /** Throws usage where anything of it is not as it landed. */
  refuseDamages(): Promise<void>;
  close(): Promise<void>;
}

/** Throws that a part differs from the whole or from a part before it. */
export function partDiffers(whole: string, part: string, what: string): Differ {
  return (epoch) => {
    throw new SweepError(
      "check",
      `${part} differs from ${whole} or from a part before it in ${what}, at epoch ${epoch}, so one of the two is wrong: nothing was merged; gmm-sweep verify FILE says whether it is that FILE`,
    );
  };
}

/** Throws where a sweep would have two decisions of one round: the looks of each sharing of the error are of one sweep alone. */
export function refuseOtherDecisions(
  whole: string,
  part: string,
  { sweep, decisions }: PartSweep,
  held: readonly StoredDecision[],
): void {
  const there = new Map(held.map(({ round, text }) => [round, text]));
  const other = decisions.find(({ round, text }) => (there.get(round) ?? text) !== text);
  if (other === undefined) return;
  const what = other.round === 1 ? "what is asked --until" : `what look ${other.round - 1} decided`;
  throw new SweepError(
    "check",
    `${part} differs from ${whole} or from a part before it in ${what} of the sweep ${sweep.plan.name ?? sweep.id}, and its looks share one error rate: nothing was merged; keep it in a file of its own`,
  );
}
