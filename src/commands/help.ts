/** What --help prints: of the program, and of each command. */
import { definitions, TOGETHER, wrapped } from "../report/wrap.js";
import { type Argument, argumentsOf, nameOf } from "./arguments.js";
import type { Command, Option } from "./command.js";
import { kindOf } from "./kinds.js";

const ABOUT =
  "Repeats a machine-unlearning experiment on two Gaussian classes: many trials, many threads, one SQLite file.";

/** Help of one command. */
export function commandHelp(command: Command, columns: number): string {
  return sections(
    [paragraph(`gmm-sweep ${usageOf(command)} [options]`, columns), paragraph(sentence(command.describe), columns)],
    optionSections(command, columns),
  );
}

/** Help where no command is named: all of them, and the options of the first, which is the usual one. */
export function programHelp(commands: readonly Command[], columns: number): string {
  const [usual] = commands;
  const list = commands.map((command): [string, string] => [
    usageOf(command),
    `${command.describe}${command === usual ? " [where no command is named]" : ""}`,
  ]);
  const more = `gmm-sweep COMMAND --help says more of a command. The options of ${nameOf(usual)}:`;
  return sections(
    [paragraph("gmm-sweep [COMMAND] [options]", columns), paragraph(ABOUT, columns)],
    [`Commands:\n${definitions(list, columns)}`, paragraph(more, columns), ...optionSections(usual, columns)],
  );
}

function sections(head: readonly string[], rest: readonly string[]): string {
  return [...head, ...rest].map((part) => (part.endsWith("\n") ? part : `${part}\n`)).join("\n");
}

function paragraph(text: string, columns: number): string {
  return wrapped(text, columns).join("\n");
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function usageOf(command: Command): string {
  return [nameOf(command), ...argumentsOf(command).map(shown)].join(" ");
}

function shown({ label, needed, several }: Argument): string {
  const word = several ? `${label}...` : label;
  return needed ? word : `[${word}]`;
}

function optionSections(command: Command, columns: number): string[] {
  const places = argumentsOf(command).map(({ label, name }): [string, string] => [label, command.positionals[name]]);
  const options = Object.entries(command.options).map(([name, option]): [string, string] => [
    [`--${name}`, kindOf(name, option) ?? ""].join(" ").trimEnd(),
    meaningOf(option),
  ]);
  const usual: [string, string][] = [
    ["-h, --help", "show this help"],
    ["--version", "show the version"],
  ];
  const examples = command.examples.map(([example, meaning]): [string, string] => [
    example.replace("$0", "gmm-sweep"),
    meaning,
  ]);
  const lists = Object.entries(command.lists ?? {});
  return [
    ...(places.length === 0 ? [] : [`Arguments:\n${definitions(places, columns)}`]),
    ...lists.map(([title, entries]) => `${title}:\n${definitions(entries, columns)}`),
    `Options:\n${definitions([...options, ...usual], columns)}`,
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map((one) => exampleText(one, columns)).join("")}`]),
  ];
}

const SHORT = 32; // letters that stand in one line

function meaningOf(option: Option): string {
  if (option.type === "boolean" || option.fallback === null) return option.describe;
  const { describe, fallback } = option;
  const said = `[default: ${fallback}]`;
  return `${describe} ${said.length < SHORT ? said.replaceAll(" ", TOGETHER) : said}`;
}

/** A command line stands whole where it can, else as a shell goes on with it; what it means stands beneath it. */
function exampleText([example, meaning]: readonly [string, string], columns: number): string {
  const lines = wrapped(example, columns - 6).map((line, i) => `${i === 0 ? "  " : "    "}${line}`);
  return [lines.join(" \\\n"), ...wrapped(meaning, columns - 6).map((line) => `      ${line}`), ""].join("\n");
}
