/** The cells that come nearest to retraining, as text. */
import { CELL, type CellKey } from "../plan/cell.js";
import type { NearestShown, NothingToForget } from "../verdict/nearest-shown.js";
import type { CellProgress } from "../verdict/nearest-tracker.js";
import { cellColumns } from "./cell-columns.js";
import { tableWithin } from "./table.js";
import { wrapped } from "./wrap.js";

const INDENT = 2; // of a note's lines after the first

interface Sweep {
  /** The command that lists all cells. */
  readonly query: string;
  /** The columns of a cell of which it has several values. */
  readonly several: ReadonlySet<keyof CellKey>;
}

/** The tables of a sweep for a terminal of so many columns. */
export function nearestText(shown: readonly NearestShown[], { query, several }: Sweep, width: number): string {
  if (shown.length === 0) return `no finished cell to hold against retrain_scratch: ${query} lists what is there\n`;
  const left = shown.at(-1)?.left ?? 0;
  const more = `\n${left} more ${left === 1 ? "cell is" : "cells are"} there on other draws; this lists all:\n  ${query}\n`;
  // Recipes are compared over their draws.
  const told = new Set([...several].filter((name) => name !== "draw"));
  return (
    shown.map((one, place) => shownText(one, place, { several: told, width })).join("\n") + (left === 0 ? "" : more)
  );
}

function shownText(
  one: NearestShown,
  place: number,
  { several, width }: Pick<Sweep, "several"> & { readonly width: number },
): string {
  const { draws, nearest, originals, retrained, compared } = one;
  const others = [...nearest, ...originals].sort((a, b) => a.distance - b.distance);
  const rows = [...retrained, ...others];
  const presets = new Set(rows.map(({ preset }) => preset));
  // Where all have one preset, a note says it.
  const isOne = presets.size === 1;
  const columns = cellColumns(rows, several, isOne ? ["preset"] : []);
  const cells = rows.map((row, i) => [
    ...columns.cells[i],
    row.trials,
    row.train_accuracy_mean.toFixed(5),
    row.forget_probability_mean.toFixed(5),
    retrained.includes(row) ? "-" : row.distance.toFixed(5),
    row.standard_error === null ? "-" : row.standard_error.toFixed(5),
  ]);
  const header = [...columns.header, "trials", "accuracy", "forget p.", "distance", "± se"];
  const heading = place === 0 ? "nearest to retraining" : "cells that are there on other draws";
  const where = draws.length === 1 ? "1 draw" : `the same ${draws.length} draws`;
  const notes = [
    ...(compared > nearest.length ? [`the nearest ${nearest.length} of ${compared} cells`] : []),
    ...(isOne ? [`preset: ${rows[0].preset}`] : []),
    ...notesOf(one),
  ];
  const title = wrapped(`${heading}, by forget probability on ${where}:`, width).join("\n");
  return `${title}\n\n${tableWithin(width, header, cells)}\n${notes.map((note) => noteText(note, width)).join("")}`;
}

function noteText(text: string, width: number): string {
  return `${wrapped(text, width - INDENT).join(`\n${" ".repeat(INDENT)}`)}\n`;
}

function notesOf({ draws, nearest, originals, nothing_to_forget: nothing }: NearestShown): string[] {
  const shown = [...nearest, ...originals];
  const among = draws.length > 1 ? `the ${draws.length} draws` : "trials paired by number";
  return [
    originals.length === 0
      ? "original is not among them: add it to --methods to see what doing nothing gives"
      : "original: doing nothing about x",
    "distance: of the mean forget probability from retrain_scratch's, draw by draw",
    `± se: its standard error, over ${among}`,
    ...(shown.some(({ standard_error }) => standard_error === null)
      ? ["-: one run, which tells no standard error"]
      : []),
    ...forgettableText(nothing, draws.length),
  ];
}

function forgettableText({ draws, of }: NothingToForget, compared: number): string[] {
  if (draws === 0) return [];
  // Draws of one seed and other sizes share their random numbers: they are not told as more draws.
  const where = of === 1 ? "on this draw" : `on ${draws} of ${of} ${of > compared ? "settings of the draws" : "draws"}`;
  return [
    `${where} all trials so far do not show that there was anything to forget, since the 90 % interval of original − retrain_scratch does not lie above 0: what seems to tell methods apart there may be noise; gmm-sweep verdict says how much there was, by trials that nothing else uses`,
  ];
}

/** The parts of a progress line that say how the cells stand. */
export function cellParts({ complete, underWay, planned, nearest, several }: CellProgress): string[] {
  const cells = `${complete}/${planned} cells${underWay === 0 ? "" : `, ${underWay} under way`}`;
  if (nearest === null) return [cells];
  const told = CELL.filter(({ name }) => name !== "draw" && several.includes(name)).map(({ name, title, type }) =>
    type === "text" ? `${nearest[name as "preset"]}` : `${title} ${nearest[name as "samples"]}`,
  );
  const epochs = nearest.epochs === 1 ? "1 epoch" : `${nearest.epochs} epochs`;
  const name = [`${nearest.method} λ ${nearest.lambda_reg}`, epochs, ...told].join(", ");
  return [cells, `nearest to retraining: ${name} (${nearest.distance.toFixed(3)} away)`];
}
