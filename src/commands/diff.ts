/** `gmm-sweep diff`: which cells of two files differ, and by how much. */

import { placeNamed } from "../files/places.js";
import { severalIn } from "../plan/axes.js";
import { type CellKey, drawOrder } from "../plan/cell.js";
import type { Flags } from "../plan/flags.js";
import { cellColumns } from "../report/cell-columns.js";
import { jsonOf } from "../report/json.js";
import { tableWithin } from "../report/table.js";
import type { Results } from "../store/contract.js";
import { type CellDifference, cellDifferences, type Differences } from "../store/difference.js";
import { openResults } from "../store/open.js";
import { askedOtherwise } from "../sweep/asked-otherwise.js";
import { type Command, paragraph, type Terminal, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const diffCommand: Command = {
  words: ["diff <first> <second>"],
  describe: "say which cells of two files differ and by how much; exit code 1 where any does",
  positionals: { first: "a database file", second: "another" },
  options: { json: { type: "boolean", describe: "print one JSON array, of an object a cell that differs" } },
  examples: [["$0 diff here.db there.db", "the same grid on two machines"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const opened: Results[] = [];
  try {
    for (const name of ["first", "second"])
      opened.push(await openResults(placeNamed(name.toUpperCase(), String(flags[name]))));
    const [first, second] = opened;
    const differences = await cellDifferences(first, second);
    const unequal = differences.cells.filter(isUnequal).toSorted((a, b) => drawOrder(a.draw, b.draw));
    if (flags["json"] === true) await terminal.out(`${jsonOf(unequal)}\n`);
    else await terminal.out(differenceText(differences, { unequal, several: await severalOf(opened) }, terminal));
    for (const asked of askedOtherwise(await first.sweeps(), await second.sweeps()))
      terminal.err(
        paragraph(
          `sweep ${asked.sweep.id} of the second is asked ${asked.second}, and ${asked.first} in the first: their verdicts answer two questions`,
          terminal,
        ),
      );
    return unequal.length === 0 ? EXIT.ok : EXIT.check;
  } finally {
    for (const results of opened) await results.close();
  }
}

/** The cells that differ, and the columns of which either file's sweeps have several values. */
interface Unequal {
  readonly unequal: readonly CellDifference[];
  readonly several: ReadonlySet<keyof CellKey>;
}

async function severalOf(files: readonly Results[]): Promise<Unequal["several"]> {
  const names: (keyof CellKey)[] = [];
  for (const file of files) for (const { plan } of await file.sweeps()) names.push(...severalIn(plan));
  return new Set(names);
}

function isUnequal({ differing, only_first, only_second }: CellDifference): boolean {
  return differing + only_first + only_second > 0;
}

const CELLS_SHOWN = 20;

function differenceText(differences: Differences, { unequal, several }: Unequal, terminal: Terminal): string {
  const { profiles, cells } = differences;
  const [first, second] = profiles.map((names) => names.join(", ") || "none");
  const sides = `numerics profiles: ${first} in the first, ${second} in the second`;
  const across = first === second ? "" : `${paragraph(sides, terminal)}\n`;
  const both = sum(cells, "both");
  if (unequal.length === 0)
    return `${across}no difference: ${both} trial rows in ${cells.length} cells are equal to the bit\n`;
  const sentence = sum(cells, "differing") === 0 ? lackingText(unequal, both) : differingText(differences, unequal);
  return `${across}${paragraph(sentence, terminal)}\n${cellTable({ unequal, several }, widthOf(terminal))}`;
}

/** Where all rows in both are equal: what each has that the other lacks, as after an extension. */
function lackingText(unequal: readonly CellDifference[], both: number): string {
  const has = (which: string, other: string, count: "only_first" | "only_second"): string[] => {
    const cells = unequal.filter((cell) => cell[count] > 0);
    return cells.length === 0
      ? []
      : [
          `the ${which} has ${counted(sum(cells, count), "trial row")} in ${counted(cells.length, "cell")} that the ${other} lacks`,
        ];
  };
  const more = [...has("first", "second", "only_first"), ...has("second", "first", "only_second")].join(", ");
  return `${more}; the ${counted(both, "trial row")} in both are equal to the bit`;
}

function differingText({ cells }: Differences, unequal: readonly CellDifference[]): string {
  return `${unequal.length} of ${counted(cells.length, "cell")} differ`;
}

/** Counts that are 0 everywhere have no column, nor have distances of cells that differ in no row. */
function cellTable({ unequal, several }: Unequal, width: number): string {
  const counts = (
    [
      ["in both", "both"],
      ["differing", "differing"],
      ["first only", "only_first"],
      ["second only", "only_second"],
    ] as const
  ).filter(([, name]) => sum(unequal, name) > 0);
  const distances = (
    [
      ["largest Δ accuracy", "train_accuracy_largest"],
      ["largest Δ forget prob.", "forget_probability_largest"],
      ["mean Δ forget prob.", "forget_probability_mean"],
    ] as const
  ).filter(() => sum(unequal, "differing") > 0);
  const shown = unequal.slice(0, CELLS_SHOWN);
  const columns = cellColumns(shown, several);
  const lines = shown.map((cell, i) => [
    ...columns.cells[i],
    ...counts.map(([, name]) => cell[name]),
    ...distances.map(([, name]) => rounded(cell[name])),
  ]);
  const titles = [...counts, ...distances].map(([title]) => title);
  const more = unequal.length - shown.length;
  return `${tableWithin(width, [...columns.header, ...titles], lines)}${more === 0 ? "" : `… and ${counted(more, "more cell")}: --json prints each\n`}`;
}

function sum(cells: readonly CellDifference[], name: "both" | "differing" | "only_first" | "only_second"): number {
  return cells.reduce((total, cell) => total + cell[name], 0);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
