/** How far sweeps are, and how fast they go, from what was there at each look. */
import { escaped } from "../printable.js";
import type { CellStatus, Failure } from "../store/contract.js";

/** One look at a sweep. */
export interface SweepLook {
  readonly id: number;
  readonly name: string;
  readonly cells: readonly CellStatus[];
  readonly failures: readonly Failure[];
}

export interface SweepProgress {
  readonly id: number;
  readonly name: string;
  readonly rows: number;
  readonly there: number;
  readonly failed: number;
  readonly diverged: number;
  /** At the pace of the last minute; null where it is not known. */
  readonly seconds_left: number | null;
  /** The cells that were complete last, the newest first. */
  readonly newest: readonly string[];
  readonly failures: readonly { readonly trials: number; readonly method: string; readonly error: string }[];
}

const WINDOW_MS = 60_000;
const LEAST_MS = 5_000;
const MOST_NEWEST = 5;
const MOST_FAILURES = 5;
const MOST_OF_AN_ERROR = 300; // characters

interface History {
  /** Of the last minute, and one before it. */
  readonly landed: { readonly at: number; readonly there: number }[];
  complete: ReadonlySet<string>;
  newest: readonly string[];
}

/** Remembers of each sweep what its pace needs, and no more. */
export class Progress {
  readonly #histories = new Map<number, History>();

  /** `at` is in milliseconds of any clock that goes forward. */
  of(look: SweepLook, at: number): SweepProgress {
    const { id, name, cells, failures } = look;
    const sum = (column: "trials" | "done" | "diverged" | "failed"): number =>
      cells.reduce((total, cell) => total + cell[column], 0);
    const [rows, failed, diverged] = [sum("trials"), sum("failed"), sum("diverged")];
    const there = sum("done") + diverged;
    const isNew = !this.#histories.has(id);
    const history = this.#histories.get(id) ?? { landed: [], complete: new Set<string>(), newest: [] };
    this.#histories.set(id, history);
    history.landed.push({ at, there });
    while (history.landed.length > 2 && history.landed[1].at <= at - WINDOW_MS) history.landed.shift();
    const complete = new Set(cells.filter(({ missing }) => missing === 0).map(cellText));
    // What was complete when one began to look is not new.
    const fresh = isNew ? [] : [...complete].filter((cell) => !history.complete.has(cell));
    history.complete = complete;
    history.newest = [...fresh.reverse(), ...history.newest].slice(0, MOST_NEWEST);
    return {
      ...{ id, name: escaped(name), rows, there, failed, diverged, newest: history.newest },
      seconds_left: secondsLeft(history, rows - failed - there),
      failures: failures.slice(0, MOST_FAILURES).map(({ rows: trials, method, error }) => ({
        trials,
        method,
        error: escaped(error.slice(0, MOST_OF_AN_ERROR)),
      })),
    };
  }
}

function secondsLeft({ landed }: History, missing: number): number | null {
  if (missing <= 0) return 0;
  const [first, last] = [landed[0], landed[landed.length - 1]];
  const ms = last.at - first.at;
  const gained = last.there - first.there;
  return ms < LEAST_MS || gained <= 0 ? null : (missing * ms) / gained / 1000;
}

function cellText({ draw, preset, method, lambda_reg, epochs }: CellStatus): string {
  return `${method} λ ${lambda_reg} × ${epochs}, draw ${draw}, ${preset}`;
}
