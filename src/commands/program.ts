/** The program: a command line is read, and its command run. */
import { VERSION } from "../version.js";
import { askedBy, sqlKept } from "./arguments.js";
import { type Command, type Terminal, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";

/** The commands that say something of results, by their names, in the order of the help; each is loaded where it is named, since all of them take as long as a trial. */
const RESULTS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.js")).runCommand,
  grid: async () => (await import("./grid.js")).gridCommand,
  resume: async () => (await import("./resume.js")).resumeCommand,
  worker: async () => (await import("./worker.js")).workerCommand,
  status: async () => (await import("./status.js")).statusCommand,
  verdict: async () => (await import("./verdict.js")).verdictCommand,
  plan: async () => (await import("./plan.js")).planCommand,
  report: async () => (await import("./report.js")).reportCommand,
  plot: async () => (await import("./plot.js")).plotCommand,
  serve: async () => (await import("./serve.js")).serveCommand,
  query: async () => (await import("./query.js")).queryCommand,
  export: async () => (await import("./export.js")).exportCommand,
  show: async () => (await import("./show.js")).showCommand,
  digest: async () => (await import("./digest.js")).digestCommand,
  verify: async () => (await import("./verify.js")).verifyCommand,
  replay: async () => (await import("./replay.js")).replayCommand,
  diff: async () => (await import("./diff.js")).diffCommand,
  merge: async () => (await import("./merge.js")).mergeCommand,
  pull: async () => (await import("./taking.js")).pullCommand,
  push: async () => (await import("./taking.js")).pushCommand,
  backup: async () => (await import("./backup.js")).backupCommand,
  train: async () => (await import("./train.js")).trainCommand,
  "data export": async () => (await import("./data.js")).dataCommand,
  doctor: async () => (await import("./doctor.js")).doctorCommand,
};

/** The name of the command where none is named, the first. */
const USUAL = "run";

const COMPLETION = "completion";

/** All commands, first the usual one. */
export async function allCommands(): Promise<Command[]> {
  const commands = await Promise.all(Object.values(RESULTS).map((load) => load()));
  const { completionOf } = await import("./completion.js");
  return [...commands, completionOf(commands, commands[0])];
}

/** Runs the command that `words`, those after gmm-sweep, name; returns its exit code. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  const argv = sqlKept(words);
  const only = onlyOne(argv);
  const commands = only === null ? await allCommands() : [await RESULTS[only]()];
  const names = [...Object.keys(RESULTS), COMPLETION];
  const { command, bare, flags, wants } = askedBy(argv, commands, commands[0], names);
  if (wants === "run") return command.run(flags, terminal);
  if (wants === "version") {
    await terminal.out(`${VERSION}\n`);
    return EXIT.ok;
  }
  const [columns, { commandHelp, programHelp }] = [widthOf(terminal), await import("./help.js")];
  await terminal.out(bare ? programHelp(await allCommands(), columns) : commandHelp(command, columns));
  return EXIT.ok;
}

/** The name of the only command that `argv` can mean: that of its first word or, where it is of nothing but options and their values, the usual one; null: it has to be read for that. */
function onlyOne(argv: readonly string[]): string | null {
  const named = (word: string): string | undefined => Object.keys(RESULTS).find((name) => name.split(" ")[0] === word);
  const [first = "-"] = argv;
  const isOther = first === "help" || argv.some((word) => word === COMPLETION || named(word) !== undefined);
  return named(first) ?? (first.startsWith("-") && !isOther ? USUAL : null);
}
