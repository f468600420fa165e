/** `gmm-sweep diff`: which cells of two files differ, and by how much. */
import type { Flags } from "../flags.js";
import { alignedTable } from "../report/table.js";
import { type CellDifference, cellDifferences } from "../store/difference.js";
import { SqliteReader } from "../store/reader.js";
import { type Command, EXIT, type Terminal } from "./command.js";

export const diffCommand: Command = {
  words: ["diff <first> <second>"],
  describe: "say which cells of two files differ and by how much; exit code 1 where any does",
  positionals: { first: "a database file", second: "another" },
  options: { json: { type: "boolean", describe: "print one JSON array of the cells that differ" } },
  examples: [["$0 diff here.db there.db", "the same grid on two machines"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const [first, second] = [String(flags["first"]), String(flags["second"])];
  // Opened once by itself, so that a file that is not ours is refused in the usual sentence.
  new SqliteReader(second).close();
  const reader = new SqliteReader(first);
  try {
    const cells = await cellDifferences(reader, second);
    const unequal = cells.filter((cell) => cell.differing + cell.only_first + cell.only_second > 0);
    if (flags["json"] === true) await terminal.out(`${JSON.stringify(unequal)}\n`);
    else await terminal.out(differenceText(cells, unequal));
    return unequal.length === 0 ? EXIT.ok : EXIT.trialFailed;
  } finally {
    reader.close();
  }
}

function differenceText(cells: readonly CellDifference[], unequal: readonly CellDifference[]): string {
  const rows = cells.reduce((sum, { both }) => sum + both, 0);
  if (unequal.length === 0) return `no difference: ${rows} trial rows in ${cells.length} cells are equal to the bit\n`;
  const lines = unequal.map((cell) => [
    ...[cell.preset, cell.draw, cell.samples, cell.hidden, cell.method, cell.lambda_reg, cell.epochs],
    ...[cell.both, cell.differing, cell.only_first, cell.only_second],
    ...[cell.train_accuracy_largest, cell.forget_probability_largest, cell.forget_probability_mean].map(rounded),
  ]);
  const header = [
    ...["preset", "draw", "samples", "hidden", "method", "λ", "epochs"],
    ...["in both", "differing", "first only", "second only"],
    ...["largest Δ accuracy", "largest Δ forget prob.", "mean Δ forget prob."],
  ];
  return `${alignedTable(header, lines)}\n${unequal.length} of ${cells.length} cells differ\n`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
