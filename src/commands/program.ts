/** The program: a command line is read, and its command run. */
import { VERSION } from "../version.js";
import { askedBy } from "./arguments.js";
import { backupCommand } from "./backup.js";
import { type Command, type Terminal, widthOf } from "./command.js";
import { completionOf } from "./completion.js";
import { dataCommand } from "./data.js";
import { diffCommand } from "./diff.js";
import { digestCommand } from "./digest.js";
import { doctorCommand } from "./doctor.js";
import { EXIT } from "./exit-codes.js";
import { exportCommand } from "./export.js";
import { gridCommand } from "./grid.js";
import { commandHelp, programHelp } from "./help.js";
import { mergeCommand } from "./merge.js";
import { planCommand } from "./plan.js";
import { plotCommand } from "./plot.js";
import { queryCommand, sqlKept } from "./query.js";
import { replayCommand } from "./replay.js";
import { reportCommand } from "./report.js";
import { resumeCommand } from "./resume.js";
import { runCommand } from "./run.js";
import { serveCommand } from "./serve.js";
import { showCommand } from "./show.js";
import { statusCommand } from "./status.js";
import { pullCommand, pushCommand } from "./taking.js";
import { trainCommand } from "./train.js";
import { verdictCommand } from "./verdict.js";
import { verifyCommand } from "./verify.js";
import { workerCommand } from "./worker.js";

const RESULTS: readonly Command[] = [
  runCommand,
  gridCommand,
  resumeCommand,
  workerCommand,
  statusCommand,
  verdictCommand,
  planCommand,
  reportCommand,
  plotCommand,
  serveCommand,
  queryCommand,
  exportCommand,
  showCommand,
  digestCommand,
  verifyCommand,
  replayCommand,
  diffCommand,
  mergeCommand,
  pullCommand,
  pushCommand,
  backupCommand,
  trainCommand,
  dataCommand,
  doctorCommand,
];

export const COMMANDS: readonly Command[] = [...RESULTS, completionOf(RESULTS, runCommand)];

/** Runs the command that `words`, those after gmm-sweep, name; returns its exit code. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  const { command, bare, flags, wants } = askedBy(sqlKept(words), COMMANDS, runCommand);
  const columns = widthOf(terminal);
  if (wants === "run") return command.run(flags, terminal);
  if (wants === "version") await terminal.out(`${VERSION}\n`);
  else await terminal.out(bare ? programHelp(COMMANDS, runCommand, columns) : commandHelp(command, columns));
  return EXIT.ok;
}
