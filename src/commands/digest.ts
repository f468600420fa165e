/** `gmm-sweep digest`: equal digests mean equal results, to the bit. */
import { type Flags, fileFrom, sweepFrom } from "../plan/flags.js";
import { escaped } from "../printable.js";
import { jsonOf } from "../report/json.js";
import { openResults } from "../store/open.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { lastCommand, sweepsFrom } from "./sweeps.js";

export const digestCommand: Command = {
  words: ["digest [file]"],
  describe: "print each sweep's digest: equal digests mean equal results, to the bit",
  positionals: DB_ARGUMENT,
  options: {
    ...SWEEP_OPTION,
    ...DB_OPTION,
    json: { type: "boolean", describe: "print one JSON array, of an object a sweep, instead of text" },
  },
  examples: [["$0 digest night.db", "to be held against the digest of another machine's file"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    const digests: { sweep: number; digest: string; command: string }[] = [];
    for (const sweep of await sweepsFrom(results, sweepFrom(flags), path))
      digests.push({
        sweep: sweep.id,
        digest: await results.digest(sweep),
        command: await lastCommand(results, sweep),
      });
    if (flags["json"] === true) await terminal.out(`${jsonOf(digests)}\n`);
    else
      for (const { sweep, digest, command } of digests)
        await terminal.out(`${digest}  sweep ${sweep}: ${escaped(command)}\n`);
    return EXIT.ok;
  } finally {
    await results.close();
  }
}
