/** Trajectories with all that is stored of them, and what becomes of one when something is to be stored of it again. */
import { CURVE, MEASURES } from "../measures.js";
import type { RecordLevel } from "../plan/plan.js";
import { clipped, escaped } from "../printable.js";
import { lastEpoch, type TrainedOutcome, type TrajectorySpec, type TrialRow } from "../trial.js";
import { badPlace, PlaceFault } from "./faults.js";
import {
  type Contents,
  type EpochValues,
  type MarginValue,
  type RowValues,
  stored,
  type TrajectoryKey,
} from "./hash.js";
import type { Value } from "./sql/columns.js";

/** Which trajectory it is, in one store. */
export interface Place extends TrajectoryKey {
  readonly cellKey: number;
  /** The trajectory whose run it repeats; null: its own. */
  readonly source: number | null;
}

/** A trajectory as it is stored. */
export interface Stored extends Place {
  readonly id: number;
  readonly hash: Buffer;
  readonly contents: Contents;
}

/** What is to be stored of a trajectory. */
export interface Given {
  /** Finished ones. */
  readonly rows: readonly RowValues[];
  /** The epochs to keep, ascending. */
  readonly keep: readonly number[];
  /** What is known of an epoch, whether it is to be kept or not; null: of none, as of a copy. */
  readonly curveAt: ((epoch: number) => EpochValues["values"] | null) | null;
  readonly margins: readonly MarginValue[];
}

export const NOTHING: Given = { rows: [], keep: [], curveAt: null, margins: [] };

/** Throws that what is there differs from what is given. */
export type Differ = (epoch: number, there: Value, given: Value) => never;

/** Compares what is stored of a trajectory with what is given: of a copy that is given a curve, curve and margins are its source's. */
export function compareContents({ rows, curve, margins }: Contents, given: Given, differ: Differ): void {
  for (const { epoch, values } of curve) compareValues(epoch, values, given.curveAt?.(epoch) ?? null, differ);
  const same = new Map(given.rows.map((row) => [row.epochs, row]));
  for (const { epochs, state, values } of rows) {
    const other = same.get(epochs);
    if (other === undefined || state === "failed") continue;
    compareValues(epochs, [...values, state], [...other.values, other.state], differ);
  }
  const others = new Map(given.margins.map((margin) => [marginKey(margin), margin.margin]));
  for (const margin of margins) {
    const other = others.get(marginKey(margin));
    if (other !== undefined) compareValues(margin.epochs, [margin.margin], [other], differ);
  }
}

function compareValues(epoch: number, there: readonly Value[], given: readonly Value[] | null, differ: Differ): void {
  if (given === null) return;
  const at = there.findIndex((value, i) => value !== given[i]);
  if (at !== -1) differ(epoch, there[at], given[at]);
}

/** What of `given` is not there; a copy's curve and margins are its source's. */
export function lackingOf({ contents, source }: Pick<Stored, "contents" | "source">, given: Given): Contents {
  const finished = new Set(contents.rows.flatMap(({ state, epochs }) => (state === "failed" ? [] : [epochs])));
  const rows = given.rows.filter(({ epochs }) => !finished.has(epochs));
  if (source !== null) return { rows, curve: [], margins: [] };
  const kept = new Set(contents.curve.map(({ epoch }) => epoch));
  const margins = new Set(contents.margins.map(marginKey));
  return {
    rows,
    curve: curveOf(
      given,
      given.keep.filter((epoch) => !kept.has(epoch)),
    ),
    margins: given.margins.filter((margin) => !margins.has(marginKey(margin))),
  };
}

function marginKey({ epochs, forgetRow }: MarginValue): string {
  return `${epochs} ${forgetRow}`;
}

/** All that is given, as it is kept. */
export function contentsOf(given: Given): Contents {
  return { rows: given.rows, curve: curveOf(given, given.keep), margins: given.margins };
}

function curveOf({ curveAt }: Given, epochs: readonly number[]): EpochValues[] {
  return epochs.map((epoch) => ({ epoch, values: curveAt?.(epoch) ?? [] }));
}

/** What a part has of a trajectory, to be stored in a whole. */
export function givenBy({ source, contents }: Stored): Given {
  const curve = new Map(contents.curve.map(({ epoch, values }) => [epoch, values]));
  return {
    rows: contents.rows.filter(({ state }) => state !== "failed"),
    keep: [...curve.keys()],
    curveAt: source === null ? (epoch) => curve.get(epoch) ?? null : null,
    margins: contents.margins,
  };
}

/** What an outcome gives, whose rows are `values`. */
export function givenOf(
  record: RecordLevel,
  { spec, curve, rows }: TrainedOutcome,
  values: readonly RowValues[],
): Given {
  const columns = CURVE.map(({ of }) => of(curve));
  const last = lastEpoch(spec);
  return {
    rows: values,
    keep: epochsToKeep(record, spec),
    curveAt: (epoch) => (epoch > last ? null : columns.map((column) => stored(column[epoch - 1]))),
    margins: spec.cell.draw.forgetRows > 1 ? rows.flatMap(marginsOf) : [],
  };
}

function marginsOf({ epochs, forgetMargins }: TrialRow): MarginValue[] {
  return Array.from(forgetMargins, (margin, i) => ({ epochs, forgetRow: i + 1, margin: stored(margin) }));
}

/** The epochs of a curve that a record level keeps. */
function epochsToKeep(record: RecordLevel, spec: TrajectorySpec): readonly number[] {
  if (record === "final") return [lastEpoch(spec)];
  if (record === "asked") return spec.asked;
  return Array.from({ length: lastEpoch(spec) }, (_, e) => e + 1);
}

/** A row of an outcome, as it is kept. */
export function rowOf({ epochs, state, measures }: TrialRow, elapsedMs: number | null, finishedAt: string): RowValues {
  const values = MEASURES.map(({ name }) => stored(measures[name]));
  return { epochs, state, values, error: null, attempts: 1, elapsedMs, finishedAt };
}

export function failedRow(epochs: number, error: string, finishedAt: string): RowValues {
  const values = MEASURES.map(() => null);
  return { epochs, state: "failed", values, error, attempts: 1, elapsedMs: null, finishedAt };
}

/** Throws that a training gave another number than is there. */
export function trainingDiffers({ cell, trial }: TrajectorySpec): Differ {
  return (epoch, there, given) => {
    throw new PlaceFault(
      "check",
      (place, { what, option }) =>
        `${place} holds ${there} where ${cell.method} trial ${trial} now gave ${given} at epoch ${epoch}, so one of the two is wrong: nothing was changed; keep the ${what}, and run into another with ${option}`,
    );
  };
}

/** A trajectory in words; `of` is the method, λ and draw that it is trained under, where they are there. */
export function nameOf(of: readonly Value[] | undefined, { trial, startTrial }: TrajectoryKey): string {
  if (of === undefined) return `trial ${trial} of what is not there`;
  const [method, lambda, draw] = of.map((value) => clipped(escaped(String(value))));
  const start = startTrial === 0 || startTrial === trial ? "" : `, from the start of trial ${startTrial}`;
  return `${method} of λ ${lambda} on draw ${draw}, trial ${trial}${start}`;
}

/** That what is stored of `what` is not what its hash says. */
export function damaged(what: string): PlaceFault {
  return badPlace(
    (place) =>
      `${place} holds of ${what} something else than what landed, so it was changed by another program or is damaged: take another copy of it; gmm-sweep verify names all that was changed`,
  );
}

/** What `damages` says of trajectories. */
export const FAULTS = {
  hash: "what is stored of it is not what landed, as its hash says",
  copy: "it is stored as a copy of a run that is not the one it repeats",
} as const;
