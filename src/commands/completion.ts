/** `gmm-sweep completion [SHELL]`: what a shell needs to complete commands, options, names and files; made of the same tables as help. */

import { bad } from "../errors.js";
import type { Flags } from "../plan/flags.js";
import { parseName } from "../plan/values.js";
import { argumentsOf, nameOf } from "./arguments.js";
import { type Command, paragraph, type Terminal } from "./command.js";
import { type Done, FIRST_LINES, install, type Shell, uninstall, usualShell } from "./completion-files.js";
import { EXIT } from "./exit-codes.js";
import { kindOf, ownValuesOf, SHELLS, valuesOf } from "./kinds.js";

/** `commands` are all but this one, which is among those it completes; `usual` is the one where none is named. */
export function completionOf(commands: readonly Command[], usual: Command): Command {
  const command: Command = {
    words: ["completion [shell]"],
    describe: "print what bash, zsh or fish needs to complete commands, options, names and files, or install it",
    positionals: { shell: `one of ${SHELLS.join(", ")}; to be left out where $SHELL is the one to --install for` },
    options: {
      install: { type: "boolean", describe: "put it where the shell finds it, and say what was done" },
      uninstall: { type: "boolean", describe: "take that away again" },
    },
    examples: [
      ["$0 completion --install", "for the shell that is used here"],
      ["$0 completion bash > gmm-sweep.bash", "to be put somewhere by hand"],
    ],
    run: async (flags: Flags, terminal: Terminal) => {
      const [installs, uninstalls] = [flags["install"] === true, flags["uninstall"] === true];
      if (installs && uninstalls) throw bad("--install must not be given with --uninstall: leave one of the two out");
      const given = flags["shell"];
      if (given === undefined && !installs && !uninstalls)
        throw bad(
          `SHELL must be given, one of ${SHELLS.join(", ")}, got none: write it as in gmm-sweep completion bash`,
        );
      const shell = given === undefined ? usualShell(process.env) : parseName("SHELL", String(given), SHELLS);
      const text = SCRIPTS[shell]({ commands: [...commands, command], usual });
      if (installs) await terminal.out(installedText(shell, install(shell, text, process.env), terminal));
      else if (uninstalls) await terminal.out(removedText(shell, uninstall(shell, process.env), terminal));
      else await terminal.out(text);
      return EXIT.ok;
    },
  };
  return command;
}

function doneText(done: readonly Done[], terminal: Terminal): string {
  return done.map(([path, what]) => paragraph(`${path}: ${what}`, terminal)).join("");
}

function installedText(shell: Shell, done: readonly Done[], terminal: Terminal): string {
  const needs = shell === "bash" ? ", where the package bash-completion is installed" : "";
  return `${doneText(done, terminal)}${paragraph(`the next ${shell} that starts completes gmm-sweep${needs}; after an update of gmm-sweep do it again`, terminal)}${paragraph(`gmm-sweep completion ${shell} --uninstall takes it away`, terminal)}`;
}

function removedText(shell: Shell, done: readonly Done[], terminal: Terminal): string {
  if (done.length === 0) return paragraph(`nothing of gmm-sweep is where ${shell} looks for completion`, terminal);
  return doneText(done, terminal);
}

interface Words {
  readonly commands: readonly Command[];
  readonly usual: Command;
}

const SCRIPTS: Readonly<Record<Shell, (words: Words) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The word that a command begins with. */
function firstWord(command: Command): string {
  return nameOf(command).split(" ")[0];
}

/** What a command takes as bare words: names of a list, files, or neither. */
function bareOf(command: Command): { names: string[]; files: boolean } {
  const places = argumentsOf(command).map(({ name }) => name);
  const second = nameOf(command).split(" ").slice(1);
  const named = places.flatMap((name) => [...valuesOf(name), ...ownOf(command, name)]);
  return { names: [...second, ...named], files: places.some((name) => isPath(name)) };
}

/** The values that are a name's in this command alone. */
function ownOf(command: Command, name: string): readonly string[] {
  return ownValuesOf(name).find(([own]) => own === firstWord(command))?.[1] ?? [];
}

function isPath(name: string): boolean {
  return /^(FILE|FOLDER)/.test(kindOf(name, null) ?? "");
}

/** Options of all commands that take a value, by what a shell offers for it. */
function valued({ commands }: Words): { named: string[]; own: string[]; paths: string[]; rest: string[] } {
  const all = commands.flatMap(({ options }) => Object.entries(options));
  const names = [...new Set(all.flatMap(([name, { type }]) => (type === "boolean" ? [] : [name])))].sort();
  const named = names.filter((name) => valuesOf(name).length > 0);
  const own = names.filter((name) => ownValuesOf(name).length > 0);
  const paths = names.filter(isPath);
  const offered = [...named, ...own, ...paths];
  return { named, own, paths, rest: names.filter((name) => !offered.includes(name)) };
}

function optionsOf(command: Command): string[] {
  return [...Object.keys(command.options), "help", "version"].map((name) => `--${name}`);
}

function cases<Item>(items: readonly Item[], line: (item: Item) => string, margin: string): string {
  return items.map((item) => `${margin}${line(item)}\n`).join("");
}

/** A word in single quotes, as all three shells read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const flagPattern = (names: readonly string[]): string => names.map((name) => `--${name}`).join("|");

function bashScript(words: Words): string {
  const { commands, usual } = words;
  const { named, own, paths, rest } = valued(words);
  const firsts = commands.map(firstWord).join(" ");
  return `${FIRST_LINES.bash}
_gmm_sweep() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  local options bare= files= part
  COMPREPLY=()
  # bash takes --option=value for three words.
  if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "$before" in
${cases(named, (name) => `--${name}) bare=${quoted(valuesOf(name).join(" "))} ;;`, "    ")}${cases(own, bashOwnCase, "    ")}    ${flagPattern(paths)}) files=1 ;;
    ${flagPattern(rest)}) return ;;
    *)
      case "$command" in
${cases(commands, (command) => bashCase(command, firstWord(command)), "        ")}${cases([usual], (command) => bashCase(command, "*"), "        ")}      esac
      if [ "$COMP_CWORD" -eq 1 ]; then bare=${quoted(firsts)}; files=; fi
      case "$word" in -*) bare="$options"; files= ;; esac
      ;;
  esac
  # Names of a list are separated by commas.
  part="\${word##*,}"
  COMPREPLY=($(compgen -P "\${word%"$part"}" -W "$bare" -- "$part"))
  if [ -n "$files" ]; then
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$word"))
    compopt -o filenames 2>/dev/null || true
  fi
}
complete -F _gmm_sweep gmm-sweep
`;
}

function bashOwnCase(name: string): string {
  const each = ownValuesOf(name).map(([command, values]) => `${command}) bare=${quoted(values.join(" "))} ;;`);
  return `--${name}) case "$command" in ${each.join(" ")} esac ;;`;
}

function bashCase(command: Command, pattern: string): string {
  const { names, files } = bareOf(command);
  const bare = names.length === 0 ? "" : ` bare=${quoted(names.join(" "))};`;
  return `${pattern}) options=${quoted(optionsOf(command).join(" "))};${bare}${files ? " files=1;" : ""};`;
}

function zshScript(words: Words): string {
  const { commands, usual } = words;
  const { named, own, paths, rest } = valued(words);
  const list = commands.map((command) => quoted(`${firstWord(command)}:${command.describe}`));
  return `${FIRST_LINES.zsh}
_gmm_sweep() {
  local before=\${words[CURRENT-1]} command=\${words[2]} files=
  local -a commands options bare
  commands=(
${cases(list, (line) => line, "    ")}  )
  if [[ $PREFIX == --*=* ]]; then before=\${PREFIX%%=*}; compset -P '*='; fi
  case $before in
${cases(named, (name) => `--${name}) compset -P '*,'; compadd -- ${valuesOf(name).join(" ")}; return ;;`, "    ")}${cases(own, zshOwnCase, "    ")}    ${flagPattern(paths)}) _files; return ;;
    ${flagPattern(rest)}) return ;;
  esac
  case $command in
${cases(commands, (command) => zshCase(command, firstWord(command)), "    ")}${cases([usual], (command) => zshCase(command, "*"), "    ")}  esac
  if [[ $PREFIX == -* ]]; then _describe -o option options; return; fi
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  compadd -a bare
  if [[ -n $files ]]; then _files; fi
}
if [[ $funcstack[1] == _gmm-sweep ]]; then _gmm_sweep "$@"; else compdef _gmm_sweep gmm-sweep; fi
`;
}

function zshOwnCase(name: string): string {
  const each = ownValuesOf(name).map(([command, values]) => `${command}) compadd -- ${values.join(" ")} ;;`);
  return `--${name}) case $command in ${each.join(" ")} esac; return ;;`;
}

function zshCase(command: Command, pattern: string): string {
  const { names, files } = bareOf(command);
  const options = [
    ...Object.entries(command.options).map(([name, { describe }]) => `--${name}:${describe}`),
    "--help:show this help",
    "--version:show the version",
  ];
  return `${pattern}) options=(${options.map(quoted).join(" ")}); bare=(${names.join(" ")})${files ? "; files=1" : ""} ;;`;
}

function fishScript({ commands, usual }: Words): string {
  const lines = commands.flatMap((command) => {
    const first = firstWord(command);
    const seen =
      command === usual
        ? quoted(`__fish_use_subcommand; or __fish_seen_subcommand_from ${first}`)
        : quoted(`__fish_seen_subcommand_from ${first}`);
    const { names, files } = bareOf(command);
    const bare =
      names.length === 0 ? [] : [`-n ${quoted(`__fish_seen_subcommand_from ${first}`)} -a ${quoted(names.join(" "))}`];
    return [
      `-n __fish_use_subcommand -a ${first} -d ${quoted(command.describe)}`,
      ...bare,
      ...(files ? [`-n ${quoted(`__fish_seen_subcommand_from ${first}`)} -F`] : []),
      ...Object.entries(command.options).map(
        ([name, option]) => `-n ${seen} -l ${name}${fishValue(first, name, option.type)} -d ${quoted(option.describe)}`,
      ),
    ];
  });
  return [
    FIRST_LINES.fish,
    "complete -c gmm-sweep -f",
    ...[...lines, "-s h -l help -d 'show this help'", "-l version -d 'show the version'"].map(
      (line) => `complete -c gmm-sweep ${line}`,
    ),
    "",
  ].join("\n");
}

function fishValue(command: string, name: string, type: "boolean" | "string"): string {
  if (type === "boolean") return "";
  if (isPath(name)) return " -r -F";
  const [, values] = ownValuesOf(name).find(([own]) => own === command) ?? [command, valuesOf(name)];
  return values.length === 0 ? " -x" : ` -x -a ${quoted(values.join(" "))}`;
}
