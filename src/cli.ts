#!/usr/bin/env node
/** The edge: argv in, stdout, stderr and the exit code out. Nothing else in the project knows them. */
import { EXIT, exitCodeOf, faultAtEdge, faultOfLoading, faultText } from "./commands/exit-codes.js";
import { birth, hangupIgnored } from "./commands/signals.js";
import { fileSink, kindOf, outliveTerminals, terminalOn } from "./commands/streams.js";
import { messageOf, withoutPasswords } from "./errors.js";
import { VERSION } from "./version.js";

outliveTerminals();

const stdoutKind = kindOf(process.stdout.fd);
const terminal = terminalOn({
  stdout: stdoutKind === "file" ? fileSink(process.stdout.fd) : process.stdout,
  stdoutKind,
  stderr: process.stderr,
  columns: columnsOf(process.stdout.columns ?? process.env["COLUMNS"]),
  exit: (exitCode) => process.exit(exitCode),
});

// Node ends at a signal that it was started to ignore.
if (hangupIgnored(birth())) process.on("SIGHUP", () => {});

// What is thrown where nobody waits for it is a bug, as what main catches.
process.on("uncaughtException", (thrown) => {
  const error = faultAtEdge(thrown);
  terminal.end(told(error), messageOf(error));
});

process.exitCode = await main();

/** The program is loaded here and not above, so that a machine that cannot load it gets a sentence, too. */
async function main(): Promise<number> {
  // What was typed is what other users of the machine see of a process.
  if (process.argv.some((word) => withoutPasswords(word) !== word)) process.title = "gmm-sweep";
  try {
    const words = process.argv.slice(2);
    // Tools ask for no more than this, and again and again: it takes a third of the time without the program.
    if (words.length === 1 && words[0] === "--version") {
      await terminal.out(`${VERSION}\n`);
      return EXIT.ok;
    }
    const { runProgram } = await import("./commands/program.js").catch((error: unknown) => {
      throw faultOfLoading(error);
    });
    return await runProgram(words, terminal);
  } catch (error) {
    return told(faultAtEdge(error));
  }
}

/** Says what was thrown, and returns the exit code. */
function told(error: unknown): number {
  terminal.err(faultText(error));
  return exitCodeOf(error);
}

/** A width that is said; some terminals say 0. */
function columnsOf(said: number | string | undefined): number | null {
  const columns = Number(said);
  return Number.isInteger(columns) && columns > 0 ? columns : null;
}
