/** `gmm-sweep digest`: equal digests mean equal results, to the bit. */

import type { Flags } from "../plan/flags.js";
import { sweepDigest } from "../store/digest.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, SWEEP_OPTION, type Terminal } from "./command.js";
import { fileFrom, sweepsFrom } from "./sweeps.js";

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
  const reader = new SqliteReader(path);
  try {
    for (const { id, command } of await sweepsFrom(reader, flags, path))
      await terminal.out(`${await sweepDigest(reader, id)}  sweep ${id}: ${command}\n`);
    return EXIT.ok;
  } finally {
    reader.close();
  }
}
