/** The digest of a sweep in a file: the lines of `digestOf`, whose keys are written once a cell. */
import type Database from "better-sqlite3";
import { LineDigest, marginLine, rowLine } from "../digest.js";
import { AFTER_TRIAL, BEFORE_TRIAL, type Cell, cellsInOrder, marginLines, rowLines } from "./rows.js";

export function digestOfSweep(db: Database.Database, sweep: number): string {
  const digest = new LineDigest();
  const cells = cellsInOrder(db, sweep);
  const texts = new Map(cells.map((cell) => [cell, textsOf(cell)]));
  const key = ({ cell, trial, start_trial }: { cell: Cell; trial: number; start_trial: number | null }): string => {
    const { before, after } = texts.get(cell) as Texts;
    return `${before},${trial},${start_trial},${after}`;
  };
  for (const line of rowLines(db, cells)) digest.add(rowLine(key(line), line.state, line.measures));
  for (const line of marginLines(db, cells)) digest.add(marginLine(key(line), line.forgetRow, line.margin));
  return digest.hex();
}

/** A key's JSON before and after the trial and its start's. */
interface Texts {
  readonly before: string;
  readonly after: string;
}

function textsOf(cell: Cell): Texts {
  const text = (names: readonly (keyof Cell)[]): string => JSON.stringify(names.map((name) => cell[name]));
  return { before: text(BEFORE_TRIAL).slice(0, -1), after: text(AFTER_TRIAL).slice(1) };
}
