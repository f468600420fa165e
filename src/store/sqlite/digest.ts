/** The digest of a sweep in a file: the lines of `digestOf`, whose keys are written once a cell. */
import type Database from "better-sqlite3";
import type { RowState } from "../contract.js";
import { LineDigest, marginLine, rowLine } from "../digest.js";
import {
  AFTER_TRIAL,
  BEFORE_TRIAL,
  type Cell,
  cellsInOrder,
  type Line,
  MARGIN_AT,
  MEASURES_AT,
  marginLines,
  ROW_AT,
  rowLines,
} from "./rows.js";

export function digestOfSweep(db: Database.Database, sweep: number): string {
  const digest = new LineDigest();
  const cells = cellsInOrder(db, sweep);
  const keys = new Map(cells.map((cell) => [cell, new KeyText(cell)]));
  const keyOf = ({ cell, row }: Line): string =>
    (keys.get(cell) as KeyText).of(row[ROW_AT.trial] as number, row[ROW_AT.start_trial] as number | null);
  for (const line of rowLines(db, cells))
    digest.add(rowLine(keyOf(line), line.row[ROW_AT.state] as RowState, line.row, MEASURES_AT));
  for (const line of marginLines(db, cells)) {
    const [forgetRow, margin] = [line.row[MARGIN_AT.forget_row], line.row[MARGIN_AT.forget_margin]];
    digest.add(marginLine(keyOf(line), forgetRow as number, margin as number | null));
  }
  return digest.hex();
}

/** The keys of a cell's rows as JSON. */
class KeyText {
  readonly #before: string;
  readonly #after: string;

  constructor(cell: Cell) {
    const text = (names: readonly (keyof Cell)[]): string => JSON.stringify(names.map((name) => cell[name]));
    this.#before = text(BEFORE_TRIAL).slice(0, -1);
    this.#after = text(AFTER_TRIAL).slice(1);
  }

  of(trial: number, startTrial: number | null): string {
    return `${this.#before},${trial},${startTrial},${this.#after}`;
  }
}
