/** `gmm-sweep backup`: a copy of a database file that may be in use, checked, and put in its place whole. */
import { statSync } from "node:fs";
import { bad, shellWord } from "../errors.js";
import { isDatabase } from "../files/places.js";
import { type Flags, fileFrom } from "../plan/flags.js";
import { escaped } from "../printable.js";
import { jsonOf } from "../report/json.js";
import { backUp, openResults } from "../store/open.js";
import { type Command, DB_OPTION, paragraph, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const backupCommand: Command = {
  words: ["backup <files..>"],
  describe: "copy a database file, also while a run writes it; exit code 1 where the copy does not match its hashes",
  positionals: { files: "FILE and OUT, or OUT alone where --db names FILE; nothing may be at OUT" },
  options: {
    ...DB_OPTION,
    quiet: { type: "boolean", describe: "no progress on stderr" },
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 backup night.db saved/night.db", "a copy of a file that a run is writing"],
    ["$0 backup saved.db", "a copy of data/gmm-sweep.db"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const { file, out } = filesFrom(flags);
  await backUp(file, out, flags["quiet"] === true ? () => {} : progressTo(terminal, file));
  const results = await openResults(out);
  try {
    const damages: string[] = [];
    for await (const { sentence } of results.damages()) damages.push(sentence);
    const copied = { file, out, bytes: statSync(out).size, trajectories: await results.trajectoryCount() };
    await terminal.out(
      flags["json"] === true
        ? `${jsonOf({ ...copied, damages })}\n`
        : paragraph(
            `${out} is a copy of ${file}: ${copied.bytes} bytes, ${heldText(copied.trajectories, damages, file)}`,
            terminal,
          ),
    );
    return damages.length === 0 ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

function filesFrom(flags: Flags): { file: string; out: string } {
  const files = [flags["files"]].flat().map(String);
  const out = files[files.length - 1];
  if (files.length > 2)
    throw bad(`backup must be given FILE and OUT and no others, got ${files.length} files: make one copy at a time`);
  if (out === "" || out === ":memory:" || isDatabase(out))
    throw bad(`OUT must be a file, got ${out === "" ? "an empty name" : out}`);
  return { file: files.length === 2 ? fileFrom({ ...flags, file: files[0] }) : fileFrom(flags), out };
}

function heldText(trajectories: number, damages: readonly string[], file: string): string {
  if (damages.length === 0) return `${trajectories} trajectories held against their hashes: nothing was changed`;
  return `but of its ${trajectories} trajectories not all match their hashes, as in the file itself: ${damages[0]}${damages.length > 1 ? `, and ${damages.length - 1} more` : ""}; gmm-sweep verify ${shellWord(file)} lists them`;
}

/** Writes one line over and over on a terminal, and nothing in a pipe: a copy takes seconds. */
function progressTo({ stderr }: Terminal, file: string): (copied: number) => void {
  if (!stderr.isTTY) return () => {};
  return (copied) => {
    stderr.write(copied === 1 ? "\r\x1b[K" : `\r${escaped(file)}: ${Math.floor(copied * 100)} % copied\x1b[K`);
  };
}
