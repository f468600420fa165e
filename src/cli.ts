#!/usr/bin/env node
/** The edge: argv in, stdout, stderr and the exit code out. Nothing else in the project knows them. */
import { once } from "node:events";
import type { Terminal } from "./commands/command.js";
import { EXIT, exitCodeOf } from "./commands/exit-codes.js";
import { messageOf, SweepError } from "./errors.js";
import { VERSION } from "./version.js";

const terminal: Terminal = {
  out: async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  },
  err: (text) => void process.stderr.write(text),
  stderr: process.stderr,
};

// `gmm-sweep query … | head` closes the pipe early: that is the reader's right, and no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  process.exit(
    told(new SweepError("environment", `what is to be printed cannot be written (${messageOf(error)}): make room`)),
  );
});

// Nothing that is printed beside the results may end a run: `2>&1 | head`, or a disk that is full.
process.stderr.on("error", () => {});

// What is thrown where nobody waits for it is a bug, as what main catches.
process.on("uncaughtException", (error) => process.exit(told(error)));

process.exitCode = await main();

/** The program is loaded here and not above, so that a machine that cannot load it gets a sentence, too. */
async function main(): Promise<number> {
  try {
    const { runProgram } = await import("./commands/program.js");
    return await runProgram(process.argv.slice(2), terminal);
  } catch (error) {
    return told(error);
  }
}

/** Says what was thrown, and returns the exit code: a sentence where the user or the machine can be helped, the stack of a bug. */
function told(error: unknown): number {
  if (error instanceof SweepError) terminal.err(`gmm-sweep: ${error.message}\n`);
  else terminal.err(`gmm-sweep: this is a bug of gmm-sweep ${VERSION}:\n${stackOf(error)}\n`);
  return exitCodeOf(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
