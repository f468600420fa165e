/** `gmm-sweep data export DIR`: a draw as files that numpy reads. */
import { drawOf, exportDraw, mustTakeArrays } from "../data/directory.js";
import { loadDraw } from "../data/source.js";
import { drawFrom, type Flags } from "../plan/flags.js";
import { type Command, DATA_FILES, FORCE_OPTION, paragraph, SEEDED_DATA_OPTIONS, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const dataCommand: Command = {
  words: ["data export <dir>"],
  describe: `write a seeded draw as ${DATA_FILES}, X_test.npy, Y_test.npy for numpy, or for --data`,
  positionals: { dir: "the folder, made where there is none" },
  options: { ...SEEDED_DATA_OPTIONS, ...FORCE_OPTION },
  examples: [["$0 data export draw7 --data-seed 7", "the draw of data seed 7, into draw7/"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const directory = String(flags["dir"]);
  const source = drawOf(drawFrom(flags));
  mustTakeArrays(directory, flags["force"] === true);
  const draw = loadDraw(source);
  const files = exportDraw(draw, directory);
  const { n, k, features } = draw.rows;
  await terminal.out(
    paragraph(
      `${directory}: ${files.join(", ")} (${n} rows, ${features} features, ${k} forget ${k === 1 ? "row" : "rows"})`,
      terminal,
    ),
  );
  return EXIT.ok;
}
