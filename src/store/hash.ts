/** The hash that a trajectory carries: what is stored of it has one text, and another text has another hash. */
import { createHash } from "node:crypto";
import { endianness } from "node:os";
import type { RowState } from "./contract.js";
import { CURVE_NAMES, MEASURE_NAMES } from "./sql/columns.js";

/** What is stored of a trajectory but its key, each part in the order of its key. A copy has rows alone: curve and margins are its source's. */
export interface Contents {
  readonly rows: readonly RowValues[];
  readonly curve: readonly EpochValues[];
  readonly margins: readonly MarginValue[];
}

/** A row of trial_rows. */
export interface RowValues {
  readonly epochs: number;
  readonly state: RowState;
  /** In the order of MEASURES. */
  readonly values: readonly (number | null)[];
  readonly error: string | null;
  readonly attempts: number;
  readonly elapsedMs: number | null;
  readonly finishedAt: string;
}

export interface EpochValues {
  readonly epoch: number;
  /** In the order of CURVE. */
  readonly values: readonly (number | null)[];
}

export interface MarginValue {
  readonly epochs: number;
  /** From 1. */
  readonly forgetRow: number;
  readonly margin: number | null;
}

/** What tells a trajectory from the others of its cell key. */
export interface TrajectoryKey {
  readonly trial: number;
  readonly startTrial: number;
  readonly replicateOf: number | null;
}

const HASH_BYTES = 16;

/** The first 128 bits of SHA-256 over `held`, which is the text of what it was trained under, its key, and its numbers. */
export function hashOf(held: string, { trial, startTrial, replicateOf }: TrajectoryKey, contents: Contents): Buffer {
  const key = `${held} ${trial} ${startTrial} ${replicateOf}\n`;
  return createHash("sha256").update(key).update(numbersOf(contents)).digest().subarray(0, HASH_BYTES);
}

const STATES = { done: 0, diverged: 1 } as const;

/** Little-endian float64: how many finished rows, epochs and margins there are, and then these. */
function numbersOf({ rows, curve, margins }: Contents): Uint8Array {
  const numbers = new Float64Array(
    3 + rows.length * (2 + MEASURE_NAMES.length) + curve.length * (1 + CURVE_NAMES.length) + margins.length * 3,
  );
  let at = 3;
  const add = (value: number | null): void => {
    // One bit pattern for all that is no number.
    numbers[at++] = value ?? Number.NaN;
  };
  let finished = 0;
  for (const { epochs, state, values } of rows) {
    // Why a trial failed is no result.
    if (state === "failed") continue;
    finished += 1;
    add(epochs);
    add(STATES[state]);
    for (const value of values) add(value);
  }
  for (const { epoch, values } of curve) {
    add(epoch);
    for (const value of values) add(value);
  }
  for (const { epochs, forgetRow, margin } of margins) for (const value of [epochs, forgetRow, margin]) add(value);
  numbers.set([finished, curve.length, margins.length]);
  const bytes = Buffer.from(numbers.buffer, 0, at * Float64Array.BYTES_PER_ELEMENT);
  return endianness() === "LE" ? bytes : bytes.swap64();
}

/** A number as SQLite keeps it: NaN is null, and −0 is 0. */
export function stored(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : value + 0;
}
