/** From argv to a command and its flags. yargs takes the words apart and says nothing: every sentence is ours, and one language. */
import { existsSync } from "node:fs";
import yargs, { type Options as YargsOption } from "yargs";
import { bad, didYouMean, nearName, type SweepError, shellWord } from "../errors.js";
import { expanded } from "../files/paths.js";
import { isDatabase } from "../files/places.js";
import type { Flags } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { READY_NAMES } from "../plan/ready.js";
import type { Command } from "./command.js";
import { aliasesOf, kindOf, meantBy } from "./kinds.js";

/** A bare word that a command takes. */
export interface Argument {
  readonly name: string;
  /** As help and errors call it. */
  readonly label: string;
  readonly needed: boolean;
  readonly several: boolean;
}

/** The words that a command is called by. */
export function nameOf({ words: [first] }: Command): string {
  return first.split(" ").filter(isPlain).join(" ");
}

function isPlain(word: string): boolean {
  return !/^[<[]/.test(word);
}

export function argumentsOf({ words: [first] }: Command): Argument[] {
  return first
    .split(" ")
    .filter((word) => !isPlain(word))
    .map((word) => {
      const [, name = "", dots] = /^.(\w+)(\.\.)?.$/.exec(word) ?? [];
      return { name, label: name.toUpperCase(), needed: word.startsWith("<"), several: dots !== undefined };
    });
}

/** What a command line asks for. */
export interface Asked {
  readonly command: Command;
  /** Whether no command was named, which asks for the usual one. */
  readonly bare: boolean;
  readonly flags: Flags;
  readonly wants: "run" | "help" | "version";
}

/** Throws usage where the command line cannot be understood; `usual` is the command where none is named, `names` are those of all commands there are. */
export function askedBy(
  argv: readonly string[],
  commands: readonly Command[],
  usual: Command,
  names: readonly string[] = commands.map(nameOf),
): Asked {
  refuseWhatIsDropped(argv, commands);
  const { _: words, $0: _itself, ...all } = split(argv, commands);
  if (words[0] === "") throw bad(`a command must have a name, got an empty word${LISTED}`);
  const helped = words[0] === "help" ? words.slice(1).filter((word) => word !== "help") : words;
  const command = helped.length === 0 ? usual : commandIn(helped, commands);
  if (command === null) throw noCommand(helped, commands, names, { given: all, argv });
  const asked = { command, bare: helped.length === 0 };
  const { _: _all, $0: _program, help, version, ...given } = split(argv, [command]);
  if (help === true || words !== helped) return { ...asked, flags: {}, wants: "help" };
  if (version === true) return { ...asked, flags: {}, wants: "version" };
  refuseUnknown(command, given, argv);
  refuseNoValue(command, given);
  const rest = helped.slice(nameOf(command).split(" ").length);
  return { ...asked, flags: withHome(command, withWords(command, given, rest)), wants: "run" };
}

/** The words of a command line, where SQL that begins with a comment is no option, and neither is what follows a bare --. */
export function sqlKept(argv: readonly string[]): readonly string[] {
  if (!argv.includes("query")) return argv;
  const end = argv.indexOf("--");
  const [before, after] = end === -1 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  return [...before.map((word) => (isSql(word) ? ` ${word}` : word)), ...after.map(asWord)];
}

/** No option's name has a blank in it. */
function isSql(word: string): boolean {
  return /^-[^=]*?\s/.test(word) || /^--[^\n]*\n/.test(word);
}

/** SQL takes a blank before it, and what begins with one is no option. */
function asWord(word: string): string {
  return word.startsWith("-") ? ` ${word}` : word;
}

const HELP = "h";
const LISTED = ": gmm-sweep --help lists those there are";

interface Split {
  readonly _: readonly string[];
  readonly [name: string]: unknown;
}

/** Words and options apart, as far as these commands' options say which of them take a value. */
function split(argv: readonly string[], commands: readonly Command[]): Split {
  const options = Object.assign({}, ...commands.map(yargsOptions)) as Record<string, YargsOption>;
  const texts = Object.entries(options).filter(([, { type }]) => type === "string");
  return yargs(dashesKept(argv, new Set(texts.flatMap(([name, { alias = [] }]) => [name, alias].flat()))))
    .locale("en")
    .detectLocale(false)
    .parserConfiguration({
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
      "strip-aliased": true,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .options({ ...options, help: { type: "boolean", alias: HELP }, version: { type: "boolean" } })
    .parseSync() as unknown as Split;
}

/** What follows an option that takes a value is its value, a lone - for standard output as -1e3 or -night.db; yargs takes them for options. */
function dashesKept(argv: readonly string[], options: ReadonlySet<string>): string[] {
  const isOption = (word: string): boolean =>
    word.startsWith("--") || word[1] === HELP || options.has(word.slice(1, 2));
  const isValue = (i: number): boolean =>
    argv[i]?.startsWith("-") && !isOption(argv[i]) && options.has(/^--?([^=]+)$/.exec(argv[i - 1])?.[1] ?? "");
  return argv.flatMap((word, i) => (isValue(i) ? [] : isValue(i + 1) ? [`${word}=${argv[i + 1]}`] : [word]));
}

/** An argument may be given by its name, too. */
function yargsOptions(command: Command): Record<string, YargsOption> {
  const names = [...Object.keys(command.options), ...Object.keys(command.positionals)];
  return Object.fromEntries(
    names.map((name) => [
      name,
      { type: command.options[name]?.type ?? "string", alias: aliasesOf(name, names) } satisfies YargsOption,
    ]),
  );
}

function commandIn(words: readonly string[], commands: readonly Command[]): Command | null {
  const isNamed = (command: Command): boolean =>
    nameOf(command)
      .split(" ")
      .every((word, j) => words[j] === word);
  return commands.find(isNamed) ?? null;
}

interface Typed {
  readonly given: Flags;
  readonly argv: readonly string[];
}

/** Why words name no command: an option that no command has may have taken the one that does for its value. */
function noCommand(
  words: readonly string[],
  commands: readonly Command[],
  names: readonly string[],
  { given, argv }: Typed,
): SweepError {
  const known = commands.flatMap(optionsOf);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) return bad(`no command has an option ${dashed(unknown, argv)}${LISTED}`);
  const later = words.find((word) => names.includes(word));
  if (later !== undefined)
    return bad(`the command must come first, got ${words[0]} before ${later}: write gmm-sweep ${later} …`);
  const isHalf = names.some((name) => name.startsWith(`${words[0]} `));
  const wrong = isHalf ? words.slice(0, 2).join(" ") : words[0];
  const near = didYouMean(wrong, names) || meantByFile(words[0]) || LISTED;
  return bad(`there is no command ${wrong}${near}`);
}

/** The names that a command knows an option or argument by. */
function optionsOf(command: Command): string[] {
  return [...Object.keys(command.options), ...Object.keys(command.positionals), "help", "version"];
}

/** Where a file stands in the place of a command: which command takes such a one. */
function meantByFile(word: string): string {
  const isSweepFile = SWEEP_FILE.test(word) || READY_NAMES.includes(word);
  const command = isPlace(word) ? "run" : isSweepFile ? "grid" : null;
  return command === null ? "" : `: write gmm-sweep ${command} ${shellWord(word)}`;
}

/** Options that yargs has of itself. */
const YARGS_OWN = ["_", "$0", "get-yargs-completions"];

/** yargs takes --json=maybe and --json false for false, leaves out what follows a bare --, and stumbles over --constructor. */
function refuseWhatIsDropped(argv: readonly string[], commands: readonly Command[]): void {
  const isSwitch = (name: string): boolean =>
    ["help", "version"].includes(name) || commands.some(({ options }) => options[name]?.type === "boolean");
  for (const [i, word] of argv.entries()) {
    if (word === "--") throw bad("options must stand without a -- before them, got one: leave it out");
    const [, dashes = "", name = "", given] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    // yargs looks names up in plain objects, which have these from their birth.
    if (YARGS_OWN.includes(name) || (dashes === "--" && name in Object.prototype))
      throw bad(`there is no option ${dashes}${name}${LISTED}`);
    const value = given ?? /^(true|false)$/.exec(argv[i + 1] ?? "")?.[0];
    if (dashes === "--" && value !== undefined && isSwitch(name))
      throw bad(`--${name} must stand alone, got ${value}: write --${name} or leave it out`);
  }
}

function refuseUnknown(command: Command, given: Flags, argv: readonly string[]): void {
  const known = optionsOf(command);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = meantBy(unknown, known) ?? nearName(unknown, known);
  const remedy = near === null ? `gmm-sweep ${nameOf(command)} --help lists those there are` : `did you mean --${near}`;
  throw bad(`${nameOf(command)} has no option ${dashed(unknown, argv)}: ${remedy}`);
}

/** An option as it was typed. */
function dashed(name: string, argv: readonly string[]): string {
  return argv.some((word) => word.startsWith(`--${name}`)) ? `--${name}` : `-${name}`;
}

function refuseNoValue({ options }: Command, given: Flags): void {
  for (const [name, value] of Object.entries(given))
    if (name in options && [value].flat().includes(""))
      throw bad(
        `--${name} must have a value, got none: write --${name} ${kindOf(name, options[name]) ?? "VALUE"} or leave it out`,
      );
}

/** The flags and the bare words of a command as flags of the arguments' names. */
function withWords(command: Command, given: Flags, words: readonly string[]): Flags {
  const places = argumentsOf(command);
  const empty = words.indexOf("");
  if (empty >= 0) {
    const label = places[Math.min(empty, places.length - 1)]?.label ?? "a word";
    throw bad(`${label} must not be empty, got '': leave it out, or write it as in ${exampleOf(command)}`);
  }
  const flags: Record<string, unknown> = { ...given };
  const isFree = ({ name, several }: Argument): boolean => several || flags[name] === undefined;
  const place = (word: string, takers: readonly Argument[]): boolean => {
    const taker = takers.find(isFree);
    if (taker === undefined) return false;
    const { name, several } = taker;
    flags[name] = several ? [flags[name] ?? []].flat().concat(word) : word;
    return true;
  };
  const left = words.filter(
    (word) =>
      !place(
        word,
        places.filter(({ name }) => takes(name, word, places)),
      ),
  );
  // What stands where a trial is wanted is refused as no trial.
  const trial = places.filter(({ name }) => name === "trial");
  for (const word of left) if (!place(word, trial)) throw bad(tooMany(command, word, flags));
  for (const { name, label, needed, several } of places) {
    const value = flags[name];
    if (value === undefined && needed)
      throw bad(`${label} must be given, ${command.positionals[name]}, got none: write it as in ${exampleOf(command)}`);
    if (Array.isArray(value) && !several)
      throw bad(`${label} must be given once, got ${value.join(" and ")}: keep one`);
  }
  return flags;
}

const DATABASE = /\.(db|sqlite3?)$/;
/** Whether a word is plainly a database file or a database. */
function isPlace(word: string): boolean {
  return DATABASE.test(word) || isDatabase(word);
}

const SWEEP_FILE = /\.ya?ml$/;

/** Whether a word is an argument's by its looks, where a command's arguments may stand in any order. */
function takes(name: string, word: string, places: readonly Argument[]): boolean {
  const has = (other: string): boolean => places.some((place) => place.name === other);
  if (name === "database") return isPlace(word);
  if (name === "sql") return !isPlace(word) || /\s/.test(word);
  if (has("database")) return !isPlace(word);
  if (has("sql")) return isPlace(word) || !/\s/.test(word);
  if (!has("method")) return true;
  if (name === "trial") return /^\d+$/.test(word);
  const isFile = isPlace(word) || word.includes("/") || (!METHOD_NAMES.includes(word) && existsSync(word));
  return name === "file" ? isFile : !isFile && !/^\d+$/.test(word);
}

function tooMany(command: Command, word: string, flags: Flags): string {
  const places = argumentsOf(command);
  const filled = places.filter(({ name }) => takes(name, word, places) && flags[name] !== undefined);
  if (filled.length > 1) {
    const labels = filled.map(({ label }) => label).join(" and ");
    return `${nameOf(command)} takes ${labels} and no more words, got ${word}: leave it out`;
  }
  for (const { label, name } of filled)
    return `${label} must be given once, got ${String(flags[name])} and ${word}: keep one`;
  const database = places.some(({ name }) => name === "database");
  return database
    ? `${nameOf(command)} takes no other word than the name of a database file, which ends in .db, got ${word}: leave it out, or write --db ${word}`
    : `${nameOf(command)} takes no more words, got ${word}: leave it out`;
}

function exampleOf({ examples: [[example]] }: Command): string {
  return example.replace("$0", "gmm-sweep");
}

/** Paths as a shell would have made them. */
function withHome({ options }: Command, flags: Flags): Flags {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => {
      const kind = kindOf(name, options[name] ?? null);
      if (kind === null || !/^(FILE|FOLDER)/.test(kind) || value === undefined) return [name, value];
      const called = name in options ? `--${name}` : name.toUpperCase();
      const one = (text: string): string =>
        kind === "FOLDERS"
          ? text
              .split(",")
              .map((part) => expanded(called, part))
              .join(",")
          : expanded(called, text);
      return [name, Array.isArray(value) ? value.map((text) => one(String(text))) : one(String(value))];
    }),
  );
}
