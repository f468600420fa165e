#!/usr/bin/env node
/** The edge: argv in, stdout, stderr and the exit code out. Nothing else in the project knows them. */
import { once } from "node:events";
import yargs, { type Argv } from "yargs";
import { hideBin } from "yargs/helpers";
import { type Command, EXIT, exitCodeOf, type Terminal } from "./commands/command.js";
import { dataCommand } from "./commands/data.js";
import { diffCommand } from "./commands/diff.js";
import { digestCommand } from "./commands/digest.js";
import { doctorCommand } from "./commands/doctor.js";
import { gridCommand } from "./commands/grid.js";
import { mergeCommand } from "./commands/merge.js";
import { queryCommand } from "./commands/query.js";
import { replayCommand } from "./commands/replay.js";
import { resumeCommand } from "./commands/resume.js";
import { runCommand } from "./commands/run.js";
import { showCommand } from "./commands/show.js";
import { statusCommand } from "./commands/status.js";
import { trainCommand } from "./commands/train.js";
import { verifyCommand } from "./commands/verify.js";
import { bad, messageOf, SweepError } from "./errors.js";
import { VERSION } from "./version.js";

const COMMANDS: readonly Command[] = [
  runCommand,
  gridCommand,
  resumeCommand,
  statusCommand,
  queryCommand,
  showCommand,
  digestCommand,
  verifyCommand,
  replayCommand,
  diffCommand,
  mergeCommand,
  trainCommand,
  dataCommand,
  doctorCommand,
];
const HELP_WIDTH = 110;

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

async function main(): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    const parser = COMMANDS.reduce(
      (parser, command) => withCommand(parser, command, (code) => (exitCode = code)),
      emptyParser(),
    );
    refuseWhatYargsDrops(process.argv);
    await parser.parseAsync();
    return exitCode;
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

function emptyParser(): Argv {
  return yargs(hideBin(process.argv))
    .scriptName("gmm-sweep")
    .usage(
      "$0 [run] [options]\n\nRepeats a machine-unlearning experiment on two Gaussian classes: many trials, many threads, one SQLite file.",
    )
    .parserConfiguration({
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
    })
    .strict()
    .version(VERSION)
    .alias({ h: "help" })
    .help("help", "show this help")
    .wrap(HELP_WIDTH)
    .recommendCommands()
    .fail((message, error) => {
      throw error ?? bad(`${usageSentence(message)}: gmm-sweep --help lists what there is`);
    })
    .exitProcess(false);
}

function withCommand(parser: Argv, command: Command, done: (exitCode: number) => void): Argv {
  return parser.command(
    [...command.words],
    command.describe,
    (inner) => {
      for (const [name, describe] of Object.entries(command.positionals))
        inner.positional(name, { type: "string", describe });
      for (const [example, meaning] of command.examples) inner.example(example, meaning);
      return inner.options(command.options);
    },
    async (flags) => done(await command.run(flags, terminal)),
  );
}

/** yargs takes --json=maybe for false, and leaves out what follows a bare --; it says nothing of either. */
function refuseWhatYargsDrops(argv: readonly string[]): void {
  for (const word of argv) {
    if (word === "--") throw bad("options must stand without a -- before them, got one: leave it out");
    const [given, name, value] = /^--([^=]+)=(.*)$/.exec(word) ?? [];
    const isSwitch =
      ["help", "version"].includes(name ?? "") ||
      COMMANDS.some(({ options }) => options[name ?? ""]?.type === "boolean");
    if (given !== undefined && isSwitch)
      throw bad(`--${name} must stand alone, got ${value}: write --${name} or leave it out`);
  }
}

/** yargs' words as the start of a sentence of ours. */
function usageSentence(message: string | undefined): string {
  const [unknown, names] = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message ?? "") ?? [];
  return unknown === undefined
    ? (message ?? "the command line cannot be understood")
    : `there is no option or command ${names}`;
}
