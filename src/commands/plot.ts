/** `gmm-sweep plot`: one figure of a sweep as a file for a paper, and its numbers. */
import { FIGURE_ANSWERS, FIGURE_KINDS } from "../report/figures/kinds.js";
import { type Command, DB_ARGUMENT, FORCE_OPTION, value } from "./command.js";
import { PLACE_OPTIONS, SEEING_OPTIONS } from "./sights.js";

export const plotCommand: Command = {
  words: ["plot <figure> [file]"],
  describe: "draw a figure for a paper as SVG, PNG or PDF, and write its numbers",
  positionals: { figure: `one of ${FIGURE_KINDS.join(", ")}`, ...DB_ARGUMENT },
  lists: { Figures: Object.entries(FIGURE_ANSWERS) },
  options: {
    out: value("the picture, a new .svg, .png or .pdf; -o for short"),
    data: value("its numbers as CSV, a new file, or - for standard output", null, "FILE"),
    width: value("as wide as so many columns of a paper: 1 (89 mm) or 2 (183 mm)", 1),
    choose: value("what is drawn where there are several, as measure=cross_entropy or draw=7", "the first"),
    dark: { type: "boolean", describe: "light on dark, for slides" },
    ...SEEING_OPTIONS,
    ...PLACE_OPTIONS,
    ...FORCE_OPTION,
  },
  examples: [
    ["$0 plot slope night.db -o slope.pdf", "what unlearning does to each draw, one column wide"],
    ["$0 plot map night.db -o map.svg --width 2 --data map.csv", "Δ over λ and epochs, with its numbers"],
    ["$0 plot draws night.db --data - | head", "its numbers alone, for another program"],
  ],
  // What draws is loaded by who draws.
  run: async (flags, terminal) => (await import("./drawing.js")).plot(flags, terminal),
};
