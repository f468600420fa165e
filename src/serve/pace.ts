/** How often is looked: as often as whoever trains there does not feel, and once more when nobody does any more. */
import { realpathSync, statSync } from "node:fs";
import { isDatabase } from "../files/places.js";
import type { LookKind } from "./messages.js";

/** What the looks of a kind may take of the CPU time that the machine has: in all less than 2 %, with what the first looks and twenty pages take. */
const SHARES: Readonly<Record<LookKind, number>> = { progress: 0.003, verdict: 0.0015, figures: 0.0015 };

const LEAST_IDLE_MS = 1_000;

/** A place in which nothing was written for so long, and for so many times what a look takes, is left by whoever trained. */
const QUIET_MS = 2_000;
const QUIET_TIMES = 20;

/** When the next look of a kind is due, in milliseconds of one clock. */
export interface Turn {
  /** Before which it is not, while somebody trains. */
  readonly next: number;
  /** What the last one took, as LookAnswer's ms. */
  readonly tookMs: number;
  /** What `markOf` said when it began; null: there was none yet, or nobody can say. */
  readonly mark: string | null;
}

export const FIRST_TURN: Turn = { next: 0, tookMs: 0, mark: null };

/** What is known of the place: the mark of what is written there, and how long it has been that. */
export interface Writing {
  readonly mark: string | null;
  readonly quietMs: number;
}

/** Of a place of which nobody can say when it was written, so that its looks go by their time alone. */
export const UNKNOWN: Writing = { mark: null, quietMs: 0 };

export function isDue({ next, tookMs, mark }: Turn, { mark: now, quietMs }: Writing, at: number): boolean {
  if (now !== null && now === mark) return false;
  const isLeft = now !== null && quietMs >= Math.max(QUIET_MS, QUIET_TIMES * tookMs);
  return isLeft || at >= next;
}

/** The turn after a look that ended `at` and took so much of the machine's `cores` together. */
export function after(kind: LookKind, mark: string | null, tookMs: number, at: number, cores: number): Turn {
  return { next: at + Math.max(LEAST_IDLE_MS, tookMs / (SHARES[kind] * cores)), tookMs, mark };
}

/** A text that is another once something was written to a file of results; null: of a database nobody can say without asking it. */
export function markOf(place: string): string | null {
  if (isDatabase(place)) return null;
  return [place, `${place}-wal`].map(writtenAt).join();
}

/** Of a log that is empty nothing is told: readers make one. */
function writtenAt(path: string): string {
  try {
    const { mtimeMs, size } = statSync(realpathSync(path));
    return size === 0 ? "" : `${mtimeMs} ${size}`;
  } catch {
    return ""; // it is not there
  }
}
