/** `gmm-sweep report`: all that a file says, as one page that one can send. */
import { type Command, DB_ARGUMENT, FORCE_OPTION, value } from "./command.js";
import { PLACE_OPTIONS, SEEING_OPTIONS } from "./sights.js";

export const reportCommand: Command = {
  words: ["report [file]"],
  describe: "write the verdict, its figures and where they come from as one page that opens anywhere",
  positionals: DB_ARGUMENT,
  options: {
    out: value("the page, a new file; -o for short", "report.html"),
    ...SEEING_OPTIONS,
    ...PLACE_OPTIONS,
    ...FORCE_OPTION,
    quiet: { type: "boolean", describe: "no progress on stderr" },
  },
  examples: [
    ["$0 report night.db -o night.html", "last night's grid, to send to a colleague"],
    ["$0 report night.db --preset paired --margin forget=0.02", "one setting, by a margin of one's own"],
  ],
  // What draws is loaded by who draws.
  run: async (flags, terminal) => (await import("./reporting.js")).report(flags, terminal),
};
