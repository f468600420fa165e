/**
 * Reads flags. Each is read once, here, or by a reader of grid.ts, which a sweep file's keys have too, and is a typed value
 * from then on: what a value must be, and the sentence where it is not. No file that a flag names is read here.
 */
import type { DataFolder, DrawAsked, ForgetLabel } from "../data/directory.js";
import { ENGINE_NAMES, type EngineChoice, precisionsOf } from "../engine/engines.js";
import { ISAS, type Isa } from "../engine/fused/kernel.js";
import { bad, shellWord } from "../errors.js";
import { type KeptFile, mustBeFree, mustTakeEvents, type Output } from "../files/output.js";
import { isDatabase, placeNamed } from "../files/places.js";
import { DEFAULTS } from "./defaults.js";
import type { SweepPlan } from "./plan.js";
import { PRESET_NAMES } from "./presets.js";
import { type Shard, WHOLE } from "./trajectories.js";
import { LIMITS, parseName, parseReal, parseWhole, READ } from "./values.js";

/** Flags as argv or a sweep file gives them: all text, several where a flag was repeated, absent where it was not given. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag's one text; null where it was not given. */
export function text(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw bad(`--${name} must be given once, got it ${value.length} times: keep one`);
  const string = String(value);
  if (string !== "") return string;
  throw bad(`--${name} must have a value, got none: write --${name} VALUE or leave it out`);
}

export function wholeNumber(flags: Flags, name: string, min: number, max: number, fallback: number): number {
  const given = text(flags, name);
  return given === null ? fallback : parseWhole(`--${name}`, given, min, max);
}

export function oneOf<Name extends string>(flags: Flags, name: string, names: readonly Name[], fallback: Name): Name {
  const given = text(flags, name) ?? fallback;
  return parseName(`--${name}`, given, names);
}

/** A command line that asks for the same again: `words`, and what was typed of the flags `asking`, in their order. */
export function commandLine(words: readonly string[], flags: Flags, asking: readonly string[]): string {
  const options = optionsText(flags, asking);
  return ["gmm-sweep", ...words.map(shellWord), ...(options === "" ? [] : [options])].join(" ");
}

/** What was typed of the flags `asking`, in their order. */
export function optionsText(flags: Flags, asking: readonly string[]): string {
  const parts = asking.flatMap((name) =>
    [flags[name] ?? []].flat().map((given) => (given === true ? `--${name}` : `--${name} ${shellWord(String(given))}`)),
  );
  return parts.join(" ");
}

/** Whether a switch is on: given on a command line, true in a sweep file. */
export function isOn(flags: Flags, name: string): boolean {
  const given = flags[name];
  if (given === undefined || typeof given === "boolean") return given === true;
  return oneOf(flags, name, ["true", "false"], "false") === "true";
}

/** The comma-separated items of a flag that may be repeated; none where it was not given. */
export function items(flags: Flags, name: string): string[] {
  return flags[name] === undefined ? [] : itemsIn(name, flags[name]);
}

/** The items of a flag of one method, of which a bare value speaks; none where it was not given. */
export function itemsFor(method: string, flags: Flags, name: string): string[] {
  const given = text(flags, name);
  return given === null ? [] : itemsIn(name, given.includes("=") ? given : `${method}=${given}`);
}

/** The items of a value of the flag `name`. */
export function itemsIn(name: string, value: unknown): string[] {
  const list = (Array.isArray(value) ? value : [value]).flatMap((part) => String(part).split(","));
  if (list.includes(""))
    throw bad(
      `--${name} must be values separated by commas, got an empty one: remove the extra comma or leave --${name} out`,
    );
  return list;
}

/** How a sweep is trained; none of it changes what is asked for. */
export interface Running {
  readonly workers: number;
  readonly retryFailed: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly log: string | null;
  /** How long another program may hold the file. */
  readonly lockWaitMs: number;
  /** How long a chunk should take that is put up for workers. */
  readonly chunkMs: number;
  /** Whether all is left to workers. */
  readonly detach: boolean;
}

/** `cores` are those of this machine, `place` is where results go; neither it nor the files `kept` may be the log's. */
export function runningFrom(flags: Flags, cores: number, place: string, kept: readonly KeptFile[] = []): Running {
  return {
    workers: wholeNumber(flags, "workers", 1, LIMITS.workers, cores),
    retryFailed: flags["retry-failed"] === true,
    quiet: flags["quiet"] === true,
    json: flags["json"] === true,
    lockWaitMs: lockWaitFrom(flags),
    log: logFrom(flags, [["the database", place], ...kept]),
    ...sharingFrom(flags, place),
  };
}

/** How the work at a place is shared with workers. */
function sharingFrom(flags: Flags, place: string): Pick<Running, "chunkMs" | "detach"> {
  const [seconds, detach] = [text(flags, "chunk-seconds"), flags["detach"] === true];
  for (const [name, isGiven] of [
    ["chunk-seconds", seconds !== null],
    ["detach", detach],
  ] as const)
    if (isGiven && !isDatabase(place))
      throw bad(
        `--${name} must be given with --store, since workers share no file, got ${place}: name a database with --store, or leave --${name} out`,
      );
  return { chunkMs: 1000 * chunkSeconds(seconds), detach };
}

function chunkSeconds(given: string | null): number {
  if (given === null) return DEFAULTS["chunk-seconds"];
  const expected = `a number of seconds from 0.1 to ${LIMITS.chunkSeconds}`;
  const seconds = parseReal("--chunk-seconds", given, 0.1, expected);
  if (seconds <= LIMITS.chunkSeconds) return seconds;
  throw bad(`--chunk-seconds must be ${expected}, got ${given}`);
}

/** How many milliseconds another program may hold the file. */
export function lockWaitFrom(flags: Flags): number {
  return 1000 * wholeNumber(flags, "lock-wait", 0, LIMITS.lockWaitSeconds, DEFAULTS["lock-wait"]);
}

/** Where results go. */
export interface Place {
  readonly path: string;
  readonly shard: Shard;
  /** Whether the sweep that is there may get other samples, widths, presets, … than it has. */
  readonly grow: boolean;
}

export function placeFrom(flags: Flags): Place {
  return { path: fileFrom(flags, "database"), shard: shardFrom(flags), grow: flags["grow"] === true };
}

/** The sweep file that is named bare; null where there is none. */
export function sweepFileFrom(flags: Flags): string | null {
  if (flags["file"] === "") throw bad("FILE must be the name of a sweep file, got an empty one");
  return text(flags, "file");
}

/** The database file of --db, or the database of --store. */
function databaseFrom(flags: Flags): string {
  const store = storeFrom(flags);
  if (store !== null) return store;
  const path = text(flags, "db") ?? DEFAULTS.db;
  if (isDatabase(path)) throw bad(`--db must be a file, got ${placeNamed("--db", path)}: name a database with --store`);
  if (path !== ":memory:") return path;
  throw bad(`--db must be a file, since results in memory would be lost, got ${path}`);
}

/** The database of --store; null where it is not given. */
function storeFrom(flags: Flags): string | null {
  const given = text(flags, "store");
  if (given === null) return null;
  if (!isDatabase(given))
    throw bad(
      `--store must be a database as in postgres://user@host:5432/database, got ${given}: name a file with --db`,
    );
  const store = placeNamed("--store", given);
  const db = text(flags, "db");
  if (db === null) return store;
  throw bad(
    `--store must not be given with --db, since results go to one place, got ${store} and ${db}: leave one of them out`,
  );
}

/** The file of --log, null where it is not given. */
function logFrom(flags: Flags, kept: readonly KeptFile[]): string | null {
  const path = text(flags, "log");
  if (path !== null) mustTakeEvents("--log", path, kept);
  return path;
}

/** The file of weights that --out names, null where it is not given; `kept` are those of the command that it must not overwrite. */
export function weightsFrom(flags: Flags, kept: readonly KeptFile[]): Output | null {
  const [path, force] = [text(flags, "out"), flags["force"] === true];
  if (path === null && force)
    throw bad("--force must be given with --out, which it is about, got it alone: leave it out");
  if (path === null) return null;
  const out: Output = { option: "--out", path, kind: "weights", force };
  mustBeFree(out, kept);
  return out;
}

/** The number of --sweep; null where it is not given. */
export function sweepFrom(flags: Flags): number | null {
  const given = text(flags, "sweep");
  return given === null ? null : parseWhole("--sweep", given, 1, Number.MAX_SAFE_INTEGER);
}

/** The database file, or database, of a command: named bare, as the argument `bare`, or by --db or --store. */
export function fileFrom(flags: Flags, bare: "file" | "database" = "file"): string {
  const label = bare.toUpperCase();
  if (flags[bare] === "") throw bad(`${label} must be the name of a database file, got an empty one`);
  const given = text(flags, bare);
  if (given === null) return databaseFrom(flags);
  const file = placeNamed(label, given);
  const [db, store] = [text(flags, "db"), storeFrom(flags)];
  if (db === null && store === null) return file;
  const [option, other] = store === null ? ["--db", db] : ["--store", store];
  throw bad(
    `${label} must not be given with ${option}, which names the ${store === null ? "file" : "store"} too, got ${file} and ${other}: leave one of them out`,
  );
}

/** What `run` and `train` are told of their one setting. */
export interface SettingAsked {
  readonly preset: string;
  readonly draw: DrawAsked;
  readonly widths: readonly number[];
  readonly learningRate: number;
  readonly seed: number;
  readonly engine: SweepPlan["engine"];
}

export function settingFrom(flags: Flags): SettingAsked {
  const rate = text(flags, "learning-rate") ?? String(DEFAULTS["learning-rate"]);
  const { name, precision } = engineFrom(flags);
  return {
    preset: oneOf(flags, "preset", PRESET_NAMES, DEFAULTS.preset),
    draw: drawFrom(flags),
    widths: READ.widths("--hidden", text(flags, "hidden") ?? DEFAULTS.hidden),
    learningRate: READ.learningRate("--learning-rate", rate),
    seed: seedFrom(flags),
    engine: { name, precision },
  };
}

/** The draw that --data, or --data-seed with its sizes, names. */
export function drawFrom(flags: Flags): DrawAsked {
  const folder = folderFrom(flags, ["data-seed", "samples", "features", "forget-rows"]);
  if (folder !== null) return folder;
  const given = (name: "data-seed" | "samples" | "features" | "forget-rows"): [string, string] => [
    `--${name}`,
    text(flags, name) ?? String(DEFAULTS[name]),
  ];
  return {
    kind: "seeded",
    dataSeed: READ.seed(...given("data-seed")),
    samples: READ.samples(...given("samples")),
    features: READ.features(...given("features")),
    forgetRows: READ.forgetRows(...given("forget-rows")),
  };
}

/** The folder of --data, null where the draws are seeded; the flags `decided` are those that its files decide. */
export function folderFrom(flags: Flags, decided: readonly string[]): DataFolder | null {
  const [directory, label] = [text(flags, "data"), forgetLabelFrom(flags)];
  if (directory === null && label !== null)
    throw bad(
      `--forget-label must be given with --data alone, since the forget rows of a seeded draw have label 0, got ${label}: leave it out`,
    );
  if (directory === null) return null;
  const clash = decided.find((name) => flags[name] !== undefined);
  if (clash !== undefined)
    throw bad(
      `--${clash} must not be given with --data, whose files decide it, got ${String(flags[clash])}: leave one of the two out`,
    );
  return { kind: "folder", directory, label };
}

/** The label of --forget-label, null where it is not given. */
export function forgetLabelFrom(flags: Flags): ForgetLabel | null {
  const given = text(flags, "forget-label");
  if (given === null) return null;
  return parseName("--forget-label", given, ["0", "1"]) === "0" ? 0 : 1;
}

/** What --estimand and --margin say, before it is known to be a question. */
export interface QuestionAsked {
  readonly estimand: string | null;
  readonly margins: readonly string[];
}

export function questionFrom(flags: Flags): QuestionAsked {
  return { estimand: text(flags, "estimand"), margins: items(flags, "margin") };
}

export function trialsFrom(flags: Flags): number {
  return READ.trials("--trials", text(flags, "trials") ?? String(DEFAULTS.trials));
}

export function seedFrom(flags: Flags): number {
  return READ.seed("--seed", text(flags, "seed") ?? String(DEFAULTS.seed));
}

/** The engine of --engine and --precision. */
export function engineFrom(flags: Flags): EngineChoice {
  const name = oneOf(flags, "engine", ENGINE_NAMES, DEFAULTS.engine);
  const precisions = precisionsOf(name);
  const precision = parseName(`--precision of engine ${name}`, text(flags, "precision") ?? precisions[0], precisions);
  return { name, precision, isa: isaFrom() };
}

/** The kernel that GMM_SWEEP_ISA holds the fused engine to, for tests; null: the fastest that loads. */
export function isaFrom(): Isa | null {
  const isa = process.env["GMM_SWEEP_ISA"] ?? "";
  return isa === "" ? null : parseName("GMM_SWEEP_ISA", isa, ISAS);
}

const MOST_SHARDS = 100_000;

/** `--shard 3/8`, from 1; 1/1 is the whole. */
export function shardFrom(flags: Flags): Shard {
  const given = text(flags, "shard");
  if (given === null) return WHOLE;
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(given) ?? [];
  if (part === undefined || parts === undefined) throw bad(`--shard must be I/N such as 3/8, got ${given}`);
  const count = parseWhole("--shard I/N", parts, 1, MOST_SHARDS);
  const index = parseWhole("--shard I/N", part, 1, count) - 1;
  return count === 1 ? WHOLE : { index, count };
}
