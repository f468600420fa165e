/** `gmm-sweep digest`: equal digests mean equal results, to the bit. */
import { type Flags, fileFrom, sweepFrom } from "../plan/flags.js";
import { openResults } from "../store/open.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { lastCommand, sweepsFrom } from "./sweeps.js";

export const digestCommand: Command = {
  words: ["digest [file]"],
  describe: "print each sweep's digest: equal digests mean equal results, to the bit",
  positionals: DB_ARGUMENT,
  options: { ...SWEEP_OPTION, ...DB_OPTION },
  examples: [["$0 digest night.db", "to be held against the digest of another machine's file"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    for (const sweep of await sweepsFrom(results, sweepFrom(flags), path))
      await terminal.out(`${await results.digest(sweep)}  sweep ${sweep.id}: ${await lastCommand(results, sweep)}\n`);
    return EXIT.ok;
  } finally {
    await results.close();
  }
}
