/** The program: a command line is read, and its command run. */
import yargs, { type Argv } from "yargs";
import { bad } from "../errors.js";
import { VERSION } from "../version.js";
import { backupCommand } from "./backup.js";
import type { Command, Terminal } from "./command.js";
import { dataCommand } from "./data.js";
import { diffCommand } from "./diff.js";
import { digestCommand } from "./digest.js";
import { doctorCommand } from "./doctor.js";
import { EXIT } from "./exit-codes.js";
import { gridCommand } from "./grid.js";
import { mergeCommand } from "./merge.js";
import { queryCommand, sqlKept } from "./query.js";
import { replayCommand } from "./replay.js";
import { resumeCommand } from "./resume.js";
import { runCommand } from "./run.js";
import { showCommand } from "./show.js";
import { statusCommand } from "./status.js";
import { trainCommand } from "./train.js";
import { verifyCommand } from "./verify.js";

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
  backupCommand,
  trainCommand,
  dataCommand,
  doctorCommand,
];
const HELP_WIDTH = 110;

/** Runs the command that `words`, those after gmm-sweep, name; returns its exit code. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  const argv = sqlKept(words);
  let exitCode: number = EXIT.ok;
  const parser = COMMANDS.reduce(
    (parser, command) => withCommand(parser, command, terminal, (code) => (exitCode = code)),
    emptyParser(argv),
  );
  refuseWhatYargsDrops(argv);
  await parser.parseAsync();
  return exitCode;
}

function emptyParser(argv: readonly string[]): Argv {
  return yargs([...argv])
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

function withCommand(parser: Argv, command: Command, terminal: Terminal, done: (exitCode: number) => void): Argv {
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
