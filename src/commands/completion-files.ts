/** Where each shell looks for completion: what is put there, and what is taken away again. Only what is plainly ours is touched. */
import { appendFileSync, chmodSync, existsSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { bad } from "../errors.js";
import { writeWhole } from "../files/output.js";
import { isAbsent, makeFolder, unwritable } from "../files/paths.js";
import { SHELLS } from "./kinds.js";

export type Shell = (typeof SHELLS)[number];

/** How each script begins. */
export const FIRST_LINES: Readonly<Record<Shell, string>> = {
  bash: "# bash completion for gmm-sweep",
  zsh: "#compdef gmm-sweep",
  fish: "# fish completion for gmm-sweep",
};

interface Where {
  /** The script. */
  readonly script: string;
  /** The file that a shell reads at its start, with the line that it needs; null: it finds the script by itself. */
  readonly start: { readonly file: string; readonly line: string } | null;
}

/** What is told of a file. */
export type Done = readonly [
  path: string,
  what: "written" | "as it was" | "one line added" | "one line removed" | "removed",
];

const MARK = "# completion of gmm-sweep";

/** The shell that is used here, by $SHELL. Throws usage where that is none of those. */
export function usualShell(environment: NodeJS.ProcessEnv): Shell {
  const name = basename(environment["SHELL"] ?? "");
  const shell = SHELLS.find((one) => one === name);
  if (shell !== undefined) return shell;
  throw bad(
    `SHELL must be one of ${SHELLS.join(", ")}, got none, and $SHELL is ${name === "" ? "empty" : name}: write gmm-sweep completion bash --install`,
  );
}

function whereOf(shell: Shell, environment: NodeJS.ProcessEnv): Where {
  const from = (name: string, ...usual: readonly string[]): string => environment[name] || join(homedir(), ...usual);
  const data = from("XDG_DATA_HOME", ".local", "share");
  if (shell === "bash") {
    const folder = environment["BASH_COMPLETION_USER_DIR"] || join(data, "bash-completion");
    return { script: join(folder, "completions", "gmm-sweep"), start: null };
  }
  if (shell === "fish")
    return { script: join(from("XDG_CONFIG_HOME", ".config"), "fish", "completions", "gmm-sweep.fish"), start: null };
  const script = join(data, "gmm-sweep", "zsh", "_gmm-sweep");
  // compdef is there once compinit has run, which the file may do before, or not at all.
  const quoted = `'${script.replaceAll("'", "'\\''")}'`;
  const line = `[[ -r ${quoted} ]] && { (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }; source ${quoted}; } ${MARK}`;
  return { script, start: { file: join(environment["ZDOTDIR"] || homedir(), ".zshrc"), line } };
}

/** Puts a script where the shell finds it; what is there already is left as it is. */
export function install(shell: Shell, text: string, environment: NodeJS.ProcessEnv): Done[] {
  const { script, start } = whereOf(shell, environment);
  refuseOther(script, shell);
  return saying(script, () => {
    const done: Done[] = [];
    const isSame = existsSync(script) && readFileSync(script, "utf8") === text;
    if (!isSame) {
      makeFolder(dirname(script));
      writeWhole([[script, Buffer.from(text)]]);
    }
    done.push([script, isSame ? "as it was" : "written"]);
    if (start !== null) done.push([start.file, withLine(start) ? "one line added" : "as it was"]);
    return done;
  });
}

/** Takes away what `install` put there; none where nothing is. */
export function uninstall(shell: Shell, environment: NodeJS.ProcessEnv): Done[] {
  const { script, start } = whereOf(shell, environment);
  refuseOther(script, shell);
  return saying(script, () => {
    const done: Done[] = [];
    if (!isAbsent(script)) {
      rmSync(script);
      done.push([script, "removed"]);
    }
    if (start !== null && withoutLine(start.file)) done.push([start.file, "one line removed"]);
    return done;
  });
}

/** Throws usage where another's file stands in the script's place. */
function refuseOther(script: string, shell: Shell): void {
  if (isAbsent(script)) return;
  const isOurs = statSync(script).isFile() && readFileSync(script, "utf8").startsWith(FIRST_LINES[shell]);
  if (isOurs) return;
  throw bad(
    `${script} must be completion as gmm-sweep writes it, or not be there, but it is another's: move it away, or write gmm-sweep completion ${shell} > FILE`,
  );
}

const isOurLine = (line: string): boolean => line.endsWith(MARK);

/** Adds the line to the end of a file, unless it is there; an older one gives way. */
function withLine({ file, line }: { readonly file: string; readonly line: string }): boolean {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text.split("\n").includes(line)) return false;
  withoutLine(file);
  const isWhole = text === "" || text.endsWith("\n");
  appendFileSync(file, `${isWhole ? "" : "\n"}${line}\n`);
  return true;
}

/** Takes our line out of a file, whose other lines, mode and links stay. */
function withoutLine(file: string): boolean {
  if (isAbsent(file)) return false;
  const lines = readFileSync(file, "utf8").split("\n");
  const others = lines.filter((line) => !isOurLine(line));
  if (others.length === lines.length) return false;
  const place = realpathSync(file);
  const { mode } = statSync(place);
  writeWhole([[place, Buffer.from(others.join("\n"))]]);
  chmodSync(place, mode);
  return true;
}

/** What the disk says against it is told in a sentence. */
function saying(script: string, write: () => Done[]): Done[] {
  try {
    return write();
  } catch (error) {
    throw unwritable(`${script} must be a file that can be written`, error);
  }
}
