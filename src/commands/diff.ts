/** `gmm-sweep diff`: which cells of two files differ, and by how much. */
import type { Flags } from "../plan/flags.js";
import { cellColumns } from "../report/cell-columns.js";
import { alignedTable } from "../report/table.js";
import type { Results } from "../store/contract.js";
import { type CellDifference, cellDifferences, type Differences } from "../store/difference.js";
import { openResults } from "../store/open.js";
import type { Command, Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const diffCommand: Command = {
  words: ["diff <first> <second>"],
  describe: "say which cells of two files differ and by how much; exit code 1 where any does",
  positionals: { first: "a database file", second: "another" },
  options: { json: { type: "boolean", describe: "print one JSON array of the cells that differ" } },
  examples: [["$0 diff here.db there.db", "the same grid on two machines"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const opened: Results[] = [];
  try {
    for (const name of ["first", "second"]) opened.push(await openResults(String(flags[name])));
    const [first, second] = opened;
    const differences = await cellDifferences(first, second);
    const unequal = differences.cells.filter(isUnequal);
    if (flags["json"] === true) await terminal.out(`${JSON.stringify(unequal)}\n`);
    else await terminal.out(differenceText(differences, unequal));
    return unequal.length === 0 ? EXIT.ok : EXIT.check;
  } finally {
    for (const results of opened) await results.close();
  }
}

function isUnequal({ differing, only_first, only_second }: CellDifference): boolean {
  return differing + only_first + only_second > 0;
}

const MEASURED = [
  ...["in both", "differing", "first only", "second only"],
  ...["largest Δ accuracy", "largest Δ forget prob.", "mean Δ forget prob."],
];

function differenceText({ profiles, cells }: Differences, unequal: readonly CellDifference[]): string {
  const [first, second] = profiles.map((names) => names.join(", ") || "none");
  const across = first === second ? "" : `numerics profiles: ${first} in the first, ${second} in the second\n\n`;
  const rows = cells.reduce((sum, { both }) => sum + both, 0);
  if (unequal.length === 0)
    return `${across}no difference: ${rows} trial rows in ${cells.length} cells are equal to the bit\n`;
  const columns = cellColumns(unequal);
  const lines = unequal.map((cell, i) => [
    ...columns.cells[i],
    ...[cell.both, cell.differing, cell.only_first, cell.only_second],
    ...[cell.train_accuracy_largest, cell.forget_probability_largest, cell.forget_probability_mean].map(rounded),
  ]);
  return `${across}${alignedTable([...columns.header, ...MEASURED], lines)}\n${unequal.length} of ${cells.length} cells differ\n`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
