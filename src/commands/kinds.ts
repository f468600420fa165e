/** What options and arguments take, by name: the same in every command. Help shows it, a shell completes it, and a path may begin with ~. */
import { ENGINE_NAMES, precisionsOf } from "../engine/engines.js";
import { EXPORT_FORMATS } from "../export/formats.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { RECORDS } from "../plan/plan.js";
import { PRESET_NAMES } from "../plan/presets.js";
import { ESTIMANDS } from "../plan/question.js";
import { READY_NAMES } from "../plan/ready.js";
import { FIGURE_KINDS } from "../report/figures/kinds.js";
import { FORMATS } from "../report/table.js";

/** What help shows in the place of a value. */
export type Kind =
  | "NUMBER"
  | "NUMBERS"
  | "NAME"
  | "NAMES"
  | "FILE"
  | "FILES"
  | "FOLDER"
  | "FOLDERS"
  | "MARGINS"
  | "GOAL"
  | "WIDTHS"
  | "I/N"
  | "SQL"
  | "URL"
  | "CHOICE"
  | "TEXT";

/** A new option or argument gets its line here. */
const KINDS: Readonly<Record<string, Kind>> = {
  choose: "CHOICE",
  "chunk-seconds": "NUMBER",
  data: "FOLDER",
  database: "FILE",
  "data-seed": "NUMBER",
  "data-seeds": "NUMBERS",
  db: "FILE",
  dir: "FOLDER",
  draw: "TEXT",
  draws: "NUMBERS",
  engine: "NAME",
  epoch: "NUMBER",
  epochs: "NUMBER",
  estimand: "NAME",
  features: "NUMBER",
  file: "FILE",
  files: "FILES",
  first: "FILE",
  "forget-label": "NUMBER",
  "forget-rows": "NUMBER",
  format: "NAME",
  grace: "NUMBER",
  "half-width": "MARGINS",
  hidden: "WIDTHS",
  "idle-exit": "NUMBER",
  figure: "NAME",
  init: "FILE",
  lambda: "NUMBER",
  "learning-rate": "NUMBER",
  "lock-wait": "NUMBER",
  log: "FILE",
  margin: "MARGINS",
  method: "NAME",
  "method-file": "FILE",
  methods: "NAMES",
  name: "TEXT",
  out: "FILE",
  parts: "FILES",
  power: "NUMBER",
  precision: "NAME",
  preset: "NAME",
  port: "NUMBER",
  profile: "TEXT",
  "query-seconds": "NUMBER",
  record: "NAME",
  sample: "NUMBER",
  samples: "NUMBER",
  second: "FILE",
  seed: "NUMBER",
  shard: "I/N",
  shell: "NAME",
  sql: "SQL",
  start: "TEXT",
  store: "URL",
  sweep: "NUMBER",
  trial: "NUMBER",
  trials: "NUMBER",
  until: "GOAL",
  width: "NUMBER",
  workers: "NUMBER",
};

export const SHELLS = ["bash", "zsh", "fish"] as const;

export const VERDICT_FORMATS = ["table", "json", "csv", "markdown", "latex"] as const;

/** The values of options and arguments that are names of other things in each command. */
const OWN_VALUES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  file: { grid: READY_NAMES },
  format: { export: EXPORT_FORMATS, query: FORMATS, verdict: VERDICT_FORMATS },
};

/** The values that there are of those that are names. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  engine: ENGINE_NAMES,
  estimand: ESTIMANDS,
  figure: FIGURE_KINDS,
  method: METHOD_NAMES,
  methods: METHOD_NAMES,
  precision: [...new Set(ENGINE_NAMES.flatMap(precisionsOf))],
  preset: PRESET_NAMES,
  record: RECORDS,
  shell: SHELLS,
};

/** One thing that several commands call otherwise: each is understood where the other is meant. */
const ALIASES: readonly (readonly string[])[] = [
  ["data-seed", "data-seeds", "draw"],
  ["epoch", "epochs"],
  ["method", "methods"],
  ["out", "o"],
];

/** What newcomers call an option that has another name here, where a command knows no such word. */
const SAID: Readonly<Record<string, string>> = {
  draws: "data-seeds",
  threads: "workers",
  lr: "learning-rate",
  lambdas: "lambda",
};

/** The name of an option that is meant by a word, of those that a command has; null: none is known. */
export function meantBy(word: string, known: readonly string[]): string | null {
  const meant = SAID[word];
  return meant !== undefined && known.includes(meant) ? meant : null;
}

/** What tells the kind of an option: one that stands alone has none, and one with a value may have one of its own. */
interface Kinded {
  readonly type: "boolean" | "string";
  readonly kind?: Kind | null;
}

/** What an option or argument takes; null of one that stands alone. */
export function kindOf(name: string, option: Kinded | null): Kind | null {
  if (option?.type === "boolean") return null;
  return option?.kind ?? KINDS[name] ?? null;
}

export function valuesOf(name: string): readonly string[] {
  return VALUES[name] ?? [];
}

/** Of an option whose values hang on the command, those of each, by the command's first word. */
export function ownValuesOf(name: string): readonly (readonly [command: string, values: readonly string[]])[] {
  return Object.entries(OWN_VALUES[name] ?? {});
}

/** The other names that an option is understood by, where the command has none that is called so. */
export function aliasesOf(name: string, taken: readonly string[]): string[] {
  const same = ALIASES.find((names) => names.includes(name)) ?? [];
  return same.filter((other) => !taken.includes(other));
}
